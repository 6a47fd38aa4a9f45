/** A value that came from outside, made harmless and checked against its declared type. */
import type { InputVariable } from './variable-schema';

/** Text of any length comes in; beyond this nothing is looked at. */
const MAX_RAW_CHARS = 65_536;

/**
 * Characters that say nothing to a person and may say something to a model or a terminal: controls, lone surrogates, private
 * and unassigned ones, marks of writing direction, zero-width ones, tags, and variation selectors beyond the usual sixteen.
 * Zero-width joiners stay: names in some scripts need them.
 */
const UNSEEN =
    /[\p{Cc}\p{Cs}\p{Co}\p{Cn}\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu;

/** The text as one line of characters that a person sees, without blanks around it. */
export function plainLine(raw: string): string {
    return raw
        .slice(0, MAX_RAW_CHARS)
        .replace(/[\t-\r\u0085\p{Z}]+/gu, ' ')
        .replace(UNSEEN, '')
        .trim();
}

/** The first `maxChars` of a text; never half a character. */
export function cutAt(text: string, maxChars: number): string {
    if (text.length <= maxChars) return text;
    const endsInHalf = /[\ud800-\udbff]/.test(text.charAt(maxChars - 1));
    return text.slice(0, endsInHalf ? maxChars - 1 : maxChars).trimEnd();
}

/** An object that has these properties and no others: nothing is inherited, whatever the names are. */
export function bareRecord(entries: Iterable<readonly [string, string]>): Record<string, string> {
    const record = Object.create(null) as Record<string, string>;
    for (const [name, value] of entries) record[name] = value;
    return record;
}

/** The value in the form of its type; undefined: it is none of this type. */
export function asType(type: InputVariable['type'], text: string): string | undefined {
    switch (type) {
        case 'string':
            return text;
        case 'number':
            return NUMBER.test(text) ? text : undefined;
        case 'boolean':
            return BOOLEAN.test(text) ? text.toLowerCase() : undefined;
        case 'date':
            return isDate(text) ? text : undefined;
    }
}

const NUMBER = /^-?\d{1,15}(\.\d{1,10})?$/;
const BOOLEAN = /^(true|false)$/i;
const DATE = /^(\d{4})-(\d{2})-(\d{2})(T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** ISO 8601, and a day that the calendar has. */
function isDate(text: string): boolean {
    const [, year, month, day] = DATE.exec(text) ?? [];
    if (year === undefined || month === undefined || day === undefined) return false;
    const date = new Date(`${year}-${month}-${day}T00:00:00Z`);
    return !Number.isNaN(date.getTime()) && date.getUTCDate() === Number(day);
}
