import type { McpCall, PlannedItem } from './responses';
import type { ItemStore } from './item-store';
import type { Settings, DeltaSizes } from './options';
import type { Outbox } from './outbox';
import type { ContentPart, Item, ItemStatus, AudioFormat } from './protocol';
import type { Recorder, SpokenItem } from './recorder';
import { bytesPerMs } from './signal';

/** One output item on its way to the client: begun, sent delta by delta, ended (docs/REALTIME.md, 4.1 and 2.1). */
export interface Delivery {
    readonly item: Item;
    /** Milliseconds of audio that the next delta starts at. */
    readonly positionMs: number;
    /** Audio and text tokens sent. */
    readonly tokens: { audio: number; text: number };
    begin(): void;
    /** Sends the next delta; false when there is none left. */
    next(): boolean;
    end(status: ItemStatus): void;
}

export interface DeliveryContext {
    outbox: Outbox;
    settings: Settings;
    recorder: Recorder;
    random: () => number;
    /** undefined for a response outside the conversation (docs/REALTIME.md, 4.6). */
    store: ItemStore | undefined;
    responseId: string;
    outputIndex: number;
    itemId: string;
}

export function deliver(planned: PlannedItem, context: DeliveryContext): Delivery {
    switch (planned.kind) {
        case 'speech':
            return new SpeechDelivery(planned, context);
        case 'text':
            return new TextDelivery(planned, context);
        case 'call':
            return new CallDelivery(planned, context);
        case 'mcp':
            return new McpDelivery(planned.call, context);
    }
}

/** What all output items share: they are announced, and they are done. */
abstract class BaseDelivery implements Delivery {
    abstract readonly item: Item;
    readonly tokens = { audio: 0, text: 0 };
    positionMs = 0;

    constructor(protected readonly context: DeliveryContext) {}

    abstract begin(): void;
    abstract next(): boolean;
    abstract end(status: ItemStatus): void;

    protected send(type: string, fields: object): void {
        const { outbox, responseId, outputIndex } = this.context;
        const place = { response_id: responseId, item_id: this.item.id, output_index: outputIndex };
        outbox.send(type, { ...place, ...fields });
    }

    protected announce(): void {
        const { outbox, store, responseId, outputIndex } = this.context;
        const { item } = this;
        outbox.send('response.output_item.added', { response_id: responseId, output_index: outputIndex, item });
        if (store === undefined) return;
        outbox.send('conversation.item.added', { previous_item_id: store.previousOf(item.id), item });
    }

    protected announceDone(): void {
        const { outbox, store, settings, responseId, outputIndex } = this.context;
        const { item } = this;
        const itemDone = () => {
            if (store === undefined) return;
            outbox.send('conversation.item.done', { previous_item_id: store.previousOf(item.id), item });
        };
        if (!settings.swapItemDone) itemDone();
        outbox.send('response.output_item.done', { response_id: responseId, output_index: outputIndex, item });
        if (settings.swapItemDone) itemDone();
    }
}

function message(itemId: string, phase: string | undefined): Item {
    return {
        ...(phase !== undefined && { phase }),
        id: itemId,
        object: 'realtime.item',
        type: 'message',
        status: 'in_progress',
        role: 'assistant',
        content: [],
    };
}

class SpeechDelivery extends BaseDelivery {
    readonly item: Item;
    private readonly part: ContentPart = { type: 'output_audio', transcript: '' };
    private readonly pieces: Buffer[];
    private readonly words: string[];
    private readonly record: SpokenItem;
    private readonly perMs: number;
    private said = '';
    private index = 0;

    constructor(planned: PlannedItem & { kind: 'speech' }, context: DeliveryContext) {
        super(context);
        const { text, audio, format, itemNumber, phase } = planned;
        this.item = message(context.itemId, phase);
        this.perMs = bytesPerMs(format);
        this.pieces = cutDeltas(audio, format, context.settings.deltas, context.random);
        this.words = cutText(text, this.pieces.length);
        const { responseId, outputIndex, itemId } = context;
        const counts = { chunks: [], sentBytes: 0, plannedBytes: audio.length };
        this.record = { itemId, responseId, outputIndex, itemNumber, format, text, ...counts };
    }

