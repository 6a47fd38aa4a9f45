import { readFileSync } from 'node:fs';
import { isLoopback } from '../support/env-fields';
import { readEnvironment, type RawEnvironment, type ReadEnvironment } from '../support/env-reader';
import { brokenRules } from '../support/env-rules';
import { VARIABLE_NOTES } from '../support/env-notes';
import { DEFAULT_INSTRUCTIONS, type Environment } from '../support/env-schema';
import { CodedError, ERRORS } from '../support/errors';
import { realtimeAddress } from '../support/openai-address';

/** Where the API keys come from. Reading a file, or making a development key, is SecretService's work. */
export type ApiKeySource =
    | { kind: 'inline'; json: string }
    | { kind: 'file'; path: string }
    /** No key is configured: a pair is made at the first start and kept in a git-ignored file. */
    | { kind: 'development'; path: string };

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

/** How entries of the keypad come to their end. */
export interface DTMFConfig {
    /** Ends an entry and is not part of it; empty: no key does. */
    readonly terminator: string;
    /** Keys that are an entry by themselves when pressed first. */
    readonly singleKeys: string;
    readonly maxDigits: number;
    readonly interDigitMs: number;
    readonly totalMs: number;
}

/** Who speaks when. 0 switches a limit off. */
export interface TurnTakingConfig {
    readonly bargeInMinSpeechMs: number;
    readonly echoGuard: boolean;
    readonly noInputMs: number;
    readonly maxReprompts: number;
    readonly deadAirMs: number;
    readonly maxTurns: number;
    readonly maxCostUsd: number;
    readonly dtmf: DTMFConfig;
}

/** Who speaks and hears where OpenAI does not. */
export interface LocalSpeechConfig {
    readonly tts: 'flite' | 'espeak';
    readonly voice: string | undefined;
    readonly asr: 'none' | 'pocketsphinx';
    /** Takes over when OpenAI is lost; `off`: the call goes back to Architect. */
    readonly fallback: 'ladder' | 'off';
    /** Calls begin with this rung, for trying it; `off`: with the first one. */
    readonly forceRung: 'off' | 'local' | 'apology';
}

/** The whole configuration, read once at start and frozen. */
export interface Config {
    readonly port: number;
    readonly host: string;
    /** This path and everything below it is ours. Begins with `/`, no trailing slash except the bare `/`. */
    readonly audiohookPath: string;
    readonly production: boolean;
    readonly apiKeys: ApiKeySource;
    /** Organization ids that may call; empty: every one that has a key. */
    readonly organizations: readonly string[];
    /** Host names that a signature may be made for; empty: whatever Host says. */
    readonly authorities: readonly string[];
    /** Take the signed authority from X-Forwarded-Host. Only behind a proxy that overwrites this header. */
    readonly trustProxy: boolean;
    readonly maxSessions: number;
    readonly maxCallMinutes: number;
    readonly shutdownGraceSeconds: number;
    /** Most audio, in ms, that may be ahead of the caller's ear. */
    readonly playbackLeadMs: number;
    readonly turnTaking: TurnTakingConfig;
    readonly localSpeech: LocalSpeechConfig;
    /** Who answers calls that name no bot. */
    readonly defaultBot: 'openai' | 'local' | 'echo' | 'silent';
    /** undefined: no key, the embedded bot answers. */
    readonly openai: OpenAIConfig | undefined;
    readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
    /** Write what was said into the log. */
    readonly logTranscripts: boolean;
}

/** Where the development key lives, below the working directory. */
export const DEVELOPMENT_KEY_PATH = '.audiohook-dev-keys.json';

/**
 * Reads the whole configuration, once, and freezes it. Every variable is described in docs/CONFIGURATION.md.
 *
 * @throws CodedError `ERR_CONFIG` that names every wrong variable and what would be right, never a secret;
 * `ERR_DEV_KEYS_REFUSED` where keys must be configured and are not.
 */
export function loadConfig(env: RawEnvironment): Config {
    const read = readEnvironment(env);
    const instructions = readInstructions(read);
    const problems = [...read.problems, ...brokenRules(read), ...instructions.problems];
    const refused = developmentKeyRefused(read.values);
    if (problems.length === 0 && refused) throw new CodedError('ERR_DEV_KEYS_REFUSED');
    if (refused) problems.push(`${ERRORS.ERR_DEV_KEYS_REFUSED.cause} ${ERRORS.ERR_DEV_KEYS_REFUSED.cure}`);
    if (problems.length > 0) throw new CodedError('ERR_CONFIG', problems.map((problem) => `\n  - ${problem}`).join(''));
    return deepFreeze(toConfig(read.values, instructions.text));
}

