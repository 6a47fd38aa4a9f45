/** A profile's settings laid over the server's: what a profile leaves out stays as it was. */
import { loadConfig, type BargeInMode, type OpenAIConfig, type TurnTakingConfig } from '../../config/config';
import { DEFAULT_INSTRUCTIONS, environmentSchema } from '../../config/variables';
import { overlapPhrases } from '../words';
import type { Prompt } from './prompt';
import type { BotProfile, RealtimeSettings, UpstreamSettings } from './schema';
import { environmentNamesIn, type ToolSpec } from './tool-schema';

type RawEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * The Realtime settings of a call.
 *
 * @param prompt the profile's texts with the call's values (`fillPrompt`)
 * @param server the server's settings; undefined: it has no key
 * @returns undefined: there is no key for this bot, and a local one must answer
 * @throws CodedError `ERR_CONFIG` when the way that the profile names cannot be used
 */
export function openaiConfigOf(
    profile: BotProfile,
    prompt: Prompt,
    server: OpenAIConfig | undefined,
    env: RawEnvironment,
): OpenAIConfig | undefined {
    const { upstream, realtime = {} } = profile;
    const own = upstream === undefined ? undefined : openaiConfigAt(upstream, realtime.model, env);
    if (upstream !== undefined && own === undefined) return undefined;
    const base = server ?? own;
    if (base === undefined) return undefined;
    return {
        ...base,
        ...(own === undefined
            ? addressFor(base, realtime.model)
            : { url: own.url, headers: own.headers, model: own.model }),
        ...prompt,
        ...overrides(profile, realtime, base),
        greetingProtected: profile.greetingProtected ?? base.greetingProtected,
        bargeIn: bargeInMode(profile) ?? base.bargeIn,
        interruptsItself: interruptsItself(profile, base),
    };
}

/** A profile that sets only `bargeInMinSpeechMs` is older than `bargeIn`, and means `instant`. undefined: the server's. */
function bargeInMode({ bargeIn, turnTaking }: BotProfile): BargeInMode | undefined {
    return bargeIn?.mode ?? (turnTaking?.bargeInMinSpeechMs === undefined ? undefined : 'instant');
}

function interruptsItself(profile: BotProfile, base: OpenAIConfig): boolean {
    const mode = bargeInMode(profile) ?? base.bargeIn;
    if (mode !== 'instant') return mode === 'smart';
    const minSpeechMs = profile.turnTaking?.bargeInMinSpeechMs;
    if (minSpeechMs !== undefined) return minSpeechMs === 0;
    // In its other modes the server has no BARGE_IN_MIN_SPEECH_MS.
    return base.bargeIn !== 'instant' || base.interruptsItself;
}

/** The texts of a profile before a call's values are in them; what it does not say is the server's. */
export function promptOf(profile: BotProfile, server: Prompt = USUAL_PROMPT): Prompt {
    return {
        instructions: profile.instructions === '' ? server.instructions : profile.instructions,
        greeting: profile.greeting ?? server.greeting,
    };
}

/** Who speaks when, in a call of this bot. */
export function turnTakingOf(profile: BotProfile, server: TurnTakingConfig): TurnTakingConfig {
    const { turnTaking = {}, digits = {}, language, bargeIn } = profile;
    const { terminator } = digits;
    return {
        ...server,
        bargeIn: { mode: bargeInMode(profile) ?? server.bargeIn.mode, ...overlapPhrases(language, bargeIn) },
        bargeInMinSpeechMs: turnTaking.bargeInMinSpeechMs ?? server.bargeInMinSpeechMs,
        noInputMs: inMs(turnTaking.noInputSeconds) ?? server.noInputMs,
        maxReprompts: turnTaking.reprompts ?? server.maxReprompts,
        deadAirMs: inMs(turnTaking.deadAirSeconds) ?? server.deadAirMs,
        maxTurns: turnTaking.maxTurns ?? server.maxTurns,
        maxCostUsd: turnTaking.maxCostUsd ?? server.maxCostUsd,
        dtmf: {
            terminator: terminator === 'none' ? '' : (terminator ?? server.dtmf.terminator),
            singleKeys: digits.singleKeys ?? server.dtmf.singleKeys,
            maxDigits: digits.maxDigits ?? server.dtmf.maxDigits,
            interDigitMs: inMs(digits.interDigitSeconds) ?? server.dtmf.interDigitMs,
            totalMs: inMs(digits.totalSeconds) ?? server.dtmf.totalMs,
        },
    };
}

/** Longest call of this bot, in minutes; never longer than the server allows. */
export function maxCallMinutesOf({ turnTaking }: BotProfile, serverMinutes: number): number {
    return Math.min(turnTaking?.maxCallMinutes ?? serverMinutes, serverMinutes);
}

/** The server's own settings for this way, read as if it were its only one: the same checks, the same address rules. */
function openaiConfigAt(
    { url, azure, keyVariable }: UpstreamSettings,
    model: string | undefined,
    env: RawEnvironment,
): OpenAIConfig | undefined {
    const key = env[keyVariable]?.trim() ?? '';
    if (key === '') return undefined;
    const { OPENAI_SAFETY_SALT, BARGE_IN, BARGE_IN_MIN_SPEECH_MS } = env;
    const ofServer = { OPENAI_SAFETY_SALT, BARGE_IN, BARGE_IN_MIN_SPEECH_MS };
    if (azure === undefined) {
        const address = withModel(url ?? '', model);
        return loadConfig({ ...ofServer, OPENAI_API_KEY: key, OPENAI_REALTIME_URL: address }).openai;
    }
    return loadConfig({
        ...ofServer,
        AZURE_OPENAI_API_KEY: key,
        AZURE_OPENAI_ENDPOINT: azure.endpoint,
        AZURE_OPENAI_DEPLOYMENT: azure.deployment,
        OPENAI_REALTIME_MODEL: model,
    }).openai;
}

