import type { HTTPAccess } from '../openai-http-client';

/** How a text is to be spoken. */
export interface SpeakOptions {
    /** A voice of the engine; without it the engine's own. espeak-ng: a language such as `de` or `fr-fr`. */
    voice?: string | undefined;
    /** Ends the speech: what is being made is given up, and the iteration throws the signal's reason. */
    signal?: AbortSignal | undefined;
}

/** Turns text into a telephone voice. */
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
    /** Frees everything; what is being spoken ends with `ERR_TTS_CLOSED`. May be called twice. */
    close(): Promise<void>;
}

/** One way to speak. It is given one sentence at a time: TTSService cuts, remembers and falls back. */
export interface SpeechEngine extends TextToSpeech {
    /** The voice that speaks when none is asked for. */
    readonly voice: string;
    /** Makes ready what would delay the first sentence. Rejects with a coded error when the engine cannot speak. */
    warm(): Promise<void>;
}

/** Most characters of a sentence: what an engine takes at a time. About 40 s of speech. */
export const MAX_SENTENCE_CHARACTERS = 600;

/** OpenAI's speech over HTTP (`POST /audio/speech`), and services that are compatible with it. Holds a key: never log it. */
export interface OpenAISpeechConfig extends HTTPAccess {
    /** For example `gpt-4o-mini-tts`. */
    readonly model: string;
    /** For example `marin`. */
    readonly voice: string;
}

/** Which voice speaks what the Realtime API does not. */
export interface SpeechConfig {
    /** `flite`: embedded, English. `espeak`: the program espeak-ng, many languages. `none`: nothing is spoken. */
    readonly tts: 'flite' | 'openai' | 'espeak' | 'none';
    /** flite: `rms` (male, default) or `slt` (female). espeak: a language. openai: instead of `openai.voice`. */
    readonly voice?: string;
    /** Needed for `openai`. */
    readonly openai?: OpenAISpeechConfig;
}
