import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { CodedError } from '../support/errors';

/** What of the package sherpa-onnx-node 1.13 is used: its recognizer of whole utterances, and its synthesizer. */
export interface SherpaModule {
    OfflineRecognizer: { createAsync(config: SherpaRecognizerConfig): Promise<SherpaRecognizer> };
    OfflineTts: { createAsync(config: SherpaTtsConfig): Promise<SherpaTts> };
}

export interface SherpaRecognizer {
    createStream(): { acceptWaveform(wave: { samples: Float32Array; sampleRate: number }): void };
    /** The result of one stream, made in a thread of the package. */
    decodeAsync(stream: unknown): Promise<unknown>;
}

export interface SherpaRecognizerConfig {
    featConfig: { sampleRate: number; featureDim: number };
    modelConfig: Record<string, unknown>;
}

export interface SherpaTts {
    /** Voices of the model; `sid` goes from 0 to one less. */
    readonly numSpeakers: number;
    /**
     * Speech for a text, made in a thread of the package. `onProgress` is called after each part, and ends the work by returning false.
     * `enableExternalBuffer: false`: the samples are copied, as runtimes that forbid foreign memory need it.
     */
    generateAsync(request: {
        text: string;
        sid: number;
        speed: number;
        enableExternalBuffer: boolean;
        onProgress: () => boolean;
    }): Promise<unknown>;
}

export interface SherpaTtsConfig {
    model: Record<string, unknown>;
    /** Sentences that are made at a time. */
    maxNumSentences: number;
}

/**
 * Loads sherpa-onnx-node, which the operator installs, for the recognizer and for the synthesizer.
 *
 * @throws CodedError with `code` when it is not installed, or has no program for this machine
 */
export function loadSherpa(code: 'ERR_ASR_NOT_INSTALLED' | 'ERR_TTS_NOT_INSTALLED'): SherpaModule {
    try {
        return createRequire(__filename)('sherpa-onnx-node') as SherpaModule;
    } catch {
        throw new CodedError(code, 'sherpa-onnx-node is missing: npm install sherpa-onnx-node@1.13.8.');
    }
}

/** Finds the files of a model by patterns; a folder that cannot be read counts as empty. */
export function modelFiles(folder: string): (pattern: RegExp) => string | undefined {
    const names = filesOf(folder);
    return (pattern) => {
        // A folder often holds the same network in full and in 8 bits: the small one is made for this use.
        const fitting = names.filter((name) => pattern.test(name));
        const name = fitting.find((one) => one.includes('int8')) ?? fitting[0];
        return name === undefined ? undefined : join(folder, name);
    };
}

function filesOf(folder: string): string[] {
    try {
        return readdirSync(folder).sort();
    } catch {
        return [];
    }
}
