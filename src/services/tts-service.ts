import { systemClock, type Clock } from '../support/clock';
import { CodedError } from '../support/errors';
import { faultFields, silentLogger, type Logger } from '../support/logger';
import { EspeakEngine } from '../speech/tts/espeak-engine';
import { FliteEngine } from '../speech/tts/flite-engine';
import { OpenAIEngine } from '../speech/tts/openai-engine';
import type { Listener } from '../speech/tts/recording';
import { hasWords, splitSentences } from '../speech/tts/sentences';
import { SpeechCache } from '../speech/tts/speech-cache';
import {
    MAX_SENTENCE_CHARACTERS,
    type SpeakOptions,
    type SpeechConfig,
    type SpeechEngine,
    type TextToSpeech,
} from '../speech/tts/text-to-speech';

export type { SpeakOptions, SpeechConfig, SpeechEngine, TextToSpeech } from '../speech/tts/text-to-speech';

/** What the service works with; each part has a default. */
export interface TTSDeps {
    clock?: Clock;
    logger?: Logger;
    /** Audio of sentences that are kept, in bytes (8,000 a second). */
    cacheBytes?: number;
    /** How long the embedded voice stands in for an engine that failed, in ms. */
    restMs?: number;
    /** An engine of your own instead of the configured one. */
    engine?: SpeechEngine;
    /** Who stands in; made when it is first needed. */
    createFallback?: () => SpeechEngine;
}

const CACHE_BYTES = 16 * 1024 * 1024;
const REST_MS = 30_000;

/** Faults of the one text, which say nothing about the engine. */
const ABOUT_THE_TEXT: ReadonlySet<string> = new Set(['ERR_TTS_TEXT', 'ERR_TTS_VOICE', 'ERR_TTS_REFUSED']);

/**
 * Speaks for the server where the Realtime API does not. One for all calls: it owns the engine and remembers what was said.
 *
 * The text is cut into sentences; while one plays, the next is made. When another engine fails, the embedded voice (flite,
 * English) says that sentence from its beginning, and everything else for the next half minute.
 */
export class TTSService implements TextToSpeech {
    readonly kind: string;
    private readonly clock: Clock;
    private readonly logger: Logger;
    private readonly cache: SpeechCache;
    private readonly restMs: number;
    private readonly engine: SpeechEngine | undefined;
    private readonly createFallback: () => SpeechEngine;
    private fallback: SpeechEngine | undefined;
    private restsUntilMs = 0;
    private isClosed = false;

    /** @throws CodedError `ERR_TTS_VOICE` for a voice that the engine cannot have; `ERR_CONFIG` for `openai` without a key */
    constructor(config: SpeechConfig, deps: TTSDeps = {}) {
        this.clock = deps.clock ?? systemClock;
        this.logger = deps.logger ?? silentLogger;
        this.cache = new SpeechCache(deps.cacheBytes ?? CACHE_BYTES);
        this.restMs = deps.restMs ?? REST_MS;
        this.engine = deps.engine ?? createEngine(config, this.clock, this.logger);
        this.kind = this.engine?.kind ?? 'none';
        this.createFallback =
            deps.createFallback ?? (() => new FliteEngine({ clock: this.clock, logger: this.logger }));
    }

    /** As `TextToSpeech` says; a text of any length. With `none` it says nothing. */
    async *speak(text: string, options: SpeakOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
        const { engine } = this;
        options.signal?.throwIfAborted();
        if (this.isClosed) throw new CodedError('ERR_TTS_CLOSED');
        if (engine === undefined) return;
        const sentences = splitSentences(text, MAX_SENTENCE_CHARACTERS).filter(hasWords);
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
            ahead?.listener.leave();
        }
    }

    /** Makes the engine ready, so that the first caller does not wait for it. A failure is logged, and shows when it speaks. */
    async warm(): Promise<void> {
        try {
            await this.engine?.warm();
        } catch (fault) {
            this.logger.warn({ engine: this.kind, ...faultFields(fault) }, 'speech synthesizer is not ready');
        }
    }

    async close(): Promise<void> {
        this.isClosed = true;
        await Promise.all([this.engine?.close(), this.fallback?.close()]);
    }

    private async *sentence(opened: Opened, options: SpeakOptions): AsyncGenerator<Uint8Array, void, undefined> {
        try {
            yield* opened.listener.pieces(options.signal);
            return;
        } catch (fault) {
            if (options.signal?.aborted === true || this.isClosed || !this.hasStandIn(opened.engine)) throw fault;
            this.standIn(opened.engine, fault);
        } finally {
            opened.listener.leave();
        }
        yield* this.sentence(this.openWith(this.standInEngine(), opened.sentence, undefined), options);
    }

    private openNext(engine: SpeechEngine, sentence: string | undefined, options: SpeakOptions): Opened | undefined {
        return sentence === undefined ? undefined : this.open(engine, sentence, options);
    }

    /** What was begun with an engine that has failed meanwhile is given up: one voice to the end. */
    private stillGood(ahead: Opened | undefined): Opened | undefined {
        if (ahead === undefined || !this.rests(ahead.engine)) return ahead;
        ahead.listener.leave();
        return undefined;
    }

    private open(engine: SpeechEngine, sentence: string, { voice }: SpeakOptions): Opened {
        const rests = this.hasStandIn(engine) && this.clock.nowMs() < this.restsUntilMs;
        return rests
            ? this.openWith(this.standInEngine(), sentence, undefined)
            : this.openWith(engine, sentence, voice);
    }

    private openWith(engine: SpeechEngine, sentence: string, asked: string | undefined): Opened {
        const voice = asked ?? engine.voice;
        const listener = this.cache.open(JSON.stringify([engine.kind, voice, sentence]), (signal) =>
            engine.speak(sentence, { voice, signal }),
        );
        return { engine, sentence, listener };
    }

    /** The embedded voice has nobody behind it. */
    private hasStandIn(engine: SpeechEngine): boolean {
        return engine.kind !== 'flite' && engine !== this.fallback;
    }

    private rests(engine: SpeechEngine): boolean {
        return this.hasStandIn(engine) && this.clock.nowMs() < this.restsUntilMs;
    }

    private standIn(engine: SpeechEngine, fault: unknown): void {
        const code = fault instanceof CodedError ? fault.code : '';
        if (!ABOUT_THE_TEXT.has(code)) this.restsUntilMs = this.clock.nowMs() + this.restMs;
        this.logger.warn({ engine: engine.kind, ...faultFields(fault) }, 'the embedded voice stands in');
    }

    private standInEngine(): SpeechEngine {
        this.fallback ??= this.createFallback();
        return this.fallback;
    }
}

/** A sentence that is being made, or was made before. */
interface Opened {
    engine: SpeechEngine;
    sentence: string;
    listener: Listener;
}

function createEngine(config: SpeechConfig, clock: Clock, logger: Logger): SpeechEngine | undefined {
    const voice = config.voice === undefined ? {} : { voice: config.voice };
    switch (config.tts) {
        case 'none':
            return undefined;
        case 'flite':
            return new FliteEngine({ ...voice, clock, logger });
        case 'espeak':
            return new EspeakEngine({ ...voice, clock });
        case 'openai':
            if (config.openai === undefined) throw new CodedError('ERR_CONFIG', 'Speech by OpenAI needs its key.');
            return new OpenAIEngine({ ...config.openai, ...voice }, { clock });
    }
}
