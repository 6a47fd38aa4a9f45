/**
 * Dictionaries of structured field values (RFC 8941), the format of the headers Signature-Input and Signature.
 *
 * The npm packages for this format lose what a signature depends on: they read `1.0` as the integer 1, let the last of two equal
 * keys win, and take base64 without its padding.
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

/** A member of a dictionary. */
export type Member = Item | InnerList;

/** A dictionary in the order in which it was written. */
export type Dictionary = ReadonlyMap<string, Member>;

/**
 * Reads a dictionary (RFC 8941, section 4.2.2); several header lines are joined with `, ` beforehand. undefined: the text is not
 * a dictionary, or a key or a parameter is repeated, which the RFC allows and a signature must not do. The work grows in
 * proportion to the length of the text.
 */
export function parseDictionary(text: string): Dictionary | undefined {
    try {
        return new Parser(text).dictionary();
    } catch (fault) {
        if (fault instanceof Refused) return undefined;
        throw fault;
    }
}

/** Writes a member that `parseDictionary` has read in its canonical form (RFC 8941, section 4.1). */
export function serializeMember(member: Member): string {
    if (member.kind === 'item') return serializeBareItem(member.value) + serializeParameters(member.parameters);
    return `(${member.items.map(serializeMember).join(' ')})${serializeParameters(member.parameters)}`;
}

