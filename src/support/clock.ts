/**
 * Time as a dependency: everything that waits or measures takes a `Clock`, so that a test can run an hour in a millisecond.
 */

/** A pending call of `Clock.after`. Cancelling twice, or after it ran, does nothing. */
export interface Timer {
    cancel(): void;
}

export interface Clock {
    /** Monotonic milliseconds (fractional), for differences only; does not jump when the wall clock is set. */
    nowMs(): number;
    /** Wall clock, milliseconds since 1970. For signatures and for dates. */
    epochMs(): number;
    /** Runs `task` once, `delayMs` from now. A pending timer does not keep the process alive. */
    after(delayMs: number, task: () => void): Timer;
}

export const systemClock: Clock = {
    nowMs: () => performance.now(),
    epochMs: () => Date.now(),
    after(delayMs, task) {
        const handle = setTimeout(task, delayMs);
        handle.unref();
        return {
            cancel: () => {
                clearTimeout(handle);
            },
        };
    },
};
