const FIRST_ENTRIES = 64;

/** A `PositionLog` as it goes from one process to another. */
export interface Positions {
    /** Times of `commonMs`, rising. */
    atMs: Float64Array;
    /** Bytes of PCMU until then, all together; rising. */
    bytes: Float64Array;
}

/** When how many bytes had passed: one entry for each message, without garbage. */
export class PositionLog {
    private atMs = new Float64Array(FIRST_ENTRIES);
    private bytes = new Float64Array(FIRST_ENTRIES);
    private length = 0;
    private total = 0;

    /** All bytes until now. */
    get totalBytes(): number {
        return this.total;
    }

    /** So many more bytes have passed. */
    add(atMs: number, bytes: number): void {
        if (this.length === this.atMs.length) this.grow();
        this.total += bytes;
        this.atMs[this.length] = atMs;
        this.bytes[this.length] = this.total;
        this.length += 1;
    }

    /** A copy of the entries. */
    get positions(): Positions {
        return { atMs: this.atMs.slice(0, this.length), bytes: this.bytes.slice(0, this.length) };
    }

    private grow(): void {
        const [atMs, bytes] = [new Float64Array(2 * this.length), new Float64Array(2 * this.length)];
        atMs.set(this.atMs);
        bytes.set(this.bytes);
        this.atMs = atMs;
        this.bytes = bytes;
    }
}

/** A stretch of time by `commonMs`. */
export interface Window {
    fromMs: number;
    toMs: number;
}

/**
 * How long each message was on its way: from its departure until its last byte had arrived, ms. Messages are matched by the count of bytes, because they
 * may be cut or joined on the way. Those that left within the window count; one that never arrived counts until the last arrival, and is
 * found among the lost bytes.
 */
export function delaysMs(left: Positions, arrived: Positions, window: Window): number[] {
    const found: number[] = [];
    let arrival = 0;
    for (let message = 0; message < left.atMs.length; message++) {
        const leftMs = left.atMs[message] ?? 0;
        const lastByte = left.bytes[message] ?? 0;
        while (arrival < arrived.bytes.length - 1 && (arrived.bytes[arrival] ?? 0) < lastByte) arrival += 1;
        if (leftMs < window.fromMs || leftMs >= window.toMs) continue;
        found.push(Math.max(0, (arrived.atMs[arrival] ?? window.toMs) - leftMs));
    }
    return found;
}

/** When the byte with this number (from 0) had arrived, ms of `commonMs`; undefined: it has not. */
export function arrivalMs({ atMs, bytes }: Positions, byte: number): number | undefined {
    let low = 0;
    let high = bytes.length;
    while (low < high) {
        const middle = (low + high) >> 1;
        if ((bytes[middle] ?? 0) > byte) high = middle;
        else low = middle + 1;
    }
    return atMs[low];
}
