/** Reads untrusted JSON field by field: a field that is missing or of another type is `undefined`; nothing throws. */

export type Fields = Readonly<Record<string, unknown>>;

const NO_FIELDS: Fields = {};

/** Whether a value is a JSON object (not null, not an array). */
export function isFields(value: unknown): value is Fields {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A string field, or undefined. */
export function textIn(fields: Fields, name: string): string | undefined {
    const value = fields[name];
    return typeof value === 'string' ? value : undefined;
}

/** A finite number field, or undefined. */
export function finiteIn(fields: Fields, name: string): number | undefined {
    const value = fields[name];
    return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** An object field; an empty object where there is none. */
export function recordIn(fields: Fields, name: string): Fields {
    const value = fields[name];
    return isFields(value) ? value : NO_FIELDS;
}

/** An array field; an empty array where there is none. */
export function listIn(fields: Fields, name: string): readonly unknown[] {
    const value: unknown = fields[name];
    return Array.isArray(value) ? value : [];
}
