/** 200 ms of PCMU: one frame of Genesys. */
export const PAGE_BYTES = 1600;
/** Free pages of the process, at most: 3.2 MB. */
const MAX_FREE = 2000;

const free: Uint8Array[] = [];
let used = 0;

function takePage(): Uint8Array {
    used += 1;
    return free.pop() ?? new Uint8Array(PAGE_BYTES);
}

/**
 * Audio of one call must never be read in another one: a page is empty when it is given back. With the last one all memory is given back: a
 * process without calls holds none.
 */
function giveBack(page: Uint8Array): void {
    used -= 1;
    if (used === 0) free.length = 0;
    else if (free.length < MAX_FREE) free.push(page.fill(0));
}

/** Free pages of the process. */
export function freePageCount(): number {
    return free.length;
}

/**
 * A stretch of a stream of bytes: it grows at its end, and is forgotten from its beginning. Positions are bytes of the stream.
 *
 * It lies in pages that all calls of the process share, one after another. Audio that is kept for some seconds in arrays of its own would be
 * the most expensive garbage of a call: V8 finds it only when it collects the whole heap.
 */
export class AudioPages {
    private readonly pages: Uint8Array[] = [];
    /** Position of the first byte of the first page. */
    private pagesFrom = 0;
    private start = 0;
    private end = 0;

    /** Position of the oldest byte that is kept. */
    get startBytes(): number {
        return this.start;
    }

    /** Position of the next byte that is appended. */
    get endBytes(): number {
        return this.end;
    }

    /** Appends a copy of the bytes. */
    append(bytes: Uint8Array): void {
        for (let done = 0; done < bytes.length;) {
            const { page, at } = this.pageAtEnd();
            const count = Math.min(page.length - at, bytes.length - done);
            page.set(count === bytes.length ? bytes : bytes.subarray(done, done + count), at);
            this.end += count;
            done += count;
        }
    }

    /** Writes what lies from `fromBytes` on, all of it kept, to `out` from `at` on, until that is full, or `count` bytes. */
    copyTo(out: Uint8Array, fromBytes: number, at = 0, count = out.length - at): void {
        for (let done = 0; done < count;) {
            const place = fromBytes + done - this.pagesFrom;
            const page = this.pages[Math.floor(place / PAGE_BYTES)];
            if (page === undefined) throw new RangeError(`Byte ${fromBytes + done} is not kept.`);
            const from = place % PAGE_BYTES;
            const some = Math.min(PAGE_BYTES - from, count - done);
            // A view of a page costs more than to copy it.
            out.set(some === PAGE_BYTES ? page : page.subarray(from, from + some), at + done);
            done += some;
        }
    }

    /** Forgets what lies before `position`, which may be beyond the end: the stream goes on there. */
    forgetBefore(position: number): void {
        if (position <= this.start) return;
        this.start = position;
        if (position >= this.end) {
            this.startAt(position);
            return;
        }
        while (this.pagesFrom + PAGE_BYTES <= position) this.dropPage();
    }

    /** Forgets what lies from `position` on: the stream goes on there. Before the oldest byte that is kept, nothing is left. */
    cutAt(position: number): void {
        if (position >= this.end) return;
        if (position <= this.start) {
            this.startAt(position);
            return;
        }
        this.end = position;
        const count = Math.ceil((position - this.pagesFrom) / PAGE_BYTES);
        for (const page of this.pages.splice(count)) giveBack(page);
    }

    /** Forgets everything: the stream goes on at `position`. */
    startAt(position: number): void {
        while (this.pages.length > 0) this.dropPage();
        this.start = this.end = this.pagesFrom = position;
    }

    private pageAtEnd(): { page: Uint8Array; at: number } {
        const place = this.end - this.pagesFrom;
        const index = Math.floor(place / PAGE_BYTES);
        const page = (this.pages[index] ??= takePage());
        return { page, at: place - index * PAGE_BYTES };
    }

    private dropPage(): void {
        const page = this.pages.shift();
        if (page === undefined) return;
        this.pagesFrom += PAGE_BYTES;
        giveBack(page);
    }
}
