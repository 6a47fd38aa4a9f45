/**
 * The words that belong to each variable: what an operator reads in docs/CONFIGURATION.md, and in the error when a value is
 * wrong. The type sees to it that no variable of env-schema.ts is without them.
 */
import { DEFAULT_MODEL, REALTIME_VOICES, type VariableName } from './env-schema';

export interface VariableNote {
    /** What the variable does. */
    meaning: string;
    /** What a right value looks like; fits after "right is". */
    right: string;
    /** What holds when it is not set and the schema has no default to show. */
    otherwise?: string;
    /** Its value is never shown. */
    secret?: true;
}

const FLAG = '`true` or `false`';

const SERVER_NOTES = {
    PORT: note('TCP port to listen on.', 'a whole number from 0 to 65535; 0 takes any free port'),
    HOST: note(
        'Address to listen on. The default is reached from this machine only; `0.0.0.0` opens it to the network.',
        'an IP address or a host name',
    ),
    AUDIOHOOK_PATH: note(
        'Path of the Base Connection URI. This path and everything below it is served; the query is free.',
        'a path that begins with `/`, without query',
    ),
    MAX_SESSIONS: note('Most calls at a time; further ones are answered 503.', 'a whole number from 1 to 100000'),
    MAX_CALL_MINUTES: note('Longest call, in minutes.', 'a whole number from 1 to 1440'),
    SHUTDOWN_GRACE_SECONDS: note(
        'How long a shut-down waits for running calls to say goodbye, in seconds.',
        'a whole number from 0 to 3600',
    ),
    PLAYBACK_LEAD_MS: note(
        'Most audio, in ms, that may be ahead of the caller’s ear. Small: quick interruptions. Large: patience with a rough network.',
        'a whole number from 300 to 5000',
    ),
    LOG_LEVEL: note('How much is logged.', '`debug`, `info`, `warn`, `error` or `silent`'),
    LOG_TRANSCRIPTS: note('Write what caller and bot said into the log.', FLAG),
    NODE_ENV: note('`production` refuses development keys.', '`production`, `development` or a word of your own'),
};

const TURN_NOTES = {
    BARGE_IN_MIN_SPEECH_MS: note(
        'Speech of the caller that interrupts the bot, in ms: more than a cough. 0: the first sound that the model takes for speech.',
        'a whole number from 0 to 2000',
    ),
    ECHO_GUARD: note(
        'For lines that send the bot’s own voice back: what is its echo in the caller’s audio becomes the noise of the line.',
        FLAG,
    ),
    NO_INPUT_SECONDS: note(
        'Silence of the caller, after the bot has finished, before it asks again. 0: it waits for ever.',
        'a number from 0 to 300',
    ),
    NO_INPUT_REPROMPTS: note(
        'How often it asks again before it says goodbye (`end_reason` is `no_input`).',
        'a whole number from 0 to 20',
    ),
    DEAD_AIR_SECONDS: note(
        'How long a caller who has spoken may wait for the bot before a sound tells him that he is not lost. 0: never.',
        'a number from 0 to 60',
    ),
    MAX_TURNS: note(
        'Answers of the bot after which it says goodbye (`end_reason` is `max_turns`). 0: any number.',
        'a whole number from 0 to 10000',
    ),
    MAX_COST_USD: note(
        'What a call may cost, in US dollars, before the bot says goodbye (`end_reason` is `max_cost`). 0: anything.',
        'a number from 0 to 1000',
    ),
    DTMF_TERMINATOR: note('The key that ends an entry.', 'one of 0–9, `*`, `#`, or `none`'),
    DTMF_SINGLE_KEYS: note(
        'Keys of a menu: each is an entry by itself when it is pressed first.',
        'keys without blanks, such as `1230`',
        'none',
    ),
    DTMF_MAX_DIGITS: note('Digits after which an entry is complete.', 'a whole number from 1 to 64'),
    DTMF_INTER_DIGIT_SECONDS: note('Time without a key that ends an entry, in seconds.', 'a number from 0.5 to 30'),
    DTMF_TOTAL_SECONDS: note('Longest time for one entry, in seconds.', 'a number from 1 to 60'),
};

