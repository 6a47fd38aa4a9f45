import { systemClock, type Clock } from '../support/clock';
import { CodedError } from '../support/errors';
import { faultFields, silentLogger, type Logger } from '../support/logger';
import { hasWords, MAX_SENTENCE_CHARACTERS, splitSentences } from './tts/sentences';
import { plainSpeech, withDigitsApart } from './tts/spoken-text';
import { SpeechCache, type Listener } from './tts/speech-cache';
import { promptWords, wordsFor, type ShippedPrompt } from './words';

/** How a text is to be spoken. */
export interface SpeakOptions {
    /** A voice of the engine; undefined: the engine's default voice. */
    voice?: string | undefined;
    /** Language tag of the text, for digits that are read one by one, and for an engine that reads several; undefined: English. */
    language?: string | undefined;
    /** Cancels the speech; the iteration then throws the signal's reason. */
    signal?: AbortSignal | undefined;
}

/** Turns text into speech for the telephone. */
export interface TextToSpeech {
    /** The engine's name, for logs. */
    readonly kind: string;
    /**
     * PCMU, 8 kHz, mono, piece by piece, as soon as each is ready; pieces have any length ≥ 1. They may be shared with other
     * calls: read them, do not write to them. A text without letters and digits gives nothing.
     *
     * Nothing is made before the first piece is asked for. The iteration throws a coded error (`ERR_TTS_…`) when the text, or
     * the rest of it, cannot be spoken, and the reason of `signal` when that is aborted.
     */
    speak(text: string, options?: SpeakOptions): AsyncIterable<Uint8Array>;
    /** The words of a text that are heard, where letters that the voice does not know are left out. Default: all of them. */
    wordsOf?(text: string): string;
    /** Frees everything; what is being spoken ends with `ERR_TTS_CLOSED`. May be called twice. */
    close(): Promise<void>;
}

/**
 * A speech synthesis engine. It is given one sentence at a time, of at most 600 characters: `TTSService` cuts texts, caches speech
 * and falls back. `src/speech/tts` has three, and examples/own-voice shows how to write another one.
 */
export interface SpeechEngine extends TextToSpeech {
    /** The voice that speaks when none is asked for. */
    readonly voice: string;
    /** Makes ready what would delay the first sentence. Rejects with a coded error when the engine cannot speak. */
    warm(): Promise<void>;
}

export type { ShippedPrompt } from './words';

const ENGLISH = wordsFor('en');

/** What the recordings of assets/prompts say: they play even when every synthesizer fails. */
export const SHIPPED_PROMPTS: Readonly<Record<ShippedPrompt, string>> = {
    'one-moment': promptWords('one-moment', ENGLISH),
    'technical-problem': promptWords('technical-problem', ENGLISH),
    'still-there': promptWords('still-there', ENGLISH),
    goodbye: promptWords('goodbye', ENGLISH),
};

/** What the service works with. */
export interface TTSDeps {
    /** Closed with the service. undefined: nothing is spoken. */
    engine: SpeechEngine | undefined;
    /** Makes the engine that speaks when the first one fails, once, when it is first needed. undefined: there is none. */
    createFallback?: (() => SpeechEngine) | undefined;
    clock?: Clock;
    logger?: Logger;
    /** Audio of sentences that are cached, in bytes (8,000 a second). Default 16 MB. */
    cacheBytes?: number;
    /** How long the fallback engine speaks after a failure, in ms. Default 30,000. */
    restMs?: number;
}

const CACHE_BYTES = 16 * 1024 * 1024;
const REST_MS = 30_000;

/** Faults of the one text, which say nothing about the engine. */
const ABOUT_THE_TEXT: ReadonlySet<string> = new Set(['ERR_TTS_TEXT', 'ERR_TTS_VOICE', 'ERR_TTS_REFUSED']);

/**
 * Speaks for the server where the Realtime API does not. One for all calls: it owns the engine and the cache of what was spoken.
 *
 * A text loses the marks of Markdown and is cut into sentences; while one plays, the next is made. When the engine fails, the fallback
 * engine speaks that sentence from its beginning, and everything else for the next 30 s. A voice that the engine does not have is
 * replaced by the engine's own.
 */
export class TTSService implements TextToSpeech {
    readonly kind: string;
    private readonly clock: Clock;
    private readonly logger: Logger;
    private readonly cache: SpeechCache;
    private readonly restMs: number;
    /** Voices that were asked for and that the engine does not have. */
    private readonly unknownVoices = new Set<string>();
    private fallback: SpeechEngine | undefined;
    private restsUntilMs = 0;
    private isClosed = false;

    constructor(private readonly deps: TTSDeps) {
        this.clock = deps.clock ?? systemClock;
        this.logger = deps.logger ?? silentLogger;
        this.cache = new SpeechCache(deps.cacheBytes ?? CACHE_BYTES);
        this.restMs = deps.restMs ?? REST_MS;
        this.kind = deps.engine?.kind ?? 'none';
    }

