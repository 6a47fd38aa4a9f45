import { types } from 'node:util';
import type OpenAI from 'openai';
import { createTranscoder, type Transcoder } from '../../audio/transcoder';
import { systemClock, type Clock } from '../../support/clock';
import { CodedError } from '../../support/errors';
import { Deadline } from '../../support/deadline';
import { proxyFaultIn } from '../../support/proxy';
import { createHTTPClient, httpFacts, type HTTPAccess } from '../openai-http-client';
import { hasWords, MAX_SENTENCE_CHARACTERS } from '../../services/tts/sentences';
import type { SpeakOptions, SpeechEngine } from '../../services/tts-service';

/** OpenAI's speech over HTTP (`POST /audio/speech`), and services that are compatible with it. Holds a key: never log it. */
export interface OpenAISpeechConfig extends HTTPAccess {
    /** For example `gpt-4o-mini-tts`. */
    readonly model: string;
    /** For example `marin`. */
    readonly voice: string;
}

export interface OpenAISpeechLimits {
    /** From the request to the first sound. A caller who waits longer is better served by another voice. */
    firstAudioMs: number;
    /** Between two pieces. */
    gapMs: number;
    /** PCM of one sentence, 48,000 bytes a second. */
    maxBytes: number;
}

const DEFAULT_LIMITS: OpenAISpeechLimits = { firstAudioMs: 1_800, gapMs: 2_000, maxBytes: 12_000_000 };

/** Speech made by OpenAI: asked for as PCM of 24 kHz, passed on as PCMU while it arrives. */
export class OpenAIEngine implements SpeechEngine {
    readonly kind = 'openai';
    readonly voice: string;
    private readonly limits: OpenAISpeechLimits;
    private readonly closing = new AbortController();
    private client: OpenAI | undefined;

    constructor(
        private readonly config: OpenAISpeechConfig,
        private readonly deps: { clock?: Clock; limits?: Partial<OpenAISpeechLimits> } = {},
    ) {
        this.voice = config.voice;
        this.limits = { ...DEFAULT_LIMITS, ...deps.limits };
    }

    async *speak(text: string, { voice, signal }: SpeakOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
        signal?.throwIfAborted();
        if (this.hasClosed()) throw new CodedError('ERR_TTS_CLOSED');
        if (!hasWords(text)) return;
        if (text.length > MAX_SENTENCE_CHARACTERS) throw new CodedError('ERR_TTS_TEXT', `${text.length} characters.`);
        const deadline = new Deadline(this.deps.clock ?? systemClock, [signal, this.closing.signal]);
        try {
            yield* this.stream(text, voice ?? this.voice, deadline);
        } catch (fault) {
            signal?.throwIfAborted();
            if (this.hasClosed()) throw new CodedError('ERR_TTS_CLOSED');
            const isLate = deadline.isOver;
            const coded = isLate ? new CodedError('ERR_TTS_TIMEOUT', 'OpenAI kept silent.') : toCoded(fault);
            throw coded.with(httpFacts(isLate ? undefined : fault, this.config));
        } finally {
            deadline.end();
        }
    }

    /** Loads the client, which takes a moment. Nothing is asked of OpenAI. */
    warm(): Promise<void> {
        this.loadClient();
        return Promise.resolve();
    }

    close(): Promise<void> {
        this.closing.abort();
        return Promise.resolve();
    }

    private hasClosed(): boolean {
        return this.closing.signal.aborted;
    }

    private async *stream(
        text: string,
        voice: string,
        deadline: Deadline,
    ): AsyncGenerator<Uint8Array, void, undefined> {
        deadline.allow(this.limits.firstAudioMs);
        const transcoder = createTranscoder('pcm16');
        let received = 0;
        for await (const chunk of await this.request(text, voice, deadline.signal)) {
            if (!types.isUint8Array(chunk)) continue;
            received += chunk.length;
            if (received > this.limits.maxBytes) throw new CodedError('ERR_TTS_OPENAI', 'The audio has no end.');
            // The listener’s own time does not count.
            deadline.rest();
            yield* telephoneSpeech(transcoder, chunk);
            deadline.allow(this.limits.gapMs);
        }
        if (received < 2) throw new CodedError('ERR_TTS_OPENAI', 'The audio is empty.');
    }

    private async request(text: string, voice: string, signal: AbortSignal): Promise<AsyncIterable<unknown>> {
        const response = await this.loadClient().audio.speech.create(
            { model: this.config.model, voice, input: text, response_format: 'pcm' },
            { signal },
        );
        const type = response.headers.get('content-type') ?? '';
        if (response.body === null || !/^(audio\/|application\/octet-stream)/i.test(type))
            throw new CodedError('ERR_TTS_OPENAI', 'The response is not audio.');
        return response.body;
    }

    private loadClient(): OpenAI {
        this.client ??= createHTTPClient(this.config);
        return this.client;
    }
}

function* telephoneSpeech(transcoder: Transcoder, pcm24k: Uint8Array): Generator<Uint8Array, void, undefined> {
    const pcmu = transcoder.toCaller(pcm24k);
    if (pcmu.length > 0) yield pcmu;
}

/** What went wrong; the service's own words are in the facts, shortened. */
function toCoded(fault: unknown): CodedError {
    if (fault instanceof CodedError) return fault;
    const ofProxy = proxyFaultIn(fault);
    if (ofProxy !== undefined) return ofProxy;
    const { status, code, param } = statusOf(fault);
    if (status === undefined) return new CodedError('ERR_TTS_OPENAI', 'The connection failed.');
    if (status === 400 && param === 'voice') return new CodedError('ERR_TTS_VOICE', 'OpenAI refuses it.');
    if (status === 401) return new CodedError('ERR_OPENAI_KEY');
    if (status === 429)
        return new CodedError(code === 'insufficient_quota' ? 'ERR_OPENAI_QUOTA' : 'ERR_OPENAI_RATE_LIMITED');
    return new CodedError('ERR_TTS_OPENAI', `HTTP status ${status}${code === '' ? '' : `, code ${code}`}.`);
}

function statusOf(fault: unknown): { status?: number; code: string; param: string } {
    if (typeof fault !== 'object' || fault === null || !('status' in fault)) return { code: '', param: '' };
    const words = { code: wordIn(fault, 'code'), param: wordIn(fault, 'param') };
    return typeof fault.status === 'number' ? { status: fault.status, ...words } : words;
}

function wordIn(fault: object, field: string): string {
    const word: unknown = Reflect.get(fault, field);
    return typeof word === 'string' && /^[\w.-]{1,64}$/.test(word) ? word : '';
}
