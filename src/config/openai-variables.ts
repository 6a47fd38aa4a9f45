/** Variables of OpenAI's session: how it listens, and options that are sent only where they are set. */
import { z } from 'zod';
import { choice, decimal, flag, matching, splitAtCommas, token, variable, whole } from './fields';

const LANGUAGE = /^[a-z]{2,3}$/;

/** A comma-separated list of 1 to `mostItems` items in upper or lower case; empty places are left out. */
function list(item: z.ZodType<string, string>, mostItems: number, described: string): z.ZodType<string[], string> {
    return z.string().transform(splitAtCommas).pipe(z.array(item).min(1).max(mostItems)).describe(described);
}

/** Most keywords, and the longest one, in characters. */
export const MAX_KEYWORDS = 100;
export const MAX_KEYWORD_CHARS = 100;
/** Longest hint for the transcription, in characters. */
export const MAX_HINT_CHARS = 2000;

export const LISTENING = {
    OPENAI_AUDIO_FORMAT: variable(
        choice(['pcm16', 'pcmu']).default('pcm16'),
        'Audio between this server and OpenAI: PCM at 24 kHz, or the caller’s G.711 unchanged, at a sixth of the bandwidth.',
    ),
    OPENAI_TURN_DETECTION: variable(
        choice(['server_vad', 'semantic_vad']).default('server_vad'),
        'How the end of the caller’s turn is found: `server_vad` by silence, `semantic_vad` by the meaning of the words.',
    ),
    OPENAI_VAD_THRESHOLD: variable(
        decimal(0, 1).optional(),
        'How loud speech must be; higher for noisy lines. Only with `server_vad`.',
        { unset: '0.5', example: '0.5' },
    ),
    OPENAI_VAD_PREFIX_MS: variable(
        whole(0, 5000).optional(),
        'Audio from before the speech that is kept, in ms. Only with `server_vad`.',
        { unset: '300', example: '300' },
    ),
    OPENAI_VAD_SILENCE_MS: variable(
        whole(100, 10_000).optional(),
        'Silence that ends a turn, in ms. Only with `server_vad`.',
        { unset: '500', example: '500' },
    ),
    OPENAI_VAD_IDLE_TIMEOUT_MS: variable(
        whole(5000, 30_000).optional(),
        'Silence after which the bot asks whether the caller is still there, in ms. Only with `server_vad`.',
        { unset: 'it does not ask', example: '8000' },
    ),
    OPENAI_VAD_EAGERNESS: variable(
        choice(['low', 'medium', 'high', 'auto']).optional(),
        'How soon the bot takes its turn. Only with `semantic_vad`.',
        { unset: '`auto`', example: 'auto' },
    ),
    OPENAI_TRANSCRIPTION_MODEL: variable(
        token('the name of a transcription model, or `off`').default('gpt-transcribe'),
        'Model that writes the transcript of the caller, for reports and for restoring a conversation. The bot itself listens to the audio.',
    ),
    OPENAI_TRANSCRIPTION_LANGUAGE: variable(
        matching(LANGUAGE, 'an ISO 639 code in lower case, such as `en`').optional(),
        'Language of the callers, when all of them speak the same.',
        { unset: 'it is recognized', example: 'en' },
    ),
    OPENAI_NOISE_REDUCTION: variable(
        choice(['off', 'near_field', 'far_field']).default('off'),
        'Noise filter for the caller’s audio: `near_field` for a handset, `far_field` for a speakerphone.',
    ),
};

export const OPENAI_OPTIONS = {
    OPENAI_TRANSCRIPTION_LANGUAGES: variable(
        list(
            z.string().regex(LANGUAGE),
            20,
            'a comma-separated list of ISO 639 codes in lower case, such as `en,es`',
        ).optional(),
        'Languages that the callers may speak. Only `gpt-transcribe` and `gpt-live-transcribe` take several; instead of OPENAI_TRANSCRIPTION_LANGUAGE.',
        { unset: 'they are recognized', example: 'en,es' },
    ),
    OPENAI_TRANSCRIPTION_KEYWORDS: variable(
        list(
            z.string().max(MAX_KEYWORD_CHARS),
            MAX_KEYWORDS,
            `a comma-separated list of ${MAX_KEYWORDS} words or names at most, of ${MAX_KEYWORD_CHARS} characters each`,
        ).optional(),
        'Names, products and codes that the callers say, for the transcript. Only with `gpt-transcribe` and `gpt-live-transcribe`.',
        { example: 'Brightwater,IBAN' },
    ),
    OPENAI_TRANSCRIPTION_PROMPT: variable(
        z.string().max(MAX_HINT_CHARS).describe(`any text of ${MAX_HINT_CHARS} characters at most`).optional(),
        'What the calls are about, for the transcript. Not with `gpt-realtime-whisper`.',
        { example: 'Calls to an energy supplier about bills and meters.' },
    ),
    OPENAI_NOISE_REDUCTION_STRENGTH: variable(
        decimal(0, 10).optional(),
        'How strongly OPENAI_NOISE_REDUCTION filters; 1 is usual.',
        { unset: 'the service’s own', example: '1' },
    ),
    OPENAI_TRUNCATION_TOKENS: variable(
        whole(1, 1_000_000).optional(),
        'Length of the conversation, in tokens without the instructions, at which it is cut to the share of OPENAI_TRUNCATION.',
        { unset: 'the context of the model', example: '8000' },
    ),
    OPENAI_TOOL_CHOICE: variable(
        z
            .union([choice(['auto', 'none', 'required']), matching(/^function:[\w-]{1,64}$/, '')])
            .describe('`auto`, `none`, `required`, or `function:` with the name of a function')
            .optional(),
        'Whether the model uses functions. `required` and `function:…` make it use one in every response, also in the greeting.',
        { unset: '`auto`', example: 'auto' },
    ),
    OPENAI_PARALLEL_TOOL_CALLS: variable(
        flag.optional(),
        'Whether one response may hold several function calls. Only gpt-realtime-2 models know it.',
        { unset: 'the model’s own', example: 'false' },
    ),
    OPENAI_TRACING: variable(
        matching(
            /^[\w .:/-]{1,64}$/,
            '`off`, `auto`, or a name of 64 letters, digits, blanks and `.:/_-` at most',
        ).default('off'),
        'Traces of the sessions in OpenAI’s dashboard, where they can be read by everybody who has access to the project. A name is the name of the workflow, with the conversation’s id as its group.',
    ),
    OPENAI_SAFETY_SALT: variable(
        matching(/^(off|\S{16,200})$/, '16 to 200 characters without blanks, or `off`').optional(),
        'OpenAI is told of each session a hash of the caller’s number with this salt (`OpenAI-Safety-Identifier`), so that abuse can be traced to one caller and not to your whole account. The number itself is not sent. Several servers need the same salt to give the same hash. `off`: nothing is sent. Not with Azure.',
        { unset: 'a random salt for the life of the process', secret: true },
    ),
};
