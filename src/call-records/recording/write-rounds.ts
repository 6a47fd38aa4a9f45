import type { Clock, Timer } from '../../support/clock';

/** What waits for a round begins at most so much later. */
const ROUND_MS = 250;

/**
 * Begins the writes of all recordings of a process together, four times a second. The thread that writes sleeps otherwise: to wake it costs more
 * than the sound that it writes, and in a round it is woken once for all.
 */
export class WriteRounds {
    private readonly due = new Set<() => void>();
    private timer: Timer | undefined;

    constructor(private readonly clock: Clock) {}

    /** `begin` is called in the next round, once however often it was added. It must not throw. */
    add(begin: () => void): void {
        this.due.add(begin);
        this.timer ??= this.clock.after(ROUND_MS, () => {
            this.timer = undefined;
            const all = [...this.due];
            this.due.clear();
            for (const each of all) each();
        });
    }

    /** `begin` is not called any more. */
    remove(begin: () => void): void {
        if (!this.due.delete(begin) || this.due.size > 0) return;
        this.timer?.cancel();
        this.timer = undefined;
    }
}
