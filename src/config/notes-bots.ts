/** The words of the variables that are about the bots: what they live on, what they are, how they hear. */
import { FLAG, note } from './note';
import { DEFAULT_MODEL, REALTIME_VOICES } from './schema';

export const OPENAI_NOTES = {
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

export const BOT_NOTES = {
    BOTS_FOLDER: note(
        'The folder of the bot profiles (docs/BOTS.md). Edits count from the next call on.',
        'the path of a folder, or `off` for none',
        'the profiles that come with the server',
    ),
    DEFAULT_BOT: note(
        'Who answers calls that name no bot.',
        'the name of a profile, or `openai` (needs a key), `local`, `echo`, `silent`',
        'the profile `default`; without it `openai` with a key, `local` without',
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

export const HEARING_NOTES = {
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

export const GENESYS_NOTES = {
    GENESYS_REGION: note(
        'Region of the organization whose Data Actions bots may run.',
        'its domain, such as `mypurecloud.de` or `usw2.pure.cloud`',
    ),
    GENESYS_CLIENT_ID: note('The OAuth client for it, with the grant “Client Credentials”.', 'an id without blanks'),
    GENESYS_CLIENT_SECRET: { ...note('Its secret.', 'the secret, without blanks'), secret: true as const },
};
