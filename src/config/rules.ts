/** Rules between variables. Each gives a sentence when it is broken. */
import { linksAreWhole, summaryHasModel, webhookIsWhole } from './after-call';
import { isLoopback } from './fields';
import { voiceProblem } from './local-voices';
import { canReason, effectiveModel, hasHTTPService, modelInUrl, takesHint, takesKeywords } from './openai';
import { tracingConfig } from './tracing';
import type { Environment, VariableName } from './variables';

/** One sentence for each broken rule. `broken`: variables with a wrong value, whose rules are not checked. */
export function brokenRules(values: Environment, broken: ReadonlySet<string>): string[] {
    return RULES.flatMap((rule) => (rule.about.some((name) => broken.has(name)) ? [] : rule.check(values)));
}

interface Rule {
    about: readonly VariableName[];
    check: (values: Environment) => string[];
}

const AZURE = ['AZURE_OPENAI_ENDPOINT', 'AZURE_OPENAI_API_KEY', 'AZURE_OPENAI_DEPLOYMENT'] as const;
const GENESYS = ['GENESYS_REGION', 'GENESYS_CLIENT_ID', 'GENESYS_CLIENT_SECRET'] as const;
const ADDRESSES = ['OPENAI_REALTIME_URL', 'OPENAI_BASE_URL', 'AZURE_OPENAI_ENDPOINT'] as const;
const TRACES = [
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    'OTEL_SDK_DISABLED',
    'OTEL_TRACES_EXPORTER',
] as const;
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
    { about: ['FORCE_FALLBACK', 'NODE_ENV'], check: noForceInProduction },
    sherpaHasModel('LOCAL_TTS', 'LOCAL_TTS_MODEL_PATH'),
    sherpaHasModel('LOCAL_ASR', 'LOCAL_ASR_MODEL_PATH'),
    { about: ['LOCAL_TTS', 'LOCAL_ASR', 'OPENAI_API_KEY', ...ADDRESSES], check: speechHasService },
    { about: ['LOCAL_TTS', 'LOCAL_VOICE', 'OPENAI_BASE_URL'], check: localVoiceIsKnown },
    { about: ['DEFAULT_BOT', 'OPENAI_API_KEY', ...AZURE], check: defaultBotHasKey },
    { about: ['BARGE_IN', 'BARGE_IN_MIN_SPEECH_MS'], check: minSpeechIsInstant },
    { about: ['ADMISSION', 'MAX_EVENT_LOOP_DELAY_MS', 'MAX_MEMORY_MIB'], check: limitsHaveAdmission },
    { about: ['REPLAY_STORE', 'REPLAY_STORE_FAILURE', 'MAX_SESSIONS_TOTAL'], check: sharedHasStore },
    { about: ['METRICS_PORT', 'METRICS_HOST', 'METRICS_TOKEN', 'PORT'], check: metricsHavePort },
    onlyOne('AZURE_OPENAI_ENDPOINT', 'OPENAI_REALTIME_URL'),
    onlyOne('AZURE_OPENAI_ENDPOINT', 'OPENAI_BASE_URL'),
    ...ADDRESSES.map((name) => encrypted(name, 'the key')),
    encrypted('ALERT_WEBHOOK_URL', 'the alert'),
    { about: ['ALERT_WEBHOOK_URL', 'ALERT_WEBHOOK_SECRET', 'ALERT_BUDGET_USD'], check: alertsHaveAddress },
    encrypted('CALL_LINK_URL', 'the conversation'),
    { about: ['CALL_LINK_URL', 'CALL_LINK_SECRET', 'CALL_LINK_HOURS', 'CALL_RECORD'], check: linksAreWhole },
    encrypted('CALL_WEBHOOK_URL', 'the record of a call'),
    { about: ['CALL_WEBHOOK_URL', 'CALL_WEBHOOK_SECRET', 'CALL_RECORD'], check: webhookIsWhole },
    { about: ['HANDOVER_SUMMARY', 'OPENAI_API_KEY', 'OPENAI_CHAT_MODEL', ...ADDRESSES], check: summaryHasModel },
    { about: ['CALL_RECORDING', 'CALL_RECORD'], check: recordingHasRecord },
    { about: ['RECORD_FLIGHT', 'RECORD_FLIGHT_BOTS'], check: flightBotsAreRecorded },
    together(AZURE, 'AZURE_OPENAI'),
    together(GENESYS, 'GENESYS'),
    { about: ['OPENAI_TURN_DETECTION'], check: detectionFits },
    { about: ['OPENAI_REALTIME_URL', 'OPENAI_REALTIME_MODEL'], check: oneModel },
    { about: ['OPENAI_REALTIME_URL', 'OPENAI_REALTIME_MODEL'], check: modelCanReason },
    onlyOne('OPENAI_TRANSCRIPTION_LANGUAGE', 'OPENAI_TRANSCRIPTION_LANGUAGES'),
    { about: ['OPENAI_TRANSCRIPTION_MODEL'], check: transcriptionTakesHints },
    { about: ['OPENAI_NOISE_REDUCTION', 'OPENAI_NOISE_REDUCTION_STRENGTH'], check: strengthHasFilter },
    { about: ['OPENAI_TRUNCATION', 'OPENAI_TRUNCATION_TOKENS'], check: tokensHaveShare },
    { about: ['OTEL_EXPORTER_OTLP_PROTOCOL', ...TRACES], check: protocolIsHTTP },
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

