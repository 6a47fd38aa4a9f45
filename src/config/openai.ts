/** How this server reaches OpenAI: over the Realtime API, and over HTTP. */
import { randomBytes } from 'node:crypto';
import { DEFAULT_MODEL, type BargeInMode, type Environment } from './variables';

const OPENAI = 'https://api.openai.com/v1';

/** How the end of the caller's turn is found: `audio.input.turn_detection` (docs/REALTIME.md, 2.3). */
export type TurnDetection =
    | {
          type: 'server_vad';
          threshold: number;
          prefixPaddingMs: number;
          silenceDurationMs: number;
          idleTimeoutMs?: number;
      }
    | { type: 'semantic_vad'; eagerness: 'low' | 'medium' | 'high' | 'auto' };

/** Audio between this server and OpenAI. `pcm16`: 24 kHz, resampled by this server. `pcmu`: the caller's bytes unchanged. */
export type OpenAIAudioFormat = 'pcm16' | 'pcmu';

/** Everything that OpenAIRealtimeService needs for a call. Holds a key: never log it. */
export interface OpenAIConfig {
    /** Whole ws(s):// URL, `model` in its query. */
    readonly url: string;
    /** Authentication and routing headers. */
    readonly headers: Readonly<Record<string, string>>;
    readonly model: string;
    readonly voice: string;
    readonly instructions: string;
    /** Instruction for the first response; empty: the bot waits for the caller. */
    readonly greeting: string;
    /** The caller cannot interrupt the greeting. */
    readonly greetingProtected: boolean;
    /** What interrupts the bot while it speaks, besides a key. */
    readonly bargeIn: BargeInMode;
    /** The model cancels its response at the first sound of speech; false: only this server cancels it. */
    readonly interruptsItself: boolean;
    readonly audioFormat: OpenAIAudioFormat;
    readonly turnDetection: TurnDetection;
    readonly transcription: TranscriptionConfig | undefined;
    readonly noiseReduction: 'near_field' | 'far_field' | undefined;
    /** 1 is usual; only with `noiseReduction`. undefined: the service's own. */
    readonly noiseReductionStrength?: number | undefined;
    readonly speed: number;
    readonly maxOutputTokens: number | 'inf';
    readonly reasoningEffort: 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | undefined;
    /** `tokensAfterInstructions`: length of the conversation at which it is cut; without it the model's context. */
    readonly truncation:
        | 'auto'
        | 'disabled'
        | { readonly retentionRatio: number; readonly tokensAfterInstructions?: number | undefined };
    /** undefined: `auto`. */
    readonly toolChoice?: ToolChoice | undefined;
    /** Sent only to models that know it. undefined: the model's own. */
    readonly parallelToolCalls?: boolean | undefined;
    /** `groupId`: what the traces of one call have in common. undefined: off. */
    readonly tracing?: 'auto' | { readonly workflowName: string; readonly groupId?: string } | undefined;
    /** Salt of the hash by which OpenAI tells callers apart; undefined: it is told none. */
    readonly safetySalt?: string | undefined;
}

/** The recognizer of the caller's words, and what helps it. */
export interface TranscriptionConfig {
    readonly model: string;
    readonly language?: string | undefined;
    /** Instead of `language`, where the model takes several. */
    readonly languages?: readonly string[] | undefined;
    /** Names and words that are said, where the model takes them. */
    readonly keywords?: readonly string[] | undefined;
    /** What the calls are about, where the model takes it. */
    readonly prompt?: string | undefined;
}

/** Whether the model uses functions; a `function` by its name is used in every response. */
export type ToolChoice = 'auto' | 'none' | 'required' | { readonly function: string };

/** Whether a model reasons, and knows `reasoning` and `parallel_tool_calls`: the others refuse the whole update for them. */
export function canReason(model: string): boolean {
    return model.startsWith('gpt-realtime-2') && !/^gpt-realtime-20\d\d/.test(model);
}

/** Whether a transcription model takes `languages` and `keywords`. */
export function takesKeywords(model: string): boolean {
    return model === 'gpt-transcribe' || model === 'gpt-live-transcribe';
}

/** Whether a transcription model takes a `prompt`. */
export function takesHint(model: string): boolean {
    return model !== 'gpt-realtime-whisper';
}

