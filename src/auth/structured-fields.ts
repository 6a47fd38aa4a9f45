/**
 * Structured field values of HTTP (RFC 8941): what they are, and how they are written.
 * Reading them is structured-field-parser.ts.
 */

/** A value without parameters (RFC 8941, section 3.3). Integers and decimals are kept apart: `1` and `1.0` sign differently. */
export type BareItem =
    | { type: 'integer'; value: number }
    | { type: 'decimal'; value: number }
    | { type: 'string'; value: string }
    | { type: 'token'; value: string }
    | { type: 'binary'; value: Uint8Array }
    | { type: 'boolean'; value: boolean };

/** Parameters in the order in which they were written; the order is part of what is signed. */
export type FieldParameters = ReadonlyMap<string, BareItem>;

/** One value with its parameters. */
export interface Item {
    kind: 'item';
    value: BareItem;
    parameters: FieldParameters;
}

/** A parenthesised list of items, with parameters of its own. */
export interface InnerList {
    kind: 'inner-list';
    items: readonly Item[];
    parameters: FieldParameters;
}

/** A member of a list or of a dictionary. */
export type Member = Item | InnerList;

/** A dictionary in the order in which it was written. */
export type Dictionary = ReadonlyMap<string, Member>;

const MAX_INTEGER = 999_999_999_999_999;
const MAX_DECIMAL_WHOLE = 1e12;

function charset(characters: string): Uint8Array {
    const table = new Uint8Array(128);
    for (let index = 0; index < characters.length; index++) table[characters.charCodeAt(index)] = 1;
    return table;
}

const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();
const DIGITS = '0123456789';

/** Lookup tables by ASCII code: 1 where a character may stand. A table costs the same for every input. */
export const CHARSETS = {
    keyStart: charset(`${LOWER}*`),
    key: charset(`${LOWER}${DIGITS}_-.*`),
    tokenStart: charset(`${LOWER}${UPPER}*`),
    token: charset(`${LOWER}${UPPER}${DIGITS}:/!#$%&'*+-.^_\`|~`),
    digit: charset(DIGITS),
} as const;

/** Writes a dictionary (RFC 8941, section 4.1.2). Throws a RangeError for what the format cannot hold. */
export function serializeDictionary(dictionary: Dictionary): string {
    return [...dictionary].map(([key, member]) => serializeKey(key) + serializeDictionaryValue(member)).join(', ');
}

/** Writes a list (RFC 8941, section 4.1.1). Throws a RangeError for what the format cannot hold. */
export function serializeList(members: readonly Member[]): string {
    return members.map(serializeMember).join(', ');
}

/** Writes an item or an inner list with its parameters. Throws a RangeError for what the format cannot hold. */
export function serializeMember(member: Member): string {
    if (member.kind === 'item') return serializeBareItem(member.value) + serializeParameters(member.parameters);
    return `(${member.items.map(serializeMember).join(' ')})${serializeParameters(member.parameters)}`;
}

/** Writes text in double quotes, with `"` and `\` escaped. Throws a RangeError for anything but printable ASCII. */
export function serializeString(text: string): string {
    for (let index = 0; index < text.length; index++) {
        const code = text.charCodeAt(index);
        if (code < 0x20 || code > 0x7e) throw new RangeError('A structured string holds printable ASCII only.');
    }
    return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function serializeDictionaryValue(member: Member): string {
    const isTrue = member.kind === 'item' && member.value.type === 'boolean' && member.value.value;
    return isTrue ? serializeParameters(member.parameters) : `=${serializeMember(member)}`;
}

function serializeParameters(parameters: FieldParameters): string {
    let text = '';
    for (const [key, value] of parameters) {
        text += `;${serializeKey(key)}`;
        if (value.type !== 'boolean' || !value.value) text += `=${serializeBareItem(value)}`;
    }
    return text;
}

function serializeBareItem(item: BareItem): string {
    switch (item.type) {
        case 'integer':
            return serializeInteger(item.value);
        case 'decimal':
            return serializeDecimal(item.value);
        case 'string':
            return serializeString(item.value);
        case 'token':
            return checked(item.value, CHARSETS.tokenStart, CHARSETS.token);
        case 'binary':
            return `:${Buffer.from(item.value).toString('base64')}:`;
        case 'boolean':
            return item.value ? '?1' : '?0';
    }
}

function serializeKey(key: string): string {
    return checked(key, CHARSETS.keyStart, CHARSETS.key);
}

function serializeInteger(value: number): string {
    if (!Number.isInteger(value) || Math.abs(value) > MAX_INTEGER) {
        throw new RangeError('A structured integer has at most 15 digits.');
    }
    return (value + 0).toString();
}

function serializeDecimal(value: number): string {
    const thousandths = roundHalfToEven(value * 1000);
    if (!(Math.abs(thousandths) < MAX_DECIMAL_WHOLE * 1000)) {
        throw new RangeError('A structured decimal has at most 12 digits before the point.');
    }
    const digits = Math.abs(thousandths).toString().padStart(4, '0');
    const fraction = digits.slice(-3);
    const shortest = fraction.endsWith('00') ? fraction.slice(0, 1) : fraction.slice(0, fraction.endsWith('0') ? 2 : 3);
    return `${thousandths < 0 ? '-' : ''}${digits.slice(0, -3)}.${shortest}`;
}

function roundHalfToEven(value: number): number {
    const below = Math.floor(value);
    const rest = value - below;
    if (rest !== 0.5) return Math.round(value);
    return below % 2 === 0 ? below : below + 1;
}

function checked(text: string, first: Uint8Array, rest: Uint8Array): string {
    let allowed = first[text.charCodeAt(0)] === 1;
    for (let index = 1; allowed && index < text.length; index++) allowed = rest[text.charCodeAt(index)] === 1;
    if (!allowed) throw new RangeError('A structured key or token holds a character that it must not hold.');
    return text;
}