    begin(): void {
        const { store, recorder } = this.context;
        recorder.items.push(this.record);
        const audio = { format: this.record.format, bytes: 0, chunks: [], madeHere: true, truncated: false };
        store?.append(this.item, audio);
        this.announce();
        this.item.content?.push(this.part);
        this.send('response.content_part.added', { content_index: 0, part: { type: 'audio', transcript: '' } });
    }

    next(): boolean {
        const piece = this.pieces[this.index];
        if (piece === undefined) return false;
        this.speak(this.words[this.index] ?? '');
        this.recordPiece(piece);
        this.send('response.output_audio.delta', { content_index: 0, delta: piece.toString('base64') });
        if (this.context.settings.emptyDeltas)
            this.send('response.output_audio.delta', { content_index: 0, delta: '' });
        this.index += 1;
        return this.index < this.pieces.length;
    }

    end(status: ItemStatus): void {
        const transcript = this.said;
        const place = { content_index: 0 };
        this.send('response.output_audio.done', place);
        this.send('response.output_audio_transcript.done', { ...place, transcript });
        this.send('response.content_part.done', { ...place, part: { type: 'audio', transcript } });
        this.item.status = status;
        this.announceDone();
    }

    private speak(words: string): void {
        if (words === '') return;
        this.said += words;
        this.tokens.text += Math.ceil(words.length / 4);
        // A truncation deletes the transcript; what was said later does not bring it back.
        if (this.part.transcript !== undefined) this.part.transcript = this.said;
        this.send('response.output_audio_transcript.delta', { content_index: 0, delta: words });
    }

    private recordPiece(piece: Buffer): void {
        const { recorder, store } = this.context;
        if (recorder.keeps) this.record.chunks.push(piece);
        this.record.sentBytes += piece.length;
        this.positionMs = this.record.sentBytes / this.perMs;
        this.tokens.audio = Math.ceil(this.positionMs / 50);
        store?.produced(this.item.id, piece, recorder.keeps);
    }
}

class TextDelivery extends BaseDelivery {
    readonly item: Item;
    private readonly part: ContentPart = { type: 'output_text', text: '' };
    private readonly pieces: string[];
    private said = '';
    private index = 0;

    constructor({ text, phase }: PlannedItem & { kind: 'text' }, context: DeliveryContext) {
        super(context);
        this.item = message(context.itemId, phase);
        this.pieces = cutText(text, 2).filter((piece) => piece !== '');
    }

    begin(): void {
        this.context.store?.append(this.item);
        this.announce();
        this.item.content?.push(this.part);
        this.send('response.content_part.added', { content_index: 0, part: { type: 'text', text: '' } });
    }

    next(): boolean {
        const piece = this.pieces[this.index++];
        if (piece === undefined) return false;
        this.said += piece;
        this.tokens.text += Math.ceil(piece.length / 4);
        this.send('response.output_text.delta', { content_index: 0, delta: piece });
        return this.index < this.pieces.length;
    }

    end(status: ItemStatus): void {
        this.part.text = this.said;
        this.send('response.output_text.done', { content_index: 0, text: this.said });
        this.send('response.content_part.done', { content_index: 0, part: { type: 'text', text: this.said } });
        this.item.status = status;
        this.announceDone();
    }
}

class CallDelivery extends BaseDelivery {
    readonly item: Item;
    private readonly whole: string;
    private readonly callId: string;
    private written = 0;

    constructor(planned: PlannedItem & { kind: 'call' }, context: DeliveryContext) {
        super(context);
        const { name, callId } = planned;
        this.callId = callId;
        this.whole = planned.arguments;
        const head = {
            id: context.itemId,
            object: 'realtime.item',
            type: 'function_call',
            status: 'in_progress',
        } as const;
        this.item = { ...head, name, call_id: callId, arguments: '' };
    }

    begin(): void {
        this.context.store?.append(this.item);
        this.announce();
    }

