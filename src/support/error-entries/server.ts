import { entry, type ErrorDescription } from './entry';

/** Codes of the process: its settings, its port, its end. */
export const SERVER_ERRORS = {
    // Configuration, at start
    ERR_CONFIG: entry(
        'operator',
        'A setting has a value that cannot be used.',
        'Correct the variable that the message names; .env.example shows each one.',
    ),
    ERR_CONFIG_RENAMED: entry(
        'operator',
        'A variable is set under its old name.',
        'Give the variable the new name that the message says. This version still reads the old name; the next one does not.',
    ),
    ERR_CONFIG_UNKNOWN: entry(
        'operator',
        'A variable begins with AUDIOHOOK_, but this server has no such setting.',
        'Look for a misspelt name and compare it with .env.example. A variable of another program can stay; it has no effect here.',
    ),
    ERR_API_KEYS: entry(
        'operator',
        'The API keys cannot be read.',
        'AUDIOHOOK_API_KEYS is a JSON object: API key → base64 client secret, as entered in the Genesys integration’s credentials.',
    ),
    ERR_DEV_KEYS_REFUSED: entry(
        'operator',
        'No API key is configured, and a development key is refused here.',
        'Set AUDIOHOOK_API_KEYS or AUDIOHOOK_API_KEYS_FILE. Development keys need a loopback HOST and NODE_ENV other than production.',
    ),

    // The upgrade, and the socket after it
    ERR_LISTEN: entry(
        'operator',
        'The server cannot listen on its address.',
        'If the port is taken, end the process that holds it or choose another PORT; if the address is not of this machine, correct HOST.',
    ),
    ERR_HTTP_MALFORMED: entry(
        'client',
        'What came is not HTTP, is too long, or came too slowly.',
        'Mostly scanners. If it was Genesys, look for a proxy that changes the request, or that speaks TLS to this plain port.',
    ),
    ERR_UPGRADE_MALFORMED: entry(
        'client',
        'An upgrade request is not a WebSocket handshake of version 13.',
        'Look for a proxy that drops the Upgrade or Sec-WebSocket headers: it must be told to pass WebSockets.',
    ),
    ERR_UPGRADE_PATH: entry(
        'operator',
        'An upgrade request asks for a path outside AUDIOHOOK_PATH.',
        'Compare AUDIOHOOK_PATH with the Base Connection URI; Genesys appends the Connector ID as plain text, so mind the slash between them.',
    ),
    ERR_SERVER_FULL: entry(
        'operator',
        'A call was refused: MAX_SESSIONS calls are running, or too many requests wait to be checked.',
        'Raise MAX_SESSIONS if the machine can bear it, or start a second server.',
    ),
    ERR_SESSION_CONFLICT: entry(
        'client',
        'An upgrade request names the session of a call that is running on another connection.',
        'Look for a proxy or a test tool that uses one session id twice. A retry of Genesys takes the session over.',
    ),
    ERR_WEBSOCKET: entry(
        'client',
        'The WebSocket broke: a frame against the protocol, a message of more than 65,536 bytes, or a network fault.',
        'The log line names what ws found. Look at what stands between Genesys and this server.',
    ),

    // Shut-down
    ERR_SHUTTING_DOWN: entry(
        'operator',
        'The server is shutting down.',
        'Nothing: the call was ended with a disconnect so that Architect goes on.',
    ),
    ERR_INTERNAL: entry(
        'ours',
        'A bug of ours was caught; the call was ended, the others go on.',
        'Please report it with the stack in the log.',
    ),
} as const satisfies Record<string, ErrorDescription>;
