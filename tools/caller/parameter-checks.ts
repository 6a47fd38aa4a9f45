import { isDeepStrictEqual } from 'node:util';
import type { CheckResults } from './check-catalogue';
import type { Media } from './media';
import { isJsonObject, type JsonObject } from './server-message';

/** What the caller said in `open` that the server's replies depend on. */
export interface OpenFacts {
    offer: readonly Media[];
    askedLanguages: boolean;
}

/** The parameters each server message may carry (docs/PROTOCOL.md, 2.3). */
const PARAMETERS: Readonly<Record<string, readonly string[]>> = {
    opened: ['media', 'startPaused', 'discardTo', 'supportedLanguages'],
    closed: [],
    disconnect: ['reason', 'info', 'outputVariables'],
    pong: [],
    event: ['entities'],
    updated: [],
    pause: [],
    resume: [],
    reconnect: ['info'],
};

const REASONS = ['completed', 'unauthorized', 'error'];
const DISPOSITIONS = ['no_input', 'no_match', 'match'];

export function isKnownType(type: string): boolean {
    return Object.hasOwn(PARAMETERS, type);
}

/** Checks what a message says, in every state of the call. */
export function checkParameters(results: CheckResults, type: string, parameters: JsonObject, facts: OpenFacts): void {
    const known = PARAMETERS[type] ?? [];
    const unknown = Object.keys(parameters).filter((name) => !known.includes(name));
    results.check('knownParameters', unknown.length === 0, `${type}: ${unknown.join(', ')}`, 'warn');
    if (type === 'opened') checkOpened(results, parameters, facts);
    if (type === 'disconnect') checkDisconnect(results, parameters);
    if (type === 'event') checkEvent(results, parameters['entities']);
}

function checkOpened(results: CheckResults, parameters: JsonObject, { offer, askedLanguages }: OpenFacts): void {
    const languages = parameters['supportedLanguages'];
    results.check('languages', languages === undefined || askedLanguages, 'not asked for');
    if (languages !== undefined)
        results.check('languages', isStringList(languages), 'supportedLanguages is not a list of strings');
    const media = parameters['media'];
    if (!Array.isArray(media)) return void results.check('media', false, 'media is not a list');
    if (media.length > 1) return void results.check('media', false, `${media.length} media taken`);
    const silent = media.length === 0 && offer.length > 0;
    results.check('media', !silent, 'nothing taken of what was offered: a call without audio', 'warn');
    const taken: unknown = media[0];
    if (taken === undefined) return;
    results.check(
        'media',
        offer.some((item) => isDeepStrictEqual(item, taken)),
        'not one of the offered media, or changed',
    );
}

function checkDisconnect(results: CheckResults, parameters: JsonObject): void {
    const { reason, info, outputVariables } = parameters;
    results.check('disconnectForm', typeof reason === 'string' && REASONS.includes(reason), 'unknown reason');
    results.check('disconnectForm', info === undefined || typeof info === 'string', 'info is not a string');
    if (outputVariables === undefined) return;
    const flat = isJsonObject(outputVariables) && isStringList(Object.values(outputVariables));
    results.check('outputVariables', flat, 'not a map of strings');
}

function checkEvent(results: CheckResults, entities: unknown): void {
    if (!Array.isArray(entities) || entities.length === 0)
        return void results.check('events', false, 'entities is empty or not a list');
    for (const entity of entities) checkEntity(results, entity);
}

function checkEntity(results: CheckResults, entity: unknown): void {
    if (!isJsonObject(entity)) return void results.check('events', false, 'an entity is not an object');
    const { type, data } = entity;
    if (typeof type !== 'string') return void results.check('events', false, 'an entity has no type');
    if (!isJsonObject(data)) return void results.check('events', false, `${type}: data is not an object`);
    const why = type === 'bot_turn_response' ? turnFault(data) : undefined;
    results.check('events', why === undefined, `${type}: ${why ?? ''}`);
}

/** What is wrong with a `bot_turn_response` (docs/PROTOCOL.md, 7.1); undefined: nothing. */
function turnFault({ disposition, text, confidence }: JsonObject): string | undefined {
    if (typeof disposition !== 'string' || !DISPOSITIONS.includes(disposition)) return 'unknown disposition';
    if (text !== undefined && typeof text !== 'string') return 'text is not a string';
    if (confidence === undefined) return undefined;
    const inRange = typeof confidence === 'number' && confidence >= 0 && confidence <= 1;
    return inRange ? undefined : 'confidence is not a number from 0 to 1';
}

function isStringList(value: unknown): boolean {
    return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
