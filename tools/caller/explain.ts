import type { CallSummary } from './call-record';

type Refusal = NonNullable<CallSummary['refusal']>;

const BY_STATUS: Readonly<Record<number, string>> = {
    400: 'The server finds the Audiohook headers malformed. Its log names the header.',
    401: 'The server does not accept the key, the secret or the signature. Compare --key and --secret with its AUDIOHOOK_API_KEYS, and the clocks of both machines (a signature lives 10 s); a proxy must pass Host, path and query on unchanged. Its log holds the reason.',
    403: 'Something in front of the server refuses the call. Look at the proxy or the firewall.',
    404: 'The server does not serve this path. Compare the path of --url with its AUDIOHOOK_PATH.',
    409: 'The server already has a call with this session id. Use a new one.',
    426: 'This address wants another kind of upgrade. Compare the path of --url with AUDIOHOOK_PATH.',
    429: 'Too many attempts failed from this address. Wait a minute, then correct --key and --secret.',
    431: 'The headers are too large for the server. Shorten the key or the path.',
    503: 'The server is full or shutting down. Try again in a moment, or raise its MAX_SESSIONS.',
};

const BY_CODE: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'Nothing listens there. Start the server with `npm start`, or give its address with --url.',
    ENOTFOUND: 'This host name does not exist. Check --url.',
    EAI_AGAIN: 'The host name cannot be looked up now. Check --url and the network.',
    ECONNRESET:
        'The connection was cut during the upgrade. Check that --url points to the server itself, not to a TLS port.',
    ETIMEDOUT: 'No answer. Check the address, the port and the firewall.',
    EPROTO: 'This port does not speak TLS. Use ws:// instead of wss://, or the port of the TLS proxy.',
};

/** Why a call was refused, and what to do next, in a sentence or two. */
export function explainRefusal({ status, code, why }: Refusal, url: string): string {
    const { host } = new URL(url);
    if (status !== undefined) return `${host} answered ${status}. ${BY_STATUS[status] ?? byClass(status)}`;
    if (code !== undefined && BY_CODE[code] !== undefined) return `No call to ${host}. ${BY_CODE[code]}`;
    if (/certificate|CERT|self.signed/i.test(`${code ?? ''} ${why}`))
        return `No call to ${host}. Its certificate is not trusted (${why}); Genesys would refuse it too. Install one from a public CA, with the whole chain.`;
    return `No call to ${host}: ${why}. Check --url.`;
}

/** How an accepted call failed; undefined: it did not. */
export function explainEnd({ outcome, disconnect }: CallSummary): string | undefined {
    if (outcome === 'cut') return 'The line went dead before the server answered close with closed. Look at its log.';
    if (disconnect === undefined || disconnect.reason === 'completed') return undefined;
    const info = disconnect.info === undefined ? '' : ` (${disconnect.info.replace(/\p{Cc}/gu, ' ')})`;
    return `The server ended the call: ${disconnect.reason}${info}. Its log says more.`;
}

function byClass(status: number): string {
    if (status >= 500) return 'The server, or a proxy before it, has a fault. Look at its log.';
    if (status >= 300 && status < 400) return 'Redirects are not followed, by Genesys neither. Give the final address.';
    return 'That is no AudioConnector server. Check --url.';
}