const LOCAL_NOTES = {
    LOCAL_TTS: note(
        'Who speaks for the local bot: a voice that comes with the server (English), the program espeak-ng (many languages), or OpenAI’s speech over HTTP.',
        '`flite`, `espeak` or `openai`',
    ),
    LOCAL_VOICE: note(
        'Its voice: for flite `rms` or `slt`, for espeak a language such as `de`, for openai one of its voices.',
        'a name without blanks',
        'the engine’s own',
    ),
    LOCAL_ASR: note(
        'Who hears for the local bot: nobody (callers press keys), PocketSphinx for the phrases of its menu, OpenAI’s transcription over HTTP, or sherpa-onnx with a model of yours (docs/SPEECH.md).',
        '`none`, `pocketsphinx`, `openai` or `sherpa`',
    ),
    LOCAL_ASR_MODEL_PATH: note('The folder of the model for `LOCAL_ASR=sherpa`.', 'a path'),
    PROMPTS_FILE: note(
        'Recordings instead of the synthesizer: a JSON file of names and sentences, each with a WAV file beside it (docs/SPEECH.md).',
        'the path of a readable file',
    ),
    FALLBACK: note(
        'What happens when OpenAI is lost in a call: OpenAI’s chat over HTTP goes on where it answers, else the local bot; or (`off`) Architect does, by its failure path.',
        '`ladder` or `off`',
    ),
    FORCE_RUNG: note(
        'For trying the fallback: calls begin with this rung instead of OpenAI. Refused in production.',
        '`off`, `rest`, `local` or `apology`',
    ),
};

const CALLER_NOTES = {
    AUDIOHOOK_API_KEYS: {
        ...note(
            'API keys and client secrets, as entered in the credentials of the Genesys integration.',
            'a JSON object: API key → client secret in base64',
            'a development key is made and kept in `.audiohook-dev-keys.json`',
        ),
        secret: true as const,
    },
    AUDIOHOOK_API_KEYS_FILE: note('A file with the same JSON, for mounted secrets.', 'the path of a readable file'),
    AUDIOHOOK_ORGANIZATIONS: note(
        'Ids of the Genesys organizations that may call.',
        'a comma-separated list of UUIDs',
        'every organization that has a key',
    ),
    AUDIOHOOK_AUTHORITIES: note(
        'Host names (with port, unless 443) that a signature may be made for. Stops signatures made for another server.',
        'a comma-separated list of host names without scheme and path',
        'whatever the request names as its host',
    ),
    AUDIOHOOK_TRUST_PROXY: note(
        'Take the signed host name from X-Forwarded-Host. Only behind a proxy that always overwrites this header.',
        FLAG,
    ),
};

const OPENAI_NOTES = {
    OPENAI_API_KEY: {
        ...note('Key of the OpenAI project that pays.', 'the key, without blanks', 'the local bot answers'),
        secret: true as const,
    },
    OPENAI_REALTIME_URL: note(
        'Whole address of a Realtime service, for tests and compatible servers; wins over OPENAI_BASE_URL.',
        'a `wss://` URL without user name, password or fragment; `ws://` only to this machine',
    ),
    OPENAI_BASE_URL: note(
        'Address of the API; `/realtime` is appended. For regional hosts: `https://eu.api.openai.com/v1`.',
        'an `https://` URL without user name, password or fragment; `http://` only to this machine',
        '`https://api.openai.com/v1`',
    ),
    OPENAI_ORG_ID: note('Organization that is billed, when the key belongs to several.', 'an id without blanks'),
    OPENAI_PROJECT_ID: note('Project that is billed, when the key belongs to several.', 'an id without blanks'),
    OPENAI_CHAT_MODEL: note(
        'The model that answers over HTTP when the Realtime API is lost. Not used where OPENAI_REALTIME_URL leads elsewhere without an OPENAI_BASE_URL, nor with Azure.',
        'the name of a chat model, or `off`',
    ),
    OPENAI_SPEECH_MODEL: note('The model that speaks over HTTP.', 'the name of a speech model'),
    OPENAI_HEARING_MODEL: note(
        'The model that writes down what callers say, over HTTP.',
        'the name of a transcription model',
    ),
    AZURE_OPENAI_ENDPOINT: note(
        'Azure instead of OpenAI: address of the resource. The three AZURE variables go together, and win over OPENAI_API_KEY.',
        'an `https://` URL, such as `https://my-resource.openai.azure.com`; `http://` only to this machine',
    ),
    AZURE_OPENAI_API_KEY: { ...note('Key of the Azure resource.', 'the key, without blanks'), secret: true as const },
    AZURE_OPENAI_DEPLOYMENT: note(
        'Name of the deployment. OPENAI_REALTIME_MODEL then says which model is deployed under it.',
        'a name without blanks',
    ),
};