/**
 * The TCP port of `PORT`, 8080 when it is not set.
 *
 * @throws CodedError `ERR_CONFIG` when it is not a port.
 */
export function getPort(): number {
    const { values, problems } = readEnvironment({ PORT: process.env['PORT'] });
    if (problems.length > 0) throw new CodedError('ERR_CONFIG', problems.join(' '));
    return values.PORT;
}

function toConfig(values: Environment, instructions: string): Config {
    return {
        port: values.PORT,
        host: values.HOST,
        audiohookPath: values.AUDIOHOOK_PATH,
        production: isProduction(values),
        apiKeys: apiKeySource(values),
        organizations: values.AUDIOHOOK_ORGANIZATIONS,
        authorities: values.AUDIOHOOK_AUTHORITIES,
        trustProxy: values.AUDIOHOOK_TRUST_PROXY,
        maxSessions: values.MAX_SESSIONS,
        maxCallMinutes: values.MAX_CALL_MINUTES,
        shutdownGraceSeconds: values.SHUTDOWN_GRACE_SECONDS,
        playbackLeadMs: values.PLAYBACK_LEAD_MS,
        turnTaking: turnTaking(values),
        defaultBot: values.DEFAULT_BOT ?? (realtimeAddress(values) === undefined ? 'local' : 'openai'),
        localSpeech: {
            tts: values.LOCAL_TTS,
            voice: values.LOCAL_VOICE,
            asr: values.LOCAL_ASR,
            fallback: values.FALLBACK,
            forceRung: values.FORCE_RUNG,
        },
        openai: openaiConfig(values, instructions),
        logLevel: values.LOG_LEVEL,
        logTranscripts: values.LOG_TRANSCRIPTS,
    };
}

function turnTaking(values: Environment): TurnTakingConfig {
    return {
        bargeInMinSpeechMs: values.BARGE_IN_MIN_SPEECH_MS,
        echoGuard: values.ECHO_GUARD,
        noInputMs: values.NO_INPUT_SECONDS * 1000,
        maxReprompts: values.NO_INPUT_REPROMPTS,
        deadAirMs: values.DEAD_AIR_SECONDS * 1000,
        maxTurns: values.MAX_TURNS,
        maxCostUsd: values.MAX_COST_USD,
        dtmf: {
            terminator: values.DTMF_TERMINATOR === 'none' ? '' : values.DTMF_TERMINATOR,
            singleKeys: values.DTMF_SINGLE_KEYS ?? '',
            maxDigits: values.DTMF_MAX_DIGITS,
            interDigitMs: values.DTMF_INTER_DIGIT_SECONDS * 1000,
            totalMs: values.DTMF_TOTAL_SECONDS * 1000,
        },
    };
}

function openaiConfig(values: Environment, instructions: string): OpenAIConfig | undefined {
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

function apiKeySource(values: Environment): ApiKeySource {
    if (values.AUDIOHOOK_API_KEYS !== undefined) return { kind: 'inline', json: values.AUDIOHOOK_API_KEYS };
    if (values.AUDIOHOOK_API_KEYS_FILE !== undefined) return { kind: 'file', path: values.AUDIOHOOK_API_KEYS_FILE };
    return { kind: 'development', path: DEVELOPMENT_KEY_PATH };
}

function developmentKeyRefused(values: Environment): boolean {
    return apiKeySource(values).kind === 'development' && (isProduction(values) || !isLoopback(values.HOST));
}

function isProduction(values: Environment): boolean {
    return values.NODE_ENV === 'production';
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

const MAX_INSTRUCTIONS_BYTES = 65_536;

function readInstructions({ values }: ReadEnvironment): { text: string; problems: string[] } {
    const path = values.OPENAI_INSTRUCTIONS_FILE;
    if (path === undefined) return { text: values.OPENAI_INSTRUCTIONS ?? DEFAULT_INSTRUCTIONS, problems: [] };
    try {
        const bytes = readFileSync(path);
        const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).trim();
        if (text !== '' && bytes.length <= MAX_INSTRUCTIONS_BYTES) return { text, problems: [] };
    } catch {
        // Missing, a folder, not allowed or not UTF-8: the sentence below says what would be right for all of them.
    }
    const right = VARIABLE_NOTES.OPENAI_INSTRUCTIONS_FILE.right;
    return { text: '', problems: [`OPENAI_INSTRUCTIONS_FILE is ${JSON.stringify(path)}; right is ${right}.`] };
}

function deepFreeze<T>(value: T): T {
    if (typeof value !== 'object' || value === null) return value;
    for (const part of Object.values(value)) deepFreeze<unknown>(part);
    return Object.freeze(value);
}
