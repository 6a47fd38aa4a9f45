import type { Clock, Timer } from '../../src/support/clock';

interface Pending {
    atMs: number;
    order: number;
    task: () => void;
}

/** Time that passes only when a test says so. */
export class FakeClock implements Clock {
    private timeMs = 0;
    private order = 0;
    private readonly pending = new Set<Pending>();

    constructor(private readonly startEpochMs = Date.UTC(2026, 10, 22, 12)) {}

    nowMs(): number {
        return this.timeMs;
    }

    epochMs(): number {
        return this.startEpochMs + this.timeMs;
    }

    after(delayMs: number, task: () => void): Timer {
        const entry = { atMs: this.timeMs + Math.max(0, delayMs), order: this.order++, task };
        this.pending.add(entry);
        return { cancel: () => void this.pending.delete(entry) };
    }

    /** Timers that have neither run nor been cancelled. */
    get pendingCount(): number {
        return this.pending.size;
    }

    /** Lets `ms` pass, running what falls due in order, at its own time. */
    advance(ms: number): void {
        const untilMs = this.timeMs + ms;
        for (;;) {
            const next = this.nextDue(untilMs);
            if (next === undefined) break;
            this.pending.delete(next);
            this.timeMs = Math.max(this.timeMs, next.atMs);
            next.task();
        }
        this.timeMs = untilMs;
    }

    /** As `advance`, but lets promises settle between steps of `stepMs`. */
    async advanceAsync(ms: number, stepMs = 10): Promise<void> {
        for (let left = ms; left > 0; left -= stepMs) {
            this.advance(Math.min(stepMs, left));
            await new Promise((resolve) => setImmediate(resolve));
        }
    }

    private nextDue(untilMs: number): Pending | undefined {
        let best: Pending | undefined;
        for (const entry of this.pending) {
            if (entry.atMs > untilMs) continue;
            if (best === undefined || entry.atMs < best.atMs || (entry.atMs === best.atMs && entry.order < best.order))
                best = entry;
        }
        return best;
    }
}
