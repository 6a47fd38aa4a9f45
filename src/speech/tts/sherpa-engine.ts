import { z } from 'zod';
import { encodeMulaw } from '../../audio/mulaw';
import type { SpeakOptions, SpeechEngine } from '../../services/tts-service';
import { hasWords, MAX_SENTENCE_CHARACTERS } from '../../services/tts/sentences';
import { systemClock, type Clock } from '../../support/clock';
import { CodedError } from '../../support/errors';
import { silentLogger, type Logger } from '../../support/logger';
import { loadSherpa, modelFiles, type SherpaModule, type SherpaTts } from '../sherpa';
import { RateConverter } from './rate-converter';
import { Semaphore } from './semaphore';

export interface SherpaEngineOptions {
    /** Folder with the model's files. */
    modelPath: string;
    /** Number of a voice of the model, from 0. Default 0, and 0 too where the model does not have that voice. */
    voice?: string;
    clock?: Clock;
    logger?: Logger;
    /** Threads for one sentence. Default 1. */
    threads?: number;
    /** For one sentence, waiting included, ms. Default 10,000. */
    deadlineMs?: number;
    /** Default: loads sherpa-onnx-node, which the operator installs. */
    load?: () => SherpaModule;
}

const DEADLINE_MS = 10_000;
const MAX_WAITING = 200;
const FULL_SCALE = 32_767;
/** Silence that pushes the last samples through the rate converter, whose output lags by 1.75 ms. */
const FLUSH_MS = 4;
const speechSchema = z.object({ samples: z.instanceof(Float32Array), sampleRate: z.number().int().positive() });

/**
 * A voice of this machine, in the language of its model: sherpa-onnx with a Piper (VITS), Kokoro or Matcha model that the operator
 * supplies, known by the names of its files. The model is loaded with the first sentence. A sentence comes as one piece, and one
 * sentence is made at a time, in a thread of the package.
 *
 * Fails with `ERR_TTS_NOT_INSTALLED` (package or model), `ERR_TTS_VOICE`, `ERR_TTS_TEXT`, `ERR_TTS_TIMEOUT`, `ERR_TTS_BUSY`,
 * `ERR_TTS_FAILED`, `ERR_TTS_CLOSED`.
 */
export class SherpaEngine implements SpeechEngine {
    readonly kind = 'sherpa';
    readonly voice: string;
    private readonly clock: Clock;
    private readonly turns = new Semaphore(1, MAX_WAITING);
    private readonly closing = new AbortController();
    private loading: Promise<SherpaTts> | undefined;
    private ownSpeaker: number;

    /** @throws CodedError `ERR_TTS_VOICE` for a voice that is no number */
    constructor(private readonly options: SherpaEngineOptions) {
        this.voice = options.voice ?? '0';
        this.clock = options.clock ?? systemClock;
        this.ownSpeaker = speakerOf(this.voice);
    }

    async *speak(text: string, { voice, signal }: SpeakOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
        signal?.throwIfAborted();
        if (this.closing.signal.aborted) throw new CodedError('ERR_TTS_CLOSED');
        if (!hasWords(text)) return;
        if (text.length > MAX_SENTENCE_CHARACTERS) throw new CodedError('ERR_TTS_TEXT', `${text.length} characters.`);
        const pcmu = await this.limited(voice === undefined ? undefined : speakerOf(voice), text, signal);
        if (pcmu.length > 0) yield pcmu;
    }

    /** Loads the package and the model. */
    async warm(): Promise<void> {
        await this.load();
    }

    close(): Promise<void> {
        this.closing.abort();
        this.loading = undefined;
        return Promise.resolve();
    }

    /** One sentence, within the deadline; given up as soon as its caller has hung up. */
    private async limited(
        speaker: number | undefined,
        text: string,
        signal: AbortSignal | undefined,
    ): Promise<Uint8Array> {
        const late = new AbortController();
        const timer = this.clock.after(this.options.deadlineMs ?? DEADLINE_MS, () => {
            late.abort();
        });
        const signals = [late.signal, this.closing.signal, signal].filter((each) => each !== undefined);
        const stop = AbortSignal.any(signals);
        try {
            return await orAborted(this.inTurn(speaker, text, stop), stop);
        } catch (fault) {
            signal?.throwIfAborted();
            if (this.closing.signal.aborted) throw new CodedError('ERR_TTS_CLOSED');
            if (late.signal.aborted) throw new CodedError('ERR_TTS_TIMEOUT', 'sherpa-onnx took too long.');
            throw fault instanceof CodedError ? fault : new CodedError('ERR_TTS_FAILED', messageOf(fault));
        } finally {
            timer.cancel();
        }
    }

