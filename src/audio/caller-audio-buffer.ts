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

/** The memory grows by a second. */
const STEP_BYTES = 8000;
const NO_BYTES = new Uint8Array(0);

/**
 * The one place where caller audio waits: before the call is open, before a bot can hear, while a session is replaced, while OpenAI's
 * socket takes nothing, while a short frame waits to be joined, and for a bot that takes over. Each of them has a cursor; audio that no
 * cursor waits for is not kept and not copied. Audio is PCMU, 8 kHz, mono: eight bytes are one millisecond.
 *
 * It lies in one ring that is written over: a new array for each frame, kept for a second, would be the most expensive garbage of a call.
 */
export class CallerAudioBuffer {
    /** Byte n of the stream lies at n modulo the length. */
    private ring = NO_BYTES;
    /** Position in the stream of the oldest byte that is kept, and of the end; the end is read by the cursors. */
    private startBytes = 0;
    endBytes = 0;
    private readonly cursors: Cursor[] = [];

    /** Appends a frame of any length. The caller of this method may reuse its bytes afterwards. */
    push(pcmu: Uint8Array): void {
        this.endBytes += pcmu.length;
        for (const cursor of this.cursors) cursor.bound(this.endBytes);
        this.release();
        this.fit();
        this.write(pcmu);
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
        // A frame that was given to a bot alone is taken for pushed.
        if (this.endBytes < frame.length) this.startBytes = this.endBytes = frame.length;
        const fromBytes = this.endBytes - frame.length;
        if (fromBytes < this.startBytes) {
            this.startBytes = fromBytes;
            this.fit();
            this.write(frame);
        }
        return this.openAt(fromBytes, maxBytes);
    }

    /** Drops all audio and closes every cursor: the call is over. */
    close(): void {
        for (const cursor of [...this.cursors]) cursor.close();
        this.ring = NO_BYTES;
    }

    /** For the cursors of this buffer only, as `release` and `remove` are. @returns a copy */
    read(fromBytes: number, toBytes: number): Uint8Array {
        const { ring } = this;
        const out = new Uint8Array(Math.max(0, toBytes - fromBytes));
        for (let at = fromBytes; at < toBytes && ring.length > 0;) {
            const place = at % ring.length;
            const piece = ring.subarray(place, Math.min(ring.length, place + toBytes - at));
            out.set(piece, at - fromBytes);
            at += piece.length;
        }
        return out;
    }

    /** Lets go of what every cursor has read. */
    release(): void {
        let neededBytes = this.endBytes;
        for (const cursor of this.cursors) neededBytes = Math.min(neededBytes, cursor.positionBytes);
        this.startBytes = Math.max(this.startBytes, neededBytes);
    }

    remove(cursor: Cursor): void {
        this.cursors.splice(this.cursors.indexOf(cursor), 1);
        this.release();
        this.fit();
    }

    private openAt(fromBytes: number, maxBytes: number): AudioCursor {
        const cursor = new Cursor(this, fromBytes, maxBytes);
        cursor.bound(this.endBytes);
        this.cursors.push(cursor);
        return cursor;
    }

    /** Writes the end of `pcmu`, as much of it as is kept, to the end of the stream. */
    private write(pcmu: Uint8Array): void {
        const { ring, endBytes } = this;
        const begin = endBytes - pcmu.length;
        for (let at = Math.max(begin, this.startBytes); at < endBytes;) {
            const place = at % ring.length;
            const count = Math.min(ring.length - place, endBytes - at);
            ring.set(count === pcmu.length ? pcmu : pcmu.subarray(at - begin, at - begin + count), place);
            at += count;
        }
    }

    /** Makes room for what is kept, and gives memory back when most of it is free. */
    private fit(): void {
        const keptBytes = this.endBytes - this.startBytes;
        if (keptBytes === 0 && this.cursors.length > 0) return;
        const neededBytes = Math.ceil(keptBytes / STEP_BYTES) * STEP_BYTES;
        const { length } = this.ring;
        if (neededBytes <= length && length <= Math.max(2 * neededBytes, STEP_BYTES)) return;
        const old = this.ring;
        this.ring = new Uint8Array(neededBytes);
        if (neededBytes > 0) this.copyFrom(old);
    }

    private copyFrom(old: Uint8Array): void {
        const { ring } = this;
        // Of bytes that are about to be written, the old place holds nothing of use.
        const end = Math.min(this.endBytes, this.startBytes + old.length);
        for (let at = this.startBytes; at < end;) {
            const [from, to] = [at % old.length, at % ring.length];
            const count = Math.min(old.length - from, ring.length - to, end - at);
            ring.set(old.subarray(from, from + count), to);
            at += count;
        }
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