/** OpenAI's chat, speech and transcription over HTTP. Holds a key: never log it. */
export interface RestConfig {
    readonly apiKey: string;
    /** https:// URL without a slash at the end. */
    readonly baseURL: string;
    readonly headers: Readonly<Record<string, string>>;
    /** undefined: it does not continue calls when the Realtime API is lost. */
    readonly chatModel: string | undefined;
    readonly speechModel: string;
    readonly transcriptionModel: string;
    readonly voice: string;
}

/** The settings of the Realtime API; undefined without a key. */
export function openaiConfig(values: Environment, instructions: string): OpenAIConfig | undefined {
    const address = azureAddress(values) ?? openaiAddress(values);
    if (address === undefined) return undefined;
    return {
        ...address,
        voice: values.OPENAI_VOICE,
        instructions,
        greeting: values.OPENAI_GREETING.toLowerCase() === 'off' ? '' : values.OPENAI_GREETING,
        greetingProtected: values.OPENAI_GREETING_PROTECTED,
        bargeIn: bargeInMode(values),
        interruptsItself: interruptsItself(bargeInMode(values), bargeInMinSpeechMs(values)),
        audioFormat: values.OPENAI_AUDIO_FORMAT,
        turnDetection: turnDetection(values),
        transcription: transcription(values),
        noiseReduction: values.OPENAI_NOISE_REDUCTION === 'off' ? undefined : values.OPENAI_NOISE_REDUCTION,
        speed: values.OPENAI_SPEED,
        maxOutputTokens: values.OPENAI_MAX_OUTPUT_TOKENS,
        reasoningEffort: values.OPENAI_REASONING_EFFORT,
        truncation: truncation(values),
        ...furtherOptions(values),
    };
}

/** Settings that name BARGE_IN_MIN_SPEECH_MS alone are older than BARGE_IN, and mean `instant`. */
export function bargeInMode({ BARGE_IN: mode, BARGE_IN_MIN_SPEECH_MS: minSpeechMs }: Environment): BargeInMode {
    return mode ?? (minSpeechMs === undefined ? 'smart' : 'instant');
}

/** Whether the service may cancel its response when it hears the caller; with `smart` only until the caller hears the response. */
function interruptsItself(mode: BargeInMode, minSpeechMs: number): boolean {
    return mode === 'smart' || (mode === 'instant' && minSpeechMs === 0);
}

/** Speech that interrupts the bot in the mode `instant`, in ms; 0: the first sound. */
export function bargeInMinSpeechMs({ BARGE_IN_MIN_SPEECH_MS: minSpeechMs = 0 }: Environment): number {
    return minSpeechMs;
}

/** The settings of OpenAI over HTTP; undefined when `hasHTTPService` is false. */
export function restConfig(values: Environment): RestConfig | undefined {
    const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: base = OPENAI, OPENAI_CHAT_MODEL: model } = values;
    if (apiKey === undefined || !hasHTTPService(values)) return undefined;
    const url = new URL(base);
    url.protocol = url.protocol.replace('ws', 'http');
    return {
        apiKey,
        baseURL: url.href.replace(/\/+$/, ''),
        headers: billing(values),
        chatModel: model.toLowerCase() === 'off' ? undefined : model,
        speechModel: values.OPENAI_SPEECH_MODEL,
        transcriptionModel: values.OPENAI_HTTP_TRANSCRIPTION_MODEL,
        voice: values.OPENAI_VOICE,
    };
}

/**
 * Whether OpenAI over HTTP can be reached: not without a key, not with Azure, whose deployments have names of their own, and
 * not when only the address of the Realtime service is given, because the address of its HTTP service is then unknown.
 */
export function hasHTTPService(values: Environment): boolean {
    if (values.OPENAI_API_KEY === undefined || values.AZURE_OPENAI_ENDPOINT !== undefined) return false;
    return values.OPENAI_BASE_URL !== undefined || values.OPENAI_REALTIME_URL === undefined;
}

/** The Realtime model: from the URL, else from OPENAI_REALTIME_MODEL, else the name of Azure's deployment, else the default. */
export function effectiveModel(values: Environment): string {
    return (
        modelInUrl(values) ??
        values.OPENAI_REALTIME_MODEL ??
        values.AZURE_OPENAI_DEPLOYMENT?.toLowerCase() ??
        DEFAULT_MODEL
    );
}