type AddressName = (typeof ADDRESSES)[number] | 'ALERT_WEBHOOK_URL' | 'CALL_LINK_URL' | 'CALL_WEBHOOK_URL';

function encrypted(name: AddressName, what: string): Rule {
    return {
        about: [name],
        check: (values) => {
            const url = values[name];
            if (url === undefined || SECURE.has(url.protocol) || isLoopback(url.hostname)) return [];
            const secure = url.protocol === 'ws:' ? 'wss:' : 'https:';
            const address = `${url.protocol}//${url.host}`;
            return [`${name} leads to ${address}, where ${what} would be sent unencrypted; right is ${secure}//.`];
        },
    };
}

const SECURE: ReadonlySet<string> = new Set(['wss:', 'https:']);

function together(about: readonly VariableName[], prefix: string): Rule {
    return {
        about,
        check: (values) => {
            const missing = about.filter((name) => values[name] === undefined);
            if (missing.length === 0 || missing.length === about.length) return [];
            return [`${missing.join(' and ')} must be set too: the three ${prefix} variables go together.`];
        },
    };
}

function detectionFits(values: Environment): string[] {
    const type = values.OPENAI_TURN_DETECTION;
    const misplaced = type === 'server_vad' ? FOR_SEMANTIC_VAD : FOR_SERVER_VAD;
    return misplaced
        .filter((name) => values[name] !== undefined)
        .map((name) => `${name} does not go with OPENAI_TURN_DETECTION=${type}; right is to leave it unset.`);
}

function minSpeechIsInstant({ BARGE_IN: mode, BARGE_IN_MIN_SPEECH_MS: minSpeechMs }: Environment): string[] {
    if (minSpeechMs === undefined || mode === undefined || mode === 'instant') return [];
    return [
        `BARGE_IN_MIN_SPEECH_MS does not go with BARGE_IN=${mode}; right is BARGE_IN=instant, or to leave BARGE_IN_MIN_SPEECH_MS unset.`,
    ];
}

function limitsHaveAdmission(values: Environment): string[] {
    if (values.ADMISSION !== 'off') return [];
    return (['MAX_EVENT_LOOP_DELAY_MS', 'MAX_MEMORY_MIB'] as const)
        .filter((name) => values[name] !== undefined)
        .map((name) => `${name} does not go with ADMISSION=off; right is ADMISSION=load, or to leave ${name} unset.`);
}

