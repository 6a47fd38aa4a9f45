import { createTranscoder, type Transcoder } from '../../audio/transcoder';
import type { OpenAIAudioFormat } from '../../config/config';
import { heardText } from '../../support/heard-text';
import type { AudioOrigin, HeardItem, HeardPosition } from '../conversation';
import type { ClientEvent, ItemInfo, PartOrigin, ServerEvent } from './events';
import { bytesPerMs } from './session-config';

/** How an item of the session must be corrected after an interruption (docs/REALTIME.md, 5.2). */
export type Correction =
    { kind: 'truncate'; itemId: string; contentIndex: number; audioEndMs: number } | { kind: 'delete'; itemId: string };

/** The event that makes a correction. */
export function correctionEvent(correction: Correction): ClientEvent {
    const { itemId } = correction;
    if (correction.kind === 'delete') return { type: 'conversation.item.delete', item_id: itemId };
    const { contentIndex, audioEndMs } = correction;
    return {
        type: 'conversation.item.truncate',
        item_id: itemId,
        content_index: contentIndex,
        audio_end_ms: audioEndMs,
    };
}

/** Where the model's audio goes: PCMU, 8 kHz, mono, in the tick in which it came. */
export type PlayAudio = (pcmu: Uint8Array, origin: AudioOrigin) => void;

/** All words that were generated of an item, and the length of its audio in whole milliseconds (undefined: it is text only). */
export interface GeneratedItem {
    id: string;
    text: string;
    audioMs: number | undefined;
}

/** How a response ended. */
export interface ResponseSummary {
    /** Its words, as far as the caller heard them. */
    text: string;
    /** Milliseconds of its audio that were given to playback. */
    playedMs: number;
    /** It is text although audio was asked for. */
    textOnly: boolean;
    corrections: readonly Correction[];
    /** All that was generated, item by item. */
    items: readonly GeneratedItem[];
}

interface Response {
    id: string;
    items: ResponseItem[];
    /** `dropped`: nothing more of it is played, although the service may still send some. */
    state: 'open' | 'dropped' | 'ended';
    speaking: ResponseItem | undefined;
}

const MAX_RESPONSES = 64;
/** A later item's audio that waits for an earlier item; beyond it, arrival order wins. */
const MAX_HELD_MS = 30_000;

/**
 * The model's responses, everything keyed by id (docs/REALTIME.md, 4.1 and 4.3): puts items into `output_index` order, plays each
 * delta in the caller's format in the tick in which it came, drops what comes too late, and knows how much of each item existed.
 */
export class ResponseTracker {
    private readonly responses = new Map<string, Response>();
    private transcoder: Transcoder;
    /** Bytes of one millisecond of the model's audio. */
    private bytesPerMs: number;
    private spoken = false;

    constructor(
        format: OpenAIAudioFormat,
        private readonly playAudio: PlayAudio,
    ) {
        this.transcoder = createTranscoder(format);
        this.bytesPerMs = bytesPerMs(format);
    }

    /** The model has made a sound in this call. */
    get hasSpoken(): boolean {
        return this.spoken;
    }

    /** Another session begins, perhaps with another format. */
    setFormat(format: OpenAIAudioFormat): void {
        this.transcoder = createTranscoder(format);
        this.bytesPerMs = bytesPerMs(format);
    }

    /** Reads the events that carry a response's content; others are ignored. */
    read(event: ServerEvent): void {
        switch (event.type) {
            case 'audio':
                this.audio(event.bytes, event);
                return;
            case 'transcript':
                this.words(event.delta, event, false, true);
                return;
            case 'transcript-done':
                this.words(event.text, event, true, true);
                return;
            case 'text':
                this.words(event.delta, event, false, false);
                return;
            case 'audio-done':
                this.finishItem(event.responseId, event.itemId);
                return;
            case 'output-item-added':
                this.announce(event.responseId, event.outputIndex, event.item);
                return;
            case 'output-item-done':
                this.finishItem(event.responseId, event.item.id);
                return;
            default:
        }
    }

    /** A response begins. Audio of an unknown response begins one too: `response.created` may be late. */
    begin(id: string): void {
        this.open(id);
    }

    /** Plays nothing more of this response. */
    drop(id: string): void {
        const response = this.open(id);
        if (response.state === 'open') response.state = 'dropped';
        for (const item of response.items) item.held = [];
    }

    /** Plays nothing more of any response that has begun. */
    dropAll(): void {
        for (const response of this.responses.values()) if (response.state === 'open') this.drop(response.id);
    }

