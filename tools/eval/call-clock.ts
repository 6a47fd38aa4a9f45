import { systemClock, type Clock } from '../../src/support/clock';
import { overWithin } from '../../src/support/deadline';
import { OutOfTime } from './virtual-clock';

/** The clock of one call of a case: a `VirtualClock`, or that of the machine. */
export interface CallClock extends Clock {
    /** Where the clock can stand still, no time of the call passes until `work` has ended. */
    hold<T>(work: Promise<T>): Promise<T>;
    /** Time passes no faster than that of the machine until `work` has ended. */
    pace<T>(work: Promise<T>): Promise<T>;
    /** Resolves when `work` has ended. Rejects as it does, or with `OutOfTime` when `limitMs` have passed. */
    run<T>(work: Promise<T>, limitMs: number): Promise<T>;
    close(): void;
}

/** The clock of the machine: what is outside of this process cannot be made to wait. */
export class RealClock implements CallClock {
    nowMs(): number {
        return systemClock.nowMs();
    }

    epochMs(): number {
        return systemClock.epochMs();
    }

    after(delayMs: number, task: () => void): ReturnType<Clock['after']> {
        return systemClock.after(delayMs, task);
    }

    hold<T>(work: Promise<T>): Promise<T> {
        return work;
    }

    pace<T>(work: Promise<T>): Promise<T> {
        return work;
    }

    async run<T>(work: Promise<T>, limitMs: number): Promise<T> {
        const settled = work.catch(() => undefined);
        if (!(await overWithin(systemClock, limitMs, settled))) throw new OutOfTime(`${limitMs} ms have passed`);
        return work;
    }

    close(): void {
        // Nothing is kept.
    }
}
