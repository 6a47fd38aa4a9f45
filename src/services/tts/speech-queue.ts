import type { Clock } from '../../support/clock';
import { CodedError } from '../../support/errors';
import { faultFields, type Logger } from '../../support/logger';
import { TimerSet } from '../../support/timer-set';
import type { AudioOrigin, SpokenSentence, TranscriptItem } from '../conversation';
import { hasWords, splitSentences, MAX_SENTENCE_CHARACTERS } from './sentences';
import { plainSpeech } from './spoken-text';
import type { TextToSpeech } from '../tts-service';

/** A part of a response: words for the synthesizer, or sound (PCMU, 8 kHz, mono) that is played as it is. */
export type ResponsePart = string | Uint8Array;

/** A recorded sentence that is said when the synthesizer cannot say its own. */
export interface StandIn {
    pcmu: Uint8Array;
    words: string;
}

/** What became of a response. */
export interface Spoken {
    readonly itemId: string;
    /** `failed`: neither the synthesizer nor a stand-in said all of it. */
    readonly end: 'complete' | 'interrupted' | 'failed';
    /** The words that were given a sound. */
    readonly text: string;
    /** Why it failed, or why the stand-in had to speak. */
    readonly fault?: unknown;
}

/** Where a speaker's sound goes: the events of `Conversation` of the same names. */
export interface SpeechQueuePort {
    audio(pcmu: Uint8Array, origin: AudioOrigin): void;
    responseEnded(responseId: string): void;
    transcript(item: TranscriptItem): void;
}

export interface SpeechQueueDeps {
    clock: Clock;
    logger: Logger;
    speech: TextToSpeech;
    port: SpeechQueuePort;
    /** Begins every id, so that the responses of different bots on one call are not mixed up. */
    idPrefix: string;
    /** A voice of the synthesizer; without it its own. */
    voice?: string | undefined;
    /** Language tag of what is said; undefined: English. */
    language?: string | undefined;
}

/** A synthesizer that has given nothing for so long gives nothing any more. Longer than every engine's own limit. */
const MAX_SILENCE_MS = 12_000;
/** PCMU, 8 kHz, mono. */
const BYTES_PER_MS = 8;

/** One response on its way. `isOver` is final: audio that a slow synthesizer gives afterwards is thrown away. */
class Utterance {
    readonly giveUp = new AbortController();
    isOver = false;
    /** Some audio of a sentence was handed over, and not all. */
    isMidSentence = false;
    endsAfterSentence = false;
    /** The sentences that have audio. */
    readonly sentences: SpokenSentence[] = [];
    /** Of them, the words that are heard. */
    readonly heardWords: string[] = [];
    audioBytes = 0;

    constructor(
        readonly itemId: string,
        readonly parts: Iterable<ResponsePart> | AsyncIterable<ResponsePart>,
        readonly standIn: StandIn | undefined,
        readonly resolve: (spoken: Spoken) => void,
    ) {}

    /** All that has audio. */
    get text(): string {
        return this.sentences.map(({ text }) => text).join(' ');
    }
}

/**
 * Says responses one after the other, each sentence by sentence under one response id, so that the first sentence
 * plays while the next is made. `responseEnded` comes once for each response that was begun, however it ended.
 */
export class SpeechQueue {
    private readonly timers: TimerSet;
    private readonly waiting: Utterance[] = [];
    private current: Utterance | undefined;
    private responseCount = 0;
    private soundUntilMs = 0;
    private isClosed = false;

    constructor(private readonly deps: SpeechQueueDeps) {
        this.timers = new TimerSet(deps.clock, (fault) => {
            deps.logger.error(faultFields(fault), 'A listener of the voice failed.');
        });
    }

    /** Something is being said, or waits to be said. What was handed over and still plays does not count. */
    get isBusy(): boolean {
        return this.current !== undefined;
    }

    /** By the clock, the caller still hears what was handed over: an estimate that never errs on the long side. */
    get isSounding(): boolean {
        return this.deps.clock.nowMs() < this.soundUntilMs;
    }

    /** How long the caller has heard nothing, by the same estimate, in ms; 0 while they hear something. */
    get quietMs(): number {
        return Math.max(0, this.deps.clock.nowMs() - this.soundUntilMs);
    }

    /**
     * Says a response when those before it are finished. Words without letters and digits are passed over, and so are
     * marks of Markdown and tool calls.
     *
     * @param standIn said once, instead of everything that the synthesizer then did not say, when it fails
     * @returns never rejects; resolves as soon as the sound is handed over, which is before the caller has heard it
     */
    say(parts: Iterable<ResponsePart> | AsyncIterable<ResponsePart>, standIn?: StandIn): Promise<Spoken> {
        return new Promise((resolve) => {
            this.responseCount += 1;
            const utterance = new Utterance(`${this.deps.idPrefix}_${this.responseCount}`, parts, standIn, resolve);
            if (this.isClosed) {
                resolve({ itemId: utterance.itemId, end: 'interrupted', text: '' });
                return;
            }
            this.waiting.push(utterance);
            this.next();
        });
    }

    /** Falls silent at once: nothing more comes of what is being said and of what waits. */
    stop(): void {
        this.soundUntilMs = Math.min(this.soundUntilMs, this.deps.clock.nowMs());
        const waiting = this.waiting.splice(0);
        if (this.current !== undefined) this.finish(this.current, 'interrupted');
        for (const utterance of waiting) this.settle(utterance, 'interrupted');
    }

