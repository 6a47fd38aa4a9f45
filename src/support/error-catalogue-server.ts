import { entry, type ErrorDescription } from './error-entry';

/** Errors of the process, of upgrade requests and of the client’s side of a call. */
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
        'A variable is no setting of this server, but begins with AUDIOHOOK_ or is nearly the name of one.',
        'Give the variable the name that the message says, or compare it with .env.example. A variable of another program can stay; it has no effect here.',
    ),
    ERR_CONFIG_NO_EFFECT: entry(
        'operator',
        'A setting of a bot has no effect, because of another setting.',
        'Change one of the two settings that the message names, or take out the one without an effect.',
    ),
    ERR_MODEL_ENDS: entry(
        'operator',
        'OpenAI ends a model, or a voice, that a setting names.',
        'Choose its successor before the day that the message names; OpenAI’s page of deprecations lists it. Calls fail from that day on.',
    ),
    ERR_API_KEYS: entry(
        'operator',
        'The API keys cannot be read.',
        'AUDIOHOOK_API_KEYS is a JSON object: API key → base64 client secret, as entered in the Genesys integration’s credentials.',
    ),
    ERR_ALERT_WEBHOOK: entry(
        'operator',
        'An alert was not delivered to ALERT_WEBHOOK_URL.',
        'The fields say why. The server tries again for an hour. The address must answer with 2xx within 5 s, and not with a redirect.',
    ),
    ERR_DEV_KEYS_REFUSED: entry(
        'operator',
        'No API key is configured, and a development key is refused here.',
        'Set AUDIOHOOK_API_KEYS or AUDIOHOOK_API_KEYS_FILE, or register a secret provider by EXTENSIONS or new Server. Development keys need a loopback HOST and NODE_ENV other than production.',
    ),

    // The upgrade, and the socket after it
    ERR_LISTEN: entry(
        'operator',
        'The server cannot listen on its address.',
        'If the port is taken, end the process that holds it or choose another PORT; if the address is not of this machine, correct HOST.',
    ),
    ERR_METRICS_LISTEN: entry(
        'operator',
        'The server cannot listen on the address of the metrics.',
        'If the port is taken, end the process that holds it or choose another METRICS_PORT; if the address is not of this machine, correct METRICS_HOST.',
    ),
    ERR_METRICS: entry(
        'server',
        'The metrics cannot be read.',
        'Report it with the log line: the calls do not need the metrics, and go on.',
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
    ERR_UPGRADE_HEADERS_DROPPED: entry(
        'operator',
        'A call came as a plain GET: a proxy dropped the headers of the WebSocket upgrade. It was answered 426.',
        'Let the proxy pass WebSockets: in nginx `proxy_http_version 1.1`, `proxy_set_header Upgrade $http_upgrade` and `proxy_set_header Connection "upgrade"`. The log line names the headers that were missing.',
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
    ERR_SERVER_BUSY: entry(
        'operator',
        'A connection was refused: MAX_UNOPENED_CONNECTIONS clients are connected that have not sent open yet.',
        'Look for a client with one of your API keys that connects and sends nothing. Raise MAX_UNOPENED_CONNECTIONS if so many calls really begin within a second.',
    ),
    ERR_SERVER_OVERLOADED: entry(
        'operator',
        'New calls are refused for now: the calls that are running would suffer from one more.',
        'The field reason says what is used up: `event-loop-delay` and `cpu`: start a second server, or lower MAX_SESSIONS; look also for another program that takes the CPU. `memory`: give the process more memory, or MAX_MEMORY_MIB a higher value. `arrivals`: more calls began at once than can be set up in time. See docs/CAPACITY.md.',
    ),
    ERR_KEY_FULL: entry(
        'operator',
        'A call was refused: MAX_SESSIONS_PER_KEY connections with its API key are open.',
        'Raise MAX_SESSIONS_PER_KEY if so many calls are meant, or look who else uses this key.',
    ),
    ERR_ALL_SERVERS_FULL: entry(
        'operator',
        'A call was refused: MAX_SESSIONS_TOTAL connections are open on all processes together.',
        'Raise MAX_SESSIONS_TOTAL if the models, the budget and the machines can bear it.',
    ),
    ERR_AUTH_FLOOD: entry(
        'client',
        'MAX_FAILED_AUTH_PER_MINUTE requests of one address were not authenticated; further ones are answered 429 for the rest of its minute.',
        'The lines before this one say why they fail. If they are calls of yours, correct the credentials; otherwise the address may be kept out in front of this server. Requests with a good signature are accepted all the same.',
    ),
    ERR_REPLAY_STORE_DOWN: entry(
        'operator',
        'The Redis of REPLAY_STORE does not answer. The field failure says what holds until it does: local: this process decides by what it knows itself; closed: calls are refused with 503.',
        'Look at Redis and at the network to it; the fields fault and systemError tell what was seen. The line “Redis answers again” ends the outage. See docs/SHARED-STATE.md.',
    ),
    ERR_REPLAY_STORE_REFUSED: entry(
        'operator',
        'The Redis of REPLAY_STORE answered that it cannot be used like this, so the server does not start.',
        'WRONGPASS, NOAUTH: correct user name and password in REPLAY_STORE. NOPERM: the user needs the commands that docs/SHARED-STATE.md names. DB index: choose a database that there is. MOVED: Redis Cluster is not supported.',
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
    ERR_LOG_DROPPED: entry(
        'operator',
        'Log lines were dropped, because the reader of standard output did not read them in time.',
        'The field lines tells how many. Look at the program that reads the log: it has stopped, or is too slow for the LOG_LEVEL.',
    ),
    ERR_RECORDING_BROKEN: entry(
        'operator',
        'The recording of a call ends before the call does: its file cannot be written, or the disk is too slow. The call goes on.',
        'The line has the system’s name of the fault. ENOSPC: make room below CALL_RECORD_STORE, or lower CALL_RECORD_DAYS or CALL_RECORD_MAX_MIB; EACCES: let the user of the server write there; too slow: put the folder on another disk. What was written until then can be played, and the record says that it is not all.',
    ),
    ERR_INTERNAL: entry(
        'server',
        'A bug of this server was caught; the call was ended, the others go on.',
        'Please report it with the stack in the log.',
    ),

    // Authentication of the upgrade request
    ERR_KEY_MISSING: entry(
        'client',
        'X-API-KEY is missing, doubled or malformed.',
        'Something other than Genesys connected, or a proxy drops the header; in Genesys Admin, the integration’s Credentials need an API Key.',
    ),
    ERR_KEY_UNKNOWN: entry(
        'operator',
        'The API key is not configured here.',
        'Compare the API Key in the Genesys integration’s Credentials with AUDIOHOOK_API_KEYS or AUDIOHOOK_API_KEYS_FILE.',
    ),
    ERR_SECRETS_UNAVAILABLE: entry(
        'operator',
        'The secret provider failed, did not answer in time, or gave an empty secret.',
        'Look at the vault behind the provider and at the network to it; callers are refused until it answers.',
    ),
    ERR_SIGNATURE_MISSING: entry(
        'operator',
        'The request is not signed, but its API key has a client secret here.',
        'Enter the Client Secret in the Genesys integration’s Credentials, or check that no proxy drops Signature and Signature-Input.',
    ),
    ERR_SIGNATURE_UNEXPECTED: entry(
        'operator',
        'The request is signed, but its API key has an empty secret here.',
        'Put the Client Secret of the Genesys integration’s Credentials beside the key in AUDIOHOOK_API_KEYS.',
    ),
    ERR_SIGNATURE_MALFORMED: entry(
        'client',
        'Signature-Input or Signature cannot be read, is too long, or does not fit the other.',
        'Genesys writes both correctly: look for a proxy that changes or drops headers, or for another client.',
    ),
    ERR_SIGNATURE_COMPONENTS: entry(
        'client',
        'The signature leaves out something that it must cover, or covers something that it cannot.',
        'Look for a proxy that drops the Audiohook-* headers; otherwise the client is not Genesys.',
    ),
    ERR_SIGNATURE_PARAMETERS: entry(
        'client',
        'The signature lacks created or a long enough nonce, or has a parameter or algorithm that is not allowed.',
        'Genesys signs with hmac-sha256, created, expires, keyid and nonce: the client is not Genesys.',
    ),
    ERR_SIGNATURE_KEYID: entry(
        'client',
        'No signature names the API key that the request carries.',
        'Look for a proxy that sets X-API-KEY; otherwise the client is not Genesys.',
    ),
    ERR_SIGNATURE_EXPIRED: entry(
        'operator',
        'The signature is too old.',
        'Set this server’s clock by NTP: a signature lives for 10 seconds. If the clock is right, the request was delayed or replayed.',
    ),
    ERR_SIGNATURE_FUTURE: entry(
        'operator',
        'The signature was made in the future.',
        'Set this server’s clock by NTP: it is more than 3 seconds behind.',
    ),
    ERR_SIGNATURE_MISMATCH: entry(
        'operator',
        'The signature does not fit the request.',
        'Check that the Client Secret in the Genesys integration’s Credentials and the one in AUDIOHOOK_API_KEYS are the same base64 text. If they are, a proxy rewrites the host or the path: see AUDIOHOOK_TRUST_PROXY and AUDIOHOOK_AUTHORITIES.',
    ),
    ERR_SIGNATURE_REPLAYED: entry(
        'client',
        'The same signature came twice.',
        'The request was replayed, or a proxy repeats it: switch off retries of upgrade requests there.',
    ),
    ERR_REPLAY_GUARD_FULL: entry(
        'operator',
        'One API key made more connections within seconds than can be remembered, and a new one cannot be told from a replay.',
        'Find out who connects so often with this key; for real traffic of this size, use several keys or servers.',
    ),
    ERR_AUTHORITY: entry(
        'operator',
        'The request has no single Host, or the host name is not in AUDIOHOOK_AUTHORITIES.',
        'Add the host name of the Base Connection URI to AUDIOHOOK_AUTHORITIES; behind a proxy that sets X-Forwarded-Host, see AUDIOHOOK_TRUST_PROXY.',
    ),
    ERR_IDENTITY_HEADERS: entry(
        'client',
        'The key is right, but an Audiohook-* header is missing, doubled or not a UUID.',
        'Look for a proxy that changes headers, or correct the test client.',
    ),

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
        'A call of another organization is replayed, or a proxy rewrites headers.',
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
        'server',
        'Genesys answered 429: too many messages from this server.',
        'The call goes on more slowly. Please report it: the pacing should have prevented it.',
    ),
    ERR_CLIENT_ERROR: entry(
        'server',
        'Genesys reported an error about a message of this server.',
        'The log holds Genesys’ code; 408 means that this server answered too late.',
    ),

    // The way out
    ERR_PROXY: entry(
        'operator',
        'The proxy of HTTPS_PROXY did not let a connection through.',
        'The message names the proxy and what it answered: 407 asks for another user name or password in HTTPS_PROXY, 403 forbids the host. Hosts that are reached without a proxy belong in NO_PROXY.',
    ),

    // Records of calls
    ERR_CALL_JOURNAL: entry(
        'operator',
        'The journals of calls that run cannot be written.',
        'Calls are not affected, and their records are stored at their end all the same; but the record of a call whose server dies is lost. systemError in the line is the system’s name of the fault: look at the disk and at the rights of the folder of CALL_RECORD_STORE; with S3 it is the folder calls in the working directory.',
    ),

    // Traces
    ERR_TRACES_SDK: entry(
        'operator',
        'Traces are to be sent, and the packages that send them are not installed or cannot be loaded.',
        'Run npm install without --omit=optional, or unset OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_TRACES_ENDPOINT.',
    ),
    ERR_TRACES_LOST: entry(
        'network',
        'Traces cannot be sent: the receiver cannot be reached, refuses them, or is too slow.',
        'Calls are not affected. Look at the collector behind OTEL_EXPORTER_OTLP_ENDPOINT: the line has its status or the system’s name of the fault. 401 and 403 want other OTEL_EXPORTER_OTLP_HEADERS, 404 another path. What cannot be sent meanwhile is lost; a line tells when the receiver takes traces again.',
    ),

    // Flight files
    ERR_FLIGHT_FILE: entry(
        'operator',
        'A flight file is incomplete: the disk is full, too slow or cannot be written to, or the call is too long for one file.',
        'The call is not affected. The line has the reason: look at the folder of the flight files and its disk. What was written until then can be replayed.',
    ),

    // The bot
    ERR_BOT_FAILED: entry(
        'openai',
        'A bot ended with an error that has no code.',
        'The line says what the bot gave as its reason; look at the lines of that bot before it.',
    ),
    ERR_BOT_FIRST_AUDIO_TIMEOUT: entry(
        'openai',
        'The bot gave no sound within the limit after the call opened.',
        'Look at OpenAI’s status and at the network from this server to OpenAI.',
    ),
    ERR_OPENAI_EMPTY: entry(
        'openai',
        'A response of the model ended with nothing in it: no sound, no word, no function call. It is requested once more.',
        'If it happens often: look at OpenAI’s status, and give the model more room with OPENAI_MAX_OUTPUT_TOKENS.',
    ),
    ERR_DEAD_AIR: entry(
        'openai',
        'The caller heard nothing for too long, and nothing could take over; the call ended with end_reason dead_air.',
        'Look at the lines of the bot before this one, at OpenAI’s status and at the network from this server to OpenAI.',
    ),
    ERR_BOT_STALLED: entry(
        'openai',
        'The bot’s response stopped in the middle.',
        'Look at OpenAI’s status and at the network from this server to OpenAI.',
    ),
} as const satisfies Record<string, ErrorDescription>;
