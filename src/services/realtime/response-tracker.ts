import type { AudioOrigin, HeardItem, HeardPosition } from '../conversation';
import type { ClientEvent, ItemInfo, PartOrigin } from './events';
import type { ItemWords } from './transcript-reporter';
import { heardText } from '../../support/heard-text';

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

/** What the book needs of the call. */
export interface ResponseTrackerPort {
    /** Another item begins to speak: forget the last one's odd byte and filter tail. */
    startItem(): void;
    /** Plays model audio; returns how many PCMU bytes went out. */
    play(bytes: Buffer, origin: AudioOrigin): number;
}

/** What an answer came to. */
export interface ResponseSummary {
    /** Its words, as far as the caller heard them. */
    text: string;
    /** PCMU milliseconds that went out. */
    playedMs: number;
    /** It came in writing although it should have been spoken. */
    textOnly: boolean;
    corrections: readonly Correction[];
    /** All that was generated, item by item. */
    items: readonly ItemWords[];
}

interface Answer {
    id: string;
    items: ResponseItem[];
    state: 'open' | 'dead' | 'ended';
    speaking: ResponseItem | undefined;
}

const MAX_ANSWERS = 64;
/** A later item's audio that waits for an earlier item; beyond it, arrival order wins. */
const MAX_HELD_MS = 30_000;

/**
 * The model's responses, everything keyed by id (docs/REALTIME.md, 4.1 and 4.3): puts items into `output_index` order, plays each
 * delta in the tick in which it came, drops what comes too late, and knows how much of each item existed.
 */
export class ResponseTracker {
    private readonly answers = new Map<string, Answer>();

    constructor(
        private readonly port: ResponseTrackerPort,
        /** Bytes of one millisecond of the model's audio; another session may have another format. */
        public bytesPerMs: number,
    ) {}

    /** An answer begins. Audio of an unknown answer begins one too: `response.created` may be late. */
    begin(id: string): void {
        this.open(id);
    }

    /** An item is announced, so that later ones wait for it. */
    announce(responseId: string, outputIndex: number, info: ItemInfo): void {
        const item = this.itemOf(this.open(responseId), info.id, outputIndex);
        item.speaks = info.kind === 'message';
    }

    /** One delta of audio; may be empty. */
    audio(bytes: Buffer, origin: PartOrigin): void {
        const answer = this.open(origin.responseId);
        const item = this.itemOf(answer, origin.itemId, origin.outputIndex);
        item.contentIndex = origin.contentIndex;
        item.receivedBytes += bytes.length;
        if (answer.state !== 'open' || bytes.length === 0) return;
        if (item.held.length === 0 && mayPlay(answer, item)) this.play(answer, item, bytes);
        else this.hold(answer, item, bytes);
    }

    /** Words of an item: a delta, or (`whole`) the final text. */
    words(text: string, origin: PartOrigin, whole: boolean, spoken: boolean): void {
        const item = this.itemOf(this.open(origin.responseId), origin.itemId, origin.outputIndex);
        item.addWords(text, origin.contentIndex, whole);
        if (!spoken) item.written = true;
    }

    /** No more audio for this item. */
    finishItem(responseId: string, itemId: string): void {
        const answer = this.answers.get(responseId);
        const item = answer?.items.find((candidate) => candidate.id === itemId);
        if (answer === undefined || item === undefined) return;
        item.done = true;
        this.release(answer);
    }

    /** Plays nothing more of this answer. */
    kill(id: string): void {
        const answer = this.open(id);
        if (answer.state === 'open') answer.state = 'dead';
        for (const item of answer.items) item.held = [];
    }

    /** Plays nothing more of any answer that has begun. */
    killAll(): void {
        for (const answer of this.answers.values()) if (answer.state === 'open') this.kill(answer.id);
    }

    /** `response.done`. Whatever was held back comes out first. undefined: it had ended before. */
    end(id: string): ResponseSummary | undefined {
        const answer = this.open(id);
        if (answer.state === 'ended') return undefined;
        for (const item of answer.items) item.done = true;
        this.release(answer);
        const corrections = answer.state === 'dead' ? this.unheard(answer) : [];
        answer.state = 'ended';
        return summary(answer, corrections, this.bytesPerMs);
    }

    /** The caller interrupted: kills the answers and tells what the model's memory must lose, once per item. */
    interrupt(heard: HeardPosition): Correction[] {
        for (const { responseId } of heard.items)
            if (this.answers.get(responseId)?.state === 'open') this.kill(responseId);
        return heard.items.flatMap((entry) => this.correct(entry));
    }

