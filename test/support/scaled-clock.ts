import { systemClock, type Clock, type Timer } from '../../src/support/clock';

/** The clock is looked at so often while a timer runs, ms of real time. */
const BEAT_MS = 2;
/** What passes between two looks, at most: longer than this the process was held up, and that time does not count. */
const MAX_STEP_MS = 2 * BEAT_MS;

/**
 * Time that passes up to `factor` times as fast as it should: a minute of a real call over real sockets in a few seconds. It
 * stands still while the machine holds this process up, so that no time limit of a call measures how busy the machine is.
 */
export class ScaledClock implements Clock {
    private passedMs = 0;
    private seenMs = systemClock.nowMs();
    private running = 0;
    private beat: NodeJS.Timeout | undefined;

    constructor(private readonly factor: number) {}

    nowMs(): number {
        const realMs = systemClock.nowMs();
        this.passedMs += Math.min(realMs - this.seenMs, MAX_STEP_MS) * this.factor;
        this.seenMs = realMs;
        return this.passedMs;
    }

    epochMs(): number {
        return systemClock.epochMs();
    }

    after(delayMs: number, task: () => void): Timer {
        this.started();
        const dueMs = this.nowMs() + Math.max(0, delayMs);
        let waits = true;
        let timer = systemClock.after(delayMs / this.factor, () => {
            look();
        });
        const look = (): void => {
            const leftMs = dueMs - this.nowMs();
            // Half a millisecond is what a timer of Node may come too early.
            if (leftMs > this.factor / 2) {
                timer = systemClock.after(leftMs / this.factor, look);
                return;
            }
            waits = false;
            this.stopped();
            task();
        };
        return {
            cancel: () => {
                timer.cancel();
                if (waits) this.stopped();
                waits = false;
            },
        };
    }

    private started(): void {
        this.running += 1;
        this.beat ??= setInterval(() => this.nowMs(), BEAT_MS).unref();
    }

    private stopped(): void {
        this.running -= 1;
        if (this.running > 0) return;
        clearInterval(this.beat);
        this.beat = undefined;
    }
}
