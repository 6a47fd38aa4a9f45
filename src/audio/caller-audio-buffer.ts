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
    /** Copies of what was pushed, oldest first. */
    private chunks: Uint8Array[] = [];
    /** Position in the stream of the first byte of the first chunk, and of the end of the last. */
    private startBytes = 0;
    private endBytes = 0;
    private readonly cursors = new Set<Cursor>();

    /** Appends a frame of any length. The caller of this method may reuse its bytes afterwards. */
    push(pcmu: Uint8Array): void {
        this.endBytes += pcmu.length;
        if (this.cursors.size === 0) {
            this.startBytes = this.endBytes;
            return;
        }
        if (pcmu.length > 0) this.chunks.push(new Uint8Array(pcmu));
        for (const cursor of this.cursors) cursor.bound(this.endBytes);
        this.release();
    }

    /**
     * Keeps from now on what is pushed, at most `maxBytes` of it; `backBytes` (default 0) of what was pushed last are kept as well, as
     * far as another cursor has kept them.
     */
    open(maxBytes: number, backBytes = 0): AudioCursor {
        return this.openAt(Math.max(this.startBytes, this.endBytes - backBytes), maxBytes);
    }

    /**
     * Keeps `frame`, which was pushed last, and from now on what is pushed, at most `maxBytes` of it. The frame is copied only if no other
     * cursor has kept it.
     */
    openFrom(frame: Uint8Array, maxBytes: number): AudioCursor {
        const fromBytes = this.endBytes - frame.length;
        if (fromBytes < this.startBytes) {
            this.chunks = [new Uint8Array(frame)];
            this.startBytes = fromBytes;
        }
        return this.openAt(fromBytes, maxBytes);
    }

    /** Drops all audio and closes every cursor: the call is over. */
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

    private openAt(fromBytes: number, maxBytes: number): AudioCursor {
        const cursor = new Cursor(this.view, fromBytes, maxBytes);
        cursor.bound(this.endBytes);
        this.cursors.add(cursor);
        return cursor;
    }

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

    /** Drops the chunks that every cursor has read. */
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

/** The part of the buffer that a cursor uses. */
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

    /** Drops what exceeds the bound. */
    bound(endBytes: number): void {
        const excess = endBytes - this.positionBytes - this.maxBytes;
        if (excess <= 0) return;
        this.positionBytes += excess;
        this.dropped += excess;
    }
}
