import { isFields } from '../../support/json';

/** Longest value of an output variable that is set from an answer. */
const MAX_VALUE_CHARS = 1000;
const REDACTED = '[redacted]';

/** The value at `a.b.0.c`, through own properties and list positions only; undefined: there is none. */
export function valueAt(document: unknown, path: string): unknown {
    let value: unknown = document;
    for (const step of path.split('.')) {
        value = stepInto(value, step);
        if (value === undefined) return undefined;
    }
    return value;
}

/** The values at the given places, by name; a place that is not there gives null. */
export function pick(document: unknown, places: Readonly<Record<string, string>>): Record<string, unknown> {
    const entries = Object.entries(places).map(([name, path]): [string, unknown] => [
        name,
        valueAt(document, path) ?? null,
    ]);
    return Object.fromEntries(entries);
}

/**
 * A copy in which the values at these places are "[redacted]". A step into a list that is no position counts for every entry of it:
 * `cards.number` means the number of each card.
 */
export function redact(document: unknown, paths: readonly string[]): unknown {
    return paths.reduce<unknown>((value, path) => redactOne(value, path.split('.')), document);
}

/** A value as an output variable holds it; undefined: it is none that a text can stand for. */
export function variableText(value: unknown): string | undefined {
    if (typeof value === 'string') return value.slice(0, MAX_VALUE_CHARS);
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    return undefined;
}

function stepInto(value: unknown, step: string): unknown {
    if (Array.isArray(value)) return /^\d{1,9}$/.test(step) ? (value[Number(step)] as unknown) : undefined;
    return isFields(value) && Object.hasOwn(value, step) ? value[step] : undefined;
}

function redactOne(value: unknown, path: readonly string[]): unknown {
    const [step, ...rest] = path;
    if (step === undefined) return REDACTED;
    if (Array.isArray(value)) return redactList(value, step, rest);
    if (!isFields(value) || !Object.hasOwn(value, step)) return value;
    const entries = Object.entries(value).map(([name, each]): [string, unknown] => [
        name,
        name === step ? redactOne(each, rest) : each,
    ]);
    return Object.fromEntries(entries);
}

function redactList(list: readonly unknown[], step: string, rest: readonly string[]): unknown[] {
    if (!/^\d{1,9}$/.test(step)) return list.map((each) => redactOne(each, [step, ...rest]));
    return list.map((each, index) => (index === Number(step) ? redactOne(each, rest) : each));
}
