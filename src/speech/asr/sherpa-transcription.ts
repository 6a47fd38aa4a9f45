import { z } from 'zod';
import type { Clock } from '../../support/clock';
import { CodedError } from '../../support/errors';
import { loadSherpa, modelFiles, type SherpaModule, type SherpaRecognizer } from '../sherpa';
import { WIDE_RATE_HZ, widePcm } from './wide-wav';
import type { Recognition, RecognizeOptions, SpeechToText } from '../../services/asr-service';

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
 * Free speech on this machine with sherpa-onnx and a model that the operator supplies:
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
        const { modelPath, threads = 1, load = () => loadSherpa('ERR_ASR_NOT_INSTALLED') } = this.options;
        const modelConfig = { ...modelIn(modelPath), numThreads: threads, provider: 'cpu', debug: 0 };
        const sherpa = load();
        try {
            const featConfig = { sampleRate: WIDE_RATE_HZ, featureDim: 80 };
            return await sherpa.OfflineRecognizer.createAsync({ featConfig, modelConfig });
        } catch {
            throw new CodedError('ERR_ASR_NOT_INSTALLED', `sherpa-onnx cannot use the model in ${modelPath}.`);
        }
    }

    /** A decoding cannot be cancelled: it goes on to its end, and its result is dropped. */
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
    const find = modelFiles(folder);
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

function noModel(folder: string): CodedError {
    const wanted =
        'a folder with a tokens.txt and the .onnx files of a transducer, Whisper, Moonshine or SenseVoice model';
    return new CodedError('ERR_ASR_NOT_INSTALLED', `${folder} holds no model that is known: it must be ${wanted}.`);
}

function asError(fault: unknown): Error {
    return fault instanceof Error ? fault : new Error(String(fault));
}
