import { readFileSync } from 'node:fs';
import { afterCallConfig, type AfterCallConfig } from './after-call';
import { isLoopback } from './fields';
import { flightConfig, type FlightConfig } from './flight';
import {
    bargeInMinSpeechMs,
    bargeInMode,
    openaiConfig,
    restConfig,
    type OpenAIConfig,
    type RestConfig,
} from './openai';
import { callRecordConfig, type CallRecordConfig } from './call-records';
import { operationsConfig, type OperationsConfig } from './operations';
import { OUTGOING_PROXY } from './outbound-variables';
import { brokenRules } from './rules';
import { SHIPPED_BOTS } from './shipped-bots';
import { tracingConfig, type TracingConfig } from './tracing';
import {
    DEFAULT_INSTRUCTIONS,
    environmentSchema,
    RENAMED_VARIABLES,
    VARIABLE_NAMES,
    VARIABLES,
    type BargeInMode,
    type Environment,
    type VariableName,
} from './variables';
import { CodedError, ERRORS, type ErrorCode } from '../support/errors';
import { didYouMean } from '../support/near-names';

/** The environment as Node gives it, or that of a test. */
export type RawEnvironment = Readonly<Record<string, string | undefined>>;

/** A setting that the operator should change although the server can start. */
export interface ConfigWarning {
    readonly code: ErrorCode;
    /** Names the variable; never shows a value. */
    readonly message: string;
}

/** Where the API keys come from. SecretService reads the file and makes the development key. */
export type ApiKeySource =
    | { kind: 'inline'; json: string }
    | { kind: 'file'; path: string }
    /** No key is configured: a pair is made at the first start and kept in a git-ignored file. */
    | { kind: 'development'; path: string }
    /** No key is configured, and a development key is refused: a secret provider must be registered. */
    | { kind: 'none' };

/** What is known beside the environment. */
export interface LoadConfigOptions {
    /** The server is given a secret provider in code, so that no API key need be configured. Default: false. */
    hasSecretProvider?: boolean;
}

export type { AfterCallConfig } from './after-call';
export type { OpenAIAudioFormat, OpenAIConfig, RestConfig } from './openai';
export type { AbuseConfig, AdmissionConfig, AlertConfig, MetricsConfig, ReplayStoreConfig } from './operations';
export type { CallRecordConfig } from './call-records';
export type { TracingConfig } from './tracing';

/** When an entry on the caller's keypad is complete. */
export interface DTMFConfig {
    /** Ends an entry and is not part of it; empty: no key ends it. */
    readonly terminator: string;
    /** Keys that are a complete entry when they are pressed first. */
    readonly singleKeys: string;
    readonly maxDigits: number;
    readonly interDigitMs: number;
    readonly totalMs: number;
}

export type { BargeInMode } from './variables';

/** What interrupts the bot while it speaks. A key does in each mode. */
export interface BargeInConfig {
    /** `smart`: the call judges the speech. `instant`: the first sound, or `bargeInMinSpeechMs` of speech. `off`: no speech does. */
    readonly mode: BargeInMode;
    /** `smart`: words and phrases that do not interrupt, of the bot's language and of its own. In `Config` there are none. */
    readonly backchannels: readonly string[];
    /** `smart`: words and phrases that interrupt however softly they are said. In `Config` there are none. */
    readonly alwaysYield: readonly string[];
}

/** Turn-taking between caller and bot. 0 switches a limit off. */
export interface TurnTakingConfig {
    readonly bargeIn: BargeInConfig;
    /** Speech that interrupts the bot in the mode `instant`; 0: the first sound. */
    readonly bargeInMinSpeechMs: number;
    readonly echoGuard: boolean;
    readonly noInputMs: number;
    readonly maxReprompts: number;
    readonly deadAirMs: number;
    readonly maxTurns: number;
    readonly maxCostUsd: number;
    readonly dtmf: DTMFConfig;
}

/** Voice, recognizer and fallback of calls without the Realtime API. */
export interface LocalSpeechConfig {
    /** `custom`: the voice that the extension module registers. */
    readonly tts: 'flite' | 'openai' | 'sherpa' | 'custom';
    /** undefined: the default voice of the engine. */
    readonly voice: string | undefined;
    /** Folder of the model for the voice `sherpa`. */
    readonly ttsModelPath: string | undefined;
    /** `none`: callers press keys. `custom`: the recognizer that the extension module registers. */
    readonly asr: 'none' | 'openai' | 'sherpa' | 'custom';
    /** Folder of the model for the recognizer `sherpa`. */
    readonly asrModelPath: string | undefined;
    /** File of names and sentences with their recordings; undefined: everything is synthesized. */
    readonly promptsFile: string | undefined;
    /** OpenAI over HTTP, for `openai` and for the first fallback option. undefined: it cannot be reached. */
    readonly rest: RestConfig | undefined;
    /** What continues a call when OpenAI is lost; `off`: the call goes back to Architect. */
    readonly fallback: 'ladder' | 'off';
    /** For tests: the fallback option that calls begin with; `off`: they begin with OpenAI. */
    readonly forceFallback: 'off' | 'rest' | 'local' | 'apology';
}

