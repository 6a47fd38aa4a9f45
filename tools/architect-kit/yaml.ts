/**
 * YAML for Archy and CX as Code. Every text stands in double quotes with everything escaped that could mislead a reader, so that no
 * text of a profile can become anything else than a text. Nothing is folded, anchored or tagged.
 */
import { Document, Pair, Scalar, YAMLMap, YAMLSeq, type Node, type ScalarTag } from 'yaml';
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

export type YamlValue = string | number | boolean | Substitution | Noted | readonly YamlValue[] | YamlMap;
/** Its keys keep their order. A key may be a `Substitution`, written as a string by `keyOf`. */
export interface YamlMap {
    readonly [key: string]: YamlValue;
}

/** Keys that need no quotes. Words that YAML 1.1 reads as true, false or null do. */
const PLAIN_KEY = /^(?!(?:y|n|yes|no|on|off|true|false|null)$)[A-Za-z_][\w-]*$/i;
const SUBSTITUTION_KEY = /^\{\{[a-z]\w*\}\}$/;
/** Braces are for substitutions only; the others are invisible, or end a line for some readers. */
const ESCAPED = /[{}\u007f-\u00a0\u00ad\u061c\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufdd0-\ufdef\ufeff\ufff0-\uffff]/g;

const TEXT: ScalarTag = {
    tag: 'tag:yaml.org,2002:str',
    default: true,
    identify: (value) => typeof value === 'string',
    resolve: (text) => text,
    stringify: ({ value }, { implicitKey }) =>
        implicitKey === true ? keyText(String(value)) : quotedText(String(value)),
};
const SUBSTITUTION: ScalarTag = {
    tag: '!substitution',
    default: true,
    identify: (value) => value instanceof Substitution,
    resolve: (text) => text,
    stringify: ({ value }) => (value instanceof Substitution ? `"${keyOf(value)}"` : ''),
};

/** The key of a map that is a substitution. */
export function keyOf({ name }: Substitution): string {
    return `{{${name}}}`;
}

/**
 * The document, with comments on top.
 * @throws TypeError for a list in a list, and for a note before the first key of a list's item; RangeError for a number that is not whole
 */
export function yamlDocument(notes: readonly string[], root: YamlMap): string {
    const document = new Document(null, {
        customTags: (tags) => [
            TEXT,
            SUBSTITUTION,
            ...tags.filter((tag) => typeof tag === 'string' || tag.tag !== TEXT.tag),
        ],
    });
    document.contents = mapNode(root);
    const head = notes.map((note) => `#${comment(note).trimEnd()}\n`).join('');
    return head + document.toString({ lineWidth: 0 });
}

/** A text in double quotes; a reader of YAML gets it back as it is. */
export function quotedText(text: string): string {
    const quoted = Array.from(JSON.stringify(text), (sign) => (sign.length > 1 ? sign : escapedSign(sign)));
    return quoted.join('');
}

function escapedSign(sign: string): string {
    return sign.replace(ESCAPED, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function keyText(key: string): string {
    if (SUBSTITUTION_KEY.test(key)) return `"${key}"`;
    return PLAIN_KEY.test(key) ? key : quotedText(key);
}

/** A line of comment without its `#`; a single space is an empty one. */
function comment(note: string): string {
    return ` ${plainLine(note).replace(/\{(?=\{)/g, '{ ')}`;
}

function mapNode(map: YamlMap): YAMLMap {
    const node = new YAMLMap();
    for (const [name, value] of Object.entries(map)) {
        const key = new Scalar(name);
        if (value instanceof Noted) key.commentBefore = value.notes.map(comment).join('\n');
        node.items.push(new Pair(key, valueNode(value instanceof Noted ? value.value : value)));
    }
    return node;
}

function listNode(list: readonly YamlValue[]): YAMLSeq {
    const node = new YAMLSeq();
    for (const item of list) {
        const value = item instanceof Noted ? item.value : item;
        if (isList(value)) throw new TypeError('a list in a list is nothing that Architect has');
        if (isMap(value) && Object.values(value)[0] instanceof Noted)
            throw new TypeError('a note stands before the dash, not behind it');
        const child = valueNode(value);
        if (item instanceof Noted) child.commentBefore = item.notes.map(comment).join('\n');
        node.items.push(child);
    }
    return node;
}

function valueNode(value: YamlValue): Node {
    if (value instanceof Noted) throw new TypeError('a note has one value');
    if (isList(value)) return listNode(value);
    if (isMap(value)) return mapNode(value);
    if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new RangeError(`${value} is no whole number`);
    return new Scalar(value);
}

function isList(value: YamlValue): value is readonly YamlValue[] {
    return Array.isArray(value);
}

function isMap(value: YamlValue): value is YamlMap {
    return typeof value === 'object' && !isList(value) && !(value instanceof Substitution) && !(value instanceof Noted);
}
