/** The event loop was late: no tick came between these two moments, of the clock of `performance.now`, in ms. */
export interface LoopGap {
    readonly fromMs: number;
    readonly toMs: number;
    /** How much later than planned the tick came. */
    readonly lateMs: number;
    /** What was computed in between. */
    readonly computedMs: number;
}

export interface LoopWatchOptions {
    /** Time between two ticks, in ms. */
    readonly tickMs: number;
    /** The least lateness that is reported, in ms. */
    readonly leastMs: number;
    /** Called in the tick that came late. */
    readonly onLate: (gap: LoopGap) => void;
    /** All time computed so far, in ms. Default: that of the process, all threads together. */
    readonly computedMs?: () => number;
    /** Called in each tick, after `onLate`. */
    readonly onTick?: () => void;
}

/** Notes when the event loop is late, and how much of that time was computed. Its timer does not keep the process alive. */
export class LoopWatch {
    private timer: NodeJS.Timeout | undefined;
    private lastMs = 0;
    private lastComputedMs = 0;
    private readonly computedMs: () => number;

    constructor(private readonly options: LoopWatchOptions) {
        this.computedMs = options.computedMs ?? processComputedMs;
    }

    start(): void {
        this.lastMs = performance.now();
        this.lastComputedMs = this.computedMs();
        this.timer = setInterval(() => {
            this.tick(performance.now(), this.computedMs());
        }, this.options.tickMs);
        this.timer.unref();
    }

    /** May be called twice. */
    stop(): void {
        clearInterval(this.timer);
    }

    /** One tick at this time, with so much computed so far, in ms. */
    tick(nowMs: number, computedMs: number): void {
        const { tickMs, leastMs, onLate, onTick } = this.options;
        const { lastMs, lastComputedMs } = this;
        this.lastMs = nowMs;
        this.lastComputedMs = computedMs;
        const lateMs = nowMs - lastMs - tickMs;
        if (lateMs > leastMs) onLate({ fromMs: lastMs, toMs: nowMs, lateMs, computedMs: computedMs - lastComputedMs });
        onTick?.();
    }
}

/** What this process has computed, all threads together, in ms. */
export function processComputedMs(): number {
    return computedMsOf(process.cpuUsage());
}

export function computedMsOf({ user, system }: NodeJS.CpuUsage): number {
    return (user + system) / 1000;
}
