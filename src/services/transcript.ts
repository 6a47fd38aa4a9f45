import { heardText } from '../support/heard-text';
import type { AudioOrigin, FunctionCallRecord, HeardPosition, SpokenSentence, TranscriptItem } from './conversation';

/** One item of the conversation, for the log and for the call's record. */
export interface TranscriptLine {
    speaker: 'caller' | 'bot';
    /** All that was said, or generated; empty while it is not known. */
    text: string;
    /** What the caller heard of it; the same as `text` unless they interrupted. */
    heard: string;
    /** Said by the caller over the bot, and no turn. */
    ignored?: true;
}

/** An item as far as the caller heard it, for a bot that must know the conversation so far. */
export interface HeardLine {
    itemId: string;
    speaker: TranscriptItem['speaker'];
    text: string;
    /** What a function was called with, and what it gave. Only for the speaker `function`. */
    call?: FunctionCallRecord;
}

interface Entry {
    item: TranscriptItem;
    responseId: string | undefined;
    /** Milliseconds since the transcript was made. */
    atMs: number;
    /** Bot audio of the item that was handed to playback, ms. */
    deliveredMs: number;
    /** What the caller heard of it, of what had been delivered; undefined: they did not interrupt it. */
    cut: { heardMs: number; receivedMs: number } | undefined;
    brokeOff: boolean;
}

/** Stands for the words of a turn of the caller's that could not be transcribed. */
export const NOT_UNDERSTOOD = '(not understood)';

/** Items that are kept; the oldest give way. */
const MAX_ITEMS = 1000;
/** Speech is never faster than one letter in this time: bounds the words of a response that broke off. */
const MIN_MS_PER_LETTER = 50;

/**
 * Everything that was said in one call, in the order of the conversation: the only place where it is stored. An item takes its place
 * when it appears and gets its words when they are known; the caller's words often come after the response to them.
 *
 * The call writes into it what the bot reports (`transcript`), what playback received and what the caller heard. Bots read it: the
 * memory of a new Realtime session, the history of a chat and the takeover of a fallback option are views of it.
 */
export class Transcript {
    private readonly entries: Entry[] = [];
    private playing: Entry | undefined;
    private botAudioMs = 0;
    private readonly startedMs: number;

    constructor(private readonly nowMs: () => number = () => 0) {
        this.startedMs = nowMs();
    }

    /** Bot audio was delivered in this call. */
    get hasBotAudio(): boolean {
        return this.botAudioMs > 0;
    }

    /** An item appeared, or more is known of it. */
    add(item: TranscriptItem): void {
        const known = this.find(item.itemId);
        if (known === undefined) this.insert(item);
        else known.item = merged(known.item, item);
    }

    /** Bot audio of `ms` milliseconds was handed to playback. */
    delivered(origin: AudioOrigin, ms: number): void {
        if (origin.aside === true) return;
        this.botAudioMs += ms;
        if (this.playing?.item.itemId !== origin.itemId) {
            const { itemId, responseId } = origin;
            this.playing = this.find(itemId) ?? this.insert({ speaker: 'bot', itemId });
            this.playing.responseId = responseId;
        }
        this.playing.deliveredMs += ms;
    }

    /** The caller interrupted: notes how far they had heard each item. */
    interrupted(position: HeardPosition): void {
        const cuts = new Map<string, { heardMs: number; receivedMs: number }>();
        for (const { itemId, heardMs, receivedMs } of position.items) {
            const sum = cuts.get(itemId) ?? { heardMs: 0, receivedMs: 0 };
            cuts.set(itemId, { heardMs: sum.heardMs + heardMs, receivedMs: sum.receivedMs + receivedMs });
        }
        for (const [itemId, cut] of cuts) {
            const entry = this.find(itemId);
            if (entry !== undefined) entry.cut = cut;
        }
    }

    /** A response broke off: its words may go further than its audio. */
    brokeOff(responseId: string): void {
        for (const entry of this.entries) if (entry.responseId === responseId) entry.brokeOff = true;
    }

    /** What the caller heard of a response that they interrupted; undefined: they did not interrupt it, or it is not known. */
    cutTextOf(responseId: string | undefined): string | undefined {
        if (responseId === undefined) return undefined;
        const entries = this.entries.filter((entry) => entry.responseId === responseId);
        if (entries.every((entry) => entry.cut === undefined)) return undefined;
        return entries
            .map((entry) => heardOf(entry).trim())
            .filter((text) => text !== '')
            .join(' ');
    }

