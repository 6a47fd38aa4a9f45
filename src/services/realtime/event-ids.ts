import { SparseMap } from '../../support/sparse';

const MAX_MEANINGS = 128;

/** Ids of the events that are sent (`<short>_<n>`), so that an error about one can be explained. Bounded: the oldest are forgotten. */
export class EventIds {
    private readonly shortId: string;
    private readonly meanings = new Map<string, string>();
    private count = 0;

    /** `random`: chance, 0 … 1, so that the ids of two sessions differ. */
    constructor(random: () => number = Math.random) {
        this.shortId = Math.floor(random() * 2 ** 32)
            .toString(16)
            .padStart(8, '0');
    }

    /** A fresh id, 64 characters at most; `meaning` says what the event is for, without any content of the call. */
    next(meaning: string): string {
        this.count += 1;
        const id = `${this.shortId}_${this.count}`;
        this.meanings.set(id, meaning);
        if (this.meanings.size > MAX_MEANINGS) this.meanings.delete(this.meanings.keys().next().value ?? id);
        return id;
    }

    meaningOf(id: string | undefined): string | undefined {
        return id === undefined ? undefined : this.meanings.get(id);
    }
}

const MAX_NAMES = 32;

/** Names as they were met first, for all calls: the same name is another string in each message. */
const SEEN = new Map<string, string>();

function sharedName(name: string): string {
    const seen = SEEN.get(name) ?? name;
    if (SEEN.size < MAX_SEEN) SEEN.set(name, seen);
    return seen;
}

const MAX_SEEN = 128;

/** Counts by name, bounded: names beyond the first 32 count as `other`. */
export class NameCounter {
    private readonly counts = new SparseMap<string, number>();

    add(name: string): void {
        const key = this.counts.has(name) || this.counts.size < MAX_NAMES ? name : 'other';
        this.counts.set(sharedName(key), (this.counts.get(key) ?? 0) + 1);
    }

    get total(): Readonly<Record<string, number>> {
        return Object.fromEntries(this.counts);
    }
}
