import { setTimeout as startTimeout, clearTimeout } from 'node:timers';

interface Waiter<T> {
    wants: (value: T) => boolean;
    give: (value: T) => void;
}

/** Promises for values that are still to come. Each value is given once to the first who wants it, or kept. */
export class Waiters<T> {
    private readonly kept: T[] = [];
    private readonly waiting = new Set<Waiter<T>>();

    /** `keep` 0: values that no call waits for are dropped. */
    constructor(private readonly keep = Infinity) {}

    offer(value: T): void {
        for (const waiter of this.waiting) {
            if (!waiter.wants(value)) continue;
            this.waiting.delete(waiter);
            waiter.give(value);
            return;
        }
        if (this.kept.length < this.keep) this.kept.push(value);
    }

    /** The first value wanted that no one was given yet, now or within `timeoutMs` of real time; else it rejects. */
    next(what: string, timeoutMs: number, wants: (value: T) => boolean = () => true): Promise<T> {
        const index = this.kept.findIndex(wants);
        const [found] = index === -1 ? [] : this.kept.splice(index, 1);
        if (found !== undefined) return Promise.resolve(found);
        return new Promise((resolve, reject) => {
            const timeout = startTimeout(() => {
                this.waiting.delete(waiter);
                reject(new Error(`The stand-in saw no ${what} within ${timeoutMs} ms.`));
            }, timeoutMs);
            const give = (value: T) => {
                clearTimeout(timeout);
                resolve(value);
            };
            const waiter: Waiter<T> = { wants, give };
            this.waiting.add(waiter);
        });
    }
}
