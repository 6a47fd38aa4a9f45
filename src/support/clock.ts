/**
 * Time, handed in. Everything that waits or measures takes a `Clock`, so that a test can run an hour in a millisecond.
 */

/** A pending call of `Clock.after`. Cancelling twice, or after it ran, does nothing. */
export interface Timer {
    cancel(): void;
}

export interface Clock {
    /** Monotonic milliseconds (fractional). Only differences mean something; never jumps when the wall clock is set. */
    nowMs(): number;
    /** Wall clock, milliseconds since 1970. For signatures and for dates that a person reads. */
    epochMs(): number;
    /** Runs `task` once, `delayMs` from now. Does not keep the process alive by itself. */
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
