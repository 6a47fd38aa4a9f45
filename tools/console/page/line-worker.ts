import {
    AUDIO,
    MICROPHONE_HEAD_BYTES,
    readConsoleMessage,
    type ConsoleMessage,
    type PageMessage,
    type PlayoutReport,
} from '../page-protocol';
import type { MicrophonePiece } from './worklet/microphone-worklet';
import type { SpeakerOrder } from './worklet/speaker-worklet';

/** What the page tells its line. */
export type LineOrder =
    | { type: 'connect'; url: string; token: string }
    | { type: 'ports'; microphone: MessagePort; speaker: MessagePort }
    | { type: 'send'; message: PageMessage }
    /** PCMU, to be said instead of what is being said. */
    | { type: 'recording'; pcmu: Uint8Array };

/** What the line tells its page. */
export type LineNews =
    | { type: 'message'; message: ConsoleMessage }
    /** The same bytes that are played, and those that were sent, for the eye. */
    | { type: 'audio'; kind: 'bot' | 'caller'; pcmu: Uint8Array }
    | { type: 'lost' };

/**
 * The line between page and console, in a thread of its own: the voice goes from worklet to socket and back without passing
 * the page's main thread, which may be busy drawing.
 */
let socket: WebSocket | undefined;
let speaker: MessagePort | undefined;

addEventListener('message', ({ data }: MessageEvent<LineOrder>) => {
    switch (data.type) {
        case 'connect':
            connect(data.url, data.token);
            break;
        case 'ports':
            joinPorts(data.microphone, data.speaker);
            break;
        case 'send':
            send(data.message);
            break;
        case 'recording':
            sendRecording(data.pcmu);
            break;
    }
});

function connect(url: string, token: string): void {
    const opened = new WebSocket(url);
    opened.binaryType = 'arraybuffer';
    opened.onopen = () => {
        send({ type: 'hello', token });
    };
    opened.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
        if (typeof data === 'string') hearText(data);
        else hearAudio(new Uint8Array(data));
    };
    opened.onclose = () => {
        tell({ type: 'lost' });
    };
    socket = opened;
}

function joinPorts(microphone: MessagePort, loudspeaker: MessagePort): void {
    speaker = loudspeaker;
    loudspeaker.onmessage = ({ data }: MessageEvent<PlayoutReport>) => {
        send({ type: 'playout', ...data });
    };
    microphone.onmessage = ({ data }: MessageEvent<MicrophonePiece>) => {
        sendPiece(data);
    };
}

function hearText(text: string): void {
    const message = readConsoleMessage(text);
    if (message === undefined) return;
    if (message.type === 'flush') order({ flush: message.flush });
    if (message.type === 'dialled') order({ reset: true });
    tell({ type: 'message', message });
}

function hearAudio(bytes: Uint8Array): void {
    const pcmu = bytes.subarray(1);
    const kind = bytes[0];
    if (kind === AUDIO.bot) order({ pcmu });
    tell({ type: 'audio', kind: kind === AUDIO.bot || kind === AUDIO.restoredBot ? 'bot' : 'caller', pcmu });
}

function order(what: SpeakerOrder): void {
    speaker?.postMessage(what);
}

function tell(news: LineNews): void {
    postMessage(news);
}

function send(message: PageMessage): void {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

function sendPiece({ pcmu, spokenAtMs }: MicrophonePiece): void {
    if (socket?.readyState !== WebSocket.OPEN) return;
    const bytes = new Uint8Array(MICROPHONE_HEAD_BYTES + pcmu.length);
    bytes[0] = AUDIO.microphone;
    new DataView(bytes.buffer).setFloat64(1, spokenAtMs, true);
    bytes.set(pcmu, MICROPHONE_HEAD_BYTES);
    socket.send(bytes);
}

function sendRecording(pcmu: Uint8Array): void {
    if (socket?.readyState !== WebSocket.OPEN) return;
    const bytes = new Uint8Array(pcmu.length + 1);
    bytes[0] = AUDIO.recording;
    bytes.set(pcmu, 1);
    socket.send(bytes);
}