    /** `response.done`. What was held back is played first. undefined: it had ended before. */
    end(id: string): ResponseSummary | undefined {
        const response = this.open(id);
        if (response.state === 'ended') return undefined;
        for (const item of response.items) item.done = true;
        this.release(response);
        const corrections = response.state === 'dropped' ? this.unheard(response) : [];
        response.state = 'ended';
        return summary(response, corrections, this.bytesPerMs);
    }

    /** The caller interrupted: drops the responses that they heard, and returns what the model must forget, once per item. */
    interrupt(heard: HeardPosition): Correction[] {
        for (const { responseId } of heard.items)
            if (this.responses.get(responseId)?.state === 'open') this.drop(responseId);
        return heard.items.flatMap((entry) => this.correct(entry));
    }

    /** All words that were generated of an item; empty: none is known. */
    wordsOf(responseId: string, itemId: string): string {
        return this.responses.get(responseId)?.items.find((item) => item.id === itemId)?.text ?? '';
    }

    /** The session is gone, and its items with it: none of them can be corrected any more. Returns the responses that were open. */
    abandon(): { id: string; items: readonly GeneratedItem[] }[] {
        const open: { id: string; items: readonly GeneratedItem[] }[] = [];
        for (const response of this.responses.values()) {
            if (response.state !== 'ended') open.push({ id: response.id, items: generated(response, this.bytesPerMs) });
            response.state = 'ended';
            for (const item of response.items) item.gone = true;
        }
        return open;
    }

    /** An item is announced, so that later ones wait for it. */
    private announce(responseId: string, outputIndex: number, info: ItemInfo): void {
        const item = this.itemOf(this.open(responseId), info.id, outputIndex);
        item.speaks = info.kind === 'message';
    }

    /** One delta of audio; may be empty. */
    private audio(bytes: Buffer, origin: PartOrigin): void {
        const response = this.open(origin.responseId);
        const item = this.itemOf(response, origin.itemId, origin.outputIndex);
        item.contentIndex = origin.contentIndex;
        item.receivedBytes += bytes.length;
        if (response.state !== 'open' || bytes.length === 0) return;
        if (item.held.length === 0 && mayPlay(response, item)) this.play(response, item, bytes);
        else this.hold(response, item, bytes);
    }

    /** Words of an item: a delta, or (`whole`) the final text. */
    private words(text: string, origin: PartOrigin, whole: boolean, spoken: boolean): void {
        const item = this.itemOf(this.open(origin.responseId), origin.itemId, origin.outputIndex);
        item.addWords(text, origin.contentIndex, whole);
        if (!spoken) item.written = true;
    }

    /** No more audio for this item. */
    private finishItem(responseId: string, itemId: string): void {
        const response = this.responses.get(responseId);
        const item = response?.items.find((candidate) => candidate.id === itemId);
        if (response === undefined || item === undefined) return;
        item.done = true;
        this.release(response);
    }

    private open(id: string): Response {
        const known = this.responses.get(id);
        if (known !== undefined) return known;
        const response: Response = { id, items: [], state: 'open', speaking: undefined };
        this.responses.set(id, response);
        if (this.responses.size > MAX_RESPONSES) this.responses.delete(this.responses.keys().next().value ?? id);
        return response;
    }

    private itemOf(response: Response, id: string, outputIndex: number): ResponseItem {
        for (const item of response.items) if (item.id === id) return item;
        const item = new ResponseItem(id, outputIndex);
        response.items.push(item);
        response.items.sort((a, b) => a.outputIndex - b.outputIndex);
        return item;
    }

    private play(response: Response, item: ResponseItem, bytes: Buffer): void {
        // The odd byte and the filter's tail of another item are forgotten.
        if (response.speaking !== item) this.transcoder.resetDownlink();
        response.speaking = item;
        const pcmu = this.transcoder.toCaller(bytes);
        if (pcmu.length === 0) return;
        this.spoken = true;
        this.playAudio(pcmu, { responseId: response.id, itemId: item.id, contentIndex: item.contentIndex });
        item.playedBytes += pcmu.length;
    }

    private hold(response: Response, item: ResponseItem, bytes: Buffer): void {
        item.held.push(bytes);
        let heldBytes = 0;
        for (const each of response.items) for (const piece of each.held) heldBytes += piece.length;
        if (heldBytes <= MAX_HELD_MS * this.bytesPerMs) return;
        for (const each of response.items) if (each.outputIndex < item.outputIndex) each.done = true;
        this.release(response);
    }

