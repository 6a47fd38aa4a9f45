/** One spoken item, as a caller who gets all of it would hear it. */
export interface SpokenAudio {
    itemNumber: number;
    responseId: string;
    /** PCMU, 8 kHz, from the first to the last byte. */
    pcmu: Uint8Array;
}

interface Run {
    item: SpokenAudio;
    /** Where the run begins in the stream that the caller keeps: what `barge_in` cut off left out. */
    start: number;
    byteCount: number;
}

/** So many bytes tell one item from another. */
const SURE_BYTES = 160;
/** Items that may be skipped because they never reached the caller. */
const MAX_SKIPPED = 8;

/**
 * Follows a caller's audio byte by byte, and knows of each one which item it belongs to and where in it. So it tells how
 * much of each item was played, and finds every byte that is lost, doubled, moved, or of a response that had been cancelled.
 */
export class PlaybackTrack {
    /** Bytes that belong to a response which `barge_in` had ended before. */
    cancelledBytes = 0;
    /** Bytes that are not what should have come next: lost, doubled, moved or made up. */
    strayBytes = 0;
    private runs: Run[] = [];
    private keptBytes = 0;
    private current: SpokenAudio | undefined;
    private offset = 0;
    private readonly dead = new Set<string>();

    /** `item`: the spoken item of this number, from 1; undefined: there is none yet. */
    constructor(private readonly item: (itemNumber: number) => SpokenAudio | undefined) {}

    /** Audio arrived at the caller. */
    received(pcmu: Uint8Array): void {
        for (let at = 0; at < pcmu.length;) {
            const rest = pcmu.subarray(at);
            const taken = this.goOn(rest) || this.begin(rest);
            if (taken === 0) {
                this.record(rest);
                return;
            }
            at += taken;
        }
    }

    /** `barge_in` came when `heardBytes` of all audio had been played, and ended these responses. */
    bargedIn(heardBytes: number, responseIds: readonly string[]): void {
        for (const id of responseIds) this.dead.add(id);
        for (const run of this.runs) run.byteCount = Math.max(0, Math.min(run.byteCount, heardBytes - run.start));
        this.keptBytes = heardBytes;
        this.current = undefined;
    }

    /** Bytes of an item that had been played when `heardBytes` had been played in all. */
    heardOf(itemNumber: number, heardBytes: number): number {
        let sum = 0;
        for (const { item, start, byteCount } of this.runs)
            if (item.itemNumber === itemNumber) sum += Math.max(0, Math.min(byteCount, heardBytes - start));
        return sum;
    }

    /** Bytes of an item that the caller got, and that were not cut off. */
    receivedOf(itemNumber: number): number {
        return this.heardOf(itemNumber, Infinity);
    }

    /** Takes what goes on with the present item; 0: nothing does. */
    private goOn(rest: Uint8Array): number {
        if (this.current === undefined) return 0;
        const count = sameBytes(rest, this.current.pcmu.subarray(this.offset));
        if (count === 0) return 0;
        const last = this.runs.at(-1);
        if (last !== undefined) last.byteCount += count;
        this.offset += count;
        this.keptBytes += count;
        return count;
    }

    /** Takes the beginning of a later item; 0: it is none. */
    private begin(rest: Uint8Array): number {
        const first = (this.runs.at(-1)?.item.itemNumber ?? 0) + 1;
        for (let number = first; number < first + MAX_SKIPPED; number++) {
            const item = this.item(number);
            if (item === undefined || this.dead.has(item.responseId) || !startsWith(rest, item.pcmu)) continue;
            this.current = item;
            this.offset = 0;
            this.runs.push({ item, start: this.keptBytes, byteCount: 0 });
            return this.goOn(rest);
        }
        return 0;
    }

    /** Records bytes that do not belong here. They are played all the same, and what comes after it is later by as much. */
    private record(rest: Uint8Array): void {
        this.keptBytes += rest.length;
        const sure = rest.subarray(0, SURE_BYTES);
        const last = (this.runs.at(-1)?.item.itemNumber ?? 0) + MAX_SKIPPED;
        for (let number = 1; number <= last; number++) {
            const item = this.item(number);
            if (item === undefined || !this.dead.has(item.responseId)) continue;
            if (Buffer.from(item.pcmu).indexOf(sure) < 0) continue;
            this.cancelledBytes += rest.length;
            return;
        }
        this.strayBytes += rest.length;
    }
}

function startsWith(rest: Uint8Array, whole: Uint8Array): boolean {
    const count = Math.min(SURE_BYTES, rest.length, whole.length);
    return sameBytes(rest.subarray(0, count), whole) === count;
}

/** How many bytes at the beginning of both are the same. */
export function sameBytes(a: Uint8Array, b: Uint8Array): number {
    const length = Math.min(a.length, b.length);
    let count = 0;
    while (count < length && a[count] === b[count]) count++;
    return count;
}