function alertsHaveAddress({
    ALERT_WEBHOOK_URL: url,
    ALERT_WEBHOOK_SECRET: secret,
    ALERT_BUDGET_USD: budget,
}: Environment): string[] {
    if (url !== undefined)
        return secret === undefined ? ['ALERT_WEBHOOK_SECRET must be set too, beside ALERT_WEBHOOK_URL.'] : [];
    const set = Object.entries({ ALERT_WEBHOOK_SECRET: secret, ALERT_BUDGET_USD: budget }).filter(
        ([, value]) => value !== undefined,
    );
    return set.map(
        ([name]) => `${name} is set, and ALERT_WEBHOOK_URL is not; right is to set both, or to leave ${name} unset.`,
    );
}

/** A recording holds every word of the call. */
function flightBotsAreRecorded({ RECORD_FLIGHT: every, RECORD_FLIGHT_BOTS: bots }: Environment): string[] {
    if (bots === undefined || every !== 0) return [];
    return [
        'RECORD_FLIGHT_BOTS does not go with RECORD_FLIGHT=0; right is RECORD_FLIGHT=1, or to leave RECORD_FLIGHT_BOTS unset.',
    ];
}

function recordingHasRecord({ CALL_RECORDING: recording, CALL_RECORD: mode }: Environment): string[] {
    if (recording === 'off' || mode === 'full') return [];
    return [
        `CALL_RECORDING=on does not go with CALL_RECORD=${mode}; right is CALL_RECORD=full, or CALL_RECORDING=off.`,
    ];
}

function sharedHasStore(values: Environment): string[] {
    if (values.REPLAY_STORE !== 'memory') return [];
    const misplaced = [
        ...(values.REPLAY_STORE_FAILURE === undefined ? [] : ['REPLAY_STORE_FAILURE']),
        ...(values.MAX_SESSIONS_TOTAL === 0 ? [] : ['MAX_SESSIONS_TOTAL']),
    ];
    return misplaced.map(
        (name) =>
            `${name} does not go with REPLAY_STORE=memory; right is the URL of a Redis, or to leave ${name} unset.`,
    );
}

function metricsHavePort(values: Environment): string[] {
    const { METRICS_PORT: port } = values;
    if (port !== undefined)
        return port !== 0 && port === values.PORT
            ? [`METRICS_PORT and PORT are both ${port}; right is a port of its own for the metrics.`]
            : [];
    return (['METRICS_HOST', 'METRICS_TOKEN'] as const)
        .filter((name) => values[name] !== undefined)
        .map((name) => `${name} is set, and METRICS_PORT is not; right is to set both, or to leave ${name} unset.`);
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
    if (canReason(model)) return [];
    const problems: readonly (string | false)[] = [
        values.OPENAI_PARALLEL_TOOL_CALLS !== undefined &&
            `OPENAI_PARALLEL_TOOL_CALLS is set, but "${model}" does not know it; right is a gpt-realtime-2 model, or to leave it unset.`,
        values.OPENAI_REASONING_EFFORT !== undefined &&
            `OPENAI_REASONING_EFFORT is set, but "${model}" cannot reason; right is a gpt-realtime-2 model, or no effort.`,
    ];
    const hint = deploymentHint(values);
    return problems.filter((problem) => problem !== false).map((problem) => `${problem}${hint}`);
}

/** Azure's deployment is taken for the name of the model, where no model is named. */
function deploymentHint(values: Environment): string {
    const isName = values.AZURE_OPENAI_DEPLOYMENT !== undefined && values.OPENAI_REALTIME_MODEL === undefined;
    return isName ? ' Which model is deployed is said by OPENAI_REALTIME_MODEL.' : '';
}

