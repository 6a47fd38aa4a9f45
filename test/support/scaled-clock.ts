import { systemClock, type Clock, type Timer } from '../../src/support/clock';

/** Time that passes `factor` times as fast as it should: a minute of a real call over real sockets in a few seconds. */
export class ScaledClock implements Clock {
    constructor(private readonly factor: number) {}

    nowMs(): number {
        return systemClock.nowMs() * this.factor;
    }

    epochMs(): number {
        return systemClock.epochMs();
    }

    after(delayMs: number, task: () => void): Timer {
        return systemClock.after(delayMs / this.factor, task);
    }
}