/** The model that OPENAI_REALTIME_URL names; undefined: none. */
export function modelInUrl(values: Environment): string | undefined {
    const model = values.OPENAI_REALTIME_URL?.searchParams.get('model') ?? '';
    return model === '' ? undefined : model;
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
    if (model.toLowerCase() === 'off') return undefined;
    return {
        model,
        language: values.OPENAI_TRANSCRIPTION_LANGUAGE,
        languages: values.OPENAI_TRANSCRIPTION_LANGUAGES,
        keywords: values.OPENAI_TRANSCRIPTION_KEYWORDS,
        prompt: values.OPENAI_TRANSCRIPTION_PROMPT,
    };
}

/** For servers that set none: another one in each process. */
const RANDOM_SALT = randomBytes(32).toString('base64');

function furtherOptions(values: Environment): Partial<OpenAIConfig> {
    const { OPENAI_TOOL_CHOICE: choice, OPENAI_TRACING: tracing, OPENAI_SAFETY_SALT: salt = RANDOM_SALT } = values;
    return {
        noiseReductionStrength: values.OPENAI_NOISE_REDUCTION_STRENGTH,
        toolChoice: choice === undefined ? undefined : toolChoice(choice),
        parallelToolCalls: values.OPENAI_PARALLEL_TOOL_CALLS,
        tracing: tracingOf(tracing),
        safetySalt: salt === 'off' ? undefined : salt,
    };
}

function toolChoice(given: string): ToolChoice {
    if (given === 'auto' || given === 'none' || given === 'required') return given;
    return { function: given.replace('function:', '') };
}

function tracingOf(given: string): OpenAIConfig['tracing'] {
    const word = given.toLowerCase();
    if (word === 'off') return undefined;
    return word === 'auto' ? 'auto' : { workflowName: given };
}

function truncation(values: Environment): OpenAIConfig['truncation'] {
    const kept = values.OPENAI_TRUNCATION;
    if (typeof kept !== 'number') return kept;
    const tokensAfterInstructions = values.OPENAI_TRUNCATION_TOKENS;
    return { retentionRatio: kept, ...(tokensAfterInstructions !== undefined && { tokensAfterInstructions }) };
}

/** Where the Realtime socket connects, and its headers (docs/REALTIME.md, 1.1). */
type RealtimeAddress = Pick<OpenAIConfig, 'url' | 'headers' | 'model'>;

function azureAddress(values: Environment): RealtimeAddress | undefined {
    const { AZURE_OPENAI_ENDPOINT: endpoint, AZURE_OPENAI_API_KEY: key, AZURE_OPENAI_DEPLOYMENT: deployment } = values;
    if (endpoint === undefined || key === undefined || deployment === undefined) return undefined;
    const base = endpoint.pathname.replace(/\/+$/, '').replace(/\/openai\/v1$/, '');
    const url = socketUrl(endpoint, `${base}/openai/v1/realtime`);
    url.searchParams.set('model', deployment);
    return { url: url.href, headers: { 'api-key': key }, model: effectiveModel(values) };
}

function openaiAddress(values: Environment): RealtimeAddress | undefined {
    const { OPENAI_API_KEY: key } = values;
    if (key === undefined) return undefined;
    const model = effectiveModel(values);
    const url = openaiUrl(values);
    url.searchParams.set('model', model);
    return { url: url.href, headers: { Authorization: `Bearer ${key}`, ...billing(values) }, model };
}

function openaiUrl(values: Environment): URL {
    if (values.OPENAI_REALTIME_URL !== undefined) return new URL(values.OPENAI_REALTIME_URL);
    const base = values.OPENAI_BASE_URL ?? new URL(OPENAI);
    return socketUrl(base, `${base.pathname.replace(/\/+$/, '')}/realtime`);
}

function billing(values: Environment): Record<string, string> {
    const headers: Record<string, string> = {};
    if (values.OPENAI_ORG_ID !== undefined) headers['OpenAI-Organization'] = values.OPENAI_ORG_ID;
    if (values.OPENAI_PROJECT_ID !== undefined) headers['OpenAI-Project'] = values.OPENAI_PROJECT_ID;
    return headers;
}

function socketUrl(base: URL, path: string): URL {
    const url = new URL(base);
    url.pathname = path;
    // http → ws and https → wss; a WebSocket scheme stays as it is.
    url.protocol = url.protocol.replace('http', 'ws');
    return url;
}
