import { monitorEventLoopDelay, performance } from 'node:perf_hooks';

/** How loaded the process was since the reading before. */
export interface LoadReading {
    /** How late the event loop was: 99th percentile, in ms. */
    readonly eventLoopDelayMs: number;
    /** The share of the time in which the main thread worked, 0 to 1. */
    readonly cpuShare: number;
    /** Resident memory without the free part of the heap, which further calls use again, in bytes. */
    readonly memoryBytes: number;
}

/** Reads the load of the process. None of the methods throws. */
export interface LoadMeter {
    start(): void;
    /** The load since `start`, or since the last `take`. */
    take(): LoadReading;
    /** Frees what the readings need. May be called twice. */
    stop(): void;
}

/** How often the event loop is looked at, in ms. */
const RESOLUTION_MS = 10;
const NANOSECONDS_PER_MS = 1e6;

/** The load of this process. */
export class ProcessLoadMeter implements LoadMeter {
    private readonly delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    private utilization = performance.eventLoopUtilization();
    private memoryBytes = 0;
    private takenMs = 0;

    start(): void {
        this.delays.enable();
        this.utilization = performance.eventLoopUtilization();
        this.takenMs = performance.now();
    }

    take(): LoadReading {
        const now = performance.eventLoopUtilization();
        const cpuShare = performance.eventLoopUtilization(now, this.utilization).utilization;
        this.utilization = now;
        return { eventLoopDelayMs: this.takeDelayMs(), cpuShare, memoryBytes: this.readMemory() };
    }

    stop(): void {
        this.delays.disable();
    }

    private takeDelayMs(): number {
        const nowMs = performance.now();
        // The histogram holds the times between two looks. Without two of them, the event loop was late all the time.
        const p99Ms = this.delays.count === 0 ? nowMs - this.takenMs : this.delays.percentile(99) / NANOSECONDS_PER_MS;
        this.delays.reset();
        this.takenMs = nowMs;
        return Math.max(0, p99Ms - RESOLUTION_MS);
    }

    private readMemory(): number {
        try {
            const { rss, heapTotal, heapUsed } = process.memoryUsage();
            this.memoryBytes = rss - (heapTotal - heapUsed);
        } catch {
            // Without a free file descriptor it cannot be read.
        }
        return this.memoryBytes;
    }
}
