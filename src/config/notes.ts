/**
 * The words that belong to each variable: what an operator reads in docs/CONFIGURATION.md, and in the error when a value is
 * wrong. The type sees to it that no variable of env-schema.ts is without them.
 */
import { FLAG, note, type VariableNote } from './note';
import { BOT_NOTES, GENESYS_NOTES, HEARING_NOTES, OPENAI_NOTES } from './notes-bots';
import type { VariableName } from './schema';

export type { VariableNote } from './note';

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
        'What speaks for the local bot: a voice that comes with the server (English), OpenAI’s speech over HTTP, sherpa-onnx with a model of yours, or the voice of an extension (docs/SPEECH.md).',
        '`flite`, `openai`, `sherpa` or `custom`',
    ),
    LOCAL_VOICE: note(
        'Its voice: for flite `rms` or `slt`, for openai one of its voices, for sherpa the number of a voice of the model.',
        'a name without blanks',
        'the engine’s own',
    ),
    LOCAL_TTS_MODEL_PATH: note('The folder of the model for `LOCAL_TTS=sherpa`.', 'a path'),
    LOCAL_ASR: note(
        'What recognizes speech for the local bot: nothing (callers press keys), OpenAI’s transcription over HTTP, sherpa-onnx with a model of yours, or the recognizer of an extension (docs/SPEECH.md).',
        '`none`, `openai`, `sherpa` or `custom`',
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

/** The groups in which the variables are documented, in this order. */
export const NOTE_GROUPS = [
    { title: 'The server', notes: SERVER_NOTES },
    { title: 'Taking turns', notes: TURN_NOTES },
    { title: 'Speech without OpenAI', notes: LOCAL_NOTES },
    { title: 'Who may call', notes: CALLER_NOTES },
    { title: 'The way to OpenAI', notes: OPENAI_NOTES },
    { title: 'The bot', notes: BOT_NOTES },
    { title: 'How it hears', notes: HEARING_NOTES },
    { title: 'What bots may ask Genesys Cloud', notes: GENESYS_NOTES },
] as const;

export const VARIABLE_NOTES: Readonly<Record<VariableName, VariableNote>> = {
    ...SERVER_NOTES,
    ...TURN_NOTES,
    ...LOCAL_NOTES,
    ...CALLER_NOTES,
    ...OPENAI_NOTES,
    ...BOT_NOTES,
    ...HEARING_NOTES,
    ...GENESYS_NOTES,
};