    /** Two deltas, so that a reader that takes the first one for the whole is found out. */
    next(): boolean {
        if (this.written >= this.whole.length) return false;
        const upTo = this.written === 0 ? Math.ceil(this.whole.length / 2) : this.whole.length;
        const delta = this.whole.slice(this.written, upTo);
        this.written = upTo;
        this.tokens.text += Math.ceil(delta.length / 4);
        this.send('response.function_call_arguments.delta', { call_id: this.callId, delta });
        return this.written < this.whole.length;
    }

    end(status: ItemStatus): void {
        this.item.status = status;
        this.item.arguments = this.whole.slice(0, this.written);
        const { name, call_id, arguments: text } = this.item;
        this.send('response.function_call_arguments.done', { call_id, name, arguments: text });
        this.announceDone();
    }
}

class McpDelivery extends BaseDelivery {
    readonly item: Item;
    private readonly whole: string;

    constructor(
        private readonly call: McpCall,
        context: DeliveryContext,
    ) {
        super(context);
        this.whole = JSON.stringify(call.arguments ?? {});
        const head = { id: context.itemId, object: 'realtime.item', type: 'mcp_call', status: 'in_progress' } as const;
        this.item = { ...head, server_label: call.server, name: call.name, arguments: '', output: null, error: null };
    }

    begin(): void {
        this.context.store?.append(this.item);
        this.announce();
    }

    next(): boolean {
        this.item.arguments = this.whole;
        this.tokens.text += Math.ceil(this.whole.length / 4);
        this.send('response.mcp_call_arguments.delta', { delta: this.whole });
        this.send('response.mcp_call_arguments.done', { arguments: this.whole });
        this.tell('in_progress');
        return false;
    }

    /** A call that stays open is over for its response all the same: `response.done` does not wait for the server. */
    end(status: ItemStatus): void {
        const { output, error } = this.call;
        this.item.status = status;
        if (output === undefined && error === undefined) return;
        this.item.output = output ?? null;
        this.item.error = error === undefined ? null : { type: 'tool_execution_error', message: error };
        this.tell(error === undefined ? 'completed' : 'failed');
        this.announceDone();
    }

    private tell(what: 'in_progress' | 'completed' | 'failed'): void {
        const { outbox, outputIndex } = this.context;
        // These events name no response.
        outbox.send(`response.mcp_call.${what}`, { item_id: this.item.id, output_index: outputIndex });
    }
}

/** Cuts a whole item's audio into the pieces that its deltas carry; views of the same memory. */
function cutDeltas(audio: Buffer, format: AudioFormat, sizes: DeltaSizes, random: () => number): Buffer[] {
    const pieces: Buffer[] = [];
    for (let at = 0; at < audio.length;) {
        const size = Math.max(1, pieceBytes(sizes, format, pieces.length, audio.length, random));
        pieces.push(audio.subarray(at, at + size));
        at += size;
    }
    return pieces;
}

function pieceBytes(
    sizes: DeltaSizes,
    format: AudioFormat,
    index: number,
    wholeBytes: number,
    random: () => number,
): number {
    switch (sizes.kind) {
        case 'fixed':
            return Math.round(sizes.ms * bytesPerMs(format));
        case 'random':
            // Whole samples are not promised by the service: any number of bytes will do, odd ones too.
            return Math.round((sizes.minMs + (sizes.maxMs - sizes.minMs) * random()) * bytesPerMs(format));
        case 'whole':
            return wholeBytes;
        case 'bytes':
            return sizes.sizes[index % sizes.sizes.length] ?? 1;
    }
}

/** Cuts a transcript into as many pieces as there are deltas, at word borders and rather early than late; some may be empty. */
function cutText(text: string, pieces: number): string[] {
    const words = text.match(/\S+\s*|\s+/g) ?? [];
    return Array.from({ length: pieces }, (_, i) => {
        const from = Math.ceil((i * words.length) / pieces);
        const to = Math.ceil(((i + 1) * words.length) / pieces);
        return words.slice(from, to).join('');
    });
}
