/** Every variable of the environment that the server reads: its kind and its default. env-notes.ts says the same in words. */
import { z } from 'zod';
import { address, authority, choice, decimal, flag, host, listOf, token, uuid, whole } from './fields';

/** The voices that the Realtime API has; a voice of one's own is named by its id. */
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

/** The model that answers when none is named. */
export const DEFAULT_MODEL = 'gpt-realtime-2.1';

/** What the bot is told to be when no instructions are set. */
export const DEFAULT_INSTRUCTIONS =
    'You are a friendly and competent assistant on the telephone. The caller hears you and cannot see anything: ' +
    'speak in short, plain sentences, say one thing at a time, and ask one question at a time. ' +
    'Answer in the language that the caller speaks. When you are not sure that you understood, ask.';

const path = z
    .string()
    .regex(/^(\/[\w.~!$&'()*+,;=:@%-]+)*\/?$/)
    .transform((text) => (text === '/' ? text : text.replace(/\/$/, '')));

const voice = z.union([choice(REALTIME_VOICES), z.string().regex(/^voice_[\w-]{1,64}$/)]) satisfies z.ZodType<
    string,
    string
>;

const maxOutputTokens = z.union([choice(['inf']), whole(1, 4096)]);

const truncation = z.union([choice(['auto', 'disabled']), decimal(0, 1)]);

export const environmentSchema = z.object({
    // The server
    PORT: whole(0, 65_535).default(8080),
    HOST: host.default('127.0.0.1'),
    AUDIOHOOK_PATH: path.default('/'),
    MAX_SESSIONS: whole(1, 100_000).default(1000),
    MAX_CALL_MINUTES: whole(1, 1440).default(60),
    SHUTDOWN_GRACE_SECONDS: whole(0, 3600).default(10),
    PLAYBACK_LEAD_MS: whole(300, 5000).default(600),
    LOG_LEVEL: choice(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
    LOG_TRANSCRIPTS: flag.default(false),
    NODE_ENV: z.string().toLowerCase().default('development'),

    // Taking turns
    BARGE_IN_MIN_SPEECH_MS: whole(0, 2000).default(0),
    ECHO_GUARD: flag.default(false),
    NO_INPUT_SECONDS: decimal(0, 300).default(10),
    NO_INPUT_REPROMPTS: whole(0, 20).default(2),
    DEAD_AIR_SECONDS: decimal(0, 60).default(5),
    MAX_TURNS: whole(0, 10_000).default(0),
    MAX_COST_USD: decimal(0, 1000).default(0),
    DTMF_TERMINATOR: z
        .string()
        .regex(/^([\d*#]|none)$/)
        .default('#'),
    DTMF_SINGLE_KEYS: z
        .string()
        .regex(/^[\d*#]{1,12}$/)
        .optional(),
    DTMF_MAX_DIGITS: whole(1, 64).default(20),
    DTMF_INTER_DIGIT_SECONDS: decimal(0.5, 30).default(3),
    DTMF_TOTAL_SECONDS: decimal(1, 60).default(30),

    // Speech without OpenAI
    LOCAL_TTS: choice(['flite', 'openai', 'sherpa', 'custom']).default('flite'),
    LOCAL_VOICE: z
        .string()
        .regex(/^[\w+-]{1,40}$/)
        .optional(),
    LOCAL_TTS_MODEL_PATH: z.string().optional(),
    LOCAL_ASR: choice(['none', 'openai', 'sherpa', 'custom']).default('none'),
    LOCAL_ASR_MODEL_PATH: z.string().optional(),
    PROMPTS_FILE: z.string().optional(),
    FALLBACK: choice(['ladder', 'off']).default('ladder'),
    FORCE_RUNG: choice(['off', 'rest', 'local', 'apology']).default('off'),

    // Who may call
    AUDIOHOOK_API_KEYS: z.string().optional(),
    AUDIOHOOK_API_KEYS_FILE: z.string().optional(),
    AUDIOHOOK_ORGANIZATIONS: listOf(uuid).default([]),
    AUDIOHOOK_AUTHORITIES: listOf(authority).default([]),
    AUDIOHOOK_TRUST_PROXY: flag.default(false),

    // The way to OpenAI
    OPENAI_API_KEY: token.optional(),
    OPENAI_REALTIME_URL: address('ws', 'wss').optional(),
    OPENAI_BASE_URL: address('http', 'https', 'ws', 'wss').optional(),
    OPENAI_ORG_ID: token.optional(),
    OPENAI_PROJECT_ID: token.optional(),
    OPENAI_CHAT_MODEL: token.default('gpt-5.4-mini'),
    OPENAI_SPEECH_MODEL: token.default('gpt-4o-mini-tts'),
    OPENAI_HEARING_MODEL: token.default('gpt-transcribe'),
    AZURE_OPENAI_ENDPOINT: address('http', 'https', 'ws', 'wss').optional(),
    AZURE_OPENAI_API_KEY: token.optional(),
    AZURE_OPENAI_DEPLOYMENT: token.optional(),

    // What bots may ask Genesys Cloud
    GENESYS_REGION: host.optional(),
    GENESYS_CLIENT_ID: token.optional(),
    GENESYS_CLIENT_SECRET: token.optional(),

    // The bot
    BOTS_FOLDER: z.string().optional(),
    DEFAULT_BOT: z
        .string()
        .regex(/^[A-Za-z\d_-]{1,64}$/)
        .optional(),
    OPENAI_REALTIME_MODEL: token.optional(),
    OPENAI_VOICE: voice.default('marin'),
    OPENAI_INSTRUCTIONS: z.string().optional(),
    OPENAI_INSTRUCTIONS_FILE: z.string().optional(),
    OPENAI_GREETING: z.string().default('Greet the caller in one short sentence, and ask how you can help.'),
    OPENAI_GREETING_PROTECTED: flag.default(false),
    OPENAI_SPEED: decimal(0.25, 1.5).default(1),
    OPENAI_MAX_OUTPUT_TOKENS: maxOutputTokens.default('inf'),
    OPENAI_REASONING_EFFORT: choice(['minimal', 'low', 'medium', 'high', 'xhigh']).optional(),
    OPENAI_TRUNCATION: truncation.default('auto'),

    // How it hears
    OPENAI_AUDIO_FORMAT: choice(['pcm16', 'pcmu']).default('pcm16'),
    OPENAI_TURN_DETECTION: choice(['server_vad', 'semantic_vad']).default('server_vad'),
    OPENAI_VAD_THRESHOLD: decimal(0, 1).optional(),
    OPENAI_VAD_PREFIX_MS: whole(0, 5000).optional(),
    OPENAI_VAD_SILENCE_MS: whole(100, 10_000).optional(),
    OPENAI_VAD_IDLE_TIMEOUT_MS: whole(5000, 30_000).optional(),
    OPENAI_VAD_EAGERNESS: choice(['low', 'medium', 'high', 'auto']).optional(),
    OPENAI_TRANSCRIPTION_MODEL: token.default('gpt-transcribe'),
    OPENAI_TRANSCRIPTION_LANGUAGE: z
        .string()
        .regex(/^[a-z]{2,3}$/)
        .optional(),
    OPENAI_NOISE_REDUCTION: choice(['off', 'near_field', 'far_field']).default('off'),
});

/** The values after reading: numbers are numbers, lists are lists. */
export type Environment = z.output<typeof environmentSchema>;

export type VariableName = keyof Environment;
