import type { Clock, Timer } from './clock';
import { faultFields, type Logger } from './logger';

/** For the `onFault` of a TimerSet: logs what a task has thrown as ERR_INTERNAL, with `message`. */
export function loggedFault(logger: Logger, message: string): (fault: unknown) => void {
    return (fault) => {
        logger.error({ ...faultFields(fault), code: 'ERR_INTERNAL' }, message);
    };
}

interface NamedTimer {
    readonly name: string;
    readonly timer: Timer;
    next: NamedTimer | undefined;
}

/**
 * The named timers of one owner (a call, a socket): setting a name again replaces its timer, `clear()` frees them all. What a task
 * throws goes to `onFault` instead of ending the process.
 */
export class TimerSet {
    /** A chain, as each call has a dozen of these sets with no or one timer: a Map takes 0.25 KiB, empty or not. */
    private first: NamedTimer | undefined;
    private closed = false;

    constructor(
        private readonly clock: Clock,
        private readonly onFault: (fault: unknown) => void,
    ) {}

    /** Runs `task` once, `delayMs` from now, and cancels the timer that was set under `name`. After `clear()` it does nothing. */
    set(name: string, delayMs: number, task: () => void): void {
        this.cancel(name);
        if (this.closed) return;
        const timer = this.clock.after(delayMs, () => {
            this.take(name);
            this.run(task);
        });
        this.first = { name, timer, next: this.first };
    }

    cancel(name: string): void {
        this.take(name)?.timer.cancel();
    }

    isSet(name: string): boolean {
        for (let each = this.first; each !== undefined; each = each.next) if (each.name === name) return true;
        return false;
    }

    /** Cancels all timers; no timer can be set afterwards. May be called twice. */
    clear(): void {
        this.closed = true;
        for (let each = this.first; each !== undefined; each = each.next) each.timer.cancel();
        this.first = undefined;
    }

    private take(name: string): NamedTimer | undefined {
        let before: NamedTimer | undefined;
        for (let each = this.first; each !== undefined; before = each, each = each.next) {
            if (each.name !== name) continue;
            if (before === undefined) this.first = each.next;
            else before.next = each.next;
            return each;
        }
        return undefined;
    }

    private run(task: () => void): void {
        try {
            task();
        } catch (fault) {
            this.onFault(fault);
        }
    }
}