    /** Caller and bot, oldest first, with what was heard beside what was generated. */
    get lines(): TranscriptLine[] {
        return this.entries.flatMap((entry) => {
            const { speaker, text = '', ignored } = entry.item;
            if (speaker !== 'caller' && speaker !== 'bot') return [];
            return [{ speaker, text, heard: heardOf(entry), ...(ignored === true && { ignored }) }];
        });
    }

    /**
     * The last items as far as the caller heard them, oldest first: at most `maxItems`, and at most `maxChars` characters together.
     * Items of which nothing was heard, and functions without an output, are left out; turns of the caller's whose words are known to be
     * unknown are marked. What the caller said over the bot, and was no turn, is left out.
     */
    heard(maxItems: number, maxChars: number): HeardLine[] {
        const lines: HeardLine[] = [];
        let chars = 0;
        for (let at = this.entries.length - 1; at >= 0 && lines.length < maxItems; at--) {
            const entry = this.entries[at];
            const line = entry === undefined ? undefined : heardLine(entry);
            if (line === undefined) continue;
            chars += line.text.length + (line.call?.argumentsJson.length ?? 0) + (line.call?.output?.length ?? 0);
            if (chars > maxChars) break;
            lines.unshift(line);
        }
        return lines;
    }

    private insert(item: TranscriptItem): Entry {
        const atMs = this.nowMs() - this.startedMs;
        const entry: Entry = { item, responseId: undefined, atMs, deliveredMs: 0, cut: undefined, brokeOff: false };
        const before = this.entries.findLastIndex((each) => each.item.itemId === item.afterItemId);
        if (before < 0) this.entries.push(entry);
        else this.entries.splice(before + 1, 0, entry);
        if (this.entries.length > MAX_ITEMS) this.entries.shift();
        return entry;
    }

    private find(itemId: string): Entry | undefined {
        return this.entries.findLast((entry) => entry.item.itemId === itemId);
    }
}

/** An update without words, audio, sentences, call or output leaves those that are known as they are. */
function merged(known: TranscriptItem, update: TranscriptItem): TranscriptItem {
    const call = update.call ?? known.call;
    return {
        ...known,
        speaker: update.speaker,
        text: update.text ?? known.text,
        audioMs: update.audioMs ?? known.audioMs,
        sentences: update.sentences ?? known.sentences,
        ...((update.ignored ?? known.ignored) === true && { ignored: true }),
        call: call === undefined ? undefined : { ...call, output: call.output ?? known.call?.output },
    };
}

function heardOf(entry: Entry): string {
    const { speaker, text = '', sentences } = entry.item;
    if (speaker !== 'bot') return text;
    if (sentences === undefined || entry.cut === undefined) return heardText(text, heardShare(entry));
    return heardSentences(sentences, entry.cut.heardMs, entry.deliveredMs);
}

/** The sentences that were heard; of the one that was cut, the words in proportion to its audio. */
function heardSentences(sentences: readonly SpokenSentence[], heardMs: number, deliveredMs: number): string {
    const heard = sentences.map(({ text, atMs, endMs }) => {
        const untilMs = endMs ?? Math.max(deliveredMs, atMs + text.length * MIN_MS_PER_LETTER);
        return heardText(text, (heardMs - atMs) / Math.max(1, untilMs - atMs));
    });
    return heard.filter((text) => text !== '').join(' ');
}

/** The share of a bot's item that the caller heard, 0 … 1. */
function heardShare({ item, deliveredMs, cut, brokeOff }: Entry): number {
    const { text = '', audioMs = 0 } = item;
    const existsMs = Math.max(1, deliveredMs, audioMs, cut?.receivedMs ?? 0);
    // Audio that exists and was not delivered was not heard. A whole millisecond may be lost to rounding.
    const delivered = audioMs <= deliveredMs + 1 ? 1 : deliveredMs / existsMs;
    const heard = cut === undefined ? delivered : Math.min(1, cut.heardMs / existsMs);
    if (!brokeOff) return heard;
    return Math.min(heard, deliveredMs / Math.max(1, text.length * MIN_MS_PER_LETTER));
}

function heardLine(entry: Entry): HeardLine | undefined {
    const { itemId, speaker, call, ignored } = entry.item;
    if (ignored === true) return undefined;
    if (speaker === 'function') return call?.output === undefined ? undefined : { itemId, speaker, text: '', call };
    // Words of the bot without any audio were never heard.
    const known = speaker === 'bot' && entry.deliveredMs === 0 ? '' : heardOf(entry).trim();
    const text = speaker === 'caller' && entry.item.text === '' ? NOT_UNDERSTOOD : known;
    return text === '' ? undefined : { itemId, speaker, text };
}
