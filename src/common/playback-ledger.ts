import type { AudioOrigin, HeardItem } from '../services/conversation';

/** PCMU, 8 kHz, mono: eight bytes are one millisecond. */
const BYTES_PER_MS = 8;

/** One conversation item: how much audio of it was received, and where in the sent stream its audio lies. */
interface ItemAudio {
    origin: AudioOrigin;
    receivedBytes: number;
    sentBytes: number;
    /** Runs of this item's bytes in the sent stream, oldest first; neighbours are joined. */
    runs: { start: number; end: number }[];
}

/**
 * Records every byte of bot audio under its item: received from the bot, sent to the client. With a playhead (bytes of the sent
 * stream that the caller has heard) it computes how much of each item was heard.
 *
 * Entries outlive the response: an item is forgotten only when the caller has heard all that was received of it.
 */
export class PlaybackLedger {
    private readonly items = new Map<string, ItemAudio>();
    private streamBytes = 0;

    /** Length of the whole sent stream, in bytes. */
    get sentBytes(): number {
        return this.streamBytes;
    }

    /** Items that are remembered. */
    get itemCount(): number {
        return this.items.size;
    }

    received(origin: AudioOrigin, byteCount: number): void {
        this.itemOf(origin).receivedBytes += byteCount;
    }

    sent(origin: AudioOrigin, byteCount: number): void {
        const item = this.itemOf(origin);
        const start = this.streamBytes;
        this.streamBytes += byteCount;
        item.sentBytes += byteCount;
        const last = item.runs.at(-1);
        if (last?.end === start) last.end = this.streamBytes;
        else item.runs.push({ start, end: this.streamBytes });
    }

    /** Items that the caller has not heard to their end, in the order in which they came, with what was heard of each. */
    unheard(playhead: number): HeardItem[] {
        const unheard: HeardItem[] = [];
        for (const item of this.items.values()) {
            const heardBytes = heardOf(item, playhead);
            if (heardBytes < item.receivedBytes) unheard.push(toHeardItem(item, heardBytes));
        }
        return unheard;
    }

    /** Forgets items that were heard to their end; `isOpen`: more audio of that response may come. */
    forgetHeard(playhead: number, isOpen: (responseId: string) => boolean): void {
        for (const [key, item] of this.items) {
            const done = heardOf(item, playhead) >= item.receivedBytes;
            if (done && !isOpen(item.origin.responseId)) this.items.delete(key);
        }
    }

    /** Forgets everything, after a barge-in: what was not heard by now is not played any more. */
    forgetAll(): void {
        this.items.clear();
    }

    private itemOf(origin: AudioOrigin): ItemAudio {
        const key = `${origin.itemId}/${origin.contentIndex}`;
        let item = this.items.get(key);
        if (item === undefined) {
            item = { origin, receivedBytes: 0, sentBytes: 0, runs: [] };
            this.items.set(key, item);
        }
        return item;
    }
}

function heardOf(item: ItemAudio, playhead: number): number {
    let heard = 0;
    for (const run of item.runs) heard += Math.max(0, Math.min(playhead, run.end) - run.start);
    return heard;
}

function toHeardItem(item: ItemAudio, heardBytes: number): HeardItem {
    return {
        ...item.origin,
        heardMs: Math.floor(heardBytes / BYTES_PER_MS),
        receivedMs: Math.floor(item.receivedBytes / BYTES_PER_MS),
    };
}
