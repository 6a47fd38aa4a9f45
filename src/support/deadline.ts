import type { Clock } from './clock';
import { TimerSet } from './timer-set';

/** A time limit that can be set anew, joined with the signals of those who may end the request. Its timers end with `end()`. */
export class Deadline {
    /** Aborted when the limit has passed, or one of the others is. */
    readonly signal: AbortSignal;
    private readonly out = new AbortController();
    private readonly timers: TimerSet;

    constructor(clock: Clock, others: readonly (AbortSignal | undefined)[]) {
        this.timers = new TimerSet(clock, () => undefined);
        this.signal = AbortSignal.any([this.out.signal, ...others.filter((signal) => signal !== undefined)]);
    }

    /** The limit has passed. */
    get isOver(): boolean {
        return this.out.signal.aborted;
    }

    /** So long from now on. */
    allow(ms: number): void {
        this.timers.set('patience', ms, () => {
            this.out.abort();
        });
    }

    /** No limit for the moment. */
    rest(): void {
        this.timers.cancel('patience');
    }

    /** Waits, but no longer than anybody waits for it. */
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
