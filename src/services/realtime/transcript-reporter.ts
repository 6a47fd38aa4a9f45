import type { TranscriptItem } from '../conversation';
import type { ItemInfo } from './events';

/** Places that are remembered; a talk of more items loses the oldest, which nothing follows any more. */
const MAX_PLACES = 512;

/** Where an item stands in the session's own order. */
interface Place {
    /** The item before it, told or not (a function call, a note). */
    previousId: string | undefined;
    /** The last told item up to here, itself included. */
    toldId: string | undefined;
}

/** The words of one of the bot's items, all that was generated. */
export interface ItemWords {
    id: string;
    text: string;
}

/**
 * Reports who said what, item by item (docs/REALTIME.md, 7.3): an item's place when the session creates it, its words when they
 * are known. What the session was given in writing (notes, the items of an earlier session) was not said, and is not reported.
 */
export class TranscriptReporter {
    private readonly places = new Map<string, Place>();
    /** The bot's items that may still get words, with those that were told. */
    private readonly open = new Map<string, string | undefined>();

    constructor(
        private readonly port: { said(item: TranscriptItem): void },
        /** Will the caller's words ever be known? */
        private readonly transcribes: boolean,
    ) {}

    /** The session took an item in, after `previousId` (undefined: it is the first one). */
    place(info: ItemInfo, previousId: string | undefined): void {
        if (this.places.has(info.id) && !info.written) return;
        const afterItemId = previousId === undefined ? undefined : this.places.get(previousId)?.toldId;
        const speaker = speakerOf(info);
        this.remember(info.id, { previousId, toldId: speaker === undefined ? afterItemId : info.id });
        if (speaker === 'bot') this.announce(info);
        if (speaker !== undefined) this.port.said({ speaker, itemId: info.id, afterItemId, text: this.wordsAt(info) });
    }

    /** An answer got this item. */
    announce(info: ItemInfo): void {
        if (info.kind === 'message' && !this.open.has(info.id)) this.open.set(info.id, undefined);
    }

    /** What the caller said in a turn; empty: it could not be transcribed. */
    callerWords(itemId: string, text: string): void {
        this.port.said({ speaker: 'caller', itemId, text });
    }

    /** What the bot says in an item, as far as it was generated. */
    botWords({ id, text }: ItemWords): void {
        if (!this.open.has(id) || this.open.get(id) === text) return;
        this.open.set(id, text);
        this.port.said({ speaker: 'bot', itemId: id, text });
    }

    /** An answer is over: its items get no more words. */
    close(items: readonly ItemWords[]): void {
        for (const item of items) {
            this.botWords(item);
            this.open.delete(item.id);
        }
    }

    /** The session forgets an item: whatever follows will name the one before it, but it was said all the same. */
    removed(itemId: string): void {
        const previousId = this.places.get(itemId)?.previousId;
        const previous = previousId === undefined ? undefined : this.places.get(previousId);
        if (previous !== undefined) previous.toldId = itemId;
    }

    private remember(id: string, place: Place): void {
        this.places.delete(id);
        this.places.set(id, place);
        if (this.places.size > MAX_PLACES) this.places.delete(this.places.keys().next().value ?? id);
    }

    /** Words that are there when the item comes; those of a caller who is not transcribed never will be. */
    private wordsAt({ role, text }: ItemInfo): string | undefined {
        if (text !== undefined && text !== '') return text;
        return role === 'user' && !this.transcribes ? '' : undefined;
    }
}

function speakerOf({ kind, role, written }: ItemInfo): TranscriptItem['speaker'] | undefined {
    if (kind !== 'message' || written) return undefined;
    if (role === 'user') return 'caller';
    return role === 'assistant' ? 'bot' : undefined;
}