function transcriptionTakesHints(values: Environment): string[] {
    const model = values.OPENAI_TRANSCRIPTION_MODEL;
    const isOff = model.toLowerCase() === 'off';
    const misplaced = [
        ...(isOff || !takesKeywords(model)
            ? (['OPENAI_TRANSCRIPTION_LANGUAGES', 'OPENAI_TRANSCRIPTION_KEYWORDS'] as const)
            : []),
        ...(isOff || !takesHint(model) ? (['OPENAI_TRANSCRIPTION_PROMPT'] as const) : []),
    ];
    return misplaced
        .filter((name) => values[name] !== undefined)
        .map(
            (name) =>
                `${name} does not go with OPENAI_TRANSCRIPTION_MODEL=${model}; right is gpt-transcribe, or to leave it unset.`,
        );
}

function strengthHasFilter(values: Environment): string[] {
    if (values.OPENAI_NOISE_REDUCTION_STRENGTH === undefined || values.OPENAI_NOISE_REDUCTION !== 'off') return [];
    return [
        'OPENAI_NOISE_REDUCTION_STRENGTH is set, and OPENAI_NOISE_REDUCTION is `off`; right is to set both or none.',
    ];
}

function tokensHaveShare(values: Environment): string[] {
    if (values.OPENAI_TRUNCATION_TOKENS === undefined || typeof values.OPENAI_TRUNCATION === 'number') return [];
    return ['OPENAI_TRUNCATION_TOKENS needs OPENAI_TRUNCATION to be a number: the share that is kept.'];
}

/** The variable may be there for other programs: it counts only where traces are sent. */
function protocolIsHTTP(values: Environment): string[] {
    const protocol = values.OTEL_EXPORTER_OTLP_PROTOCOL;
    if (protocol === 'http/protobuf' || tracingConfig(values) === undefined) return [];
    return [
        `OTEL_EXPORTER_OTLP_PROTOCOL is ${JSON.stringify(protocol)}, and this server sends traces by \`http/protobuf\` only; right is to leave it unset, with the port of the endpoint for HTTP (mostly 4318), or OTEL_TRACES_EXPORTER=none.`,
    ];
}

function noForceInProduction(values: Environment): string[] {
    if (values.FORCE_FALLBACK === 'off' || values.NODE_ENV !== 'production') return [];
    return ['FORCE_FALLBACK is for tests of the fallback; in production it must be `off`.'];
}

function sherpaHasModel(engine: 'LOCAL_TTS' | 'LOCAL_ASR', path: VariableName): Rule {
    return {
        about: [engine, path],
        check: (values) =>
            values[engine] !== 'sherpa' || values[path] !== undefined
                ? []
                : [`${engine} is \`sherpa\`, and ${path} is not set; right is the folder of its model.`],
    };
}

function localVoiceIsKnown({ LOCAL_TTS: tts, LOCAL_VOICE: voice, OPENAI_BASE_URL: base }: Environment): string[] {
    const why = voice === undefined ? undefined : voiceProblem({ tts, baseURL: base?.href }, voice);
    return why === undefined ? [] : [`LOCAL_VOICE is ${JSON.stringify(voice)}, and LOCAL_TTS is \`${tts}\`: ${why}.`];
}

function speechHasService(values: Environment): string[] {
    const wanting = (['LOCAL_TTS', 'LOCAL_ASR'] as const).filter((name) => values[name] === 'openai');
    if (wanting.length === 0 || hasHTTPService(values)) return [];
    return [
        `${wanting.join(' and ')} ${wanting.length === 1 ? 'is' : 'are'} \`openai\`, and no address of OpenAI’s HTTP interface is ` +
            'known: right is OPENAI_API_KEY, with OPENAI_BASE_URL where OPENAI_REALTIME_URL is set, and not Azure.',
    ];
}

function defaultBotHasKey(values: Environment): string[] {
    const hasKey = values.OPENAI_API_KEY !== undefined || values.AZURE_OPENAI_API_KEY !== undefined;
    return values.DEFAULT_BOT !== 'openai' || hasKey ? [] : ['DEFAULT_BOT is `openai`, and OPENAI_API_KEY is not set.'];
}
