import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isLoopback } from './fields';
import { readEnvironment, type RawEnvironment, type ReadEnvironment } from './reader';
import { brokenRules } from './rules';
import { VARIABLE_NOTES } from './notes';
import { DEFAULT_INSTRUCTIONS, type Environment } from './schema';
import { CodedError, ERRORS } from '../support/errors';
import { openaiConfig, restConfig, type OpenAIConfig, type RestConfig } from './openai';

/** Where the API keys come from. Reading a file, or making a development key, is SecretService's work. */
export type ApiKeySource =
    | { kind: 'inline'; json: string }
    | { kind: 'file'; path: string }
    /** No key is configured: a pair is made at the first start and kept in a git-ignored file. */
    | { kind: 'development'; path: string };

export type { OpenAIAudioFormat, OpenAIConfig, RestConfig, TurnDetection } from './openai';

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

/** Who speaks and hears where the Realtime API does not. */
export interface LocalSpeechConfig {
    readonly tts: 'flite' | 'espeak' | 'openai';
    readonly voice: string | undefined;
    readonly asr: 'none' | 'pocketsphinx' | 'openai' | 'sherpa';
    /** The model of `sherpa`. */
    readonly asrModelPath: string | undefined;
    /** Names and sentences with their recordings. */
    readonly promptsFile: string | undefined;
    /** OpenAI over HTTP: for `openai` here, and for the bot that takes over first. undefined: it cannot be reached. */
    readonly rest: RestConfig | undefined;
    /** Takes over when OpenAI is lost; `off`: the call goes back to Architect. */
    readonly fallback: 'ladder' | 'off';
    /** Calls begin with this rung, for trying it; `off`: with the first one. */
    readonly forceFallback: 'off' | 'rest' | 'local' | 'apology';
}

/** An OAuth client of the grant “Client Credentials”. Holds a secret: never log it. */
export interface GenesysConfig {
    readonly region: string;
    readonly clientId: string;
    readonly clientSecret: string;
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
    /** Who answers calls that name no bot; undefined: the profile `default`, else OpenAI, else the local bot. */
    readonly defaultBot: string | undefined;
    /** Folder of the bot profiles; undefined: there are none. */
    readonly botsFolder: string | undefined;
    /** Module of your own that registers bots, functions, secrets, a recognizer or a voice (EXTENSIONS); undefined: there is none. */
    readonly extensionsPath?: string;
    /** The OAuth client for Data Actions; undefined: there is none. Holds a secret: never log it. */
    readonly genesys: GenesysConfig | undefined;
    /** undefined: no key, the embedded bot answers. */
    readonly openai: OpenAIConfig | undefined;
    readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
    /** Write what was said into the log. */
    readonly logTranscripts: boolean;
}

/** The profiles that come with the server: beside `src`, and beside `dist`. */
const SHIPPED_BOTS = join(__dirname, '..', '..', 'bots');

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
        defaultBot: values.DEFAULT_BOT,
        botsFolder: botsFolder(values),
        genesys: genesysConfig(values),
        localSpeech: {
            tts: values.LOCAL_TTS,
            voice: values.LOCAL_VOICE,
            asr: values.LOCAL_ASR,
            asrModelPath: values.LOCAL_ASR_MODEL_PATH,
            promptsFile: values.PROMPTS_FILE,
            rest: restConfig(values),
            fallback: values.FALLBACK,
            forceFallback: values.FORCE_RUNG,
        },
        openai: openaiConfig(values, instructions),
        logLevel: values.LOG_LEVEL,
        logTranscripts: values.LOG_TRANSCRIPTS,
    };
}

function botsFolder({ BOTS_FOLDER: folder = SHIPPED_BOTS }: Environment): string | undefined {
    return folder.toLowerCase() === 'off' ? undefined : folder;
}

/** Half of a client was refused before. */
function genesysConfig(values: Environment): GenesysConfig | undefined {
    const { GENESYS_REGION: region, GENESYS_CLIENT_ID: clientId, GENESYS_CLIENT_SECRET: clientSecret } = values;
    if (region === undefined || clientId === undefined || clientSecret === undefined) return undefined;
    return { region, clientId, clientSecret };
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
