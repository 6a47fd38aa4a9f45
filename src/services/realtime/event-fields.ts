import { finiteIn, recordIn, textIn, type Fields } from '../../support/json';

/** An audio format that the session says it uses; `unknown`: one that this bridge cannot read. */
export type WireFormat = 'pcm16' | 'pcmu' | 'unknown';

/** The formats of `session.updated`: caller to model, and model to caller. */
export interface SessionFormats {
    input: WireFormat;
    output: WireFormat;
}

/** Reads `audio.input.format` and `audio.output.format` of a session object (sheet, section 4). */
export function readFormats(session: Fields): SessionFormats {
    const audio = recordIn(session, 'audio');
    return { input: formatOf(recordIn(audio, 'input')), output: formatOf(recordIn(audio, 'output')) };
}

function formatOf(side: Fields): WireFormat {
    const format = recordIn(side, 'format');
    const type = textIn(format, 'type');
    if (type === 'audio/pcmu') return 'pcmu';
    return type === 'audio/pcm' && finiteIn(format, 'rate') === 24_000 ? 'pcm16' : 'unknown';
}

/** Tokens of one answer (sheet, section 12). A field that is missing counts 0. */
export interface ResponseUsage {
    totalTokens: number;
    inputTokens: number;
    outputTokens: number;
    cachedTokens: number;
    inputTextTokens: number;
    cachedTextTokens: number;
    outputTextTokens: number;
    inputAudioTokens: number;
    cachedAudioTokens: number;
    outputAudioTokens: number;
}

/** Reads `response.usage`. */
export function readUsage(usage: Fields): ResponseUsage {
    const input = recordIn(usage, 'input_token_details');
    const cached = recordIn(input, 'cached_tokens_details');
    const output = recordIn(usage, 'output_token_details');
    return {
        totalTokens: countIn(usage, 'total_tokens'),
        inputTokens: countIn(usage, 'input_tokens'),
        outputTokens: countIn(usage, 'output_tokens'),
        cachedTokens: countIn(input, 'cached_tokens'),
        inputTextTokens: countIn(input, 'text_tokens'),
        cachedTextTokens: countIn(cached, 'text_tokens'),
        outputTextTokens: countIn(output, 'text_tokens'),
        inputAudioTokens: countIn(input, 'audio_tokens'),
        cachedAudioTokens: countIn(cached, 'audio_tokens'),
        outputAudioTokens: countIn(output, 'audio_tokens'),
    };
}

/** What one transcription of the caller's words took (sheet, section 12): the service counts in tokens or in seconds. */
export interface TranscriptionUsage {
    totalTokens: number;
    /** Of them, caller audio: one for each 100 ms. */
    audioTokens: number;
    /** Seconds of caller audio, where it counts so; else 0. */
    seconds: number;
}

/** Reads the `usage` of a finished transcription. */
export function readTranscriptionUsage(usage: Fields): TranscriptionUsage {
    return {
        totalTokens: countIn(usage, 'total_tokens'),
        audioTokens: countIn(recordIn(usage, 'input_token_details'), 'audio_tokens'),
        seconds: countIn(usage, 'seconds'),
    };
}

function countIn(fields: Fields, name: string): number {
    return Math.max(0, finiteIn(fields, name) ?? 0);
}
