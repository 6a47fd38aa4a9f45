import type { Environment } from './schema';
import { httpAddress, realtimeAddress, type HTTPAddress } from './openai-address';

/** How the caller's end of turn is found (Realtime API, `audio.input.turn_detection`). */
export type TurnDetection =
    | {
          type: 'server_vad';
          threshold: number;
          prefixPaddingMs: number;
          silenceDurationMs: number;
          idleTimeoutMs?: number;
      }
    | { type: 'semantic_vad'; eagerness: 'low' | 'medium' | 'high' | 'auto' };

/** Audio between this server and OpenAI. `pcm16`: 24 kHz, resampled here. `pcmu`: the caller's bytes as they are. */
export type OpenAIAudioFormat = 'pcm16' | 'pcmu';

/** Everything OpenAIRealtimeService needs for a call. Holds a key: never log it. */
export interface OpenAIConfig {
    /** Whole ws(s):// URL, `model` in its query. */
    readonly url: string;
    /** Authentication and routing headers. */
    readonly headers: Readonly<Record<string, string>>;
    readonly model: string;
    readonly voice: string;
    readonly instructions: string;
    /** What the bot is told to say first; empty: it waits for the caller. */
    readonly greeting: string;
    /** The caller cannot interrupt the greeting. */
    readonly greetingProtected: boolean;
    /** The model stops by itself at the first sound of speech; false: only when it is told to. */
    readonly interruptsItself: boolean;
    readonly audioFormat: OpenAIAudioFormat;
    readonly turnDetection: TurnDetection;
    readonly transcription: { readonly model: string; readonly language?: string } | undefined;
    readonly noiseReduction: 'near_field' | 'far_field' | undefined;
    readonly speed: number;
    readonly maxOutputTokens: number | 'inf';
    readonly reasoningEffort: 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | undefined;
    readonly truncation: 'auto' | 'disabled' | { readonly retentionRatio: number };
}

/** OpenAI over HTTP. Holds a key: never log it. */
export interface RestConfig extends HTTPAddress {
    /** undefined: it does not answer callers. */
    readonly chatModel: string | undefined;
    readonly speechModel: string;
    readonly transcriptionModel: string;
    readonly voice: string;
}

/** The settings of the Realtime API; undefined without a key. */
export function openaiConfig(values: Environment, instructions: string): OpenAIConfig | undefined {
    const address = realtimeAddress(values);
    if (address === undefined) return undefined;
    return {
        ...address,
        voice: values.OPENAI_VOICE,
        instructions,
        greeting: values.OPENAI_GREETING.toLowerCase() === 'off' ? '' : values.OPENAI_GREETING,
        greetingProtected: values.OPENAI_GREETING_PROTECTED,
        interruptsItself: values.BARGE_IN_MIN_SPEECH_MS === 0,
        audioFormat: values.OPENAI_AUDIO_FORMAT,
        turnDetection: turnDetection(values),
        transcription: transcription(values),
        noiseReduction: values.OPENAI_NOISE_REDUCTION === 'off' ? undefined : values.OPENAI_NOISE_REDUCTION,
        speed: values.OPENAI_SPEED,
        maxOutputTokens: values.OPENAI_MAX_OUTPUT_TOKENS,
        reasoningEffort: values.OPENAI_REASONING_EFFORT,
        truncation: truncation(values),
    };
}

/** The settings of the HTTP interface; undefined where nobody says how it is reached. */
export function restConfig(values: Environment): RestConfig | undefined {
    const address = httpAddress(values);
    if (address === undefined) return undefined;
    const model = values.OPENAI_CHAT_MODEL;
    return {
        ...address,
        chatModel: model.toLowerCase() === 'off' ? undefined : model,
        speechModel: values.OPENAI_SPEECH_MODEL,
        transcriptionModel: values.OPENAI_HEARING_MODEL,
        voice: values.OPENAI_VOICE,
    };
}

function turnDetection(values: Environment): TurnDetection {
    if (values.OPENAI_TURN_DETECTION === 'semantic_vad')
        return { type: 'semantic_vad', eagerness: values.OPENAI_VAD_EAGERNESS ?? 'auto' };
    const idleTimeoutMs = values.OPENAI_VAD_IDLE_TIMEOUT_MS;
    return {
        type: 'server_vad',
        threshold: values.OPENAI_VAD_THRESHOLD ?? 0.5,
        prefixPaddingMs: values.OPENAI_VAD_PREFIX_MS ?? 300,
        silenceDurationMs: values.OPENAI_VAD_SILENCE_MS ?? 500,
        ...(idleTimeoutMs !== undefined && { idleTimeoutMs }),
    };
}

function transcription(values: Environment): OpenAIConfig['transcription'] {
    const model = values.OPENAI_TRANSCRIPTION_MODEL;
    const language = values.OPENAI_TRANSCRIPTION_LANGUAGE;
    if (model.toLowerCase() === 'off') return undefined;
    return { model, ...(language !== undefined && { language }) };
}

function truncation(values: Environment): OpenAIConfig['truncation'] {
    const kept = values.OPENAI_TRUNCATION;
    return typeof kept === 'number' ? { retentionRatio: kept } : kept;
}
