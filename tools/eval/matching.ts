/** How a case compares what it wants with what there was. */
import { isDeepStrictEqual } from 'node:util';
import { isFields } from '../../src/support/json';

export function list<T>(value: T | readonly T[] | undefined): readonly T[] {
    if (value === undefined) return [];
    return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

/** Words between single spaces, without capitals and punctuation, and with a space at each end. */
export function plain(text: string): string {
    return ` ${text
        .toLowerCase()
        .normalize('NFC')
        .replace(/[^\p{L}\p{N}%€$]+/gu, ' ')
        .trim()} `;
}

/** Text between slashes; undefined: it is no pattern. */
export function patternIn(text: string): RegExp | undefined {
    const inside = /^\/(.+)\/$/s.exec(text)?.[1];
    return inside === undefined ? undefined : new RegExp(inside, 'i');
}

export function fits(text: string, wanted: string | number | boolean): boolean {
    return typeof wanted === 'string' ? (patternIn(wanted)?.test(text) ?? text === wanted) : text === String(wanted);
}

export function sameValue(given: unknown, wanted: unknown): boolean {
    if (typeof wanted === 'string') {
        const pattern = patternIn(wanted);
        if (pattern !== undefined) return pattern.test(typeof given === 'string' ? given : shown(given));
    }
    if (isFields(wanted))
        return isFields(given) && Object.entries(wanted).every(([name, each]) => sameValue(given[name], each));
    return isDeepStrictEqual(given, wanted);
}

export function shown(value: unknown): string {
    return value === undefined ? 'nothing' : JSON.stringify(value);
}

export function quoted(text: string): string {
    return `“${text}”`;
}