    /** As `TextToSpeech` says; a text of any length. Without an engine it gives nothing. */
    async *speak(text: string, options: SpeakOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
        const { engine } = this.deps;
        options.signal?.throwIfAborted();
        if (this.isClosed) throw new CodedError('ERR_TTS_CLOSED');
        if (engine === undefined) return;
        const words = withDigitsApart(plainSpeech(text), options.language);
        const sentences = splitSentences(words, MAX_SENTENCE_CHARACTERS).filter(hasWords);
        let ahead: Opened | undefined;
        try {
            for (const [at, sentence] of sentences.entries()) {
                const current = this.stillGood(ahead) ?? this.open(engine, sentence, options);
                ahead = undefined;
                for await (const piece of this.sentence(current, options)) {
                    ahead ??= this.openNext(engine, sentences[at + 1], options);
                    yield piece;
                }
            }
        } finally {
            ahead?.listener.close();
        }
    }

    wordsOf(text: string): string {
        const { engine } = this.deps;
        const speaks = engine !== undefined && this.rests(engine) ? this.fallbackEngine() : engine;
        return speaks?.wordsOf?.(text) ?? text;
    }

    /** Makes the engine ready, so that the first caller does not wait for it. A failure is logged, and shows when it speaks. */
    async warm(): Promise<void> {
        try {
            await this.deps.engine?.warm();
        } catch (fault) {
            this.logger.warn({ engine: this.kind, ...faultFields(fault) }, 'speech synthesizer is not ready');
        }
    }

    async close(): Promise<void> {
        this.isClosed = true;
        await Promise.all([this.deps.engine?.close(), this.fallback?.close()]);
    }

    private async *sentence(opened: Opened, options: SpeakOptions): AsyncGenerator<Uint8Array, void, undefined> {
        let next: SpeechEngine;
        try {
            yield* opened.listener.pieces(options.signal);
            return;
        } catch (fault) {
            if (options.signal?.aborted === true || this.isClosed) throw fault;
            next = this.engineAfter(opened, fault);
        } finally {
            opened.listener.close();
        }
        yield* this.sentence(this.openWith(next, opened.sentence, undefined, options), options);
    }

    /** What says a sentence again; throws the fault when nothing is left. */
    private engineAfter({ engine, asked }: Opened, fault: unknown): SpeechEngine {
        if (asked !== undefined && codeOf(fault) === 'ERR_TTS_VOICE') {
            this.unknownVoices.add(asked);
            this.logger.warn({ engine: engine.kind, asked, ...faultFields(fault) }, 'its own voice speaks instead');
            return engine;
        }
        if (!this.hasFallback(engine)) throw fault;
        this.onFailure(engine, fault);
        return this.fallbackEngine() ?? engine;
    }

    private openNext(engine: SpeechEngine, sentence: string | undefined, options: SpeakOptions): Opened | undefined {
        return sentence === undefined ? undefined : this.open(engine, sentence, options);
    }

    /** A sentence that was begun with an engine that has failed meanwhile is cancelled: one voice speaks to the end. */
    private stillGood(ahead: Opened | undefined): Opened | undefined {
        if (ahead === undefined || !this.rests(ahead.engine)) return ahead;
        ahead.listener.close();
        return undefined;
    }

    private open(engine: SpeechEngine, sentence: string, options: SpeakOptions): Opened {
        const fallback = this.rests(engine) ? this.fallbackEngine() : undefined;
        return fallback === undefined
            ? this.openWith(engine, sentence, this.known(options.voice), options)
            : this.openWith(fallback, sentence, undefined, options);
    }

    private known(voice: string | undefined): string | undefined {
        return voice !== undefined && this.unknownVoices.has(voice) ? undefined : voice;
    }

    private openWith(
        engine: SpeechEngine,
        sentence: string,
        asked: string | undefined,
        { language }: SpeakOptions,
    ): Opened {
        const voice = asked ?? engine.voice;
        const listener = this.cache.open(JSON.stringify([engine.kind, voice, language, sentence]), (signal) =>
            engine.speak(sentence, { voice, language, signal }),
        );
        return { engine, sentence, asked, listener };
    }

    private hasFallback(engine: SpeechEngine): boolean {
        return this.deps.createFallback !== undefined && engine !== this.fallback;
    }

    private rests(engine: SpeechEngine): boolean {
        return this.hasFallback(engine) && this.clock.nowMs() < this.restsUntilMs;
    }

    private onFailure(engine: SpeechEngine, fault: unknown): void {
        if (!ABOUT_THE_TEXT.has(codeOf(fault))) this.restsUntilMs = this.clock.nowMs() + this.restMs;
        this.logger.warn({ engine: engine.kind, ...faultFields(fault) }, 'the fallback voice speaks');
    }

    private fallbackEngine(): SpeechEngine | undefined {
        this.fallback ??= this.deps.createFallback?.();
        return this.fallback;
    }
}

function codeOf(fault: unknown): string {
    return fault instanceof CodedError ? fault.code : '';
}

/** A sentence that is being made, or was made before. */
interface Opened {
    engine: SpeechEngine;
    sentence: string;
    /** undefined: the engine's own voice. */
    asked: string | undefined;
    listener: Listener;
}