/** An OAuth client with the grant “Client Credentials”. Holds a secret: never log it. */
export interface GenesysConfig {
    readonly region: string;
    readonly clientId: string;
    readonly clientSecret: string;
}

/** The whole configuration, read once at start and frozen. */
export interface Config extends OperationsConfig {
    readonly port: number;
    readonly host: string;
    /** This path and all paths below it are served. Begins with `/`; no trailing slash except in `/` itself. */
    readonly audiohookPath: string;
    readonly production: boolean;
    readonly apiKeys: ApiKeySource;
    /** Ids of the organizations that may call; empty: every organization that has a key. */
    readonly organizations: readonly string[];
    /** Host names that a signature may be made for; empty: the value of the Host header. */
    readonly authorities: readonly string[];
    /** Take the signed authority from X-Forwarded-Host. Only behind a proxy that overwrites this header. */
    readonly trustProxy: boolean;
    /** Most calls at a time; undefined: what the core carries, see `maxCalls` in `capacity.ts`. */
    readonly maxSessions: number | undefined;
    readonly maxUnopenedConnections: number;
    readonly maxCallMinutes: number;
    readonly shutdownDrainSeconds: number;
    readonly shutdownGraceSeconds: number;
    /** Most audio, in ms, that is sent ahead of the playhead. */
    readonly playbackLeadMs: number;
    readonly turnTaking: TurnTakingConfig;
    readonly localSpeech: LocalSpeechConfig;
    /** The bot of calls that name none; undefined: the profile `default`, else OpenAI, else the local bot. */
    readonly defaultBot: string | undefined;
    /** Module of your own that registers bots, functions, secrets, a recognizer or a voice, relative to the working directory; undefined: none. */
    readonly extensionsPath: string | undefined;
    /** Folder of the bot profiles; undefined: there are none. */
    readonly botsFolder: string | undefined;
    /** The OAuth client for Data Actions; undefined: there is none. Holds a secret: never log it. */
    readonly genesys: GenesysConfig | undefined;
    /** undefined: there is no key, and the local bot answers. */
    readonly openai: OpenAIConfig | undefined;
    readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
    /** Write the transcript into the log. */
    readonly logTranscripts: boolean;
    /** Where the process that `npm start` runs sends traces; undefined: nowhere. An application registers a tracer provider of its own. */
    readonly tracing: TracingConfig | undefined;
    /** Put what is said, and what functions are given and give, into the traces. */
    readonly traceContent: boolean;
    /** What becomes of a call at its end. */
    readonly afterCall: AfterCallConfig;
    /** What is kept of calls after their end; undefined: nothing. */
    readonly callRecords: CallRecordConfig | undefined;
    /** undefined: no call is recorded for a replay. */
    readonly flight: FlightConfig | undefined;
    /** What the operator should change although the server can start; Server logs each once at start. */
    readonly warnings: readonly ConfigWarning[];
}

/** File of the development key, relative to the working directory. */
const DEVELOPMENT_KEY_PATH = '.audiohook-dev-keys.json';

/**
 * Reads the whole configuration, once, and freezes it. Every variable is described in docs/CONFIGURATION.md.
 *
 * @throws CodedError `ERR_CONFIG`, which names every wrong variable and what would be right, but shows no secret;
 * `ERR_DEV_KEYS_REFUSED` when keys must be configured and are not. With EXTENSIONS, whose module may register a secret provider,
 * the server's start refuses that instead.
 */
export function loadConfig(env: RawEnvironment, options: LoadConfigOptions = {}): Config {
    const { values, broken, warnings, ...read } = readEnvironment(env);
    const instructions = readInstructions(values);
    const problems = [...read.problems, ...brokenRules(values, broken), ...instructions.problems];
    const mayHaveProvider = options.hasSecretProvider === true || values.EXTENSIONS !== undefined;
    const refused = apiKeySource(values).kind === 'none' && !mayHaveProvider;
    if (problems.length === 0 && refused) throw new CodedError('ERR_DEV_KEYS_REFUSED');
    if (refused) problems.push(`${ERRORS.ERR_DEV_KEYS_REFUSED.cause} ${ERRORS.ERR_DEV_KEYS_REFUSED.cure}`);
    if (problems.length > 0) throw new CodedError('ERR_CONFIG', problems.map((problem) => `\n  - ${problem}`).join(''));
    return deepFreeze(toConfig(values, instructions.text, warnings));
}

