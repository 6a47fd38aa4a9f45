import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020';
import { API_FAULTS, apiFault, type ApiFault } from './api-faults';
import { CLIENT_EVENT_TYPES, isJsonObject, type ClientEvent, type ClientEventType, type JsonObject } from './protocol';
import schema from './realtime-client-events.schema.json';

/** A client event that passed the schema, or the error that the service would send for it. */
export type Checked = { event: ClientEvent } | { fault: ApiFault };

// Checking the schema itself (a test does) and shortening the code would take longer than all validations together.
const ajv = new Ajv2020({ allErrors: true, verbose: true, validateSchema: false, code: { optimize: false } });
const validators = new Map<ClientEventType, ValidateFunction<ClientEvent>>();

/** Checks one JSON object against the schema of its `type` (docs/REALTIME.md, 8.1). */
export function checkClientEvent(candidate: JsonObject): Checked {
    const type = candidate['type'];
    if (typeof type !== 'string') return { fault: API_FAULTS.notAnEvent() };
    const known = CLIENT_EVENT_TYPES.find((name) => name === type);
    if (known === undefined) return { fault: unknownType(type) };
    const validate = validatorOf(known);
    if (validate(candidate)) return { event: candidate };
    return { fault: explain(validate.errors ?? [], candidate) };
}

/** Compiles the validators of all types. Without it each is compiled when the first such event comes, which takes up to 100 ms. */
export function compileValidators(): void {
    CLIENT_EVENT_TYPES.forEach(validatorOf);
}

function validatorOf(type: ClientEventType): ValidateFunction<ClientEvent> {
    const compiled = validators.get(type) ?? ajv.compile<ClientEvent>(inlined({ $ref: `#/$defs/${type}` }));
    validators.set(type, compiled);
    return compiled;
}

/** Puts definitions in the place of references, so that the path of each error tells its branch. None refers to itself. */
function inlined(part: JsonObject): JsonObject {
    const reference = part['$ref'];
    if (typeof reference === 'string') return inlined(definition(reference.replace('#/$defs/', '')));
    return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, inlinedValue(value)]));
}

function inlinedValue(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((entry: unknown) => inlinedValue(entry));
    return isJsonObject(value) ? inlined(value) : value;
}

function definition(name: string): JsonObject {
    const found: unknown = Reflect.get(schema.$defs, name);
    if (!isJsonObject(found)) throw new Error(`The schema has no definition '${name}'.`);
    return found;
}

function unknownType(type: string): ApiFault {
    const known = CLIENT_EVENT_TYPES.map((name) => `'${name}'`).join(', ');
    return API_FAULTS.invalidValue(`Invalid value: '${type}'. Supported values are: ${known}.`, 'type');
}

/**
 * Picks the one error that the service would name. A union reports the faults of all its branches; those of a branch
 * that was not meant (its `type` or `role` is another one) say nothing, unless none was meant.
 */
function explain(errors: readonly ErrorObject[], candidate: JsonObject): ApiFault {
    const typeMissing = errors.find((error) => error.keyword === 'required' && missingName(error) === 'type');
    if (typeMissing !== undefined) return toFault(typeMissing);
    const dead = deadBranches(errors);
    const meant = errors.filter((error) => rank(error) < RANK_UNION && !dead.some((branch) => isUnder(error, branch)));
    const [worst] = meant.length > 0 ? inOrder(meant) : wrongNames(errors, dead);
    if (worst === undefined) return apiFault('invalid_value', `Invalid event '${String(candidate['type'])}'.`);
    return toFault(worst);
}

/** A branch of a union that was not meant, and the part of the candidate for which it was not. */
interface DeadBranch {
    schemaPath: string;
    instancePath: string;
}

function deadBranches(errors: readonly ErrorObject[]): DeadBranch[] {
    return errors.flatMap((error) => branchNamedBy(error) ?? []);
}

function branchNamedBy(error: ErrorObject): DeadBranch | undefined {
    const schemaPath = /^(.*)\/properties\/(?:type|role)\/const$/.exec(error.schemaPath)?.[1];
    if (schemaPath === undefined) return undefined;
    return { schemaPath, instancePath: error.instancePath.replace(/\/[^/]*$/, '') };
}

function isUnder(error: ErrorObject, branch: DeadBranch): boolean {
    const isOfPart = `${error.instancePath}/`.startsWith(`${branch.instancePath}/`);
    return isOfPart && error.schemaPath.startsWith(`${branch.schemaPath}/`);
}

function inOrder(errors: readonly ErrorObject[]): ErrorObject[] {
    return [...errors].sort((a, b) => rank(a) - rank(b) || b.instancePath.length - a.instancePath.length);
}

/** No branch was meant: the `type` or `role` itself is wrong. The branch with one wrong name was the nearest. */
function wrongNames(errors: readonly ErrorObject[], dead: readonly DeadBranch[]): ErrorObject[] {
    const near = errors.filter((error) => {
        const branch = branchNamedBy(error);
        return branch !== undefined && dead.filter((other) => isUnder(error, other)).length === 1;
    });
    const isRole = (error: ErrorObject) => Number(error.instancePath.endsWith('/role'));
    return near.sort((a, b) => b.instancePath.length - a.instancePath.length || isRole(b) - isRole(a));
}

