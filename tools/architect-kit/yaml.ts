/**
 * YAML as Architect's tools read it, written by hand so that no text of a profile can become anything else than a text: every
 * string stands in double quotes, with what could mislead a reader escaped, and nothing is folded, anchored or tagged.
 */
import { plainLine } from '../../src/services/profiles/variables';

/** A place that Archy and CX as Code fill in: written as `"{{name}}"`. */
export class Substitution {
    /** @param name letters, digits and underscores */
    constructor(readonly name: string) {
        if (!/^[a-z]\w*$/.test(name)) throw new RangeError(`${name} is no name of a substitution`);
    }
}

/** A value with lines of comment before it. */
export class Noted {
    constructor(
        readonly notes: readonly string[],
        readonly value: YamlValue,
    ) {}
}

export type YamlScalar = string | number | boolean | Substitution;
export type YamlValue = YamlScalar | Noted | readonly YamlValue[] | YamlMap;
/** Its keys keep their order. A key may be a `Substitution`, written as a string by `key`. */
export interface YamlMap {
    readonly [key: string]: YamlValue;
}

const INDENT = '  ';
/** Keys that stand for themselves. What YAML 1.1 takes for true, false or nothing does not. */
const PLAIN_KEY = /^(?!(?:y|n|yes|no|on|off|true|false|null)$)[A-Za-z_][\w-]*$/i;
const SUBSTITUTION_KEY = /^\{\{[a-z]\w*\}\}$/;
/** Braces are for substitutions only; the others are signs that nobody sees, or that end a line for some readers. */
const ESCAPED = /[{}\u007f-\u00a0\u00ad\u061c\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufdd0-\ufdef\ufeff\ufff0-\uffff]/g;

/** The key of a map that is a substitution. */
export function keyOf({ name }: Substitution): string {
    return `{{${name}}}`;
}

/** The document, with comments on top. */
export function yamlDocument(notes: readonly string[], root: YamlMap): string {
    return [...notes.map(comment), ...mapLines(root, 0), ''].join('\n');
}

/** A text in double quotes; a reader of YAML gets it back as it is. */
export function quotedText(text: string): string {
    const quoted = Array.from(JSON.stringify(text), (sign) => (sign.length > 1 ? sign : escapedSign(sign)));
    return quoted.join('');
}

function escapedSign(sign: string): string {
    return sign.replace(ESCAPED, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function comment(note: string): string {
    const line = plainLine(note).replace(/\{(?=\{)/g, '{ ');
    return line === '' ? '#' : `# ${line}`;
}

function mapLines(map: YamlMap, depth: number): string[] {
    return Object.entries(map).flatMap(([key, value]) =>
        entryLines(`${INDENT.repeat(depth)}${keyText(key)}:`, value, depth),
    );
}

function entryLines(head: string, value: YamlValue, depth: number): string[] {
    if (value instanceof Noted) {
        const indent = INDENT.repeat(depth);
        return [...value.notes.map((note) => indent + comment(note)), ...entryLines(head, value.value, depth)];
    }
    if (isScalar(value)) return [`${head} ${scalarText(value)}`];
    if (isEmpty(value)) return [`${head} ${Array.isArray(value) ? '[]' : '{}'}`];
    return [head, ...(isList(value) ? listLines(value, depth + 1) : mapLines(value, depth + 1))];
}

/** An item is a scalar, or a map whose first key stands beside the dash. */
function listLines(list: readonly YamlValue[], depth: number): string[] {
    const indent = INDENT.repeat(depth);
    return list.flatMap((item) => {
        if (item instanceof Noted) {
            return [...item.notes.map((note) => indent + comment(note)), ...listLines([item.value], depth)];
        }
        if (isScalar(item)) return [`${indent}- ${scalarText(item)}`];
        if (isList(item)) throw new TypeError('a list in a list is nothing that Architect has');
        const [first = '', ...others] = mapLines(item, depth + 1);
        if (first.trimStart().startsWith('#')) throw new TypeError('a note stands before the dash, not behind it');
        return [`${indent}- ${first.trimStart()}`, ...others];
    });
}

function keyText(key: string): string {
    if (SUBSTITUTION_KEY.test(key)) return `"${key}"`;
    return PLAIN_KEY.test(key) ? key : quotedText(key);
}

function scalarText(value: YamlScalar): string {
    if (value instanceof Substitution) return `"${keyOf(value)}"`;
    if (typeof value !== 'number') return typeof value === 'string' ? quotedText(value) : String(value);
    if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no whole number`);
    return String(value);
}

function isScalar(value: YamlValue): value is YamlScalar {
    return typeof value !== 'object' || value instanceof Substitution;
}

function isList(value: YamlValue): value is readonly YamlValue[] {
    return Array.isArray(value);
}

function isEmpty(value: readonly YamlValue[] | YamlMap): boolean {
    return Object.keys(value).length === 0;
}
