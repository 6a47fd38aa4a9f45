import type { TranscriptItem } from '../conversation';
import type { FunctionCall, ItemInfo } from './events';
import type { GeneratedItem } from './response-tracker';
import { RESTORED_ID } from './session-config';
import { SparseMap } from '../../support/sparse';

/** Places that are remembered; of a longer conversation the oldest are forgotten: nothing follows them any more. */
const MAX_PLACES = 512;

/** Where an item stands in the session's own order. */
interface Place {
    /** The item before it, reported or not. */
    previousId: string | undefined;
    /** The last reported item up to here, itself included. */
    reportedId: string | undefined;
}

/**
 * Reports the conversation item by item (docs/REALTIME.md, 7.3): an item's place when the session creates it, its words when they
 * are known. Items that a new session was given to know the conversation so far are in the transcript already and not reported.
 */
export class TranscriptReporter {
    private readonly places = new Map<string, Place>();
    /** The bot's items that may still get words, with those that were reported. */
    private readonly open = new SparseMap<string, string | undefined>();

    constructor(
        private readonly report: (item: TranscriptItem) => void,
        /** The caller's words will be known. */
        private readonly transcribes: () => boolean,
    ) {}

    /** The session took an item in, after `previousId` (undefined: it is the first one). */
    place(info: ItemInfo, previousId: string | undefined): void {
        if (this.places.has(info.id) && !info.written) return;
        const afterItemId = previousId === undefined ? undefined : this.places.get(previousId)?.reportedId;
        const item = this.itemFor(info);
        this.remember(info.id, { previousId, reportedId: item === undefined ? afterItemId : item.itemId });
        if (item?.speaker === 'bot') this.announce(info);
        if (item !== undefined) this.report({ ...item, afterItemId });
    }

    /** A response got this item. */
    announce(info: ItemInfo): void {
        if (info.kind === 'message' && !this.open.has(info.id)) this.open.set(info.id, undefined);
    }

    /** The words of a caller's turn; empty: it could not be transcribed. */
    callerWords(itemId: string, text: string): void {
        this.report({ speaker: 'caller', itemId, text });
    }

    /** The words of one of the bot's items, as far as they were generated. */
    botWords(id: string, text: string): void {
        if (!this.open.has(id) || this.open.get(id) === text) return;
        this.open.set(id, text);
        this.report({ speaker: 'bot', itemId: id, text });
    }

    /** A function call has its result. */
    functionOutput({ callId, name, argumentsJson }: FunctionCall, output: string): void {
        this.report({ speaker: 'function', itemId: callId, call: { callId, name, argumentsJson, output } });
    }

    /** A response is over: its items get no more words and no more audio. */
    close(items: readonly GeneratedItem[]): void {
        for (const { id, text, audioMs } of items) {
            this.botWords(id, text);
            if (this.open.delete(id) && audioMs !== undefined) this.report({ speaker: 'bot', itemId: id, audioMs });
        }
    }

    /** The session deletes an item: what follows will name the item before it. The transcript keeps the item. */
    removed(itemId: string): void {
        const previousId = this.places.get(itemId)?.previousId;
        const previous = previousId === undefined ? undefined : this.places.get(previousId);
        if (previous !== undefined) previous.reportedId = itemId;
    }

    private remember(id: string, place: Place): void {
        this.places.delete(id);
        this.places.set(id, place);
        if (this.places.size > MAX_PLACES) this.places.delete(this.places.keys().next().value ?? id);
    }

    /** undefined: the item is no part of the transcript. */
    private itemFor({ id, kind, role, written, text, call }: ItemInfo): TranscriptItem | undefined {
        if (id.startsWith(RESTORED_ID)) return undefined;
        if (call !== undefined) {
            const { callId, name, argumentsJson } = call;
            return { speaker: 'function', itemId: callId, call: { callId, name, argumentsJson, output: undefined } };
        }
        if (kind !== 'message') return undefined;
        if (written) return role === 'user' ? { speaker: 'note', itemId: id, text } : undefined;
        if (role === 'user') return { speaker: 'caller', itemId: id, text: text || this.unknownWords };
        return role === 'assistant' ? { speaker: 'bot', itemId: id, text: text || undefined } : undefined;
    }

    /** The words of a caller whose speech is not transcribed will never be known: they are empty, and not awaited. */
    private get unknownWords(): string | undefined {
        return this.transcribes() ? undefined : '';
    }
}