const RANKS: readonly (readonly string[])[] = [
    ['additionalProperties', 'propertyNames'],
    ['required'],
    ['minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems', 'maxProperties', 'uniqueItems'],
    ['const', 'enum', 'pattern'],
];
const RANK_TYPE = RANKS.length;
const RANK_UNION = RANK_TYPE + 1;

function rank(error: ErrorObject): number {
    if (error.keyword === 'type') return paramOf(error, 'type') === 'null' ? RANK_UNION : RANK_TYPE;
    const found = RANKS.findIndex((keywords) => keywords.includes(error.keyword));
    return found === -1 ? RANK_UNION : found;
}

function toFault(error: ErrorObject): ApiFault {
    const path = readablePath(error.instancePath);
    switch (error.keyword) {
        case 'additionalProperties':
            return API_FAULTS.unknownParameter(join(path, paramOf(error, 'additionalProperty')));
        case 'required':
            return API_FAULTS.missingParameter(join(path, missingName(error)));
        case 'type':
            return apiFault('invalid_type', `Invalid type for '${path}'.`, path);
        case 'minLength':
            if (path === 'audio') return API_FAULTS.emptyAudio();
            return apiFault('string_below_min_length', `Invalid '${path}': string too short.`, path);
        case 'maxLength':
            return tooLong(error, path);
        case 'minimum':
            return outOfRange('below_min', 'below minimum', '>=', error, path);
        case 'maximum':
            return outOfRange('above_max', 'above maximum', '<=', error, path);
        case 'const':
            return wrongConstant(error, path);
        default:
            return API_FAULTS.invalidValue(`Invalid value for '${path}': ${error.message ?? error.keyword}.`, path);
    }
}

function tooLong(error: ErrorObject, path: string): ApiFault {
    const length = typeof error.data === 'string' ? error.data.length : 0;
    const limit = paramOf(error, 'limit');
    const message = `Invalid '${path}': string too long. Expected a string with maximum length ${limit}, but got a string with length ${length} instead.`;
    return apiFault('string_above_max_length', message, path);
}

function outOfRange(code: string, words: string, sign: string, error: ErrorObject, path: string): ApiFault {
    const kind = Number.isInteger(error.data) ? 'integer' : 'decimal';
    const message = `Invalid '${path}': ${kind} ${words} value. Expected a value ${sign} ${paramOf(error, 'limit')}, but got ${String(error.data)} instead.`;
    return apiFault(`${kind}_${code}_value`, message, path);
}

/** The service describes the one allowed PCM rate as a minimum (docs/REALTIME.md, 8.2). */
function wrongConstant(error: ErrorObject, path: string): ApiFault {
    const { data } = error;
    if (path.endsWith('.rate') && typeof data === 'number' && data < 24000) {
        const message = `Invalid '${path}': integer below minimum value. Expected a value >= 24000, but got ${data} instead.`;
        return apiFault('integer_below_min_value', message, path);
    }
    return API_FAULTS.invalidValue(`Invalid value: '${String(data)}'.`, path);
}

function missingName(error: ErrorObject): string {
    return paramOf(error, 'missingProperty');
}

function paramOf(error: ErrorObject, name: string): string {
    const value: unknown = Reflect.get(error.params, name);
    return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** `/session/tools/0/strict` → `session.tools[0].strict`. */
function readablePath(pointer: string): string {
    return pointer
        .replace(/\/(\d+)(?=\/|$)/g, '[$1]')
        .replace(/\//g, '.')
        .replace(/^\./, '');
}

function join(path: string, name: string): string {
    return path === '' ? name : `${path}.${name}`;
}

/** What became of one client frame: text → JSON → known type → schema (docs/REALTIME.md, 8.1). */
export interface ReadFrame {
    /** The JSON object, when the frame was one. */
    json?: JsonObject;
    /** Its `type`, when it has one. */
    type: string | undefined;
    /** To be echoed in `error.event_id`. */
    eventId: string | null;
    outcome: { event: ClientEvent } | { fault: ApiFault };
}

export function readFrame(data: Buffer, isBinary: boolean): ReadFrame {
    if (isBinary) return unreadable(API_FAULTS.binaryFrame());
    const json = parse(data.toString('utf8'));
    if (json === undefined) return unreadable(API_FAULTS.invalidJson());
    if (!isJsonObject(json.value)) return unreadable(API_FAULTS.notAnEvent());
    return readObject(json.value);
}

function readObject(json: JsonObject): ReadFrame {
    const type = typeof json['type'] === 'string' ? json['type'] : undefined;
    const eventId = typeof json['event_id'] === 'string' ? json['event_id'] : null;
    return { json, type, eventId, outcome: checkClientEvent(json) };
}

function unreadable(fault: ApiFault): ReadFrame {
    return { type: undefined, eventId: null, outcome: { fault } };
}

function parse(text: string): { value: unknown } | undefined {
    try {
        return { value: JSON.parse(text) as unknown };
    } catch {
        return undefined;
    }
}