    private release(response: Response): void {
        if (response.state !== 'open') return;
        for (const item of response.items) {
            if (!mayPlay(response, item)) return;
            const held = item.held;
            item.held = [];
            for (const bytes of held) this.play(response, item, bytes);
        }
    }

    private correct(entry: HeardItem): Correction[] {
        const item = this.responses.get(entry.responseId)?.items.find((candidate) => candidate.id === entry.itemId);
        // The service truncates audio only.
        if (item === undefined || item.gone || item.written) return [];
        const existsMs = Math.floor(item.receivedBytes / this.bytesPerMs);
        const heardMs = wholeMs(Math.min(entry.heardMs, entry.receivedMs, existsMs));
        return cut(item, heardMs, entry.contentIndex);
    }

    /** Of a dropped response, what was never played: also where the call did not say how much was heard. */
    private unheard(response: Response): Correction[] {
        return response.items.flatMap((item) => {
            if (!item.speaks || item.gone || item.cutMs !== undefined) return [];
            const playedMs = Math.floor(item.playedBytes / 8);
            const existsMs = Math.floor(item.receivedBytes / this.bytesPerMs);
            return playedMs < existsMs || playedMs === 0 ? cut(item, playedMs, item.contentIndex) : [];
        });
    }
}

/** Once per item; again only where less was heard than was thought. */
function cut(item: ResponseItem, heardMs: number, contentIndex: number): Correction[] {
    if (item.cutMs !== undefined && heardMs >= item.cutMs) return [];
    item.cutMs = heardMs;
    if (heardMs === 0) return [{ kind: 'delete', itemId: item.id }];
    return [{ kind: 'truncate', itemId: item.id, contentIndex, audioEndMs: heardMs }];
}

function wholeMs(value: number): number {
    return Number.isFinite(value) ? Math.max(0, Math.floor(value)) : 0;
}

/** No earlier item may still speak. */
function mayPlay(response: Response, item: ResponseItem): boolean {
    for (const earlier of response.items) {
        if (earlier === item || earlier.outputIndex >= item.outputIndex) return true;
        if (earlier.speaks && !earlier.done) return false;
    }
    return true;
}

function summary(response: Response, corrections: Correction[], bytesPerMs: number): ResponseSummary {
    const played = response.items.reduce((sum, item) => sum + item.playedBytes, 0);
    const texts = response.items.map((item) => item.textAsHeard(bytesPerMs));
    const written = response.items.some((item) => item.written);
    return {
        text: texts.filter((text) => text !== '').join(' '),
        playedMs: played / 8,
        textOnly: written && played === 0,
        corrections,
        items: generated(response, bytesPerMs),
    };
}

function generated(response: Response, bytesPerMs: number): GeneratedItem[] {
    return response.items.map(({ id, text, written, receivedBytes }) => {
        return { id, text, audioMs: written ? undefined : Math.floor(receivedBytes / bytesPerMs) };
    });
}

/** One item of a response: what came of it, what went out, what was heard. */
class ResponseItem {
    contentIndex = 0;
    /** A message; a function call, for instance, does not speak. */
    speaks = true;
    /** It holds text that was not spoken. */
    written = false;
    /** No more audio will come. */
    done = false;
    /** Its session has ended. */
    gone = false;
    /** Audio that waits for an earlier item. */
    held: Buffer[] = [];
    /** Model audio that came, also what came too late. */
    receivedBytes = 0;
    /** PCMU that went out. */
    playedBytes = 0;
    /** Milliseconds of the item that the caller heard before they interrupted it. `undefined`: not interrupted. */
    cutMs: number | undefined;
    private readonly parts: string[] = [];

    constructor(
        readonly id: string,
        readonly outputIndex: number,
    ) {}

    /** Adds to the words of a content part, or (`whole`) puts the final text in their place. */
    addWords(text: string, contentIndex: number, whole: boolean): void {
        const at = Math.min(contentIndex, this.parts.length);
        this.parts[at] = whole ? text : (this.parts[at] ?? '') + text;
    }

    get text(): string {
        return this.parts.join(' ').trim();
    }

    /** What was heard of it, 0 … 1; undefined: they did not interrupt it. */
    heardShare(bytesPerMs: number): number | undefined {
        if (this.cutMs === undefined) return undefined;
        const existsMs = this.receivedBytes / bytesPerMs;
        return existsMs === 0 ? 0 : Math.min(1, this.cutMs / existsMs);
    }

    /** Its words up to where the caller interrupted. */
    textAsHeard(bytesPerMs: number): string {
        return heardText(this.text, this.heardShare(bytesPerMs) ?? 1);
    }
}
