import { commonMs } from './common-clock';

/** Something that has to be done at a time, again and again. */
export interface Due {
    /** By `commonMs`; Infinity: nothing for now. */
    dueAtMs: number;
    /** Does what is due, and moves `dueAtMs` on. */
    run(nowMs: number): void;
}

const TICK_MS = 2;

/** One timer for all calls: a timer for each of a thousand calls would cost more than their frames. */
export class DueList {
    private readonly entries = new Set<Due>();
    private timer: NodeJS.Timeout | undefined;

    add(due: Due): void {
        this.entries.add(due);
        this.timer ??= setInterval(() => {
            this.tick(commonMs());
        }, TICK_MS);
    }

    remove(due: Due): void {
        this.entries.delete(due);
        if (this.entries.size > 0) return;
        clearInterval(this.timer);
        this.timer = undefined;
    }

    /** Runs what is due by now. */
    tick(nowMs: number): void {
        for (const due of this.entries) if (due.dueAtMs <= nowMs) due.run(nowMs);
    }
}