    /** Keeps its turn until the package is done, even when nothing waits for the result any more: it works on one at a time. */
    private async inTurn(speaker: number | undefined, text: string, stop: AbortSignal): Promise<Uint8Array> {
        const release = await this.turns.acquire(stop);
        try {
            const tts = await this.load();
            stop.throwIfAborted();
            if (speaker !== undefined && speaker >= tts.numSpeakers)
                throw new CodedError('ERR_TTS_VOICE', `The model has ${tts.numSpeakers} voices, from 0.`);
            const onProgress = (): boolean => !stop.aborted;
            const request = {
                text,
                sid: speaker ?? this.ownSpeaker,
                speed: 1,
                enableExternalBuffer: false,
                onProgress,
            };
            return toPcmu(await tts.generateAsync(request));
        } finally {
            release();
        }
    }

    private load(): Promise<SherpaTts> {
        this.loading ??= this.create().catch((fault: unknown) => {
            this.loading = undefined;
            throw fault;
        });
        return this.loading;
    }

    private async create(): Promise<SherpaTts> {
        const { modelPath, threads = 1, load = () => loadSherpa('ERR_TTS_NOT_INSTALLED') } = this.options;
        const model = { ...voiceModelIn(modelPath), numThreads: threads, provider: 'cpu', debug: 0 };
        const sherpa = load();
        try {
            const tts = await sherpa.OfflineTts.createAsync({ model, maxNumSentences: 1 });
            this.checkOwnSpeaker(tts.numSpeakers);
            return tts;
        } catch {
            throw new CodedError('ERR_TTS_NOT_INSTALLED', `sherpa-onnx cannot use the model in ${modelPath}.`);
        }
    }

    private checkOwnSpeaker(speakers: number): void {
        if (this.ownSpeaker < speakers) return;
        const fields = { code: 'ERR_TTS_VOICE', engine: this.kind, asked: this.voice, voices: speakers };
        (this.options.logger ?? silentLogger).warn(fields, 'its own voice speaks instead: number 0 of the model');
        this.ownSpeaker = 0;
    }
}

/**
 * The part of sherpa's configuration that names the files of a voice model.
 *
 * @throws CodedError `ERR_TTS_NOT_INSTALLED` when the folder holds no model that is known
 */
export function voiceModelIn(folder: string): Record<string, unknown> {
    const find = modelFiles(folder);
    const tokens = find(/tokens\.txt$/);
    const dataDir = find(/^espeak-ng-data$/);
    const lexicon = find(/^lexicon.*\.txt$/);
    const voices = find(/^voices\.bin$/);
    const vocoder = find(/^(vocos|hifigan).*\.onnx$/);
    const acousticModel = find(/^model-steps.*\.onnx$/);
    const model = find(/^(?!vocos|hifigan|model-steps).*\.onnx$/);
    const words = { ...(dataDir !== undefined && { dataDir }), ...(lexicon !== undefined && { lexicon }) };
    if (tokens !== undefined && acousticModel !== undefined && vocoder !== undefined)
        return { matcha: { acousticModel, vocoder, tokens, ...words } };
    if (tokens !== undefined && model !== undefined)
        return voices === undefined
            ? { vits: { model, tokens, ...words } }
            : { kokoro: { model, voices, tokens, ...words } };
    const wanted = 'tokens.txt and the .onnx files of a Piper (VITS), Kokoro or Matcha model';
    throw new CodedError('ERR_TTS_NOT_INSTALLED', `${folder} holds no voice model that is known: it needs ${wanted}.`);
}

/** PCMU, 8 kHz, mono, of what the package made. */
function toPcmu(made: unknown): Uint8Array {
    const speech = speechSchema.safeParse(made);
    if (!speech.success) throw new CodedError('ERR_TTS_FAILED', 'What sherpa-onnx made has another shape.');
    const { samples, sampleRate } = speech.data;
    if (samples.length === 0) throw new CodedError('ERR_TTS_FAILED', 'sherpa-onnx made no audio.');
    const pcm = new Int16Array(samples.length + Math.ceil((FLUSH_MS * sampleRate) / 1000));
    for (let i = 0; i < samples.length; i++)
        pcm[i] = Math.round(FULL_SCALE * Math.max(-1, Math.min(1, samples[i] ?? 0)));
    return encodeMulaw(new RateConverter(sampleRate).process(pcm));
}

function speakerOf(voice: string): number {
    if (/^\d{1,4}$/.test(voice)) return Number(voice);
    throw new CodedError('ERR_TTS_VOICE', 'A voice of sherpa-onnx is a number from 0.');
}

/** Settles as `work` does, but rejects at once when `signal` is aborted. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
        const onAbort = (): void => {
            reject(new Error('The speech was cancelled.'));
        };
        signal.addEventListener('abort', onAbort, { once: true });
        work.then(resolve, reject).finally(() => {
            signal.removeEventListener('abort', onAbort);
        });
        if (signal.aborted) onAbort();
    });
}

function messageOf(fault: unknown): string {
    return fault instanceof Error ? fault.message : String(fault);
}
