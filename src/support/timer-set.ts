import type { Clock, Timer } from './clock';

/**
 * The named timers of one owner (a call, a socket): setting a name again replaces it, `clear()` frees them all.
 * A task that throws is reported, never left to end the process.
 */
export class TimerSet {
    private readonly timers = new Map<string, Timer>();
    private closed = false;

    constructor(
        private readonly clock: Clock,
        private readonly onFault: (fault: unknown) => void,
    ) {}

    /** Runs `task` once, `delayMs` from now, instead of whatever was set under `name`. After `clear()` it does nothing. */
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

    /** Cancels everything, for good. May be called twice. */
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