    /** The words of an item, as far as the caller heard them; undefined for an unknown one. */
    wordsHeard(itemId: string): string | undefined {
        for (const answer of this.answers.values()) {
            const item = answer.items.find((candidate) => candidate.id === itemId);
            if (item !== undefined) return item.textAsHeard(this.bytesPerMs);
        }
        return undefined;
    }

    /** Every word that was generated of an item; empty: none that is known here. */
    wordsOf(responseId: string, itemId: string): string {
        return this.answers.get(responseId)?.items.find((item) => item.id === itemId)?.text ?? '';
    }

    /** The session is gone, and its items with it: none of them can be corrected any more. Returns the answers that were open. */
    abandon(): { id: string; items: readonly ItemWords[] }[] {
        const open: { id: string; items: readonly ItemWords[] }[] = [];
        for (const answer of this.answers.values()) {
            if (answer.state !== 'ended') open.push({ id: answer.id, items: itemWords(answer) });
            answer.state = 'ended';
            for (const item of answer.items) item.gone = true;
        }
        return open;
    }

    private open(id: string): Answer {
        const known = this.answers.get(id);
        if (known !== undefined) return known;
        const answer: Answer = { id, items: [], state: 'open', speaking: undefined };
        this.answers.set(id, answer);
        if (this.answers.size > MAX_ANSWERS) this.answers.delete(this.answers.keys().next().value ?? id);
        return answer;
    }

    private itemOf(answer: Answer, id: string, outputIndex: number): ResponseItem {
        for (const item of answer.items) if (item.id === id) return item;
        const item = new ResponseItem(id, outputIndex);
        answer.items.push(item);
        answer.items.sort((a, b) => a.outputIndex - b.outputIndex);
        return item;
    }

    private play(answer: Answer, item: ResponseItem, bytes: Buffer): void {
        if (answer.speaking !== item) this.port.startItem();
        answer.speaking = item;
        const origin = { responseId: answer.id, itemId: item.id, contentIndex: item.contentIndex };
        item.playedBytes += this.port.play(bytes, origin);
    }

    private hold(answer: Answer, item: ResponseItem, bytes: Buffer): void {
        item.held.push(bytes);
        let heldBytes = 0;
        for (const each of answer.items) for (const piece of each.held) heldBytes += piece.length;
        if (heldBytes <= MAX_HELD_MS * this.bytesPerMs) return;
        for (const each of answer.items) if (each.outputIndex < item.outputIndex) each.done = true;
        this.release(answer);
    }

    private release(answer: Answer): void {
        if (answer.state !== 'open') return;
        for (const item of answer.items) {
            if (!mayPlay(answer, item)) return;
            const held = item.held;
            item.held = [];
            for (const bytes of held) this.play(answer, item, bytes);
        }
    }

    private correct(entry: HeardItem): Correction[] {
        const item = this.answers.get(entry.responseId)?.items.find((candidate) => candidate.id === entry.itemId);
        // What was written can be forgotten, and not cut.
        if (item === undefined || item.gone || item.written) return [];
        const existsMs = Math.floor(item.receivedBytes / this.bytesPerMs);
        const heardMs = wholeMs(Math.min(entry.heardMs, entry.receivedMs, existsMs));
        return cut(item, heardMs, entry.contentIndex);
    }

    /** Of a dead answer, what never went out; also where nobody told us how much was heard. */
    private unheard(answer: Answer): Correction[] {
        return answer.items.flatMap((item) => {
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
function mayPlay(answer: Answer, item: ResponseItem): boolean {
    for (const earlier of answer.items) {
        if (earlier === item || earlier.outputIndex >= item.outputIndex) return true;
        if (earlier.speaks && !earlier.done) return false;
    }
    return true;
}

function summary(answer: Answer, corrections: Correction[], bytesPerMs: number): ResponseSummary {
    const played = answer.items.reduce((sum, item) => sum + item.playedBytes, 0);
    const texts = answer.items.map((item) => item.textAsHeard(bytesPerMs));
    const written = answer.items.some((item) => item.written);
    return {
        text: texts.filter((text) => text !== '').join(' '),
        playedMs: played / 8,
        textOnly: written && played === 0,
        corrections,
        items: itemWords(answer),
    };
}

function itemWords(answer: Answer): ItemWords[] {
    return answer.items.map(({ id, text }) => ({ id, text }));
}

/** One item of an answer: what came of it, what went out, what was heard. */
export class ResponseItem {
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
