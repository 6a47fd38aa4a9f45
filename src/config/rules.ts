/** The rules that hold between variables. Each gives a sentence when it is broken. */
import { isLoopback } from './fields';
import type { ReadEnvironment } from './reader';
import { DEFAULT_MODEL, type Environment, type VariableName } from './schema';

/** One sentence for each broken rule. A rule is silent about variables that are already known to be wrong. */
export function brokenRules({ values, broken }: ReadEnvironment): string[] {
    return RULES.flatMap((rule) => (rule.about.some((name) => broken.has(name)) ? [] : rule.check(values)));
}

/** The model that answers: the one that the URL names, else the one of the variable, else the default. */
export function effectiveModel(values: Environment): string {
    return modelInUrl(values) ?? values.OPENAI_REALTIME_MODEL ?? DEFAULT_MODEL;
}

interface Rule {
    about: readonly VariableName[];
    check: (values: Environment) => string[];
}

const AZURE = ['AZURE_OPENAI_ENDPOINT', 'AZURE_OPENAI_API_KEY', 'AZURE_OPENAI_DEPLOYMENT'] as const;
const GENESYS = ['GENESYS_REGION', 'GENESYS_CLIENT_ID', 'GENESYS_CLIENT_SECRET'] as const;
const ADDRESSES = ['OPENAI_REALTIME_URL', 'OPENAI_BASE_URL', 'AZURE_OPENAI_ENDPOINT'] as const;
const FOR_SERVER_VAD = [
    'OPENAI_VAD_THRESHOLD',
    'OPENAI_VAD_PREFIX_MS',
    'OPENAI_VAD_SILENCE_MS',
    'OPENAI_VAD_IDLE_TIMEOUT_MS',
] as const;
const FOR_SEMANTIC_VAD = ['OPENAI_VAD_EAGERNESS'] as const;

const RULES: readonly Rule[] = [
    onlyOne('AUDIOHOOK_API_KEYS', 'AUDIOHOOK_API_KEYS_FILE'),
    onlyOne('OPENAI_INSTRUCTIONS', 'OPENAI_INSTRUCTIONS_FILE'),
    { about: ['FORCE_RUNG', 'NODE_ENV'], check: noForceInProduction },
    { about: ['LOCAL_ASR', 'LOCAL_ASR_MODEL_PATH'], check: sherpaHasModel },
    { about: ['LOCAL_TTS', 'LOCAL_TTS_MODEL_PATH'], check: sherpaVoiceHasModel },
    { about: ['LOCAL_TTS', 'LOCAL_ASR', 'OPENAI_API_KEY', ...ADDRESSES], check: speechHasService },
    { about: ['DEFAULT_BOT', 'OPENAI_API_KEY', ...AZURE], check: defaultBotHasKey },
    onlyOne('AZURE_OPENAI_ENDPOINT', 'OPENAI_REALTIME_URL'),
    onlyOne('AZURE_OPENAI_ENDPOINT', 'OPENAI_BASE_URL'),
    ...ADDRESSES.map(encrypted),
    { about: AZURE, check: azureIsWhole },
    { about: GENESYS, check: genesysIsWhole },
    { about: ['OPENAI_TURN_DETECTION'], check: detectionFits },
    { about: ['OPENAI_REALTIME_URL', 'OPENAI_REALTIME_MODEL'], check: oneModel },
    { about: ['OPENAI_REALTIME_URL', 'OPENAI_REALTIME_MODEL'], check: modelCanReason },
];

function onlyOne(first: VariableName, second: VariableName): Rule {
    return {
        about: [first, second],
        check: (values) =>
            values[first] === undefined || values[second] === undefined
                ? []
                : [`${first} and ${second} are both set; right is only one of them.`],
    };
}

function encrypted(name: (typeof ADDRESSES)[number]): Rule {
    return {
        about: [name],
        check: (values) => {
            const url = values[name];
            if (url === undefined || SECURE.has(url.protocol) || isLoopback(url.hostname)) return [];
            const secure = url.protocol === 'ws:' ? 'wss:' : 'https:';
            const address = `${url.protocol}//${url.host}`;
            return [`${name} leads to ${address}, where the key could be read on the way; right is ${secure}//.`];
        },
    };
}