function toConfig(values: Environment, instructions: string, warnings: readonly ConfigWarning[]): Config {
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
        ...operationsConfig(values),
        maxUnopenedConnections: values.MAX_UNOPENED_CONNECTIONS,
        maxCallMinutes: values.MAX_CALL_MINUTES,
        shutdownDrainSeconds: values.SHUTDOWN_DRAIN_SECONDS,
        shutdownGraceSeconds: values.SHUTDOWN_GRACE_SECONDS,
        playbackLeadMs: values.PLAYBACK_LEAD_MS,
        turnTaking: turnTaking(values),
        defaultBot: values.DEFAULT_BOT,
        extensionsPath: values.EXTENSIONS,
        botsFolder: botsFolder(values),
        genesys: genesysConfig(values),
        localSpeech: {
            tts: values.LOCAL_TTS,
            voice: values.LOCAL_VOICE,
            ttsModelPath: values.LOCAL_TTS_MODEL_PATH,
            asr: values.LOCAL_ASR,
            asrModelPath: values.LOCAL_ASR_MODEL_PATH,
            promptsFile: values.PROMPTS_FILE,
            rest: restConfig(values),
            fallback: values.FALLBACK,
            forceFallback: values.FORCE_FALLBACK,
        },
        openai: openaiConfig(values, instructions),
        logLevel: values.LOG_LEVEL,
        logTranscripts: values.LOG_TRANSCRIPTS,
        tracing: tracingConfig(values),
        traceContent: values.TRACE_CONTENT === 'on',
        afterCall: afterCallConfig(values),
        callRecords: callRecordConfig(values),
        flight: flightConfig(values),
        warnings,
    };
}

function botsFolder({ BOTS_FOLDER: folder = SHIPPED_BOTS }: Environment): string | undefined {
    return folder.toLowerCase() === 'off' ? undefined : folder;
}

/** A client with only some of the three values was refused by the rules. */
function genesysConfig(values: Environment): GenesysConfig | undefined {
    const { GENESYS_REGION: region, GENESYS_CLIENT_ID: clientId, GENESYS_CLIENT_SECRET: clientSecret } = values;
    if (region === undefined || clientId === undefined || clientSecret === undefined) return undefined;
    return { region, clientId, clientSecret };
}

function turnTaking(values: Environment): TurnTakingConfig {
    return {
        bargeIn: { mode: bargeInMode(values), backchannels: [], alwaysYield: [] },
        bargeInMinSpeechMs: bargeInMinSpeechMs(values),
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
    if (isProduction(values) || !isLoopback(values.HOST)) return { kind: 'none' };
    return { kind: 'development', path: DEVELOPMENT_KEY_PATH };
}

function isProduction(values: Environment): boolean {
    return values.NODE_ENV === 'production';
}

const MAX_INSTRUCTIONS_BYTES = 65_536;

function readInstructions(values: Environment): { text: string; problems: string[] } {
    const path = values.OPENAI_INSTRUCTIONS_FILE;
    if (path === undefined) return { text: values.OPENAI_INSTRUCTIONS ?? DEFAULT_INSTRUCTIONS, problems: [] };
    try {
        const bytes = readFileSync(path);
        const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).trim();
        if (text !== '' && bytes.length <= MAX_INSTRUCTIONS_BYTES) return { text, problems: [] };
    } catch {
        // Missing, a folder, not readable or not UTF-8: the sentence below covers all of these.
    }
    const { right } = VARIABLES.OPENAI_INSTRUCTIONS_FILE;
    return { text: '', problems: [`OPENAI_INSTRUCTIONS_FILE is ${JSON.stringify(path)}; right is ${right}.`] };
}

function deepFreeze<T>(value: T): T {
    if (typeof value !== 'object' || value === null) return value;
    for (const part of Object.values(value)) deepFreeze<unknown>(part);
    return Object.freeze(value);
}

interface ReadEnvironment {
    /** Every value; a variable that is wrong has its default here, so that the others can be checked too. */
    values: Environment;
    /** The variables that are wrong. */
    broken: ReadonlySet<string>;
    /** A sentence for each of them. */
    problems: string[];
    warnings: ConfigWarning[];
}

