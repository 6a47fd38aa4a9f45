import { entry, type ErrorDescription } from './error-entry';

/** Errors of what answers a call: OpenAI, speech engines, local bots, fallback, profiles and functions. */
export const BOT_ERRORS = {
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
        'The line has OpenAI’s own code and words (apiCode, param, apiMessage, status): check OPENAI_API_KEY, OPENAI_REALTIME_MODEL and OPENAI_REALTIME_URL.',
    ),
    ERR_OPENAI_CONNECT: entry(
        'network',
        'No connection to OpenAI within the time that a caller waits.',
        'systemError in the line says how it failed, and address where: ENOTFOUND, the name is not known here; ECONNREFUSED, nothing listens; CERT_… and SELF_SIGNED_…, a proxy shows its own certificate. Then check OpenAI’s status, and that this server reaches the host of OPENAI_REALTIME_URL (default api.openai.com, port 443).',
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
        'param in the line names the field, which no session can do without, apiMessage says what is wrong with it: correct the OPENAI_… variable behind it (voice, transcription, turn detection, reasoning, tokens).',
    ),
    ERR_OPENAI_FIELD_REFUSED: entry(
        'operator',
        'OpenAI refused an optional field of the session’s configuration; the session goes on without it.',
        'The line names the field and OpenAI’s words: change or remove the OPENAI_… variable or the profile’s setting behind it. Until a restart no call sends it to this service again; it is said once.',
    ),
    ERR_PRICE_UNKNOWN: entry(
        'operator',
        'The price of a model is not in assets/prices.json, so that cost_usd leaves it out.',
        'Add its price there, or name the model by its own name: with Azure by OPENAI_REALTIME_MODEL. Said once for each model.',
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
    ERR_OPENAI_EVENT_REFUSED: entry(
        'server',
        'OpenAI refused an event that this server sent; the call goes on.',
        'Please report it with the code, the parameter and the event that the log names.',
    ),
    ERR_OPENAI_ERROR: entry(
        'openai',
        'OpenAI reported an error of its own; the call goes on.',
        'The line has OpenAI’s own code and words (apiCode, apiMessage). Look at OpenAI’s status if it happens again.',
    ),
    ERR_OPENAI_ABANDONED: entry(
        'client',
        'The call ended before the bot was ready.',
        'Nothing: the caller hung up first.',
    ),

    // Speech recognition and voice activity detection
    ERR_VAD_WEIGHTS: entry(
        'operator',
        'The weights of the voice activity detector are missing or changed.',
        'Install the server again: assets/silero-vad belongs to it and must be copied along.',
    ),
    ERR_ASR_NOT_INSTALLED: entry(
        'operator',
        'The speech recognizer that is configured is not installed.',
        'Install what the message names, or choose another recognizer.',
    ),
    ERR_ASR_WORDS: entry(
        'operator',
        'A phrase to listen for cannot be recognized.',
        'Use only words that the recognizer’s dictionary has; the message names those that it does not have.',
    ),
    ERR_ASR_REFUSED: entry(
        'operator',
        'The speech recognition service does not take requests as they are configured.',
        'Check the key, the address and the model of the speech recognizer; the status in the message says what was wrong.',
    ),
    ERR_ASR_UNAVAILABLE: entry(
        'network',
        'The speech recognition service gave no result that can be used.',
        'Look at the status of the service, and at the network from this server to it.',
    ),
    ERR_ASR_TIMEOUT: entry(
        'server',
        'A speech recognition took longer than a caller waits.',
        'Look at the load of this machine, or of the service that recognizes; the next utterance is tried again.',
    ),
    ERR_ASR_CRASHED: entry(
        'server',
        'The speech recognizer ended unexpectedly; the next utterance starts it again.',
        'If it happens again, please report it with the line of the log before it.',
    ),
    ERR_ASR_BUSY: entry(
        'server',
        'Too many utterances wait for the speech recognizer.',
        'Take fewer calls per machine, or choose a faster recognizer.',
    ),
    ERR_ASR_CLOSED: entry('server', 'The speech recognizer is shut down.', 'Nothing: the server is ending.'),

    // Speech synthesis and recorded prompts
    ERR_TTS_ENGINE: entry(
        'operator',
        'The speech synthesizer cannot be started.',
        'Install the server again (npm ci): its program is checked before it runs, and must be there unchanged.',
    ),
    ERR_TTS_VOICE: entry(
        'operator',
        'The speech synthesizer has no such voice.',
        'Choose one that the message names, or leave the voice out.',
    ),
    ERR_TTS_LANGUAGE: entry(
        'operator',
        'The local voice does not read the language of a bot.',
        'Choose a voice that does (LOCAL_TTS=openai, or sherpa with a model of the language), or record the sentences (PROMPTS_FILE). With FALLBACK=off and a key the local voice says nothing.',
    ),
    ERR_TTS_TEXT: entry(
        'server',
        'A text cannot be spoken: it is too long, or in letters that the voice does not know.',
        'Give it sentence by sentence, or choose a synthesizer that knows the language.',
    ),
    ERR_TTS_FAILED: entry(
        'server',
        'The speech synthesizer failed on a text.',
        'The message says what happened; if it happens again, please report it.',
    ),
    ERR_TTS_REFUSED: entry(
        'server',
        'A text brought the speech synthesizer down twice and is not tried again.',
        'Please report it with the line of the log before it.',
    ),
    ERR_TTS_TIMEOUT: entry(
        'server',
        'A text was not spoken within the time that a caller waits.',
        'Look at the load of this machine, or of the service that speaks.',
    ),
    ERR_TTS_BUSY: entry(
        'server',
        'Too many texts wait for the speech synthesizer.',
        'Take fewer calls per machine, or let the bots say less.',
    ),
    ERR_TTS_CLOSED: entry('server', 'The speech synthesizer is shut down.', 'Nothing: the server is ending.'),
    ERR_TTS_OPENAI: entry(
        'openai',
        'OpenAI’s speech service gave no audio that can be used.',
        'The status in the message says why: check the key, the address, the model and the voice, then OpenAI’s status.',
    ),
    ERR_TTS_NOT_INSTALLED: entry(
        'operator',
        'The speech synthesizer that is configured is not installed.',
        'Install what the message names, or choose another speech synthesizer.',
    ),
    ERR_PROMPT: entry(
        'operator',
        'A recorded prompt cannot be used.',
        'Save it as a WAV file (PCM or µ-law; 8, 16, 24 or 48 kHz) at the place that the message names.',
    ),

    // Bots that answer without the Realtime API
    ERR_DIALOG: entry(
        'operator',
        'A dialog cannot be used.',
        'Correct the places that the message names. Each key stands once in a menu, and every menu that is gone to must be there.',
    ),
    ERR_CHAT_HEARING: entry(
        'operator',
        'The bot that chats needs a speech recognizer of free speech, and has none.',
        'Configure one, or let another bot answer.',
    ),
    ERR_CHAT_UNHEARD: entry(
        'network',
        'The caller spoke several times, and no speech was recognized.',
        'Look at the lines of the speech recognizer in the log; if there are none, the telephone line was bad.',
    ),
    ERR_CHAT_FAILED: entry(
        'openai',
        'The chat service gave no result that can be used.',
        'The status in the message says why: check the key, the address and the model, then the status of the service.',
    ),
    ERR_CHAT_TIMEOUT: entry(
        'openai',
        'The chat service did not answer within the time that a caller waits.',
        'Look at the status of the service, and at the network from this server to it.',
    ),

    // Fallback: why a call went on with another bot, or could not
    ERR_FALLBACK_STEP: entry(
        'network',
        'The active bot failed; the next fallback option took over.',
        'The line names both, and why; look that code up.',
    ),
    ERR_FALLBACK_EXHAUSTED: entry(
        'network',
        'No fallback option is left; the call went back to Architect with end_reason bot_failed.',
        'The lines before it name each bot that was lost, and why; look these codes up.',
    ),
    ERR_FALLBACK_SLOW: entry(
        'openai',
        'A bot left the caller waiting in silence for longer than the limit.',
        'Look at the status of the service behind the bot that the line names, and at the network from this server to it.',
    ),
    ERR_FALLBACK_NOT_RECOVERED: entry(
        'network',
        'A lost connection did not come back within the time that a caller waits.',
        'Look at the status of the service behind the bot that the line names, and at the network from this server to it.',
    ),
    ERR_FALLBACK_UPSTREAM_DOWN: entry(
        'network',
        'A service failed several times in a row, or cannot be reached at all; for a while new calls begin with the next fallback option.',
        'Nothing here: the service is tried again by one call at a time. Look at its status if it stays so.',
    ),
    ERR_FALLBACK_ABANDONED: entry(
        'client',
        'The call ended before a bot was ready.',
        'Nothing: the caller hung up first.',
    ),

    // Bot profiles
    ERR_EXTENSIONS: entry(
        'operator',
        'The extensions cannot be used.',
        'Correct the module that EXTENSIONS names, or what is given to new Server, at the key that the message names; examples/README.md shows each kind.',
    ),
    ERR_PROFILE: entry(
        'operator',
        'A bot profile cannot be used.',
        'Correct the places that the message names: file, then setting. `npm run bots:check` reads all profiles without starting the server. An edit that came while calls are running has no effect until it is right; the last good profile answers.',
    ),
    ERR_WORDS: entry(
        'operator',
        'The server has no words of the language of a bot, or a file of words cannot be read.',
        'Give the bot the `words` that the line names, or a file assets/words/<language>.json like the others (docs/BOTS.md); until then the bot says these sentences in English. When the message names a file, correct the places that it names.',
    ),
    ERR_PROFILE_FOLDER: entry(
        'operator',
        'The folder of the bot profiles cannot be read or watched.',
        'Look at its path and its permissions. When it cannot be watched, changes of profiles count from the next start on.',
    ),
    ERR_INPUT_VARIABLES: entry(
        'operator',
        'Input variables of a call are not as its bot needs them; the call goes on.',
        'Compare the inputs of the Architect action with the bot’s inputVariables (`npm run bots:check`). The line names them: missing, cut because they are too long, or unfit because they are of another type. Objects and lists can be no input variable; of those the line names only what is `unreadable`.',
    ),

    // Functions of a bot, called tools in its profile
    ERR_TOOL: entry(
        'operator',
        'A tool of a bot cannot be used as it is described.',
        'The message names the tool and the part: correct it in the bot’s profile, or set the environment variable that it needs.',
    ),
    ERR_TOOL_ADDRESS: entry(
        'operator',
        'A tool may not ask this address.',
        'Check allowedHosts in the profile: exact hosts, https; names must lead to public addresses. A host in a private network is named by its IP address.',
    ),
    ERR_TOOL_ANSWER: entry(
        'operator',
        'The response of a tool’s web service cannot be used.',
        'Let the service answer with JSON or text of at most 256 kB, not compressed.',
    ),
    ERR_TOOL_FAILED: entry(
        'network',
        'A tool failed; the model was told so, and the call goes on.',
        'Look at the service behind the tool, and at the network from this server to it.',
    ),
    ERR_TOOL_GENESYS: entry(
        'operator',
        'Genesys Cloud gives no access token for Data Actions, or does not accept it.',
        'Check GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET and GENESYS_REGION: an OAuth client of the grant “Client Credentials” whose role may execute the Data Action.',
    ),
    ERR_TOOL_MCP: entry(
        'network',
        'An MCP server failed; the call goes on without what it would have given.',
        'OpenAI calls the server, not this machine: check that it can be reached from the internet, its token, and the names in allowedTools.',
    ),
} as const satisfies Record<string, ErrorDescription>;
