/**
 * Every environment variable of the server: its schema, its default and its words in one entry. `npm run docs` writes
 * docs/CONFIGURATION.md and .env.example from these entries, and the error for a wrong value is made of the same words.
 */
import { z } from 'zod';
import { AFTER_CALL_VARIABLES } from './after-call-variables';
import { ALERT_VARIABLES } from './alert-variables';
import { CALL_RECORD_VARIABLES } from './call-record-variables';
import { LISTENING, OPENAI_OPTIONS } from './openai-variables';
import {
    address,
    authority,
    choice,
    decimal,
    flag,
    listOf,
    matching,
    text,
    token,
    uuid,
    variable,
    whole,
    type Variable,
} from './fields';
import { GENESYS_CLOUD, OUTGOING_PROXY } from './outbound-variables';
import { ABUSE_VARIABLES } from './abuse-variables';
import { SERVER_VARIABLES } from './server-variables';
import { FLIGHT_VARIABLES } from './flight-variables';
import { TRACING_VARIABLES } from './tracing-variables';

/** The voices of the Realtime API; a custom voice is named by its id. */
export const REALTIME_VOICES = [
    'marin',
    'cedar',
    'alloy',
    'ash',
    'ballad',
    'coral',
    'echo',
    'sage',
    'shimmer',
    'verse',
] as const;

/** What interrupts the bot while it speaks, besides a key of the telephone. */
export const BARGE_IN_MODES = ['smart', 'instant', 'off'] as const;

export type BargeInMode = (typeof BARGE_IN_MODES)[number];

/** The Realtime model when none is named. */
export const DEFAULT_MODEL = 'gpt-realtime-2.1';

/** The bot's instructions when none are set. */
export const DEFAULT_INSTRUCTIONS =
    'You are a friendly and competent assistant on the telephone. The caller hears you and cannot see anything: ' +
    'speak in short, plain sentences, say one thing at a time, and ask one question at a time. ' +
    'Answer in the language that the caller speaks. When you are not sure that you understood, ask.';

const ENCRYPTED = 'without user name, password or fragment; unencrypted only to this machine';
const KEY = 'the key, without blanks';
const ID = 'an id without blanks';
const NOW_EXAMPLE = 'is now an example, see examples/README.md.';

const voice = (
    z.union([choice(REALTIME_VOICES), z.string().regex(/^voice_[\w-]{1,64}$/)]) satisfies z.ZodType<string, string>
).describe(`one of ${REALTIME_VOICES.join(', ')}, or the id of a custom voice (\`voice_…\`)`);

const maxOutputTokens = z.union([choice(['inf']), whole(1, 4096)]).describe('a whole number from 1 to 4096, or `inf`');

const truncation = z
    .union([choice(['auto', 'disabled']), decimal(0, 1)])
    .describe('`auto`, `disabled`, or a number from 0 to 1');

