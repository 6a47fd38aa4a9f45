import type { Timer } from '../../../src/support/clock';
import { ScaledClock } from '../../support/scaled-clock';

/** A scaled clock that knows how many timers have neither run nor been cancelled. */
export class CountingClock extends ScaledClock {
    private readonly waiting = new Set<symbol>();

    get pendingCount(): number {
        return this.waiting.size;
    }

    override after(delayMs: number, task: () => void): Timer {
        const mark = Symbol();
        this.waiting.add(mark);
        const timer = super.after(delayMs, () => {
            this.waiting.delete(mark);
            task();
        });
        return {
            cancel: () => {
                this.waiting.delete(mark);
                timer.cancel();
            },
        };
    }
}
