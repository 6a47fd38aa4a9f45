import { computedMsOf, LoopWatch } from '../src/support/loop-watch';

interface LoopStall {
    fromMs: number;
    toMs: number;
}

const TICK_MS = 2;
/** Shorter ones are the usual lateness of timers; what they cost is in the figures. */
const LEAST_MS = 12;

/**
 * Notes when the machine held this process up: time that passed between two ticks and in which the process did not compute
 * either. What the code of the bench and the server takes is not in it, however slow: that belongs into the figures.
 */
export class LoopStalls {
    private readonly seen: LoopStall[] = [];
    private readonly watch = new LoopWatch({
        tickMs: TICK_MS,
        leastMs: LEAST_MS,
        onLate: ({ fromMs, toMs, lateMs, computedMs }) => {
            if (lateMs - computedMs > LEAST_MS) this.seen.push({ fromMs, toMs });
        },
    });

    start(): void {
        this.watch.start();
    }

    stop(): void {
        this.watch.stop();
    }

    /** One tick, at this time, with so much computed since the process began (µs). */
    tick(nowMs: number, cpu: NodeJS.CpuUsage): void {
        this.watch.tick(nowMs, computedMsOf(cpu));
    }

    /** Was it held up for `leastMs` or longer at any time between these two? What has just passed may not be noticed before the next tick. */
    during(fromMs: number, toMs: number, leastMs = 0): boolean {
        return this.seen.some((each) => each.fromMs < toMs && each.toMs > fromMs && each.toMs - each.fromMs >= leastMs);
    }

    /** The longest, ms; 0: there was none. */
    get longestMs(): number {
        return this.seen.reduce((most, { fromMs, toMs }) => Math.max(most, toMs - fromMs), 0);
    }

    get count(): number {
        return this.seen.length;
    }
}
