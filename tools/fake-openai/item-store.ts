import { API_FAULTS, type ApiFault } from './api-faults';
import type { AudioFormat, ClientItem, EventOf, Item } from './protocol';
import { bytesPerMs } from './signal';

/** Audio of an item, kept for `retrieve` and for the rules of `truncate`. */
export interface ItemAudio {
    format: AudioFormat;
    /** What is left of it after truncations. */
    bytes: number;
    chunks: Buffer[];
    /** Made by this session, therefore to be truncated. */
    madeHere: boolean;
    /** Deltas that come after a truncation do not make it longer again. */
    truncated: boolean;
}

/** The conversation: items in order, and the rules of the client events that touch them (docs/REALTIME.md, 5.2 and 4.3). */
export class ItemStore {
    private readonly order: Item[] = [];
    private readonly audio = new Map<string, ItemAudio>();

    get items(): readonly Item[] {
        return this.order;
    }

    get lastId(): string | null {
        return this.order.at(-1)?.id ?? null;
    }

    find(itemId: string): Item | undefined {
        return this.order.find((item) => item.id === itemId);
    }

    /** The item before this one, as `previous_item_id` tells it. */
    previousOf(itemId: string): string | null {
        const index = this.order.findIndex((item) => item.id === itemId);
        return this.order[index - 1]?.id ?? null;
    }

    append(item: Item, audio?: ItemAudio): void {
        this.order.push(item);
        if (audio !== undefined) this.audio.set(item.id, audio);
    }

    /** Records a delta that was sent for an item of a response. */
    produced(itemId: string, chunk: Buffer, keep: boolean): void {
        const audio = this.audio.get(itemId);
        if (audio === undefined || audio.truncated) return;
        audio.bytes += chunk.length;
        if (keep) audio.chunks.push(chunk);
    }

    /** Why `conversation.item.create` is refused, if it is. */
    createRefusal(item: ClientItem, previousId: string | undefined): ApiFault | undefined {
        if (item.id !== undefined && this.find(item.id) !== undefined)
            return API_FAULTS.invalidValue(`An item with id '${item.id}' exists already.`, 'item.id');
        if (previousId !== undefined && previousId !== 'root' && this.find(previousId) === undefined)
            return API_FAULTS.invalidValue(`The item '${previousId}' does not exist.`, 'previous_item_id');
        if (item.type === 'function_call_output' && !this.hasCall(item.call_id))
            return API_FAULTS.invalidValue(`No function call has the id '${String(item.call_id)}'.`, 'item.call_id');
        return undefined;
    }

    insert(item: Item, previousId: string | undefined): void {
        const after = previousId === 'root' ? -1 : this.order.findIndex((other) => other.id === previousId);
        if (previousId === undefined) this.order.push(item);
        else this.order.splice(after + 1, 0, item);
    }

    delete(itemId: string): ApiFault | undefined {
        const index = this.order.findIndex((item) => item.id === itemId);
        if (index === -1) return API_FAULTS.unknownItem('delete', itemId);
        this.order.splice(index, 1);
        this.audio.delete(itemId);
        return undefined;
    }

    /** Cuts a response to what was heard, and drops its transcript (docs/REALTIME.md, 5.2 and 2.1). */
    truncate(event: EventOf<'conversation.item.truncate'>): ApiFault | undefined {
        const item = this.find(event.item_id);
        if (item === undefined) return API_FAULTS.unknownItem('truncate', event.item_id);
        const audio = this.audio.get(event.item_id);
        const part = item.content?.[event.content_index];
        if (audio?.madeHere !== true || audio.bytes === 0 || part === undefined) return API_FAULTS.notTruncatable();
        const perMs = bytesPerMs(audio.format);
        const keptBytes = event.audio_end_ms * perMs;
        if (keptBytes > audio.bytes)
            return API_FAULTS.truncatePastEnd(Math.floor(audio.bytes / perMs), event.audio_end_ms);
        audio.bytes = keptBytes;
        audio.truncated = true;
        delete part.transcript;
        return undefined;
    }

    /** The item as `conversation.item.retrieved` shows it, its audio included. */
    retrieve(itemId: string): Item | undefined {
        const item = this.find(itemId);
        if (item === undefined) return undefined;
        const audio = this.audio.get(itemId);
        if (audio === undefined || item.content === undefined) return item;
        const base64 = Buffer.concat(audio.chunks).subarray(0, audio.bytes).toString('base64');
        return { ...item, content: item.content.map((part) => ({ ...part, audio: base64 })) };
    }

    private hasCall(callId: string | undefined): boolean {
        return this.order.some((item) => item.type === 'function_call' && item.call_id === callId);
    }
}
