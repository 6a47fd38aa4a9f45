import { heardText } from '../../support/heard-text';
import type { AudioOrigin, HeardPosition, TranscriptItem } from '../conversation';
import type { HistoryLine } from './fallback-option';

/** What the next bot is told: the last items, and not too much of them. */
const MAX_ITEMS = 40;
const MAX_CHARS = 16_000;
/** Nobody speaks faster than a letter in this time: bounds the words of an answer that broke off. */
const MIN_MS_PER_LETTER = 50;

interface Entry {
    itemId: string;
    responseId: string | undefined;
    speaker: 'caller' | 'bot';
    text: string;
    /** Sound of it that was handed over. */
    soundMs: number;
    /** The share of it that was heard, 0 … 1. */
    heardShare: number;
    brokeOff: boolean;
}

/** What was said in a call, as far as the caller heard it, for a bot that takes over. Ids are unique in the call. */
export class TalkMemory {
    private entries: Entry[] = [];
    private sounding: Entry | undefined;
    private soundTotalMs = 0;

    /** The caller has heard a bot's voice. */
    get greeted(): boolean {
        return this.soundTotalMs > 0;
    }

    /** An item of the talk, or more of it. */
    said(item: TranscriptItem): void {
        if (item.speaker === 'function') return;
        const entry = this.find(item.itemId) ?? this.insert(item.itemId, item.speaker, item.afterItemId);
        entry.speaker = item.speaker;
        if (item.text !== undefined) entry.text = item.text;
    }

    /** Sound of an item was handed over. */
    sound(origin: AudioOrigin, ms: number): void {
        this.soundTotalMs += ms;
        if (this.sounding?.itemId !== origin.itemId) {
            this.sounding = this.find(origin.itemId) ?? this.insert(origin.itemId, 'bot', undefined);
            this.sounding.responseId = origin.responseId;
        }
        this.sounding.soundMs += ms;
    }

    /** The caller interrupted. */
    interrupted(heard: HeardPosition): void {
        for (const { itemId, heardMs, receivedMs } of heard.items) {
            const entry = this.find(itemId);
            if (entry !== undefined) entry.heardShare = Math.min(1, heardMs / Math.max(1, receivedMs));
        }
    }

    /** An answer broke off: its words may go further than its sound. */
    brokeOff(responseId: string): void {
        for (const entry of this.entries) if (entry.responseId === responseId) entry.brokeOff = true;
    }

    get history(): HistoryLine[] {
        const lines: HistoryLine[] = [];
        let chars = 0;
        for (const entry of [...this.entries].reverse()) {
            const text = heardText(entry.text, shareHeard(entry)).trim();
            chars += text.length;
            if (chars > MAX_CHARS) break;
            if (text !== '') lines.unshift({ speaker: entry.speaker, text });
        }
        return lines;
    }

    private find(itemId: string): Entry | undefined {
        return this.entries.findLast((entry) => entry.itemId === itemId);
    }

    private insert(itemId: string, speaker: 'caller' | 'bot', afterItemId: string | undefined): Entry {
        const entry = { itemId, responseId: undefined, speaker, text: '', soundMs: 0, heardShare: 1, brokeOff: false };
        const before = this.entries.findIndex((each) => each.itemId === afterItemId);
        if (before < 0) this.entries.push(entry);
        else this.entries.splice(before + 1, 0, entry);
        if (this.entries.length > MAX_ITEMS) this.entries.shift();
        return entry;
    }
}

function shareHeard({ speaker, text, soundMs, heardShare, brokeOff }: Entry): number {
    if (speaker === 'caller') return 1;
    if (!brokeOff) return soundMs === 0 ? 0 : heardShare;
    const spokenShare = soundMs / Math.max(1, text.length * MIN_MS_PER_LETTER);
    return Math.min(heardShare, spokenShare);
}
