import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

/** Processor time of the main thread since its start, as Linux counts it, in ms. */
export interface ThreadTime {
    /** It ran. */
    readonly ranMs: number;
    /** It was ready to run and waited for a processor. */
    readonly waitedMs: number;
}

const SCHEDSTAT = '/proc/self/schedstat';
const STAT = '/proc/stat';
const NANOSECONDS_PER_MS = 1e6;
/** A tick of the times in `/proc/stat`: Linux gives them to programs in hundredths of a second on every processor of today. */
const STAT_TICKS_PER_SECOND = 100;
/** Place of `steal` in the first line of `/proc/stat`, counted without its name. */
const STEAL = 7;

/** The text of `/proc/self/schedstat`; undefined: it holds no counts, as where the kernel keeps none. */
export function readSchedstat(text: string): ThreadTime | undefined {
    const [ran = 0, waited = 0] = text.trim().split(' ').map(Number);
    if (!(ran > 0) || !(waited >= 0)) return undefined;
    return { ranMs: ran / NANOSECONDS_PER_MS, waitedMs: waited / NANOSECONDS_PER_MS };
}

/** The text of `/proc/stat`: seconds that the hypervisor took; undefined: it does not say. */
export function readSteal(text: string): number | undefined {
    const first = /^cpu +(.*)$/m.exec(text)?.[1];
    const ticks = Number(first?.split(' ')[STEAL]);
    return Number.isFinite(ticks) ? ticks / STAT_TICKS_PER_SECOND : undefined;
}

/** Seconds that the hypervisor gave to others, all processors together; undefined: not Linux. Never throws. */
export function stolenSeconds(): number | undefined {
    try {
        return readSteal(readFileSync(STAT, 'utf8'));
    } catch {
        return undefined;
    }
}

/**
 * Reads the processor time of the main thread again and again from one open file: a few microseconds each. Unlike that of the process, it does
 * not count the threads of local speech and of garbage collection.
 */
export class ThreadClock {
    private readonly buffer = Buffer.alloc(128);
    private file: number | undefined;

    open(): void {
        try {
            this.file = openSync(SCHEDSTAT, 'r');
        } catch {
            // Another system than Linux.
        }
    }

    /** undefined: it is not known here. Never throws. */
    read(): ThreadTime | undefined {
        if (this.file === undefined) return undefined;
        try {
            const length = readSync(this.file, this.buffer, 0, this.buffer.length, 0);
            return readSchedstat(this.buffer.toString('latin1', 0, length));
        } catch {
            return undefined;
        }
    }

    /** May be called twice. */
    close(): void {
        if (this.file !== undefined) closeSync(this.file);
        this.file = undefined;
    }
}
