/** Where a text stops being JSON, and the mistake that is likely there. The sentences never quote the text: it may hold secrets. */

export interface JsonMistake {
    /** Index of the first character that cannot stand there; the length of the text when its end comes too early. */
    readonly at: number;
    /** Counted from 1. */
    readonly line: number;
    /** Counted from 1. */
    readonly column: number;
    /** What is probably wrong, as a sentence; undefined: it looks like no usual mistake. */
    readonly likely: string | undefined;
}

/** The first mistake of a text; undefined: it is JSON. */
export function jsonMistake(text: string): JsonMistake | undefined {
    const scan = new JsonScan(text);
    if (scan.isWhole()) return undefined;
    const { at } = scan;
    const before = text.slice(0, at).split('\n');
    const column = (before.at(-1) ?? '').length + 1;
    return { at, line: before.length, column, likely: likelyMistake(text, at) };
}

/** `line 2, column 5: a comma stands before it …` */
export function mistakeWords({ line, column, likely }: JsonMistake): string {
    return `line ${line}, column ${column}${likely === undefined ? '' : `: ${likely}`}`;
}

const STRING = /"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/y;
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.])/y;
const MAX_DEPTH = 200;

/** Reads JSON (RFC 8259) without making values; `at` stays where it cannot go on. */
class JsonScan {
    at = 0;

    constructor(private readonly text: string) {}

    isWhole(): boolean {
        return this.value(0) && this.blanks() === this.text.length;
    }

    private value(depth: number): boolean {
        this.blanks();
        if (depth > MAX_DEPTH) return false;
        if (this.takes('{')) return this.items('}', () => this.member(depth));
        if (this.takes('[')) return this.items(']', () => this.value(depth + 1));
        return this.matches(STRING) || this.matches(SCALAR);
    }

    private member(depth: number): boolean {
        this.blanks();
        if (!this.matches(STRING)) return false;
        this.blanks();
        return this.takes(':') && this.value(depth + 1);
    }

    private items(end: string, item: () => boolean): boolean {
        this.blanks();
        if (this.takes(end)) return true;
        for (;;) {
            if (!item()) return false;
            this.blanks();
            if (this.takes(end)) return true;
            if (!this.takes(',')) return false;
        }
    }

    private takes(sign: string): boolean {
        if (this.text[this.at] !== sign) return false;
        this.at += 1;
        return true;
    }

    private matches(form: RegExp): boolean {
        form.lastIndex = this.at;
        if (!form.test(this.text)) return false;
        this.at = form.lastIndex;
        return true;
    }

    private blanks(): number {
        while (' \t\r\n'.includes(this.text[this.at] ?? '.')) this.at += 1;
        return this.at;
    }
}

const EARLY_END = 'the text ends too early; in a .env file the whole value stands on one line, between single quotes';
const SHELL_QUOTES =
    'the double quotes are missing, as when a shell takes them away; right are single quotes around the whole value';
const SINGLE_QUOTES = 'JSON has double quotes (") and no single ones';

/** What is usually wrong where such a character stands. */
function likelyMistake(text: string, at: number): string | undefined {
    const sign = text[at];
    const before = text.slice(0, at).trimEnd().at(-1);
    if (sign === undefined) return text.trim() === '' ? 'the text is empty' : EARLY_END;
    if (text.slice(0, at).trim() === '' && /['`]/.test(sign))
        return 'the quotes around the whole value are part of it; right is to write it without them here';
    if (/[}\]]/.test(sign) && before === ',') return 'a comma stands before the closing bracket; right is none there';
    if (sign === "'") return SINGLE_QUOTES;
    if (/[‘’‚“”„«»]/.test(sign)) return 'these are typographic quotes; right are plain double quotes (")';
    if (sign === '\\') return 'a backslash stands before a quote; right is the quote alone';
    if (sign === '"') return mistakeAtQuote(text, at, before);
    if (/[/#]/.test(sign)) return 'JSON has no comments';
    if (sign === '=') return 'right is a colon between key and value';
    if (/[{,:[]/.test(before ?? '') && /[\w+-]/.test(sign)) return SHELL_QUOTES;
    return isWholeBefore(text, at) ? 'there is more text behind the closing bracket' : undefined;
}

/** A quote that begins no string, or a string that does not end in its line. */
function mistakeAtQuote(text: string, at: number, before: string | undefined): string {
    if (/["\]}\w]/.test(before ?? '')) return 'a comma, or a colon, is missing before it';
    return /[\n\r]/.test(text.slice(at)) ? 'this string does not end in its line' : EARLY_END;
}

function isWholeBefore(text: string, at: number): boolean {
    return new JsonScan(text.slice(0, at)).isWhole();
}
