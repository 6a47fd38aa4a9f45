const BLANK = 0x20;
const TAB = 0x09;

/**
 * The headers of one request, by lower-case name, with every line kept: Node's own `headers` object drops or joins
 * doubled lines, and a doubled line is what an attacker would send.
 */
export class RequestHeaders {
    private readonly lines = new Map<string, string[]>();

    /** Takes Node's `rawHeaders`: name, value, name, value … */
    constructor(rawHeaders: readonly string[]) {
        for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
            this.add((rawHeaders[index] ?? '').toLowerCase(), trimmed(rawHeaders[index + 1] ?? ''));
        }
    }

    has(name: string): boolean {
        return this.lines.has(name);
    }

    /** The value of a header that stands exactly once; undefined if it is missing or doubled. */
    only(name: string): string | undefined {
        const values = this.lines.get(name);
        return values?.length === 1 ? values[0] : undefined;
    }

    /** All lines of a header joined with `, `, as they are signed (protocol sheet, section 3.3). */
    joined(name: string): string | undefined {
        return this.lines.get(name)?.join(', ');
    }

    private add(name: string, value: string): void {
        const values = this.lines.get(name);
        if (values === undefined) this.lines.set(name, [value]);
        else values.push(value);
    }
}

/** Blanks and tabs only: String.trim would also take octets that belong to the value. */
function trimmed(value: string): string {
    let start = 0;
    let end = value.length;
    while (start < end && isBlank(value.charCodeAt(start))) start++;
    while (end > start && isBlank(value.charCodeAt(end - 1))) end--;
    return value.slice(start, end);
}

function isBlank(code: number): boolean {
    return code === BLANK || code === TAB;
}
