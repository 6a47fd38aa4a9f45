import type { AudioOrigin, HeardItem } from '../services/conversation';
import { SparseMap } from '../support/sparse';

/** PCMU, 8 kHz, mono: eight bytes are one millisecond. */
const BYTES_PER_MS = 8;

/** One conversation item: how much audio of it was received, and where in the sent stream its audio lies. */
interface ItemAudio {
    origin: AudioOrigin;
    receivedBytes: number;
    /** What had been heard of it when playback was last held: the end of the furthest byte. */
    heardBytes: number;
    /** Runs of this item's bytes in the sent stream since then, oldest first; neighbours are joined. */
    runs: Run[];
}

interface Run {
    start: number;
    end: number;
    /** Where the run begins in the item. */
    itemBytes: number;
}

/**
 * Records every byte of bot audio under its item: received from the bot, sent to the client. With a playhead (bytes of the sent
 * stream that the caller has heard) it computes how much of each item was heard: bytes that are sent again count once.
 *
 * Entries outlive the response: an item is forgotten only when the caller has heard all that was received of it.
 */
export class PlaybackLedger {
    private readonly items = new SparseMap<string, ItemAudio>();
    private streamBytes = 0;

    /** Length of the whole sent stream without what barge-ins threw away, in bytes. */
    get sentBytes(): number {
        return this.streamBytes;
    }

    /** Items that are remembered. */
    get itemCount(): number {
        return this.items.size;
    }

    /** @returns where these bytes begin in their item */
    received(origin: AudioOrigin, byteCount: number): number {
        const item = this.itemOf(origin);
        const itemBytes = item.receivedBytes;
        item.receivedBytes += byteCount;
        return itemBytes;
    }

    /** @param itemBytes where these bytes begin in their item */
    sent(origin: AudioOrigin, itemBytes: number, byteCount: number): void {
        const { runs } = this.itemOf(origin);
        const start = this.streamBytes;
        this.streamBytes += byteCount;
        const last = runs.at(-1);
        if (last?.end === start && last.itemBytes + start - last.start === itemBytes) last.end = this.streamBytes;
        else runs.push({ start, end: this.streamBytes, itemBytes });
    }

    /** Playback is held: what was sent behind the playhead is not heard, and the stream goes on at the playhead. */
    held(playhead: number): void {
        this.streamBytes = playhead;
        for (const item of this.items.values()) {
            item.heardBytes = heardOf(item, playhead);
            item.runs = [];
        }
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

    /** Forgets everything, after a barge-in: what was not heard by now is not played any more. The stream goes on at the playhead. */
    forgetAll(playhead: number): void {
        this.items.clear();
        this.streamBytes = playhead;
    }

    private itemOf(origin: AudioOrigin): ItemAudio {
        const key = `${origin.itemId}/${origin.contentIndex}`;
        let item = this.items.get(key);
        if (item === undefined) {
            item = { origin, receivedBytes: 0, heardBytes: 0, runs: [] };
            this.items.set(key, item);
        }
        return item;
    }
}

function heardOf(item: ItemAudio, playhead: number): number {
    let heardBytes = item.heardBytes;
    for (const { start, end, itemBytes } of item.runs) {
        if (playhead <= start) break;
        heardBytes = Math.max(heardBytes, itemBytes + Math.min(playhead, end) - start);
    }
    return heardBytes;
}

function toHeardItem(item: ItemAudio, heardBytes: number): HeardItem {
    return {
        ...item.origin,
        heardMs: Math.floor(heardBytes / BYTES_PER_MS),
        receivedMs: Math.floor(item.receivedBytes / BYTES_PER_MS),
    };
}
