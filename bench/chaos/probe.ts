/** Loaded into the server's process before the server itself: counts what it holds, and moves its wall clock. */
import { createHook } from 'node:async_hooks';
import { readdirSync } from 'node:fs';

/** What the process holds. */
export interface Census {
    /** Open TCP sockets, those that listen left out. */
    sockets: number;
    /** Open files, sockets included; NaN: this system does not tell. */
    descriptors: number;
    /** Timers that have been set and have neither run nor been cleared, those included that do not keep the process alive. */
    timers: number;
    /** The heap, and the buffers outside of it, after the garbage was collected, KiB. */
    heapKib: number;
    rssKib: number;
}

/** What the parent process may ask. */
export type ProbeRequest = { kind: 'census' } | { kind: 'clock'; shiftMs: number };

/** What it is answered. */
export type ProbeAnswer = { kind: 'census'; census: Census } | { kind: 'clock' };

const KIB = 1024;

const timers = new Set<number>();
createHook({
    init(id, type) {
        if (type === 'Timeout') timers.add(id);
    },
    destroy(id) {
        timers.delete(id);
    },
}).enable();

const realNow = Date.now;
let shiftMs = 0;
Date.now = () => realNow() + shiftMs;

function census(): Census {
    // The second one frees what the first one has found to be garbage only then.
    for (let times = 0; times < 2; times++) globalThis.gc?.();
    const { rss, heapUsed, external } = process.memoryUsage();
    return {
        sockets: process.getActiveResourcesInfo().filter((type) => type === 'TCPSocketWrap').length,
        descriptors: openFiles(),
        timers: timers.size,
        heapKib: (heapUsed + external) / KIB,
        rssKib: rss / KIB,
    };
}

function openFiles(): number {
    try {
        return readdirSync('/proc/self/fd').length;
    } catch {
        return NaN;
    }
}

function say(answer: ProbeAnswer): void {
    process.send?.(answer);
}

process.on('message', (request: ProbeRequest) => {
    if (request.kind === 'census') {
        say({ kind: 'census', census: census() });
        return;
    }
    shiftMs = request.shiftMs;
    say({ kind: 'clock' });
});

// The program that asks is gone: without this the server would go on.
process.on('disconnect', () => process.exit(1));
