import { heardText } from '../../support/heard-text';

/** One item of an answer: what came of it, what went out, what was heard. */
export class ResponseItem {
    contentIndex = 0;
    /** A message; a function call, for instance, does not speak. */
    speaks = true;
    /** It holds text that was not spoken. */
    written = false;
    /** No more audio will come. */
    done = false;
    /** Its session has ended. */
    gone = false;
    /** Audio that waits for an earlier item. */
    held: Buffer[] = [];
    /** Model audio that came, also what came too late. */
    receivedBytes = 0;
    /** PCMU that went out. */
    playedBytes = 0;
    /** Milliseconds of the item that the caller heard before they interrupted it. `undefined`: not interrupted. */
    cutMs: number | undefined;
    private readonly parts: string[] = [];

    constructor(
        readonly id: string,
        readonly outputIndex: number,
    ) {}

    /** Adds to the words of a content part, or (`whole`) puts the final text in their place. */
    addWords(text: string, contentIndex: number, whole: boolean): void {
        const at = Math.min(contentIndex, this.parts.length);
        this.parts[at] = whole ? text : (this.parts[at] ?? '') + text;
    }

    get text(): string {
        return this.parts.join(' ').trim();
    }

    /** What was heard of it, 0 … 1; undefined while nobody has interrupted it. */
    heardShare(bytesPerMs: number): number | undefined {
        if (this.cutMs === undefined) return undefined;
        const existsMs = this.receivedBytes / bytesPerMs;
        return existsMs === 0 ? 0 : Math.min(1, this.cutMs / existsMs);
    }

    /** Its words up to where the caller interrupted. */
    textAsHeard(bytesPerMs: number): string {
        return heardText(this.text, this.heardShare(bytesPerMs) ?? 1);
    }
}
