import type { LoadMeter, LoadReading } from '../../src/websocket/load-meter';

export const MIB = 1024 * 1024;

/** A meter whose readings a test sets. */
export class LoadStandIn implements LoadMeter {
    starts = 0;
    stops = 0;
    reading: LoadReading = { eventLoopDelayMs: 0, cpuShare: 0, memoryBytes: 100 * MIB };

    start(): void {
        this.starts += 1;
    }

    take(): LoadReading {
        return this.reading;
    }

    stop(): void {
        this.stops += 1;
    }

    /** The readings from now on; those that are left out stay low. */
    set(changes: Partial<LoadReading> = {}): void {
        this.reading = { eventLoopDelayMs: 0, cpuShare: 0, memoryBytes: 100 * MIB, ...changes };
    }
}
