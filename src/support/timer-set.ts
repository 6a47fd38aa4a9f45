import type { Clock, Timer } from './clock';
import { faultFields, type Logger } from './logger';

/** For the `onFault` of a TimerSet: logs what a task has thrown as ERR_INTERNAL, with `message`. */
export function loggedFault(logger: Logger, message: string): (fault: unknown) => void {
    return (fault) => {
        logger.error({ ...faultFields(fault), code: 'ERR_INTERNAL' }, message);
    };
}

/**
 * The named timers of one owner (a call, a socket): setting a name again replaces its timer, `clear()` frees them all. What a task
 * throws goes to `onFault` instead of ending the process.
 */
export class TimerSet {
    private readonly timers = new Map<string, Timer>();
    private closed = false;

    constructor(
        private readonly clock: Clock,
        private readonly onFault: (fault: unknown) => void,
    ) {}

    /** Runs `task` once, `delayMs` from now, and cancels the timer that was set under `name`. After `clear()` it does nothing. */
    set(name: string, delayMs: number, task: () => void): void {
        this.cancel(name);
        if (this.closed) return;
        this.timers.set(
            name,
            this.clock.after(delayMs, () => {
                this.timers.delete(name);
                this.run(task);
            }),
        );
    }

    cancel(name: string): void {
        this.timers.get(name)?.cancel();
        this.timers.delete(name);
    }

    isSet(name: string): boolean {
        return this.timers.has(name);
    }

    /** Cancels all timers; no timer can be set afterwards. May be called twice. */
    clear(): void {
        this.closed = true;
        for (const timer of this.timers.values()) timer.cancel();
        this.timers.clear();
    }

    private run(task: () => void): void {
        try {
            task();
        } catch (fault) {
            this.onFault(fault);
        }
    }
}
