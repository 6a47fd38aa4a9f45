/** Messages at once, after a silence. */
export const BURST = 25;
const PER_SECOND = 5;

/**
 * Counts messages against 25 + 5·t in *every* window of t seconds (docs/PROTOCOL.md, 5.5).
 *
 * A bucket that starts with 25 tokens, never holds more and gains 5 a second is below zero after a message exactly when some
 * window that ends there holds too many: its level is the smallest of 25 + 5·t − n over all those windows.
 */
export class RateCheck {
    private tokens = BURST;
    private lastAtMs = 0;

    /** The lowest level so far; how close it came. */
    lowest = BURST;

    /** Messages that may come at once at `atMs`: 25 when nothing came for long, 0 at the limit. */
    levelAt(atMs: number): number {
        return Math.min(BURST, this.tokens + (Math.max(0, atMs - this.lastAtMs) / 1000) * PER_SECOND);
    }

    /** Counts one message. Returns by how many messages its worst window is over the limit; 0 or less: within. */
    add(atMs: number): number {
        const gained = ((atMs - this.lastAtMs) / 1000) * PER_SECOND;
        this.tokens = Math.min(BURST, this.tokens + gained) - 1;
        this.lastAtMs = atMs;
        this.lowest = Math.min(this.lowest, this.tokens);
        // Sums of fractional milliseconds must not make a breach out of a message that is exactly on time.
        return this.tokens < -1e-9 ? -this.tokens : 0;
    }
}
