import { PerformanceObserver } from 'node:perf_hooks';
import { LoopWatch, processComputedMs, type LoopGap } from '../support/loop-watch';
import { ThreadClock } from './host-time';

/** What took at least half of a stall: this program, garbage collection, or neither. */
export type StallCause = 'code' | 'gc' | 'host';

/** A span of time, by the clock of `performance.now`, in ms. */
interface Span {
    readonly fromMs: number;
    readonly toMs: number;
}

/** More ticks would find more of the short stalls, and cost more than the rest of the metrics together. */
const TICK_MS = 50;
/** What counts as a stall: from here on admission refuses calls by default (MAX_EVENT_LOOP_DELAY_MS). */
const LEAST_MS = 30;
/** Shorter collections explain no stall. */
const LEAST_COLLECTION_MS = 1;

/** Why the event loop was late, from what was computed and collected in the gap. */
export function causeOf({ fromMs, toMs, lateMs, computedMs }: LoopGap, collections: readonly Span[]): StallCause {
    const inGap = ({ fromMs: from, toMs: to }: Span): number =>
        Math.max(0, Math.min(to, toMs) - Math.max(from, fromMs));
    const collectedMs = collections.reduce((sum, each) => sum + inGap(each), 0);
    if (2 * collectedMs >= lateMs) return 'gc';
    return 2 * computedMs >= lateMs ? 'code' : 'host';
}

/**
 * Finds the stalls of the event loop and their causes: each of 80 ms or more, and a shorter one when a tick falls into its beginning. 20 ticks a
 * second, each a few microseconds. The cause is known one tick after the stall, because Node.js reports a garbage collection only when the event
 * loop turns again.
 */
export class LoopStallMeter {
    private readonly watch: LoopWatch;
    private readonly threadClock = new ThreadClock();
    private readonly observer = new PerformanceObserver((list) => {
        for (const { startTime, duration } of list.getEntries()) this.collected(startTime, duration);
    });
    private collections: Span[] = [];
    private gap: LoopGap | undefined;
    private isNew = false;

    constructor(private readonly onStall: (cause: StallCause, lateMs: number) => void) {
        this.watch = new LoopWatch({
            tickMs: TICK_MS,
            leastMs: LEAST_MS,
            computedMs: () => this.threadClock.read()?.ranMs ?? processComputedMs(),
            onLate: (gap) => {
                this.judge();
                this.gap = gap;
                this.isNew = true;
            },
            onTick: () => {
                if (this.isNew) this.isNew = false;
                else this.judge();
            },
        });
    }

    start(): void {
        this.threadClock.open();
        this.observer.observe({ entryTypes: ['gc'] });
        this.watch.start();
    }

    /** Frees the timer, the observer and the file. May be called twice. */
    stop(): void {
        this.watch.stop();
        this.observer.disconnect();
        this.threadClock.close();
    }

    /** Seconds in which the main thread waited for a processor; undefined: it is not known here. */
    get waitedSeconds(): number | undefined {
        const time = this.threadClock.read();
        return time === undefined ? undefined : time.waitedMs / 1000;
    }

    /** See `LoopWatch.tick`; for tests. */
    tick(nowMs: number, computedMs: number): void {
        this.watch.tick(nowMs, computedMs);
    }

    /** A garbage collection of the main thread. */
    collected(startMs: number, durationMs: number): void {
        if (durationMs >= LEAST_COLLECTION_MS) this.collections.push({ fromMs: startMs, toMs: startMs + durationMs });
    }

    private judge(): void {
        const { gap } = this;
        if (gap !== undefined) this.onStall(causeOf(gap, this.collections), gap.lateMs);
        this.gap = undefined;
        this.collections = [];
    }
}