const SECURE: ReadonlySet<string> = new Set(['wss:', 'https:']);

function azureIsWhole(values: Environment): string[] {
    const missing = AZURE.filter((name) => values[name] === undefined);
    if (missing.length === 0 || missing.length === AZURE.length) return [];
    return [`${missing.join(' and ')} must be set too: the three AZURE_OPENAI variables go together.`];
}

function genesysIsWhole(values: Environment): string[] {
    const missing = GENESYS.filter((name) => values[name] === undefined);
    if (missing.length === 0 || missing.length === GENESYS.length) return [];
    return [`${missing.join(' and ')} must be set too: the three GENESYS variables go together.`];
}

function detectionFits(values: Environment): string[] {
    const type = values.OPENAI_TURN_DETECTION;
    const strangers = type === 'server_vad' ? FOR_SEMANTIC_VAD : FOR_SERVER_VAD;
    return strangers
        .filter((name) => values[name] !== undefined)
        .map((name) => `${name} does not go with OPENAI_TURN_DETECTION=${type}; right is to leave it unset.`);
}

function oneModel(values: Environment): string[] {
    const inUrl = modelInUrl(values);
    const named = values.OPENAI_REALTIME_MODEL;
    if (inUrl === undefined || named === undefined || inUrl === named) return [];
    return [
        `OPENAI_REALTIME_MODEL is "${named}", but OPENAI_REALTIME_URL names "${inUrl}"; right is only one of them.`,
    ];
}

function modelCanReason(values: Environment): string[] {
    const model = effectiveModel(values);
    if (values.OPENAI_REASONING_EFFORT === undefined || model.startsWith('gpt-realtime-2')) return [];
    return [
        `OPENAI_REASONING_EFFORT is set, but "${model}" cannot reason; right is a gpt-realtime-2 model, or no effort.`,
    ];
}

function modelInUrl(values: Environment): string | undefined {
    const model = values.OPENAI_REALTIME_URL?.searchParams.get('model') ?? '';
    return model === '' ? undefined : model;
}

function noForceInProduction(values: Environment): string[] {
    if (values.FORCE_RUNG === 'off' || values.NODE_ENV !== 'production') return [];
    return ['FORCE_RUNG is for trying the fallback; in production it must be `off`.'];
}

function sherpaHasModel(values: Environment): string[] {
    if (values.LOCAL_ASR !== 'sherpa' || values.LOCAL_ASR_MODEL_PATH !== undefined) return [];
    return ['LOCAL_ASR is `sherpa`, and LOCAL_ASR_MODEL_PATH is not set; right is the folder of its model.'];
}

function sherpaVoiceHasModel(values: Environment): string[] {
    if (values.LOCAL_TTS !== 'sherpa' || values.LOCAL_TTS_MODEL_PATH !== undefined) return [];
    return ['LOCAL_TTS is `sherpa`, and LOCAL_TTS_MODEL_PATH is not set; right is the folder of its model.'];
}

function speechHasService(values: Environment): string[] {
    const wanting = (['LOCAL_TTS', 'LOCAL_ASR'] as const).filter((name) => values[name] === 'openai');
    if (wanting.length === 0 || hasHTTPService(values)) return [];
    return [
        `${wanting.join(' and ')} ${wanting.length === 1 ? 'is' : 'are'} \`openai\`, and no address of OpenAI’s HTTP interface is ` +
            'known: right is OPENAI_API_KEY, with OPENAI_BASE_URL where OPENAI_REALTIME_URL is set, and not Azure.',
    ];
}

/** Whether `httpAddress` finds one. */
export function hasHTTPService(values: Environment): boolean {
    if (values.OPENAI_API_KEY === undefined || values.AZURE_OPENAI_ENDPOINT !== undefined) return false;
    return values.OPENAI_BASE_URL !== undefined || values.OPENAI_REALTIME_URL === undefined;
}

function defaultBotHasKey(values: Environment): string[] {
    const hasKey = values.OPENAI_API_KEY !== undefined || values.AZURE_OPENAI_API_KEY !== undefined;
    return values.DEFAULT_BOT !== 'openai' || hasKey ? [] : ['DEFAULT_BOT is `openai`, and OPENAI_API_KEY is not set.'];
}
