/** PCMU, 8 kHz, mono: five seconds. */
const KEPT_BYTES = 5000 * 8;

/**
 * The caller's last seconds, for the bot that takes over: what the lost one was told and has not answered. A ring that is made
 * once, so that a frame costs one copy.
 */
export class AudioRingBuffer {
    private readonly ring = new Uint8Array(KEPT_BYTES);
    private next = 0;
    private length = 0;

    /** Takes caller audio in, any length; the oldest gives way. */
    push(pcmu: Uint8Array): void {
        const kept = pcmu.length > KEPT_BYTES ? pcmu.subarray(pcmu.length - KEPT_BYTES) : pcmu;
        const first = Math.min(kept.length, KEPT_BYTES - this.next);
        this.ring.set(first === kept.length ? kept : kept.subarray(0, first), this.next);
        if (first < kept.length) this.ring.set(kept.subarray(first));
        this.next = (this.next + kept.length) % KEPT_BYTES;
        this.length = Math.min(KEPT_BYTES, this.length + kept.length);
    }

    /** They are known, or answered. */
    forget(): void {
        this.length = 0;
    }

    /** What is kept, oldest first: a copy. */
    get pcmu(): Uint8Array {
        const start = (this.next - this.length + KEPT_BYTES) % KEPT_BYTES;
        const kept = new Uint8Array(this.length);
        const first = Math.min(this.length, KEPT_BYTES - start);
        kept.set(this.ring.subarray(start, start + first));
        kept.set(this.ring.subarray(0, this.length - first), first);
        return kept;
    }
}