const OPENAI_ACCESS = {
    OPENAI_API_KEY: variable(
        token(KEY).optional(),
        'Key of the OpenAI project that pays. The project must be allowed to use the Realtime API.',
        { unset: 'the local bot answers', secret: true },
    ),
    OPENAI_ORG_ID: variable(token(ID).optional(), 'Organization that is billed, when the key belongs to several.'),
    OPENAI_PROJECT_ID: variable(token(ID).optional(), 'Project that is billed, when the key belongs to several.'),
    OPENAI_BASE_URL: variable(
        address('http', 'https', 'ws', 'wss').describe(`an \`https://\` URL ${ENCRYPTED}`).optional(),
        'Address of the API, for regional hosts such as `https://eu.api.openai.com/v1`. `/realtime` is appended to it.',
        { unset: '`https://api.openai.com/v1`', example: 'https://api.openai.com/v1' },
    ),
    OPENAI_REALTIME_URL: variable(
        address('ws', 'wss').describe(`a \`wss://\` URL ${ENCRYPTED}`).optional(),
        'Whole address of a Realtime service, for tests and compatible servers. Used instead of OPENAI_BASE_URL.',
        { example: 'ws://127.0.0.1:9000/v1/realtime' },
    ),
    OPENAI_CHAT_MODEL: variable(
        token('the name of a chat model, or `off`').default('gpt-5.4-mini'),
        'Chat model that answers over HTTP when the Realtime API is lost. Not used with Azure, nor when OPENAI_REALTIME_URL is set without OPENAI_BASE_URL. The default is a small model that the installed package `openai` knows; a newer one, such as `gpt-6-luna`, can be named where your project may use it.',
    ),
    OPENAI_SPEECH_MODEL: variable(
        token('the name of a speech model').default('gpt-4o-mini-tts'),
        'Text-to-speech model for OpenAI over HTTP.',
    ),
    OPENAI_HTTP_TRANSCRIPTION_MODEL: variable(
        token('the name of a transcription model').default('gpt-transcribe'),
        'Transcription model for OpenAI over HTTP.',
    ),
    AZURE_OPENAI_ENDPOINT: variable(
        address('http', 'https', 'ws', 'wss').describe(`an \`https://\` URL ${ENCRYPTED}`).optional(),
        'Azure instead of OpenAI: address of the resource. The three AZURE_OPENAI variables are set together, and are used instead of OPENAI_API_KEY.',
        { example: 'https://my-resource.openai.azure.com' },
    ),
    AZURE_OPENAI_API_KEY: variable(token(KEY).optional(), 'Key of the Azure resource.', { secret: true }),
    AZURE_OPENAI_DEPLOYMENT: variable(
        token('a name without blanks').optional(),
        'Name of the Azure deployment. Where it is not the name of the model itself, OPENAI_REALTIME_MODEL says which model is deployed: prices and options depend on it.',
    ),
};

const CALLERS = {
    AUDIOHOOK_API_KEYS: variable(
        text.describe('a JSON object: API key → client secret in base64, or a list of such secrets').optional(),
        'API keys and client secrets, as entered in the credentials of the Genesys integration. With two secrets in a list both are accepted, so that a secret can be changed without losing a call. To make a secret: `node -p "crypto.randomBytes(32).toString(\'base64\')"`.',
        {
            unset: 'a development key is made and kept in `.audiohook-dev-keys.json`',
            secret: true,
            example: '{"my-api-key":"my-client-secret-in-base64"}',
        },
    ),
    AUDIOHOOK_API_KEYS_FILE: variable(
        text.describe('the path of a readable file').optional(),
        'A file with the same JSON, for platforms that mount secrets as files. Set only one of the two.',
        { example: '/run/secrets/audiohook-keys.json' },
    ),
    AUDIOHOOK_ORGANIZATIONS: variable(
        listOf(uuid, 'UUIDs').default([]),
        'Ids of the Genesys organizations that may call.',
        { unset: 'every organization that has a key' },
    ),
    AUDIOHOOK_AUTHORITIES: variable(
        listOf(authority, 'host names without scheme and path').default([]),
        'Public host names of this server, as Genesys calls it, with the port unless it is 443. A signature for another host is refused.',
        { unset: 'the host that the request names', example: 'bot.example.com' },
    ),
    AUDIOHOOK_TRUST_PROXY: variable(
        flag.default(false),
        'Take the signed host name from X-Forwarded-Host. Only behind a proxy that always overwrites this header: without one, any client could write it.',
    ),
};

