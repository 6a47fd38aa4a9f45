import { CHARSETS, type BareItem, type Dictionary, type InnerList, type Item, type Member } from './structured-fields';

/** What happens to a key that stands twice: RFC 8941 lets the last one win; a signature that does so is refused. */
export type DuplicateKeys = 'last-wins' | 'refuse';

/**
 * Reads a dictionary (RFC 8941, section 4.2.2); several header lines are joined with `, ` before.
 * Undefined: not a dictionary. Reads every character once, whatever it is given.
 */
export function parseDictionary(text: string, duplicateKeys: DuplicateKeys = 'last-wins'): Dictionary | undefined {
    return attempt(() => new Parser(text, duplicateKeys).dictionary());
}

/** Reads a list (RFC 8941, section 4.2.1). Undefined: not a list. */
export function parseList(text: string): Member[] | undefined {
    return attempt(() => new Parser(text, 'last-wins').list());
}

/** Reads a single item (RFC 8941, section 4.2.3). Undefined: not an item. */
export function parseItem(text: string): Item | undefined {
    return attempt(() => new Parser(text, 'last-wins').standaloneItem());
}

class Refused extends Error {}

function attempt<Result>(parse: () => Result): Result | undefined {
    try {
        return parse();
    } catch (fault) {
        if (fault instanceof Refused) return undefined;
        throw fault;
    }
}

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

    constructor(
        private readonly text: string,
        private readonly duplicateKeys: DuplicateKeys,
    ) {}

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

    list(): Member[] {
        const members: Member[] = [];
        this.skipBlanks();
        if (this.atEnd()) return members;
        do members.push(this.member());
        while (this.nextMember());
        return members;
    }

    standaloneItem(): Item {
        this.skipBlanks();
        const item = this.item();
        this.skipBlanks();
        if (!this.atEnd()) throw new Refused();
        return item;
    }

    private nextMember(): boolean {
        this.skipBlanksAndTabs();
        if (this.atEnd()) return false;
        this.expect(COMMA);
        this.skipBlanksAndTabs();
        // A comma promises a member.
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
        if (this.duplicateKeys === 'refuse' && taken.has(key)) throw new Refused();
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

    /** NaN at the end, which equals no character and stands in no table. */
    private code(): number {
        return this.text.charCodeAt(this.position);
    }

    private atEnd(): boolean {
        return this.position >= this.text.length;
    }
}
