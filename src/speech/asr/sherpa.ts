import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../../support/clock';
import { CodedError } from '../../support/errors';
import type { Recognition, RecognizeOptions, SpeechToText } from './speech-to-text';
import { WIDE_RATE_HZ, widePcm } from './wide-wav';

/** What of the package sherpa-onnx-node 1.13 is used: its recognizer of whole utterances. */
export interface SherpaModule {
    OfflineRecognizer: { createAsync(config: SherpaConfig): Promise<SherpaRecognizer> };
}

export interface SherpaRecognizer {
    createStream(): { acceptWaveform(wave: { samples: Float32Array; sampleRate: number }): void };
    /** The result of one stream, made in a thread of its own. */
    decodeAsync(stream: unknown): Promise<unknown>;
}

export interface SherpaConfig {
    featConfig: { sampleRate: number; featureDim: number };
    modelConfig: Record<string, unknown>;
}

export interface SherpaOptions {
    clock: Clock;
    /** Folder with the model’s .onnx files and its tokens file. */
    modelPath: string;
    /** Threads for one utterance. Default 1. */
    threads?: number;
    /** Default 10,000. */
    deadlineMs?: number;
    /** Default: loads sherpa-onnx-node, which the operator installs. */
    load?: () => SherpaModule;
}

const DEADLINE_MS = 10_000;
const FULL_SCALE = 32_768;
const resultSchema = z.object({ text: z.string() });

/**
 * Free speech on this machine with sherpa-onnx and a model that the operator supplies (speech sheet, section 7):
 * a transducer, Whisper, Moonshine or SenseVoice, known by the names of its files. The model is loaded with the first utterance.
 *
 * Rejects with ERR_ASR_NOT_INSTALLED, ERR_ASR_TIMEOUT, ERR_ASR_UNAVAILABLE, ERR_ASR_CLOSED.
 */
export class SherpaTranscription implements SpeechToText {
    readonly kind = 'open';
    private readonly closing = new AbortController();
    private recognizer: Promise<SherpaRecognizer> | undefined;

    constructor(private readonly options: SherpaOptions) {}

    async recognize(pcmu: Uint8Array, { signal }: RecognizeOptions = {}): Promise<Recognition | undefined> {
        signal?.throwIfAborted();
        if (this.closing.signal.aborted) throw new CodedError('ERR_ASR_CLOSED');
        if (pcmu.length === 0) return undefined;
        const result = resultSchema.safeParse(await this.limited(this.decode(pcmu), signal));
        if (!result.success) throw new CodedError('ERR_ASR_UNAVAILABLE', 'The result has another shape.');
        const text = result.data.text.trim();
        return /[\p{L}\p{N}]/u.test(text) ? { text } : undefined;
    }

    close(): Promise<void> {
        this.closing.abort();
        this.recognizer = undefined;
        return Promise.resolve();
    }

    private async decode(pcmu: Uint8Array): Promise<unknown> {
        const recognizer = await (this.recognizer ??= this.create());
        const stream = recognizer.createStream();
        stream.acceptWaveform({
            samples: Float32Array.from(widePcm(pcmu), (sample) => sample / FULL_SCALE),
            sampleRate: WIDE_RATE_HZ,
        });
        return await recognizer.decodeAsync(stream);
    }

    private async create(): Promise<SherpaRecognizer> {
        const { modelPath, threads = 1, load = loadSherpa } = this.options;
        const modelConfig = { ...modelIn(modelPath), numThreads: threads, provider: 'cpu', debug: 0 };
        const sherpa = load();
        try {
            const featConfig = { sampleRate: WIDE_RATE_HZ, featureDim: 80 };
            return await sherpa.OfflineRecognizer.createAsync({ featConfig, modelConfig });
        } catch {
            throw new CodedError('ERR_ASR_NOT_INSTALLED', `sherpa-onnx cannot use the model in ${modelPath}.`);
        }
    }

