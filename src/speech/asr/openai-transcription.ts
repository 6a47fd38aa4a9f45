import type OpenAI from 'openai';
import { z } from 'zod';
import type { Clock } from '../../support/clock';
import { CodedError } from '../../support/errors';
import { proxyFaultIn } from '../../support/proxy';
import { createHTTPClient, httpFacts, type HTTPAccess } from '../openai-http-client';
import { wideWav } from './wide-wav';
import { languageCode } from '../../services/words';
import type { Recognition, RecognizeOptions, SpeechToText } from '../../services/asr-service';

/** OpenAI's transcription over HTTP, and services that are compatible with it. Holds a key: never log it. */
export interface OpenAITranscriptionConfig extends HTTPAccess {
    /** For example `gpt-4o-mini-transcribe` or `whisper-1`. */
    readonly model: string;
    /** Below it an utterance counts as not understood: 0 to 1, default 0.4. Only for models that tell their confidence. */
    readonly minConfidence?: number;
    /** Default 8,000. */
    readonly deadlineMs?: number;
}

const DEADLINE_MS = 8000;
const MIN_CONFIDENCE = 0.4;
/** Shorter than any word; the service refuses less than 100 ms. */
const MIN_UTTERANCE_BYTES = 8 * 100;
/** Above this share whisper-1 itself takes a segment for no speech. */
const MAX_NO_SPEECH = 0.6;

const tokensSchema = z.array(z.object({ logprob: z.number() }));
const segmentsSchema = z.array(z.object({ avg_logprob: z.number(), no_speech_prob: z.number() }));
const responseSchema = z.object({
    text: z.string(),
    logprobs: tokensSchema.nullish(),
    segments: segmentsSchema.nullish(),
});

type TranscriptionResponse = z.infer<typeof responseSchema>;

/**
 * Free speech by OpenAI's `POST /audio/transcriptions`, one utterance a request. These models
 * invent words for noise: what comes with little confidence is not passed on. Phrases are not sent along for the same
 * reason: a model that is told them hears them.
 *
 * Rejects with ERR_ASR_REFUSED (key, model, address), ERR_ASR_TIMEOUT, ERR_ASR_UNAVAILABLE, ERR_ASR_CLOSED.
 */
export class OpenAITranscription implements SpeechToText {
    readonly kind = 'open';
    private readonly closing = new AbortController();
    private client: OpenAI | undefined;

    constructor(
        private readonly config: OpenAITranscriptionConfig,
        private readonly deps: { clock: Clock },
    ) {}

    async recognize(pcmu: Uint8Array, { language, signal }: RecognizeOptions = {}): Promise<Recognition | undefined> {
        signal?.throwIfAborted();
        if (this.isClosed()) throw new CodedError('ERR_ASR_CLOSED');
        if (pcmu.length < MIN_UTTERANCE_BYTES) return undefined;
        const limit = new AbortController();
        const timer = this.deps.clock.after(this.config.deadlineMs ?? DEADLINE_MS, () => {
            limit.abort();
        });
        const signals = [limit.signal, this.closing.signal, signal].filter((one) => one !== undefined);
        try {
            return this.judge(await this.ask(pcmu, language, AbortSignal.any(signals)));
        } catch (fault) {
            signal?.throwIfAborted();
            if (this.isClosed()) throw new CodedError('ERR_ASR_CLOSED');
            const coded = limit.signal.aborted ? new CodedError('ERR_ASR_TIMEOUT') : toCoded(fault);
            throw coded.with(httpFacts(limit.signal.aborted ? undefined : fault, this.config));
        } finally {
            timer.cancel();
        }
    }

    close(): Promise<void> {
        this.closing.abort();
        return Promise.resolve();
    }

    private isClosed(): boolean {
        return this.closing.signal.aborted;
    }

    private async ask(
        pcmu: Uint8Array,
        language: string | undefined,
        signal: AbortSignal,
    ): Promise<TranscriptionResponse> {
        const { model } = this.config;
        const response: unknown = await this.loadClient().audio.transcriptions.create(
            {
                file: new File([wideWav(pcmu)], 'utterance.wav', { type: 'audio/wav' }),
                model,
                ...confidenceFields(model),
                ...(language !== undefined && { language: languageCode(language) }),
            },
            { signal },
        );
        const parsed = responseSchema.safeParse(response);
        if (!parsed.success) throw new CodedError('ERR_ASR_UNAVAILABLE', 'The response has another shape.');
        return parsed.data;
    }

    private judge(response: TranscriptionResponse): Recognition | undefined {
        const text = response.text.trim();
        // A full stop alone is what silence is written as.
        if (!/[\p{L}\p{N}]/u.test(text) || isNoSpeech(response)) return undefined;
        const confidence = confidenceOf(response);
        if (confidence === undefined) return { text };
        return confidence < (this.config.minConfidence ?? MIN_CONFIDENCE) ? undefined : { text, confidence };
    }

    private loadClient(): OpenAI {
        this.client ??= createHTTPClient(this.config);
        return this.client;
    }
}

/** How a model is asked for its confidence: each generation has its own way, and refuses the other’s. */
function confidenceFields(model: string) {
    if (model.startsWith('whisper')) return { response_format: 'verbose_json' as const };
    const tells = model.startsWith('gpt-4o') && !model.includes('diarize');
    return tells ? { response_format: 'json' as const, include: ['logprobs' as const] } : {};
}

/** The geometric mean of the probabilities of what was written. */
function confidenceOf({ logprobs, segments }: TranscriptionResponse): number | undefined {
    const figures = logprobs?.map(({ logprob }) => logprob) ?? segments?.map((segment) => segment.avg_logprob) ?? [];
    if (figures.length === 0) return undefined;
    const mean = figures.reduce((total, figure) => total + figure, 0) / figures.length;
    return Math.min(1, Math.exp(mean));
}

function isNoSpeech({ segments }: TranscriptionResponse): boolean {
    if (segments === undefined || segments === null || segments.length === 0) return false;
    return segments.every((segment) => segment.no_speech_prob > MAX_NO_SPEECH);
}

/** What went wrong; the service's own words are in the facts, shortened. */
function toCoded(fault: unknown): CodedError {
    if (fault instanceof CodedError) return fault;
    const ofProxy = proxyFaultIn(fault);
    if (ofProxy !== undefined) return ofProxy;
    const status = statusOf(fault);
    if (status === undefined) return new CodedError('ERR_ASR_UNAVAILABLE', 'The connection failed.');
    const isRefusal = status >= 400 && status < 500 && status !== 408 && status !== 429;
    return new CodedError(isRefusal ? 'ERR_ASR_REFUSED' : 'ERR_ASR_UNAVAILABLE', `HTTP status ${status}.`);
}

function statusOf(fault: unknown): number | undefined {
    if (typeof fault !== 'object' || fault === null || !('status' in fault)) return undefined;
    return typeof fault.status === 'number' ? fault.status : undefined;
}
