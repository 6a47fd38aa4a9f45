import { systemClock } from '../../src/support/clock';

const TICK_MS = 20;
const LEAST_MS = 20;

/** How late the timers of this process were: what it measures of a server can be wrong by so much. */
export class Lateness {
    private readonly seen: { atMs: number; ms: number }[] = [];
    private timer: NodeJS.Timeout | undefined;
    private lastMs = 0;

    start(): void {
        this.lastMs = systemClock.nowMs();
        this.timer = setInterval(() => {
            this.tick(systemClock.nowMs());
        }, TICK_MS);
    }

    stop(): void {
        clearInterval(this.timer);
    }

    /** One tick at this time. */
    tick(nowMs: number): void {
        const ms = nowMs - this.lastMs - TICK_MS;
        this.lastMs = nowMs;
        if (ms > LEAST_MS) this.seen.push({ atMs: nowMs, ms });
    }

    /** The most between these two times, ms; 0: it was in time. */
    between(fromMs: number, toMs: number): number {
        return this.seen.reduce(
            (most, { atMs, ms }) => (atMs > fromMs && atMs - ms < toMs ? Math.max(most, ms) : most),
            0,
        );
    }
}
