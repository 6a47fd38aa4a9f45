/**
 * A bounded queue of audio: when it is full, the oldest bytes are dropped and counted. Cuts are multiples of `unitBytes`, so that no
 * sample is split. The bytes are copied.
 */
export class AudioBacklog {
    private chunks: Buffer[] = [];
    private head = 0;
    private bytes = 0;
    private droppedTotal = 0;

    constructor(
        private maxBytes: number,
        private readonly unitBytes = 1,
    ) {}

    /** Bytes in the queue. */
    get length(): number {
        return this.bytes;
    }

    /** Bytes that were dropped so far because the queue was full. */
    get droppedBytes(): number {
        return this.droppedTotal;
    }

    /** Appends `audio`; drops the oldest bytes where it does not fit. */
    push(audio: Uint8Array): void {
        if (audio.length === 0) return;
        this.chunks.push(Buffer.from(audio));
        this.bytes += audio.length;
        this.shrink();
    }

    /** Sets another bound in bytes, with immediate effect. */
    limit(maxBytes: number): void {
        this.maxBytes = maxBytes;
        this.shrink();
    }

    /** Removes and returns the oldest bytes, at most `maxBytes`, joined; empty when the queue is empty. */
    take(maxBytes: number): Buffer {
        const size = Math.min(maxBytes, this.bytes);
        const first = this.chunks[0];
        // Usually the first chunk holds all of it: then nothing is copied.
        const out =
            first !== undefined && first.length - this.head >= size
                ? first.subarray(this.head, this.head + size)
                : this.gather(size);
        this.discard(size);
        return out;
    }

    /** Empties the queue; the bytes do not count as dropped. */
    clear(): void {
        this.chunks = [];
        this.head = 0;
        this.bytes = 0;
    }

    private gather(size: number): Buffer {
        const out = Buffer.allocUnsafe(size);
        let at = 0;
        let from = this.head;
        for (const chunk of this.chunks) {
            if (at >= size) break;
            at += chunk.copy(out, at, from, Math.min(chunk.length, from + size - at));
            from = 0;
        }
        return out;
    }

    private shrink(): void {
        const excess = this.bytes - this.maxBytes;
        if (excess <= 0) return;
        const dropped = Math.min(this.bytes, Math.ceil(excess / this.unitBytes) * this.unitBytes);
        this.droppedTotal += dropped;
        this.discard(dropped);
    }

    private discard(size: number): void {
        this.bytes -= size;
        let at = this.head + size;
        let gone = 0;
        for (const chunk of this.chunks) {
            if (at < chunk.length) break;
            at -= chunk.length;
            gone += 1;
        }
        if (gone > 0) this.chunks.splice(0, gone);
        this.head = at;
    }
}
