/** Reads the buffer from where it was opened; what it has not read is kept for it, up to its bound. */
export interface AudioCursor {
    /** Bytes that wait to be read. */
    readonly length: number;
    /** Bytes that were given up because the bound was reached. */
    readonly droppedBytes: number;
    /** The oldest unread bytes, at most `maxBytes` (default: all), as one buffer; they count as read. Empty: nothing waits. */
    take(maxBytes?: number): Uint8Array;
    /** The same bytes, which stay unread. */
    peek(): Uint8Array;
    /** Counts everything as read. */
    skip(): void;
    /** Another bound in bytes, at once: the oldest unread bytes beyond it are given up and counted. */
    limit(maxBytes: number): void;
    /** Keeps nothing any more. May be called twice. */
    close(): void;
}

/**
 * The one place where caller audio waits: before the call is open, before a bot can hear, while a lost session is replaced, while
 * OpenAI's socket takes nothing, and for a bot that takes over. Each of them has a cursor; audio that no cursor waits for is not
 * kept and not copied. Audio is PCMU, 8 kHz, mono: eight bytes are one millisecond.
 */
export class CallerAudioBuffer {
    /** Copies of what was pushed, oldest first. */
    private chunks: Uint8Array[] = [];
    /** Position in the stream of the first byte of the first chunk, and of the end of the last. */
    private startBytes = 0;
    private endBytes = 0;
    private readonly cursors = new Set<Cursor>();

    /** Takes a frame in, any length. The bytes may be reused afterwards. */
    push(pcmu: Uint8Array): void {
        this.endBytes += pcmu.length;
        if (this.cursors.size === 0) {
            this.startBytes = this.endBytes;
            return;
        }
        if (pcmu.length > 0) this.chunks.push(Uint8Array.from(pcmu));
        for (const cursor of this.cursors) cursor.bound(this.endBytes);
        this.release();
    }

    /**
     * Keeps from now on what is pushed, at most `maxBytes` of it; `backBytes` (default 0) of what was pushed last are kept as well, as
     * far as another cursor has kept them.
     */
    open(maxBytes: number, backBytes = 0): AudioCursor {
        const cursor = new Cursor(this.view, Math.max(this.startBytes, this.endBytes - backBytes), maxBytes);
        this.cursors.add(cursor);
        return cursor;
    }

    /** Forgets everything and closes every cursor: the call is over. */
    close(): void {
        for (const cursor of [...this.cursors]) cursor.close();
    }

    private readonly view: BufferView = {
        endBytes: () => this.endBytes,
        read: (fromBytes, toBytes) => this.read(fromBytes, toBytes),
        release: () => {
            this.release();
        },
        remove: (cursor) => {
            this.cursors.delete(cursor);
            this.release();
        },
    };

    private read(fromBytes: number, toBytes: number): Uint8Array {
        const out = new Uint8Array(Math.max(0, toBytes - fromBytes));
        let at = this.startBytes;
        for (const chunk of this.chunks) {
            const first = Math.max(fromBytes, at);
            const last = Math.min(toBytes, at + chunk.length);
            if (first < last) out.set(chunk.subarray(first - at, last - at), first - fromBytes);
            at += chunk.length;
            if (at >= toBytes) break;
        }
        return out;
    }

    /** Lets go of the chunks that every cursor has read. */
    private release(): void {
        let neededBytes = this.endBytes;
        for (const cursor of this.cursors) neededBytes = Math.min(neededBytes, cursor.positionBytes);
        let gone = 0;
        for (const chunk of this.chunks) {
            if (this.startBytes + chunk.length > neededBytes) break;
            this.startBytes += chunk.length;
            gone += 1;
        }
        if (gone > 0) this.chunks.splice(0, gone);
    }
}

/** What a cursor needs of its buffer. */
interface BufferView {
    endBytes(): number;
    read(fromBytes: number, toBytes: number): Uint8Array;
    release(): void;
    remove(cursor: Cursor): void;
}

class Cursor implements AudioCursor {
    private dropped = 0;
    private isClosed = false;

    constructor(
        private readonly buffer: BufferView,
        public positionBytes: number,
        private maxBytes: number,
    ) {}

    get length(): number {
        return this.isClosed ? 0 : this.buffer.endBytes() - this.positionBytes;
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
        this.positionBytes = this.buffer.endBytes();
        this.buffer.release();
    }

    limit(maxBytes: number): void {
        this.maxBytes = maxBytes;
        this.bound(this.buffer.endBytes());
        this.buffer.release();
    }

    close(): void {
        if (this.isClosed) return;
        this.isClosed = true;
        this.buffer.remove(this);
    }

    /** Gives up what lies further back than the bound. */
    bound(endBytes: number): void {
        const excess = endBytes - this.positionBytes - this.maxBytes;
        if (excess <= 0) return;
        this.positionBytes += excess;
        this.dropped += excess;
    }
}