/** Reads and checks each variable alone; an empty value counts as not set. Never throws. */
function readEnvironment(env: RawEnvironment): ReadEnvironment {
    const present = presentIn(env);
    const renamed = readOldNames(present);
    const given = { ...present, ...renamed.values };
    const result = environmentSchema.safeParse(given);
    const broken = new Set((result.error?.issues ?? []).map((issue) => String(issue.path[0])));
    const sound = Object.fromEntries(Object.entries(given).filter(([name]) => !broken.has(name)));
    const wrong = VARIABLE_NAMES.filter((name) => broken.has(name));
    return {
        values: result.data ?? environmentSchema.parse(sound),
        broken,
        problems: [...wrong.map((name) => wrongValue(name, present)), ...renamed.problems],
        warnings: [...renamed.warnings, ...unknownVariables(present)],
    };
}

function presentIn(env: RawEnvironment): Record<string, string> {
    const trimmed = Object.entries(env).map(([name, value = '']) => [name, value.trim()] as const);
    return Object.fromEntries(trimmed.filter(([, value]) => value !== ''));
}

/** Variables that are set under their old name. `values`: by their new name. */
function readOldNames(present: RawEnvironment): Pick<ReadEnvironment, 'problems' | 'warnings'> & {
    values: Record<string, string>;
} {
    const values: Record<string, string> = {};
    const problems: string[] = [];
    const warnings: ConfigWarning[] = [];
    for (const { old, new: name } of RENAMED_VARIABLES) {
        const [before, now] = [present[old], present[name]];
        if (before === undefined) continue;
        if (now === undefined) values[name] = before;
        if (now !== undefined && now !== before)
            problems.push(`${old} and ${name} are both set and differ; right is only ${name}.`);
        const message = `${old} is now called ${name}; the next version does not read the old name`;
        warnings.push({ code: 'ERR_CONFIG_RENAMED', message });
    }
    return { values, problems, warnings };
}

/**
 * Variables that are not known: all that begin with AUDIOHOOK_, because a misspelt AUDIOHOOK_ORGANISATIONS would let every organization
 * call, and of the others those whose names are near a known one. They are not refused, because other programs have variables too.
 * The variables of the proxy count in small letters as well.
 */
function unknownVariables(present: RawEnvironment): ConfigWarning[] {
    const small = Object.keys(OUTGOING_PROXY).map((name) => name.toLowerCase());
    const known = new Set<string>([...VARIABLE_NAMES, ...RENAMED_VARIABLES.map(({ old }) => old), ...small]);
    const isSet = (name: string): boolean =>
        present[name] !== undefined || (name in OUTGOING_PROXY && present[name.toLowerCase()] !== undefined);
    const unset = VARIABLE_NAMES.filter((name) => !isSet(name));
    return Object.keys(present).flatMap((name) => {
        // OpenTelemetry has many variables, and its SDK reads those that are not settings here.
        if (known.has(name) || name.startsWith('OTEL_')) return [];
        const hint = mayBeMisspelt(name) ? didYouMean(name, unset) : '';
        if (hint === '' && !name.startsWith('AUDIOHOOK_')) return [];
        const message = `${name} is not a setting of this server${hint === '' ? '' : `: ${hint}`}`;
        return [{ code: 'ERR_CONFIG_UNKNOWN', message }];
    });
}

/** A name with a number at its end is one of several of its kind, which a profile may name; `host` of a shell is no HOST. */
function mayBeMisspelt(name: string): boolean {
    return !/\d$/.test(name) && (name.includes('_') || name === name.toUpperCase());
}

/** Names the variable as the operator has written it: a renamed one by its old name. */
function wrongValue(name: VariableName, present: RawEnvironment): string {
    const { secret, right, remark } = VARIABLES[name];
    const old = RENAMED_VARIABLES.find((names) => names.new === name)?.old;
    const written = present[name] === undefined && old !== undefined ? old : name;
    const value = present[written] ?? '';
    const shown = secret === true ? 'has an unusable value (not shown here)' : `is ${quoted(value)}`;
    const further = remark?.values.includes(value.toLowerCase()) === true ? ` ${remark.sentence}` : '';
    return `${written} ${shown}; right is ${right}.${further}`;
}

/** A value that can be shown: shortened, and without the parts of a URL that may hold a credential. */
function quoted(value: string): string {
    const harmless = value.replace(/^([a-z]+:\/\/)?.*@/is, '$1…@').replace(/(:\/\/.*?)\?.*$/s, '$1?…');
    return JSON.stringify(harmless.length > 60 ? `${harmless.slice(0, 60)}…` : harmless);
}