const BOT = {
    BOTS_FOLDER: variable(
        text.describe('the path of a folder, or `off` for none').optional(),
        'The folder of the bot profiles, one JSON file each (docs/BOTS.md). Edits take effect with the next call.',
        { unset: 'the profiles that come with the server', example: 'bots' },
    ),
    DEFAULT_BOT: variable(
        matching(
            /^[A-Za-z\d_-]{1,64}$/,
            'the name of a profile, or `openai` (needs a key), `local`, `echo`, `silent`',
        ).optional(),
        'The bot of calls that name none.',
        {
            unset: 'the profile `default`; without it `openai` with a key, `local` without',
            example: 'default',
        },
    ),
    EXTENSIONS: variable(
        text.describe('the path of a JavaScript or TypeScript file').optional(),
        'A module of your own, relative to the working directory, that registers bots, functions, a secret provider, a recognizer or a voice (examples/README.md).',
        { example: 'extensions/index.js' },
    ),
    OPENAI_REALTIME_MODEL: variable(
        token('the name of a Realtime model, the same as in OPENAI_REALTIME_URL if that names one').optional(),
        'The Realtime model. `gpt-realtime-2.1-mini` costs about a third.',
        { unset: `\`${DEFAULT_MODEL}\`; with Azure the name of the deployment`, example: DEFAULT_MODEL },
    ),
    OPENAI_VOICE: variable(voice.default('marin'), 'The voice of the bot.', {
        remark: {
            values: ['fable', 'onyx', 'nova'],
            sentence: 'fable, onyx and nova are voices of text-to-speech that the Realtime API does not have.',
        },
    }),
    OPENAI_INSTRUCTIONS: variable(text.optional(), 'Instructions for the bot: who it is, and how it talks.', {
        unset: 'a short text for a telephone assistant',
        example: 'You are the telephone assistant of Example Bank. Speak in short sentences.',
    }),
    OPENAI_INSTRUCTIONS_FILE: variable(
        text.describe('the path of a readable UTF-8 text file of 64 KB at most, not empty').optional(),
        'A file with the instructions, for longer texts. Set only one of the two.',
        { example: 'instructions.txt' },
    ),
    OPENAI_GREETING: variable(
        text
            .describe('any text, or `off`: the bot waits for the caller')
            .default('Greet the caller in one short sentence, and ask how you can help.'),
        'Instruction for the first response of the bot.',
        { unset: 'a short greeting and an offer to help' },
    ),
    OPENAI_GREETING_PROTECTED: variable(
        flag.default(false),
        'The caller cannot interrupt the greeting: for texts that must be heard, such as a notice about recording.',
    ),
    OPENAI_SPEED: variable(decimal(0.25, 1.5).default(1), 'How fast the bot speaks.'),
    OPENAI_MAX_OUTPUT_TOKENS: variable(
        maxOutputTokens.default('inf'),
        'Longest response, in tokens. A second of speech is about 20 tokens.',
    ),
    OPENAI_REASONING_EFFORT: variable(
        choice(['minimal', 'low', 'medium', 'high', 'xhigh']).optional(),
        'How long the model thinks before it speaks. Only gpt-realtime-2 models can.',
        { unset: 'the model’s own', example: 'low' },
    ),
    OPENAI_TRUNCATION: variable(
        truncation.default('auto'),
        'What happens when a conversation becomes longer than the context of the model; a number is the share that is kept.',
    ),
};

