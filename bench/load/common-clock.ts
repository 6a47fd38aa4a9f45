const NS_PER_MS = 1e6;

/** What `performance.now` of this process must be moved by to be the machine's own monotonic clock. */
const OFFSET_MS = Number(process.hrtime.bigint()) / NS_PER_MS - performance.now();

/** Milliseconds by the machine's monotonic clock: the same in all processes of this machine. */
export function commonMs(): number {
    return performance.now() + OFFSET_MS;
}

/** Resolves at this time of `commonMs`, or at once when it has passed. */
export function untilMs(atMs: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, Math.max(0, atMs - commonMs())));
}
