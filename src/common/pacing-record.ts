import type { TurnPace } from '../services/call-meter';

/** How the bot audio of one call leaves, summed until it is taken: a few additions for each piece. */
export class PacingRecord {
    /** Bot audio that did not fit in the queue, of the whole call. */
    droppedBytes = 0;
    private pieces = 0;
    private mostLeadMs = 0;
    private leastLeadMs: number | undefined;
    private waits = 0;
    private waitedMs = 0;
    /** Since when the next piece waits for a token; undefined: it does not. */
    private tokenAwaitedMs: number | undefined;
    /** The caller hears bot audio, and expects more of it. */
    private isInSound = false;

    /** The next piece waits for a token of the message budget. */
    tokenAwaited(nowMs: number): void {
        this.tokenAwaitedMs ??= nowMs;
    }

    /**
     * A piece was sent.
     *
     * @param leadMs bot audio ahead of what the caller hears, with this piece
     * @param leftMs what was left of it before
     */
    sent(leadMs: number, leftMs: number, nowMs: number): void {
        this.pieces += 1;
        this.mostLeadMs = Math.max(this.mostLeadMs, leadMs);
        if (this.isInSound) this.leastLeadMs = Math.min(this.leastLeadMs ?? leftMs, leftMs);
        this.isInSound = true;
        if (this.tokenAwaitedMs === undefined) return;
        this.waits += 1;
        this.waitedMs += nowMs - this.tokenAwaitedMs;
        this.tokenAwaitedMs = undefined;
    }

    /** The caller has heard all, or it was thrown away: what comes next is no continuation. */
    quiet(): void {
        this.isInSound = false;
        this.tokenAwaitedMs = undefined;
    }

    dropped(byteCount: number): void {
        this.droppedBytes += byteCount;
    }

    /** The figures since the last `take`; undefined: nothing was sent. */
    take(): TurnPace | undefined {
        const { pieces, mostLeadMs, leastLeadMs, waits, waitedMs } = this;
        if (pieces === 0) return undefined;
        this.pieces = 0;
        this.mostLeadMs = 0;
        this.leastLeadMs = undefined;
        this.waits = 0;
        this.waitedMs = 0;
        return { mostLeadMs, leastLeadMs, waits, waitedMs };
    }
}
