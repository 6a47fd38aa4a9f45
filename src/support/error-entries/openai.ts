import { entry, type ErrorDescription } from './entry';

/** Codes of the connection to OpenAI’s Realtime API. */
export const OPENAI_ERRORS = {
    // OpenAI's Realtime API
    ERR_OPENAI_KEY: entry(
        'operator',
        'OpenAI does not accept the key.',
        'Correct OPENAI_API_KEY: a live secret key of the project that OPENAI_PROJECT_ID and OPENAI_ORG_ID name, if these are set.',
    ),
    ERR_OPENAI_MODEL: entry(
        'operator',
        'OpenAI does not offer this model here.',
        'Set OPENAI_REALTIME_MODEL to a speech model that the account may use, and check OPENAI_REALTIME_URL if it is set.',
    ),
    ERR_OPENAI_QUOTA: entry(
        'operator',
        'The OpenAI account has no credit left.',
        'Raise the limit or add credit in the billing settings of the account that OPENAI_API_KEY belongs to.',
    ),
    ERR_OPENAI_REFUSED: entry(
        'operator',
        'OpenAI refused the connection or ended it for good.',
        'The code in the message says why; check OPENAI_API_KEY, OPENAI_REALTIME_MODEL and OPENAI_REALTIME_URL.',
    ),
    ERR_OPENAI_CONNECT: entry(
        'network',
        'No connection to OpenAI within the time that a caller waits.',
        'Check OpenAI’s status, and that this server reaches the host of OPENAI_REALTIME_URL (default api.openai.com, port 443).',
    ),
    ERR_OPENAI_NO_SESSION: entry(
        'openai',
        'OpenAI took the connection but gave no session in time.',
        'Look at OpenAI’s status; if OPENAI_REALTIME_URL is set, check that it speaks the Realtime API.',
    ),
    ERR_OPENAI_FORMAT: entry(
        'openai',
        'OpenAI set the session to an audio format that cannot be played.',
        'Try the other value of OPENAI_AUDIO_FORMAT; if OPENAI_REALTIME_URL is set, check that the service takes it.',
    ),
    ERR_OPENAI_REFUSED_UPDATE: entry(
        'operator',
        'OpenAI refused the settings of the session.',
        'The message names the field: correct the OPENAI_… variable behind it (voice, transcription, turn detection, reasoning, tokens).',
    ),
    ERR_OPENAI_LOST: entry(
        'network',
        'The connection to OpenAI was lost and did not come back.',
        'Look at OpenAI’s status and at the network from this server to OpenAI.',
    ),
    ERR_OPENAI_RATE_LIMITED: entry(
        'operator',
        'OpenAI’s rate limit was reached, and waiting did not help.',
        'Ask OpenAI for a higher limit, or lower MAX_SESSIONS.',
    ),
    ERR_OPENAI_NO_ANSWER: entry('openai', 'OpenAI failed to give an answer, twice.', 'Look at OpenAI’s status.'),
    ERR_OPENAI_EVENT_REFUSED: entry(
        'ours',
        'OpenAI refused an event of ours; the call goes on.',
        'Please report it with the code, the parameter and the event that the log names.',
    ),
    ERR_OPENAI_ABANDONED: entry(
        'client',
        'The call ended before the bot was ready.',
        'Nothing: the caller hung up first.',
    ),
} as const satisfies Record<string, ErrorDescription>;
