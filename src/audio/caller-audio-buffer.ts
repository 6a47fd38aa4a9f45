import { AudioPages } from './audio-pages';

/** Reads the buffer from the place where it was opened; unread audio is kept for it, up to its bound. */
export interface AudioCursor {
    /** Unread bytes. */
    readonly length: number;
    /** Bytes that were dropped because the bound was reached. */
    readonly droppedBytes: number;
    /** The oldest unread bytes, at most `maxBytes` (default: all), as one buffer; they count as read. Empty: nothing is unread. */
    take(maxBytes?: number): Uint8Array;
    /** The same bytes as `read`, which remain unread. */
    peek(): Uint8Array;
    /** Counts everything as read. */
    skip(): void;
    /** Sets another bound in bytes: the oldest unread bytes beyond it are dropped and counted. */
    limit(maxBytes: number): void;
    /** Ends reading: nothing is kept for this cursor any more. May be called twice. */
    close(): void;
}

/**
 * The one place where caller audio waits: before the call is open, before a bot can hear, while a session is replaced, while OpenAI's
 * socket takes nothing, while a short frame waits to be joined, and for a bot that takes over. Each of them has a cursor; audio that no
 * cursor waits for is not kept and not copied. Audio is PCMU, 8 kHz, mono: eight bytes are one millisecond.
 */
export class CallerAudioBuffer {
    private readonly pages = new AudioPages();
    private readonly cursors: Cursor[] = [];

    /** Position in the stream of the end of what was pushed. */
    get endBytes(): number {
        return this.pages.endBytes;
    }

    /** Appends a frame of any length. The caller of this method may reuse its bytes afterwards. */
    push(pcmu: Uint8Array): void {
        const { pages } = this;
        const beginBytes = pages.endBytes;
        const endBytes = beginBytes + pcmu.length;
        for (const cursor of this.cursors) cursor.bound(endBytes);
        const neededBytes = this.neededFrom(endBytes);
        pages.forgetBefore(neededBytes);
        if (neededBytes <= beginBytes) pages.append(pcmu);
        else if (neededBytes < endBytes) pages.append(pcmu.subarray(neededBytes - beginBytes));
    }

    /**
     * Keeps from now on what is pushed, at most `maxBytes` of it; `backBytes` (default 0) of what was pushed last are kept as well, as
     * far as another cursor has kept them.
     */
    open(maxBytes: number, backBytes = 0): AudioCursor {
        return this.openAt(Math.max(this.pages.startBytes, this.endBytes - backBytes), maxBytes);
    }

    /**
     * Keeps `frame`, which was pushed last, and from now on what is pushed, at most `maxBytes` of it. The frame is copied only if no other
     * cursor has kept it.
     */
    openFrom(frame: Uint8Array, maxBytes: number): AudioCursor {
        const { pages } = this;
        // A frame that was given to a bot alone is taken for pushed.
        const fromBytes = Math.max(0, pages.endBytes - frame.length);
        if (fromBytes < pages.startBytes || pages.endBytes < frame.length) {
            pages.startAt(fromBytes);
            pages.append(frame);
        }
        return this.openAt(fromBytes, maxBytes);
    }

    /** Drops all audio and closes every cursor: the call is over. */
    close(): void {
        for (const cursor of [...this.cursors]) cursor.close();
        this.release();
    }

    /** For the cursors of this buffer only, as `release` and `remove` are. @returns a copy */
    read(fromBytes: number, toBytes: number): Uint8Array {
        const out = new Uint8Array(Math.max(0, toBytes - fromBytes));
        this.pages.copyTo(out, fromBytes);
        return out;
    }

    /** Lets go of what every cursor has read. */
    release(): void {
        this.pages.forgetBefore(this.neededFrom(this.endBytes));
    }

    remove(cursor: Cursor): void {
        this.cursors.splice(this.cursors.indexOf(cursor), 1);
        this.release();
    }

    /** The oldest byte that a cursor has not read; `endBytes` if there is none. */
    private neededFrom(endBytes: number): number {
        let neededBytes = endBytes;
        for (const cursor of this.cursors) neededBytes = Math.min(neededBytes, cursor.positionBytes);
        return neededBytes;
    }

    private openAt(fromBytes: number, maxBytes: number): AudioCursor {
        const cursor = new Cursor(this, fromBytes, maxBytes);
        cursor.bound(this.endBytes);
        this.cursors.push(cursor);
        return cursor;
    }
}

class Cursor implements AudioCursor {
    private dropped = 0;
    private isClosed = false;

    constructor(
        private readonly buffer: CallerAudioBuffer,
        public positionBytes: number,
        private maxBytes: number,
    ) {}

    get length(): number {
        return this.isClosed ? 0 : this.buffer.endBytes - this.positionBytes;
    }

    get droppedBytes(): number {
        return this.dropped;
    }

    take(maxBytes = Infinity): Uint8Array {
        const toBytes = this.positionBytes + Math.min(maxBytes, this.length);
        const bytes = this.buffer.read(this.positionBytes, toBytes);
        this.positionBytes = toBytes;
        this.buffer.release();
        return bytes;
    }

    peek(): Uint8Array {
        return this.buffer.read(this.positionBytes, this.positionBytes + this.length);
    }

    skip(): void {
        this.positionBytes = this.buffer.endBytes;
        this.buffer.release();
    }

    limit(maxBytes: number): void {
        this.maxBytes = maxBytes;
        this.bound(this.buffer.endBytes);
        this.buffer.release();
    }

    close(): void {
        if (this.isClosed) return;
        this.isClosed = true;
        this.buffer.remove(this);
    }

    /** Drops what exceeds the bound. */
    bound(endBytes: number): void {
        const excess = endBytes - this.positionBytes - this.maxBytes;
        if (excess <= 0) return;
        this.positionBytes += excess;
        this.dropped += excess;
    }
}
