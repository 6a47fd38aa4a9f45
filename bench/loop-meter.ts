/** Loaded into a server's process before the server itself: measures its event loop, its work and its memory. */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';

/** What the server's process did from `begin` to `end`. */
export interface LoopFigures {
    /** How late the event loop was, ms: looked at every 10 ms. */
    p50Ms: number;
    p99Ms: number;
    maxMs: number;
    /** Share of the time in which the main thread worked, 0 … 1. */
    busyShare: number;
    /** Work of all threads, ms of one core. */
    cpuMs: number;
    tookMs: number;
    rssMib: number;
}

/** Memory of the process, KiB, after the garbage was collected where `--expose-gc` allows it. */
export interface MemoryFigures {
    rssKib: number;
    /** The heap, and the buffers outside of it. */
    heapKib: number;
}

/** What the meter says to its parent process. */
export type MeterMessage = { kind: 'loop'; loop: LoopFigures } | { kind: 'memory'; memory: MemoryFigures };

const RESOLUTION_MS = 10;
const NS_PER_MS = 1e6;
const KIB = 1024;

const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
let cpu = process.cpuUsage();
let utilization = performance.eventLoopUtilization();
let beganMs = 0;

function begin(): void {
    delay.reset();
    delay.enable();
    cpu = process.cpuUsage();
    utilization = performance.eventLoopUtilization();
    beganMs = performance.now();
}

function end(): LoopFigures {
    delay.disable();
    const { user, system } = process.cpuUsage(cpu);
    // The histogram counts its own interval.
    const late = (ns: number): number => Math.max(0, ns / NS_PER_MS - RESOLUTION_MS);
    return {
        p50Ms: late(delay.percentile(50)),
        p99Ms: late(delay.percentile(99)),
        maxMs: late(delay.max),
        busyShare: performance.eventLoopUtilization(utilization).utilization,
        cpuMs: (user + system) / 1000,
        tookMs: performance.now() - beganMs,
        rssMib: process.memoryUsage().rss / 2 ** 20,
    };
}

function memory(): MemoryFigures {
    // The second one frees what the first one has found to be garbage only then.
    for (let times = 0; times < 2; times++) globalThis.gc?.();
    const { rss, heapUsed, external } = process.memoryUsage();
    return { rssKib: rss / KIB, heapKib: (heapUsed + external) / KIB };
}

function say(message: MeterMessage): void {
    process.send?.(message);
}

process.on('message', (message) => {
    if (message === 'begin') begin();
    if (message === 'end') say({ kind: 'loop', loop: end() });
    if (message === 'memory') say({ kind: 'memory', memory: memory() });
});

// The program that measures is gone: without this the processes that it has started would go on.
process.on('disconnect', () => process.exit(1));
