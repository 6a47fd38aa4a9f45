import type { Clock } from './clock';
import { TimerSet } from './timer-set';

/** Waits until `task` is over, at most for `limitMs`. @returns whether it is over. Rejects as `task` does. */
export async function overWithin(clock: Clock, limitMs: number, task: Promise<unknown>): Promise<boolean> {
    const timers = new TimerSet(clock, () => undefined);
    const tooLate = new Promise<boolean>((resolve) => {
        timers.set('limit', limitMs, () => {
            resolve(false);
        });
    });
    return Promise.race([task.then(() => true), tooLate]).finally(() => {
        timers.clear();
    });
}

/** A time limit that can be set again, combined with signals that end the same request earlier. `end()` frees its timers. */
export class Deadline {
    /** Aborted when the limit has passed, or when one of the other signals is. */
    readonly signal: AbortSignal;
    private readonly passed = new AbortController();
    private readonly timers: TimerSet;

    constructor(clock: Clock, others: readonly (AbortSignal | undefined)[]) {
        this.timers = new TimerSet(clock, () => undefined);
        this.signal = AbortSignal.any([this.passed.signal, ...others.filter((signal) => signal !== undefined)]);
    }

    /** The limit has passed. */
    get isOver(): boolean {
        return this.passed.signal.aborted;
    }

    /** Sets the limit to `ms` from now on. */
    allow(ms: number): void {
        this.timers.set('limit', ms, () => {
            this.passed.abort();
        });
    }

    /** Removes the limit until `allow` is called again. */
    rest(): void {
        this.timers.cancel('limit');
    }

    /** Waits for `ms`. Rejects with the reason of `signal` as soon as that is aborted. */
    async pause(ms: number): Promise<void> {
        await new Promise<void>((resolve) => {
            const goOn = (): void => {
                this.timers.cancel('pause');
                this.signal.removeEventListener('abort', goOn);
                resolve();
            };
            this.timers.set('pause', ms, goOn);
            this.signal.addEventListener('abort', goOn, { once: true });
        });
        this.signal.throwIfAborted();
    }

    end(): void {
        this.timers.clear();
    }
}
