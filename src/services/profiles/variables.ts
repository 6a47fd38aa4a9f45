/** The input variables of a call: what Architect gave, taken as untrusted text (protocol sheet, section 6.7). */
import type { InputVariable } from './variable-schema';
import { asType, bareRecord, cutAt, plainLine } from './variable-values';

/** Values by name: an object without a prototype, frozen. A name that has no value is not in it. */
export type InputValues = Readonly<Record<string, string>>;

/** What was read, and what was wrong with it. Holds data of the caller: log the names, never the values. */
export interface ReadVariables {
    readonly values: InputValues;
    /** Required ones that did not come, or came with nothing that fits. */
    readonly missing: readonly string[];
    /** Names that came and are not declared; cleaned, 20 at most. */
    readonly ignored: readonly string[];
    /** Declared ones whose value was longer than `maxLength`. */
    readonly cut: readonly string[];
    /** Declared ones whose value is none of their type: they count as not given. */
    readonly unfit: readonly string[];
}

type Declared = Readonly<Record<string, InputVariable>>;

const MAX_IGNORED = 20;
const MAX_NAME_CHARS = 64;

/**
 * Reads the variables that a profile declares, and nothing else. Values become one line of visible characters; numbers and
 * booleans are taken as text. Whatever JSON `given` is, it does not throw.
 */
export function readInputVariables(declared: Declared, given: unknown): ReadVariables {
    const source = ownTexts(given);
    const found = Object.entries(declared).map(([name, variable]) => ({
        name,
        required: variable.required,
        ...readOne(variable, source.get(name)),
    }));
    const namesWhere = (is: (each: (typeof found)[number]) => boolean): string[] =>
        found.filter(is).map(({ name }) => name);
    const values = found.flatMap(({ name, value }): [string, string][] => (value === undefined ? [] : [[name, value]]));
    return {
        values: Object.freeze(bareRecord(values)),
        missing: namesWhere(({ required, value }) => required && value === undefined),
        ignored: strangers(declared, source),
        cut: namesWhere(({ isCut }) => isCut),
        unfit: namesWhere(({ isUnfit }) => isUnfit),
    };
}

interface ReadValue {
    value: string | undefined;
    isCut: boolean;
    isUnfit: boolean;
}

function readOne(variable: InputVariable, raw: string | undefined): ReadValue {
    const given = plainLine(raw ?? '');
    const text = cutAt(given, variable.maxLength);
    const value = text === '' ? undefined : asType(variable.type, text);
    return {
        value: value ?? defaultOf(variable),
        isCut: text.length < given.length,
        isUnfit: text !== '' && value === undefined,
    };
}

function defaultOf({ default: given }: InputVariable): string | undefined {
    return given === undefined ? undefined : plainLine(String(given));
}

/** Own properties that are text, or a number or boolean by mistake. What is inherited does not count. */
function ownTexts(given: unknown): ReadonlyMap<string, string> {
    const texts = new Map<string, string>();
    if (typeof given !== 'object' || given === null || Array.isArray(given)) return texts;
    for (const name of Object.keys(given)) {
        const value: unknown = Reflect.get(given, name);
        if (typeof value === 'string') texts.set(name, value);
        else if (typeof value === 'number' || typeof value === 'boolean') texts.set(name, String(value));
    }
    return texts;
}

function strangers(declared: Declared, source: ReadonlyMap<string, string>): string[] {
    return [...source.keys()]
        .filter((name) => !Object.hasOwn(declared, name))
        .slice(0, MAX_IGNORED)
        .map((name) => cutAt(plainLine(name), MAX_NAME_CHARS));
}
