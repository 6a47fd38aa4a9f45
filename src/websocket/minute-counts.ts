import type { Clock } from '../support/clock';

/** Length of a window, in ms. The window of a name begins with its first event. */
const WINDOW_MS = 60_000;
/** Names that are counted at the same time, when no other number is given: about 2 MB. */
const MAX_NAMES = 10_000;

interface Window {
    readonly endMs: number;
    count: number;
}

/**
 * Counts events by name (an address, a key) in windows of a minute. Memory is bounded: beyond `maxNames` those names are forgotten that were not
 * counted for the longest time, so that a flood from very many addresses loses counts, and nothing else.
 */
export class MinuteCounts {
    /** The names that were counted last. Full, or a minute old, it becomes `older`, and what was there is forgotten. */
    private newer = new Map<string, Window>();
    private older = new Map<string, Window>();
    private turnMs = -Infinity;

    constructor(
        private readonly clock: Clock,
        private readonly maxNames = MAX_NAMES,
    ) {}

    /** Names that are remembered now. */
    get size(): number {
        return this.newer.size + this.older.size;
    }

    /** Counts one event. @returns the number of events of this name in its window, this one included */
    add(name: string): number {
        const nowMs = this.clock.nowMs();
        if (nowMs >= this.turnMs || this.newer.size >= this.maxNames / 2) this.turn(nowMs);
        const known = this.newer.get(name) ?? this.older.get(name);
        const window = known !== undefined && known.endMs > nowMs ? known : { endMs: nowMs + WINDOW_MS, count: 0 };
        window.count += 1;
        this.older.delete(name);
        this.newer.set(name, window);
        return window.count;
    }

    private turn(nowMs: number): void {
        this.older = this.newer;
        this.newer = new Map();
        this.turnMs = nowMs + WINDOW_MS;
    }
}