/** One sentence for each thing that a timeline can show, by the topic of its row (timeline-rows.ts). */
const NOTES: Readonly<Record<string, string>> = {
    upgrade: 'The server accepted the WebSocket; the signature over the request proved who is calling.',
    refused: 'The server, or something before it, did not accept the WebSocket, so there is no call.',
    raw: 'Bytes outside the protocol, sent on purpose.',
    open: 'The caller opens the session and offers its media; it also carries language, input variables and who is calling.',
    opened: 'The server takes the session and one of the offered media; it must answer within five seconds.',
    'caller audio': "The caller's voice: raw PCMU, 8,000 bytes a second, without any header.",
    'bot audio':
        "The bot's voice, paced below 5 messages a second with a burst of 25; the telephone queues and plays it.",
    playback_started: 'The telephone began to play bot audio: its queue was empty before.',
    playback_completed: 'The telephone has played all bot audio that it had; the queue is empty.',
    barge_in: 'The caller interrupts: the telephone stops playing and throws its queue away.',
    'cut off': 'Bot audio that was still waiting was thrown away, because the call ended.',
    event: 'An event of the server, such as the report of a finished bot turn.',
    dtmf: 'The caller pressed one key; when an entry is complete is for the server to decide.',
    ping: 'The client asks whether the server is still there, every five seconds.',
    pong: 'The server is still there.',
    paused: "The caller's audio stops, as during a hold; the call goes on.",
    resumed: "The caller's audio goes on; it says how much of it was lost.",
    discarded: "Some of the caller's audio was lost on the way and will not come.",
    update: 'The client changes the language of the conversation.',
    updated: 'The server knows the new language.',
    pause: 'The server asks the client to stop sending audio.',
    resume: 'The server asks the client to send audio again.',
    disconnect: 'The server ends the session and hands its output variables back to Architect.',
    close: 'The client ends the session; nothing but `closed` is expected now.',
    closed: 'The server confirms the end; the client closes the socket.',
    error: 'The client complains: 429 is too many messages, 408 an answer that came too late, 4xx a fault of the server.',
    talk: 'What the caller sends became louder than a quiet line.',
    quiet: 'What the caller sends has been quiet for 600 ms.',
    'vad on': 'The voice activity detection behind the server found speech: a possible interruption.',
    'vad off': 'The voice activity detection behind the server found the end of speech: the turn goes to the bot.',
    said: 'The words of one item of the talk, as the server knows them.',
    heard: 'How much of an interrupted answer reached the caller; the rest was generated, but never heard.',
    tool: 'The bot uses a tool, or gets its answer.',
    keypad: 'Whether keys may be shown: a secure entry reaches no model, no log and no record.',
    rule: 'The server broke a rule of the protocol, or came close to it.',
    fault: 'Something went wrong in this tool itself.',
    gone: 'The socket ended otherwise than by the client closing it in good order.',
    note: 'A remark of whoever runs the call.',

    'openai error': 'OpenAI did not do what the server asked for, or has a fault of its own.',
    'session.created': 'OpenAI has a new session; nothing is configured yet.',
    'session.update': 'The server configures the session: instructions, voice, audio formats, turn detection, tools.',
    'session.updated': 'OpenAI confirms the configuration; from here on it can hear.',
    'input_audio_buffer.append': "The caller's audio on its way to OpenAI; shown once, it goes on throughout the call.",
    'input_audio_buffer.speech_started': 'OpenAI heard the caller begin to speak.',
    'input_audio_buffer.speech_stopped': 'OpenAI found the end of what the caller said.',
    'input_audio_buffer.committed': 'What the caller said became an item of the conversation.',
    'conversation.item.create': 'The server adds an item to the conversation: keys, a note, or the answer of a tool.',
    'conversation.item.added': 'The conversation has a new item.',
    'conversation.item.done': 'An item of the conversation is complete.',
    'conversation.item.truncate':
        'The server cuts an answer to what the caller really heard, so that the model knows it.',
    'conversation.item.truncated': 'OpenAI has cut the answer.',
    'conversation.item.delete': 'The server takes back an answer of which the caller heard nothing.',
    'conversation.item.deleted': 'OpenAI has forgotten the item.',
    'response.create': 'The server asks for an answer.',
    'response.cancel': 'The server stops an answer that is being made.',
    'response.created': 'OpenAI begins an answer.',
    'response.output_item.added': 'The answer has a new part.',
    'response.output_item.done': 'A part of the answer is complete.',
    'response.output_audio.delta': 'The first sound of an answer came from OpenAI; it is made faster than real time.',
    'response.output_audio.done': 'All the sound of this part has been made.',
    'response.done': 'The answer is complete or was stopped; it says what it cost.',
    'rate_limits.updated': 'What is left of the account’s limits.',
};

const OPENAI = 'An event between the server and OpenAI.';
const OTHER = 'A message of the protocol.';

/** What a row of the timeline means, in a sentence. */
export function explainTopic(topic: string): string {
    return NOTES[topic] ?? (topic.includes('.') ? OPENAI : OTHER);
}