/** Azure's URL names the deployment and not its model; every other one names the model. */
function addressFor(base: OpenAIConfig, model: string | undefined): Pick<OpenAIConfig, 'url' | 'model'> {
    if (model === undefined) return { url: base.url, model: base.model };
    return { url: 'api-key' in base.headers ? base.url : withModel(base.url, model), model };
}

function withModel(address: string, model: string | undefined): string {
    const url = new URL(address);
    if (model !== undefined) url.searchParams.set('model', model);
    return url.href;
}

type Overrides = Omit<
    OpenAIConfig,
    | 'url'
    | 'headers'
    | 'model'
    | 'instructions'
    | 'greeting'
    | 'greetingProtected'
    | 'bargeIn'
    | 'interruptsItself'
    | 'safetySalt'
>;

function overrides(profile: BotProfile, realtime: RealtimeSettings, base: OpenAIConfig): Overrides {
    return {
        voice: realtime.voice ?? base.voice,
        audioFormat: realtime.audioFormat ?? base.audioFormat,
        turnDetection: realtime.turnDetection === undefined ? base.turnDetection : detection(realtime.turnDetection),
        transcription: transcription(profile, realtime, base),
        noiseReduction:
            realtime.noiseReduction === 'off' ? undefined : (realtime.noiseReduction ?? base.noiseReduction),
        speed: realtime.speed ?? base.speed,
        maxOutputTokens: realtime.maxOutputTokens ?? base.maxOutputTokens,
        reasoningEffort: realtime.reasoningEffort ?? base.reasoningEffort,
        truncation: realtime.truncation ?? base.truncation,
        noiseReductionStrength: realtime.noiseReductionStrength ?? base.noiseReductionStrength,
        toolChoice: realtime.toolChoice ?? base.toolChoice,
        parallelToolCalls: realtime.parallelToolCalls ?? base.parallelToolCalls,
        tracing: realtime.tracing === 'off' ? undefined : (realtime.tracing ?? base.tracing),
    };
}

function detection(given: NonNullable<RealtimeSettings['turnDetection']>): OpenAIConfig['turnDetection'] {
    if (given.type === 'semantic_vad') return given;
    const { idleTimeoutMs, ...rest } = given;
    return idleTimeoutMs === undefined ? rest : { ...rest, idleTimeoutMs };
}

function transcription(
    profile: BotProfile,
    realtime: RealtimeSettings,
    base: OpenAIConfig,
): OpenAIConfig['transcription'] {
    const given = realtime.transcription;
    if (given === 'off' || (given === undefined && base.transcription === undefined)) return undefined;
    const [ofProfile] = profile.language?.toLowerCase().split('-') ?? [];
    const language = given?.language ?? ofProfile ?? base.transcription?.language;
    const model = given?.model ?? base.transcription?.model ?? USUAL_TRANSCRIPTION_MODEL;
    // The languages of a profile are more than the server's.
    const inherited =
        given?.language === undefined && ofProfile === undefined ? base.transcription?.languages : undefined;
    return {
        model,
        language,
        languages: given?.languages ?? inherited,
        keywords: given?.keywords ?? base.transcription?.keywords,
        prompt: given?.prompt ?? base.transcription?.prompt,
    };
}

const USUAL_PROMPT: Prompt = {
    instructions: DEFAULT_INSTRUCTIONS,
    greeting: environmentSchema.shape.OPENAI_GREETING.parse(undefined),
};
const USUAL_TRANSCRIPTION_MODEL = environmentSchema.shape.OPENAI_TRANSCRIPTION_MODEL.parse(undefined);

function inMs(seconds: number | undefined): number | undefined {
    return seconds === undefined ? undefined : seconds * 1000;
}

/** A variable of the environment that a bot cannot do without. */
export interface EnvironmentNeed {
    readonly name: string;
    /** What for, in words for the operator. */
    readonly what: string;
}

const DATA_ACTIONS = ['GENESYS_REGION', 'GENESYS_CLIENT_ID', 'GENESYS_CLIENT_SECRET'];

/** The variables of the environment that a profile names, or that its tools need: each once. */
export function environmentNeeds(profile: Pick<BotProfile, 'upstream' | 'tools'>): EnvironmentNeed[] {
    const { upstream, tools } = profile;
    const needs = [
        ...(upstream === undefined ? [] : [{ name: upstream.keyVariable, what: 'key of the model' }]),
        ...tools.flatMap(toolNeeds),
    ];
    return needs.filter(({ name }, index) => needs.findIndex((each) => each.name === name) === index);
}

/** Those of them that are not set. An empty one counts as not set. */
export function missingEnvironment(
    profile: Pick<BotProfile, 'upstream' | 'tools'>,
    env: Readonly<Record<string, string | undefined>>,
): EnvironmentNeed[] {
    return environmentNeeds(profile).filter(({ name }) => (env[name] ?? '').trim() === '');
}

function toolNeeds(tool: ToolSpec): EnvironmentNeed[] {
    switch (tool.kind) {
        case 'http':
            return Object.entries(tool.headers ?? {}).flatMap(([header, value]) =>
                environmentNamesIn(value).map((name) => ({ name, what: `header ${header} of ${tool.name}` })),
            );
        case 'data_action':
            return DATA_ACTIONS.map((name) => ({ name, what: 'Genesys Data Actions' }));
        case 'mcp':
            return tool.authorizationVariable === undefined
                ? []
                : [{ name: tool.authorizationVariable, what: `access to the MCP server ${tool.label}` }];
        default:
            return [];
    }
}
