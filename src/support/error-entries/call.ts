import { entry, type ErrorDescription } from './entry';

/** Codes of one call: what the client sends, how long it takes, what the bot does. */
export const CALL_ERRORS = {
    // Messages of the client
    ERR_MESSAGE_NOT_JSON: entry(
        'client',
        'A text message is not JSON.',
        'Look at what stands between Genesys and this server; Genesys itself sends JSON.',
    ),
    ERR_MESSAGE_SHAPE: entry(
        'client',
        'A text message lacks a part of the envelope, or a part has the wrong type.',
        'The log names the path of the part.',
    ),
    ERR_MESSAGE_SEQ: entry(
        'client',
        'The client’s message number is not the last one plus one.',
        'A message was lost or doubled between Genesys and this server: look for a proxy that splits or replays connections.',
    ),
    ERR_MESSAGE_SERVERSEQ: entry(
        'client',
        'The client acknowledges a message that was never sent.',
        'Two connections are mixed up: look for a proxy that joins them.',
    ),
    ERR_MESSAGE_ID: entry(
        'client',
        'A message carries another session id than the upgrade request.',
        'Two sessions are mixed up on one connection.',
    ),
    ERR_OPEN_PARAMETERS: entry(
        'client',
        'The open message lacks what a call needs.',
        'The log names the path of the part.',
    ),
    ERR_MESSAGE_PARAMETERS: entry(
        'client',
        'A known message has parameters that make no sense; the message was counted and otherwise ignored.',
        'The log names the path of the part.',
    ),
    ERR_ORGANIZATION_MISMATCH: entry(
        'client',
        'The organization in open differs from the signed one.',
        'Somebody replays another organization’s call, or a proxy rewrites headers.',
    ),
    ERR_ORGANIZATION_NOT_ALLOWED: entry(
        'operator',
        'The organization is not in AUDIOHOOK_ORGANIZATIONS.',
        'Add its id to AUDIOHOOK_ORGANIZATIONS, or leave the variable empty to serve every organization that has a key.',
    ),
    ERR_MEDIA_UNSUPPORTED: entry(
        'client',
        'None of the offered media can be used: a bot call needs PCMU, 8000 Hz, with the external channel.',
        'In Genesys Admin, check that the integration is an AudioConnector (not AudioHook Monitor).',
    ),
    ERR_BOT_UNKNOWN: entry(
        'operator',
        'The connection URL asks for a bot that does not exist here.',
        'Check the Connector ID of the Call Audio Connector action and the ?bot= part of the URL.',
    ),

    // Time-outs of a call
    ERR_OPEN_TIMEOUT: entry(
        'client',
        'No open message came after the upgrade.',
        'Something other than Genesys connected, or the network lost the message.',
    ),
    ERR_CLIENT_SILENT: entry(
        'network',
        'Nothing at all was received from the client for the idle limit.',
        'The connection is dead; the call was freed.',
    ),
    ERR_CLOSE_TIMEOUT: entry(
        'client',
        'The client did not answer disconnect with close.',
        'The connection was ended by force after the limit.',
    ),
    ERR_CALL_TOO_LONG: entry(
        'operator',
        'The call reached MAX_CALL_MINUTES.',
        'Raise MAX_CALL_MINUTES if calls may be longer.',
    ),
    ERR_SLOW_READER: entry(
        'network',
        'The client reads so slowly that its queue passed the limit.',
        'The call was ended to protect the others; look at the network between Genesys and this server.',
    ),
    ERR_RATE_LIMITED: entry(
        'ours',
        'Genesys answered 429: too many messages from us.',
        'The call goes on more slowly. Please report it: the pacing should have prevented it.',
    ),
    ERR_CLIENT_ERROR: entry(
        'ours',
        'Genesys reported an error about our messages.',
        'The log holds Genesys’ code; 408 means that we answered too late.',
    ),

    // The bot
    ERR_BOT_FAILED: entry(
        'openai',
        'The bot cannot go on, and nothing else can take over.',
        'The log line before this one says why.',
    ),
    ERR_BOT_FIRST_AUDIO_TIMEOUT: entry(
        'openai',
        'The bot gave no sound within the limit after the call opened.',
        'Look at OpenAI’s status and at the network from this server to OpenAI.',
    ),
    ERR_BOT_STALLED: entry(
        'openai',
        'The bot’s answer stopped in the middle.',
        'Look at OpenAI’s status and at the network from this server to OpenAI.',
    ),
} as const satisfies Record<string, ErrorDescription>;
