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
    error: 'The client complains: 429 is too many messages, 408 a reply that came too late, 4xx a fault of the server.',
    talk: 'What the caller sends became louder than a quiet line.',
    quiet: 'What the caller sends has been quiet for 600 ms.',
    'vad on': 'The voice activity detection behind the server found speech: a possible interruption.',
    'vad off': 'The voice activity detection behind the server found the end of speech: the turn goes to the bot.',
    said: 'The words of one item of the conversation, as the server knows them.',
    'overlap held':
        'The caller spoke over the bot, which was stopped; what it has left to say is kept until it is known whether they interrupt.',
    'overlap turn':
        'The caller has interrupted the bot: the rest of the response is dropped, and the bot responds to them.',
    'overlap ignored':
        'What the caller said over the bot is no turn: the bot goes on without a gap, and its model forgets what was said.',
    'overlap resumed':
        'The bot was stopped for what is no turn: it goes on from where it was heard, and its model forgets what was said.',
    heard: 'How much of an interrupted response reached the caller; the rest was generated, but never heard.',
    tool: 'The bot uses a tool, or gets its result.',
    keypad: 'Whether keys may be shown: a secure entry reaches no model, no log and no record.',
    rule: 'The server broke a rule of the protocol, or came close to it.',
    fault: 'Something went wrong in this tool itself.',
    gone: 'The socket ended otherwise than by the client closing it in good order.',
    note: 'A remark of the program that runs the call.',
    bot: 'The bot is connected, and can hear the caller.',
    fallback: 'The bot was lost or too slow: a fallback option goes on with the call, for the rest of it.',
    connection: 'The connection between the server and the model: while it is lost, what the caller says is kept.',
    'fault of the call': 'A warning or an error of the call; docs/ERRORS.md says what its code means and what to do.',
    end: 'The call is over, for this reason.',

    'openai error': 'OpenAI did not do what the server asked for, or has a fault of its own.',
    'session.created': 'OpenAI has a new session; nothing is configured yet.',
    'session.update': 'The server configures the session: instructions, voice, audio formats, turn detection, tools.',
    'session.updated': 'OpenAI confirms the configuration; from here on it accepts caller audio.',
    'input_audio_buffer.append': "The caller's audio on its way to OpenAI; shown once, it goes on throughout the call.",
    'input_audio_buffer.speech_started': 'OpenAI heard the caller begin to speak.',
    'input_audio_buffer.speech_stopped': 'OpenAI found the end of what the caller said.',
    'input_audio_buffer.committed': 'What the caller said became an item of the conversation.',
    'conversation.item.create': 'The server adds an item to the conversation: keys, a note, or the result of a tool.',
    'conversation.item.added': 'The conversation has a new item.',
    'conversation.item.done': 'An item of the conversation is complete.',
    'conversation.item.truncate':
        'The server cuts a response to what the caller really heard, so that the model knows it.',
    'conversation.item.truncated': 'OpenAI has cut the response.',
    'conversation.item.delete': 'The server takes back a response of which the caller heard nothing.',
    'conversation.item.deleted': 'OpenAI has forgotten the item.',
    'response.create': 'The server asks for a response.',
    'response.cancel': 'The server stops a response that is being made.',
    'response.created': 'OpenAI begins a response.',
    'response.output_item.added': 'The response has a new part.',
    'response.output_item.done': 'A part of the response is complete.',
    'response.output_audio.delta': 'The first sound of a response came from OpenAI; it is made faster than real time.',
    'response.output_audio.done': 'All the sound of this part has been made.',
    'response.done': 'The response is complete or was stopped; it says what it cost.',
    'rate_limits.updated': 'What is left of the account’s limits.',
};

const OPENAI = 'An event between the server and OpenAI.';
const OTHER = 'A message of the protocol.';

/** What a row of the timeline means, in a sentence. */
export function explainTopic(topic: string): string {
    return NOTES[topic] ?? (topic.includes('.') ? OPENAI : OTHER);
}