/** Writes printable ASCII in double quotes, with `"` and `\` escaped. */
export function serializeString(text: string): string {
    return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function serializeParameters(parameters: FieldParameters): string {
    let text = '';
    for (const [key, value] of parameters) {
        text += `;${key}`;
        if (value.type !== 'boolean' || !value.value) text += `=${serializeBareItem(value)}`;
    }
    return text;
}

function serializeBareItem(item: BareItem): string {
    switch (item.type) {
        case 'integer':
            return String(item.value);
        case 'decimal':
            return Number.isInteger(item.value) ? item.value.toFixed(1) : String(item.value);
        case 'string':
            return serializeString(item.value);
        case 'token':
            return item.value;
        case 'binary':
            return `:${Buffer.from(item.value).toString('base64')}:`;
        case 'boolean':
            return item.value ? '?1' : '?0';
    }
}

function charset(characters: string): Uint8Array {
    const table = new Uint8Array(128);
    for (let index = 0; index < characters.length; index++) table[characters.charCodeAt(index)] = 1;
    return table;
}

const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();
const DIGITS = '0123456789';

/** Lookup tables by ASCII code: 1 where a character is allowed. A lookup costs the same for every input. */
const CHARSETS = {
    keyStart: charset(`${LOWER}*`),
    key: charset(`${LOWER}${DIGITS}_-.*`),
    tokenStart: charset(`${LOWER}${UPPER}*`),
    token: charset(`${LOWER}${UPPER}${DIGITS}:/!#$%&'*+-.^_\`|~`),
    digit: charset(DIGITS),
} as const;

class Refused extends Error {}

const TAB = 0x09;
const BLANK = 0x20;
const QUOTE = 0x22;
const OPEN = 0x28;
const CLOSE = 0x29;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const COLON = 0x3a;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUESTION = 0x3f;
const BACKSLASH = 0x5c;
const TILDE = 0x7e;

/** Longest numbers (RFC 8941, section 4.2.4): 15 digits; with a point 12 before and 3 after. */
const MAX_INTEGER_DIGITS = 15;
const MAX_WHOLE_DIGITS = 12;
const MAX_FRACTION_DIGITS = 3;

/** A cursor over one field value. The position only ever grows, which is what makes it linear. */
class Parser {
    private position = 0;

    constructor(private readonly text: string) {}

    dictionary(): Dictionary {
        const members = new Map<string, Member>();
        this.skipBlanks();
        if (this.atEnd()) return members;
        do {
            const key = this.newKey(members);
            const value = this.take(EQUALS) ? this.member() : this.bareMember();
            members.set(key, value);
        } while (this.nextMember());
        return members;
    }

    private nextMember(): boolean {
        this.skipBlanksAndTabs();
        if (this.atEnd()) return false;
        this.expect(COMMA);
        this.skipBlanksAndTabs();
        // A comma must be followed by a member.
        if (this.atEnd()) throw new Refused();
        return true;
    }

    private member(): Member {
        return this.code() === OPEN ? this.innerList() : this.item();
    }

    private bareMember(): Item {
        return { kind: 'item', value: { type: 'boolean', value: true }, parameters: this.parameters() };
    }

    private item(): Item {
        const value = this.bareItem();
        return { kind: 'item', value, parameters: this.parameters() };
    }

    private innerList(): InnerList {
        const items: Item[] = [];
        this.expect(OPEN);
        for (;;) {
            this.skipBlanks();
            if (this.take(CLOSE)) return { kind: 'inner-list', items, parameters: this.parameters() };
            items.push(this.item());
            if (this.code() !== BLANK && this.code() !== CLOSE) throw new Refused();
        }
    }

    private parameters(): Map<string, BareItem> {
        const parameters = new Map<string, BareItem>();
        while (this.take(SEMICOLON)) {
            this.skipBlanks();
            const key = this.newKey(parameters);
            parameters.set(key, this.take(EQUALS) ? this.bareItem() : { type: 'boolean', value: true });
        }
        return parameters;
    }

    private newKey(taken: ReadonlyMap<string, unknown>): string {
        const key = this.run(CHARSETS.keyStart, CHARSETS.key);
        if (taken.has(key)) throw new Refused();
        return key;
    }

    private bareItem(): BareItem {
        const code = this.code();
        if (code === QUOTE) return { type: 'string', value: this.string() };
        if (code === COLON) return { type: 'binary', value: this.binary() };
        if (code === QUESTION) return { type: 'boolean', value: this.boolean() };
        if (code === MINUS || CHARSETS.digit[code] === 1) return this.number();
        return { type: 'token', value: this.run(CHARSETS.tokenStart, CHARSETS.token) };
    }

    private number(): BareItem {
        const start = this.position;
        this.take(MINUS);
        const wholeDigits = this.digits(MAX_INTEGER_DIGITS);
        if (wholeDigits === 0) throw new Refused();
        if (!this.take(POINT)) return { type: 'integer', value: this.numberSince(start) };
        if (wholeDigits > MAX_WHOLE_DIGITS || this.digits(MAX_FRACTION_DIGITS) === 0) throw new Refused();
        return { type: 'decimal', value: this.numberSince(start) };
    }

    private digits(most: number): number {
        const start = this.position;
        while (CHARSETS.digit[this.code()] === 1) {
            this.position++;
            if (this.position - start > most) throw new Refused();
        }
        return this.position - start;
    }

    private numberSince(start: number): number {
        // There is one zero: -0 is written as 0.
        return Number(this.text.slice(start, this.position)) + 0;
    }

    private string(): string {
        this.expect(QUOTE);
        let value = '';
        let pieceStart = this.position;
        for (;;) {
            const code = this.code();
            // Comparing this way round also refuses the end of the text, where the code is NaN.
            if (!(code >= BLANK && code <= TILDE)) throw new Refused();
            if (code === QUOTE) break;
            this.position++;
            if (code !== BACKSLASH) continue;
            value += this.text.slice(pieceStart, this.position - 1);
            if (this.code() !== QUOTE && this.code() !== BACKSLASH) throw new Refused();
            pieceStart = this.position++;
        }
        value += this.text.slice(pieceStart, this.position++);
        return value;
    }

    private binary(): Uint8Array {
        this.expect(COLON);
        const end = this.text.indexOf(':', this.position);
        if (end === -1) throw new Refused();
        const base64 = this.text.slice(this.position, end);
        const octets = Buffer.from(base64, 'base64');
        // Only the one canonical spelling: no blanks, no URL-safe letters, no missing padding, no stray bits.
        if (octets.toString('base64') !== base64) throw new Refused();
        this.position = end + 1;
        return octets;
    }

    private boolean(): boolean {
        this.expect(QUESTION);
        const code = this.code();
        this.position++;
        if (code === 0x31) return true;
        if (code === 0x30) return false;
        throw new Refused();
    }

    private run(first: Uint8Array, rest: Uint8Array): string {
        const start = this.position;
        if (first[this.code()] !== 1) throw new Refused();
        do this.position++;
        while (rest[this.code()] === 1);
        return this.text.slice(start, this.position);
    }

    private skipBlanks(): void {
        while (this.code() === BLANK) this.position++;
    }

    private skipBlanksAndTabs(): void {
        while (this.code() === BLANK || this.code() === TAB) this.position++;
    }

    private take(code: number): boolean {
        if (this.code() !== code) return false;
        this.position++;
        return true;
    }

    private expect(code: number): void {
        if (!this.take(code)) throw new Refused();
    }

    /** NaN at the end of the text, which equals no character and is in no table. */
    private code(): number {
        return this.text.charCodeAt(this.position);
    }

    private atEnd(): boolean {
        return this.position >= this.text.length;
    }
}