const BOT_NOTES = {
    DEFAULT_BOT: note(
        'Who answers calls whose URL names no bot (`?bot=`).',
        '`openai` (needs a key), `local`, `echo` or `silent`',
        '`openai` with a key, `local` without',
    ),
    OPENAI_REALTIME_MODEL: note(
        'The speech model that answers.',
        'the name of a Realtime model, the same as in OPENAI_REALTIME_URL if that names one',
        `\`${DEFAULT_MODEL}\``,
    ),
    OPENAI_VOICE: note(
        'The bot’s voice.',
        `one of ${REALTIME_VOICES.join(', ')}, or the id of a voice of your own (\`voice_…\`)`,
    ),
    OPENAI_INSTRUCTIONS: note(
        'Who the bot is, and how it talks.',
        'any text',
        'a short text for a telephone assistant',
    ),
    OPENAI_INSTRUCTIONS_FILE: note(
        'The same from a file, for texts of more than a line.',
        'the path of a readable UTF-8 text file of 64 KB at most, not empty',
    ),
    OPENAI_GREETING: note(
        'What the bot is told to say first, as an instruction.',
        'any text, or `off`: the bot waits for the caller',
        'a short greeting and an offer to help',
    ),
    OPENAI_GREETING_PROTECTED: note('The caller cannot interrupt the greeting.', FLAG),
    OPENAI_SPEED: note('How fast the bot speaks.', 'a number from 0.25 to 1.5'),
    OPENAI_MAX_OUTPUT_TOKENS: note('Longest answer, in tokens.', 'a whole number from 1 to 4096, or `inf`'),
    OPENAI_REASONING_EFFORT: note(
        'How long the model thinks before it speaks; only gpt-realtime-2 models think.',
        '`minimal`, `low`, `medium`, `high` or `xhigh`, with a gpt-realtime-2 model',
        'the model’s own',
    ),
    OPENAI_TRUNCATION: note(
        'What happens when a talk outgrows the model’s memory; a number is the share that is kept.',
        '`auto`, `disabled`, or a number from 0 to 1',
    ),
};

const HEARING_NOTES = {
    OPENAI_AUDIO_FORMAT: note(
        'Audio between here and OpenAI: 24 kHz PCM, or the caller’s G.711 as it is, at a sixth of the bandwidth.',
        '`pcm16` or `pcmu`',
    ),
    OPENAI_TURN_DETECTION: note(
        'How the end of the caller’s turn is found: by silence, or by the meaning of what was said.',
        '`server_vad` or `semantic_vad`',
    ),
    OPENAI_VAD_THRESHOLD: note(
        'How loud speech must be; higher for noisy lines.',
        'a number from 0 to 1, with `server_vad`',
        '0.5',
    ),
    OPENAI_VAD_PREFIX_MS: note(
        'Audio from before the speech that is kept, in ms.',
        'a whole number from 0 to 5000, with `server_vad`',
        '300',
    ),
    OPENAI_VAD_SILENCE_MS: note(
        'Silence that ends a turn, in ms.',
        'a whole number from 100 to 10000, with `server_vad`',
        '500',
    ),
    OPENAI_VAD_IDLE_TIMEOUT_MS: note(
        'Silence after which the bot asks whether somebody is there, in ms.',
        'a whole number from 5000 to 30000, with `server_vad`',
        'it does not ask',
    ),
    OPENAI_VAD_EAGERNESS: note(
        'How soon the bot takes its turn.',
        '`low`, `medium`, `high` or `auto`, with `semantic_vad`',
        '`auto`',
    ),
    OPENAI_TRANSCRIPTION_MODEL: note(
        'Writes down what the caller says.',
        'the name of a transcription model, or `off`',
    ),
    OPENAI_TRANSCRIPTION_LANGUAGE: note(
        'The language to write down, when it is known.',
        'an ISO 639 code in small letters, such as `en`',
        'it is recognized',
    ),
    OPENAI_NOISE_REDUCTION: note(
        'Noise filter before the bot hears: for a receiver at the mouth, or for a loudspeaker phone.',
        '`off`, `near_field` or `far_field`',
    ),
};

/** The groups in which the variables are documented, in this order. */
export const NOTE_GROUPS = [
    { title: 'The server', notes: SERVER_NOTES },
    { title: 'Taking turns', notes: TURN_NOTES },
    { title: 'Speech without OpenAI', notes: LOCAL_NOTES },
    { title: 'Who may call', notes: CALLER_NOTES },
    { title: 'The way to OpenAI', notes: OPENAI_NOTES },
    { title: 'The bot', notes: BOT_NOTES },
    { title: 'How it hears', notes: HEARING_NOTES },
] as const;

export const VARIABLE_NOTES: Readonly<Record<VariableName, VariableNote>> = {
    ...SERVER_NOTES,
    ...TURN_NOTES,
    ...LOCAL_NOTES,
    ...CALLER_NOTES,
    ...OPENAI_NOTES,
    ...BOT_NOTES,
    ...HEARING_NOTES,
};

function note(meaning: string, right: string, otherwise?: string): VariableNote {
    return { meaning, right, ...(otherwise !== undefined && { otherwise }) };
}