    /** As `stop`, but a sentence of which the caller has heard something is said to its end. */
    stopAfterSentence(): void {
        if (this.current?.isMidSentence !== true) {
            this.stop();
            return;
        }
        this.current.endsAfterSentence = true;
        for (const utterance of this.waiting.splice(0)) this.settle(utterance, 'interrupted');
    }

    /** Falls silent for good; nothing is reported any more. May be called twice. */
    close(): void {
        this.isClosed = true;
        this.stop();
        this.timers.clear();
    }

    private next(): void {
        // A listener of the end of the last response may have begun another one.
        const utterance = this.current === undefined ? this.waiting.shift() : undefined;
        if (utterance === undefined) return;
        this.current = utterance;
        void this.play(utterance);
    }

    private async play(utterance: Utterance): Promise<void> {
        try {
            for await (const part of utterance.parts) {
                if (utterance.isOver) return;
                const fault = await this.sayPart(utterance, part);
                if (fault === undefined) continue;
                this.onFailure(utterance, fault.fault);
                return;
            }
            this.finish(utterance, 'complete');
        } catch (fault) {
            this.finish(utterance, 'failed', fault);
        } finally {
            utterance.giveUp.abort();
        }
    }

    /** A fault is returned, not thrown: that the words do not come is another matter than that they cannot be said. */
    private async sayPart(utterance: Utterance, part: ResponsePart): Promise<{ fault: unknown } | undefined> {
        if (typeof part !== 'string') {
            this.playRecording(utterance, { pcmu: part, words: '' });
            return undefined;
        }
        try {
            for (const sentence of splitSentences(plainSpeech(part), MAX_SENTENCE_CHARACTERS)) {
                if (hasWords(sentence) && !utterance.isOver) await this.saySentence(utterance, sentence);
            }
            return undefined;
        } catch (fault) {
            return { fault };
        }
    }

    private async saySentence(utterance: Utterance, sentence: string): Promise<void> {
        const { speech, voice, language } = this.deps;
        const heard = speech.wordsOf?.(sentence) ?? sentence;
        let bytes = 0;
        this.awaitSound(utterance);
        for await (const piece of speech.speak(sentence, { voice, language, signal: utterance.giveUp.signal })) {
            if (utterance.isOver) return;
            this.awaitSound(utterance);
            utterance.isMidSentence = true;
            // The pieces are shared with other calls, and the bytes of an event are the listener's.
            this.emitAudio(utterance, Uint8Array.from(piece), bytes === 0 ? sentence : '', heard);
            bytes += piece.length;
        }
        // The limit that runs then is the next utterance's.
        if (utterance.isOver) return;
        this.timers.cancel('silence');
        utterance.isMidSentence = false;
        if (bytes === 0) throw new CodedError('ERR_TTS_FAILED', 'It gave no sound.');
        this.endSentence(utterance);
        if (utterance.endsAfterSentence) this.finish(utterance, 'interrupted');
    }

    private endSentence(utterance: Utterance): void {
        const last = utterance.sentences.pop();
        if (last === undefined) return;
        const { itemId, sentences, audioBytes } = utterance;
        sentences.push({ ...last, endMs: audioBytes / BYTES_PER_MS });
        this.deps.port.transcript({ speaker: 'bot', itemId, sentences: [...sentences] });
    }

    private awaitSound(utterance: Utterance): void {
        this.timers.set('silence', MAX_SILENCE_MS, () => {
            this.onFailure(utterance, new CodedError('ERR_TTS_TIMEOUT'));
        });
    }

    private onFailure(utterance: Utterance, fault: unknown): void {
        if (utterance.isOver) return;
        this.deps.logger.warn(faultFields(fault), 'A sentence could not be spoken.');
        if (utterance.standIn === undefined) {
            this.finish(utterance, 'failed', fault);
            return;
        }
        this.playRecording(utterance, utterance.standIn);
        this.finish(utterance, 'complete', fault);
    }

    private playRecording(utterance: Utterance, { pcmu, words }: StandIn): void {
        this.emitAudio(utterance, Uint8Array.from(pcmu), words);
    }

    /** `begun`: the sentence that begins with this audio; empty: none does. `heard`: those of its words that the voice knows. */
    private emitAudio(utterance: Utterance, pcmu: Uint8Array, begun: string, heard = begun): void {
        const { itemId } = utterance;
        if (utterance.isOver || pcmu.length === 0) return;
        this.soundUntilMs = Math.max(this.soundUntilMs, this.deps.clock.nowMs()) + pcmu.length / BYTES_PER_MS;
        if (begun !== '') {
            utterance.sentences.push({ text: begun, atMs: utterance.audioBytes / BYTES_PER_MS });
            utterance.heardWords.push(heard);
        }
        utterance.audioBytes += pcmu.length;
        this.deps.port.audio(pcmu, { responseId: itemId, itemId, contentIndex: 0 });
        const { text, sentences } = utterance;
        if (begun !== '') this.deps.port.transcript({ speaker: 'bot', itemId, text, sentences: [...sentences] });
    }

    private finish(utterance: Utterance, end: Spoken['end'], fault?: unknown): void {
        if (utterance.isOver) return;
        this.timers.cancel('silence');
        this.current = undefined;
        this.settle(utterance, end, fault);
        if (!this.isClosed) this.deps.port.responseEnded(utterance.itemId);
        this.next();
    }

    private settle(utterance: Utterance, end: Spoken['end'], fault?: unknown): void {
        const { itemId } = utterance;
        utterance.isOver = true;
        utterance.giveUp.abort();
        const text = utterance.heardWords.join(' ');
        utterance.resolve({ itemId, end, text, ...(fault === undefined ? {} : { fault }) });
    }
}