    /** A decoding cannot be broken off: it is left to end by itself, unheard. */
    private limited(decoding: Promise<unknown>, signal: AbortSignal | undefined): Promise<unknown> {
        return new Promise((resolve, reject) => {
            const ended = new AbortController();
            const stop = (fault: Error): void => {
                timer.cancel();
                ended.abort();
                reject(fault);
            };
            const timer = this.options.clock.after(this.options.deadlineMs ?? DEADLINE_MS, () => {
                stop(new CodedError('ERR_ASR_TIMEOUT'));
            });
            const once = { once: true, signal: ended.signal };
            this.closing.signal.addEventListener(
                'abort',
                () => {
                    stop(new CodedError('ERR_ASR_CLOSED'));
                },
                once,
            );
            signal?.addEventListener(
                'abort',
                () => {
                    stop(asError(signal.reason));
                },
                once,
            );
            decoding.then(
                (result) => {
                    timer.cancel();
                    ended.abort();
                    resolve(result);
                },
                (fault: unknown) => {
                    stop(
                        fault instanceof CodedError
                            ? fault
                            : new CodedError('ERR_ASR_UNAVAILABLE', asError(fault).message),
                    );
                },
            );
        });
    }
}

/** The part of sherpa's configuration that names the files of a model. Throws ERR_ASR_NOT_INSTALLED when they are none. */
export function modelIn(folder: string): Record<string, unknown> {
    const names = filesOf(folder);
    const find = (pattern: RegExp): string | undefined => {
        // A folder often holds the same network in full and in 8 bits: the small one is made for this use.
        const fitting = names.filter((name) => pattern.test(name));
        const name = fitting.find((one) => one.includes('int8')) ?? fitting[0];
        return name === undefined ? undefined : join(folder, name);
    };
    const tokens = find(/tokens\.txt$/);
    const [encoder, decoder, joiner] = [
        find(/encode[^/]*\.onnx$/),
        find(/^(?!.*cached).*decode[^/]*\.onnx$/),
        find(/joiner.*\.onnx$/),
    ];
    const [preprocessor, uncachedDecoder] = [find(/preprocess.*\.onnx$/), find(/uncached_decode.*\.onnx$/)];
    const [cachedDecoder, model] = [find(/^(?!.*uncached).*cached_decode.*\.onnx$/), find(/^model.*\.onnx$/)];
    if (tokens === undefined) throw noModel(folder);
    if (
        preprocessor !== undefined &&
        encoder !== undefined &&
        uncachedDecoder !== undefined &&
        cachedDecoder !== undefined
    )
        return { tokens, moonshine: { preprocessor, encoder, uncachedDecoder, cachedDecoder } };
    if (encoder !== undefined && decoder !== undefined)
        return joiner === undefined
            ? { tokens, whisper: { encoder, decoder } }
            : { tokens, transducer: { encoder, decoder, joiner } };
    if (model !== undefined) return { tokens, senseVoice: { model, useInverseTextNormalization: 1 } };
    throw noModel(folder);
}

function filesOf(folder: string): string[] {
    try {
        return readdirSync(folder).sort();
    } catch {
        throw noModel(folder);
    }
}

function noModel(folder: string): CodedError {
    const wanted =
        'a folder with a tokens.txt and the .onnx files of a transducer, Whisper, Moonshine or SenseVoice model';
    return new CodedError('ERR_ASR_NOT_INSTALLED', `${folder} holds no model that is known: it must be ${wanted}.`);
}

function loadSherpa(): SherpaModule {
    try {
        return createRequire(__filename)('sherpa-onnx-node') as SherpaModule;
    } catch {
        throw new CodedError(
            'ERR_ASR_NOT_INSTALLED',
            'sherpa-onnx-node is missing: npm install sherpa-onnx-node@1.13.8.',
        );
    }
}

function asError(fault: unknown): Error {
    return fault instanceof Error ? fault : new Error(String(fault));
}