const TURN_TAKING = {
    BARGE_IN: variable(
        choice(BARGE_IN_MODES).optional(),
        'What interrupts the bot while it speaks. `smart`: speech of the caller; “mhm”, a cough and noise do not, and where the bot stopped for one of them, it goes on from where the caller heard it last. `instant`: the first sound that voice activity detection takes for speech. `off`: nothing that is said. A key interrupts the bot with each of them.',
        { unset: '`smart`; with BARGE_IN_MIN_SPEECH_MS `instant`', example: 'smart' },
    ),
    BARGE_IN_MIN_SPEECH_MS: variable(
        whole(0, 2000).optional(),
        'Only with BARGE_IN=instant: speech of the caller that interrupts the bot, in ms. 0: the first sound.',
        { unset: '`0`', example: '0' },
    ),
    ECHO_GUARD: variable(
        flag.default(false),
        'For lines that return the bot’s own voice, so that it interrupts itself: the echo in the caller’s audio is replaced by line noise.',
    ),
    NO_INPUT_SECONDS: variable(
        decimal(0, 300).default(10),
        'Silence of the caller, after the bot has finished, before the bot asks again, in seconds. 0: it waits without limit.',
    ),
    NO_INPUT_REPROMPTS: variable(
        whole(0, 20).default(2),
        'How often the bot asks again before it says goodbye (`end_reason` is `no_input`).',
    ),
    DEAD_AIR_SECONDS: variable(
        decimal(0, 60).default(5),
        'Without fallback options (FALLBACK=off, the local bot, a bot of your own): how long a caller who has spoken waits for the bot before a soft tone, in seconds. After two tones and the same time again the call ends (`end_reason` is `dead_air`). 0: neither. With fallback options it has no effect: after 2.5 s the caller hears “One moment please.”, after 5.2 s another bot takes over.',
    ),
    MAX_TURNS: variable(
        whole(0, 10_000).default(0),
        'Responses of the bot after which it says goodbye (`end_reason` is `max_turns`). 0: no limit.',
    ),
    MAX_COST_USD: variable(
        decimal(0, 1000).default(0),
        'What a call may cost, in US dollars, before the bot says goodbye (`end_reason` is `max_cost`). 0: no limit.',
    ),
    DTMF_TERMINATOR: variable(
        matching(/^([\d*#]|none)$/, 'one of 0–9, `*`, `#`, or `none`').default('#'),
        'The key that ends an entry.',
    ),
    DTMF_SINGLE_KEYS: variable(
        matching(/^[\d*#]{1,12}$/, 'keys without blanks, such as `1230`').optional(),
        'Keys of a menu: each is a complete entry when it is pressed first.',
        { unset: 'none', example: '1230' },
    ),
    DTMF_MAX_DIGITS: variable(whole(1, 64).default(20), 'Digits after which an entry is complete.'),
    DTMF_INTER_DIGIT_SECONDS: variable(
        decimal(0.5, 30).default(3),
        'Time without a key that ends an entry, in seconds.',
    ),
    DTMF_TOTAL_SECONDS: variable(decimal(1, 60).default(30), 'Longest time for one entry, in seconds.'),
};

const LOCAL_SPEECH = {
    LOCAL_TTS: variable(
        choice(['flite', 'openai', 'sherpa', 'custom']).default('flite'),
        'Voice of the local bot: `flite` comes with the server (English), `openai` speaks over HTTP, `sherpa` is sherpa-onnx with a voice model of yours, `custom` is the voice that EXTENSIONS registers (docs/SPEECH.md).',
        { remark: { values: ['espeak'], sentence: `\`espeak\` ${NOW_EXAMPLE}` } },
    ),
    LOCAL_VOICE: variable(
        matching(/^[\w+-]{1,40}$/, 'a name without blanks').optional(),
        'Its voice by name: `rms` or `slt` for `flite`, one of OpenAI’s voices for `openai`, the number of a speaker for `sherpa`.',
        { unset: 'the default of the engine', example: 'rms' },
    ),
    LOCAL_TTS_MODEL_PATH: variable(
        text.describe('the path of a folder').optional(),
        'The folder of the sherpa-onnx voice model for `LOCAL_TTS=sherpa`.',
        { example: '/models/voice' },
    ),
    LOCAL_ASR: variable(
        choice(['none', 'openai', 'sherpa', 'custom']).default('none'),
        'Recognizer of the local bot: `none` (callers press keys), `openai` transcribes over HTTP, `sherpa` is sherpa-onnx with a model of yours, `custom` is the recognizer that EXTENSIONS registers (docs/SPEECH.md).',
        { remark: { values: ['pocketsphinx'], sentence: `\`pocketsphinx\` ${NOW_EXAMPLE}` } },
    ),
    LOCAL_ASR_MODEL_PATH: variable(
        text.describe('the path of a folder').optional(),
        'The folder of the sherpa-onnx model for `LOCAL_ASR=sherpa`.',
        { example: '/models/sherpa' },
    ),
    PROMPTS_FILE: variable(
        text.describe('the path of a readable file').optional(),
        'Recordings for sentences of the local bot and for the apology: a JSON file of names (also `name.de`, for one language) and sentences, with WAV files beside it (docs/SPEECH.md).',
        { example: 'prompts/prompts.json' },
    ),
    FALLBACK: variable(
        choice(['ladder', 'off']).default('ladder'),
        'What happens when OpenAI is lost during a call. `ladder`: OpenAI’s chat over HTTP continues the call, or else the local bot. `off`: Architect continues on its failure path.',
    ),
    FORCE_FALLBACK: variable(
        choice(['off', 'rest', 'local', 'apology']).default('off'),
        'For tests of the fallback: calls begin with this fallback option instead of OpenAI. Refused in production.',
    ),
};

/** The groups in which the variables are documented, in this order. */
export const VARIABLE_GROUPS = [
    { title: 'OpenAI: key and address', variables: OPENAI_ACCESS },
    { title: 'Who may call', variables: CALLERS },
    { title: 'The server', variables: SERVER_VARIABLES },
    { title: 'Several processes, and abuse', variables: ABUSE_VARIABLES },
    { title: 'The bot', variables: BOT },
    { title: 'Audio, turn detection and transcription', variables: LISTENING },
    { title: 'Further options of OpenAI’s session', variables: OPENAI_OPTIONS },
    { title: 'Turn-taking and keypad', variables: TURN_TAKING },
    { title: 'Local bots and fallback', variables: LOCAL_SPEECH },
    { title: 'Genesys Cloud Data Actions', variables: GENESYS_CLOUD },
    { title: 'After the call', variables: AFTER_CALL_VARIABLES },
    { title: 'Alerts', variables: ALERT_VARIABLES },
    { title: 'Records of calls', variables: CALL_RECORD_VARIABLES },
    { title: 'Proxy on the way out', variables: OUTGOING_PROXY },
    { title: 'Traces', variables: TRACING_VARIABLES },
    { title: 'Replay of calls', variables: FLIGHT_VARIABLES },
] as const;

const ENTRIES = {
    ...OPENAI_ACCESS,
    ...CALLERS,
    ...SERVER_VARIABLES,
    ...ABUSE_VARIABLES,
    ...BOT,
    ...LISTENING,
    ...OPENAI_OPTIONS,
    ...TURN_TAKING,
    ...LOCAL_SPEECH,
    ...GENESYS_CLOUD,
    ...AFTER_CALL_VARIABLES,
    ...ALERT_VARIABLES,
    ...CALL_RECORD_VARIABLES,
    ...OUTGOING_PROXY,
    ...TRACING_VARIABLES,
    ...FLIGHT_VARIABLES,
};

export type VariableName = keyof typeof ENTRIES;

/** Every variable with its schema and its words. */
export const VARIABLES: Readonly<Record<VariableName, Variable>> = ENTRIES;

type Schemas = { [Name in VariableName]: (typeof ENTRIES)[Name]['schema'] };

export const environmentSchema = z.object(
    Object.fromEntries(Object.entries(ENTRIES).map(([name, { schema }]) => [name, schema])) as Schemas,
);

/** The values after reading: numbers are numbers, lists are lists. */
export type Environment = z.output<typeof environmentSchema>;

/** The name of every variable, in the order of the groups. */
export const VARIABLE_NAMES: readonly VariableName[] = environmentSchema.keyof().options;

/** Variables with a new name. The old name is read for one version, with a warning (`ERR_CONFIG_RENAMED`). */
export const RENAMED_VARIABLES: readonly { readonly old: string; readonly new: VariableName }[] = [
    { old: 'FORCE_RUNG', new: 'FORCE_FALLBACK' },
    { old: 'OPENAI_HEARING_MODEL', new: 'OPENAI_HTTP_TRANSCRIPTION_MODEL' },
];
