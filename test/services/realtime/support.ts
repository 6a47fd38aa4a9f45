import { EventEmitter } from 'node:events';
import type { ClientOptions } from 'ws';
import { CallerAudioBuffer } from '../../../src/audio/caller-audio-buffer';
import type { OpenAIConfig } from '../../../src/config/config';
import { BotResource, type BotResourceDeps } from '../../../src/services/bot-resource';
import type { BotResponse } from '../../../src/services/bot-response';
import type { AudioOrigin, ConversationEnd, HeardPosition, TranscriptItem } from '../../../src/services/conversation';
import type { CreateSocket, RealtimeSocket } from '../../../src/services/realtime/connection';
import type { ReadAloud } from '../../../src/services/realtime/text-response-speaker';
import { Transcript } from '../../../src/services/transcript';
import { SpeechQueue } from '../../../src/services/tts/speech-queue';
import type { TextToSpeech } from '../../../src/services/tts-service';
import { systemClock } from '../../../src/support/clock';
import type { FakeOpenAI } from '../../../tools/fake-openai/index';
import { LogRecorder } from '../../support/log-recorder';

export const KEY = 'sk-test-5ecret5ecret';

/** Settings as they would be read from an environment without any OPENAI_… variable but the key. */
export function makeConfig(changes: Partial<OpenAIConfig> = {}): OpenAIConfig {
    return {
        url: 'wss://api.openai.com/v1/realtime?model=gpt-realtime-2.1',
        headers: { Authorization: `Bearer ${KEY}` },
        model: 'gpt-realtime-2.1',
        voice: 'marin',
        instructions: 'You are the voice agent of Example Bank.',
        greeting: '',
        greetingProtected: false,
        bargeIn: 'instant',
        interruptsItself: true,
        audioFormat: 'pcmu',
        turnDetection: { type: 'server_vad', threshold: 0.5, prefixPaddingMs: 300, silenceDurationMs: 500 },
        transcription: { model: 'gpt-transcribe', language: 'en' },
        noiseReduction: undefined,
        speed: 1,
        maxOutputTokens: 'inf',
        reasoningEffort: undefined,
        truncation: 'auto',
        ...changes,
    };
}

export function configFor(fake: FakeOpenAI, changes: Partial<OpenAIConfig> = {}): OpenAIConfig {
    return makeConfig({ url: `${fake.url}?model=gpt-realtime-2.1`, ...changes });
}

/** Waits for something that other tasks of this process bring about. */
export async function until(isTrue: () => boolean, what: string, limitMs = 4000): Promise<void> {
    const deadline = performance.now() + limitMs;
    while (!isTrue()) {
        if (performance.now() > deadline) throw new Error(`Waited in vain for: ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 1));
    }
}

/** Lets sockets and promises run for a while; for asserting that something does not happen. */
export async function settle(rounds = 20): Promise<void> {
    for (let i = 0; i < rounds; i++) await new Promise((resolve) => setTimeout(resolve, 1));
}

export interface Heard {
    bytes: Buffer;
    origin: AudioOrigin;
    atMs: number;
}

/** A bot with everything it emitted. */
export class BotProbe {
    readonly log: LogRecorder;
    readonly bot: BotResource;
    readonly audio: Heard[] = [];
    readonly turns: BotResponse[] = [];
    readonly ended: ConversationEnd[] = [];
    readonly hangUps: ConversationEnd[] = [];
    readonly responsesEnded: string[] = [];
    readonly order: string[] = [];
    readonly said: TranscriptItem[] = [];
    readonly silences: number[] = [];
    /** Written as the call writes it. */
    readonly transcript = new Transcript();
    private readonly callerAudio = new CallerAudioBuffer();

    constructor(config: OpenAIConfig, deps: Partial<BotResourceDeps> = {}) {
        this.log = new LogRecorder();
        const { callerAudio, transcript, log: logger } = this;
        this.bot = new BotResource(config, { clock: systemClock, logger, callerAudio, transcript, ...deps });
        this.listen();
    }

    /** Caller audio, as the call gives it to a bot. */
    hear(pcmu: Uint8Array): void {
        this.callerAudio.push(pcmu);
        this.bot.hear(pcmu);
    }

    /** All PCMU, joined. */
    get pcmu(): Buffer {
        return Buffer.concat(this.audio.map((piece) => piece.bytes));
    }

    /** Milliseconds of PCMU that came for an item. */
    receivedMs(itemId: string): number {
        return this.audio
            .filter((piece) => piece.origin.itemId === itemId)
            .reduce((sum, piece) => sum + piece.bytes.length / 8, 0);
    }

    /** Interrupts after `heardMs` of the last item that came. */
    interruptAfter(heardMs: number): void {
        const origin = this.audio.at(-1)?.origin;
        if (origin === undefined) throw new Error('Nothing to interrupt.');
        this.interrupt(this.position(origin, heardMs));
    }

    interrupt(heard: HeardPosition): void {
        this.bot.interrupt(heard);
        this.transcript.interrupted(heard);
    }

    position(origin: AudioOrigin, heardMs: number): HeardPosition {
        return { items: [{ ...origin, heardMs, receivedMs: this.receivedMs(origin.itemId) }] };
    }

    private listen(): void {
        this.bot.on('audio', (pcmu, origin) => {
            this.audio.push({ bytes: Buffer.from(pcmu), origin, atMs: performance.now() });
            this.order.push('audio');
            this.transcript.delivered(origin, pcmu.length / 8);
        });
        this.bot.on('turn', (turn) => this.turns.push(turn));
        this.bot.on('transcript', (item) => {
            this.said.push(item);
            this.transcript.add(item);
        });
        this.bot.on('speechStopped', (silenceMs) => this.silences.push(silenceMs));
        this.bot.on('hangUp', (end) => {
            this.hangUps.push(end);
            this.order.push('hangUp');
        });
        this.bot.on('ended', (end) => {
            this.ended.push(end);
            this.order.push('ended');
        });
        this.bot.on('responseEnded', (id) => {
            this.responsesEnded.push(id);
            this.order.push('responseEnded');
        });
        for (const name of ['ready', 'speechStarted', 'speechStopped'] as const) {
            this.bot.on(name, () => this.order.push(name));
        }
    }
}

/** A socket that does what the test says. */
export class FakeSocket extends EventEmitter implements RealtimeSocket {
    bufferedAmount = 0;
    readonly sent: string[] = [];
    pings = 0;
    closedWith: number | undefined;
    terminated = false;

    constructor(
        readonly url: string,
        readonly options: ClientOptions,
    ) {
        super();
    }

    send(frame: string | Uint8Array): void {
        this.sent.push(Buffer.from(frame).toString());
    }

    ping(): void {
        this.pings += 1;
    }

    close(code: number): void {
        this.closedWith = code;
    }

    terminate(): void {
        this.terminated = true;
    }

    /** The server sends an event. */
    serve(event: object): void {
        this.emit('message', Buffer.from(JSON.stringify(event)), false);
    }

    /** What was sent, parsed. */
    get events(): Record<string, unknown>[] {
        return this.sent.map((text) => JSON.parse(text) as Record<string, unknown>);
    }

    typed(type: string): Record<string, unknown>[] {
        return this.events.filter((event) => event['type'] === type);
    }

    /** The last `response.create`. */
    get lastCreateId(): unknown {
        return this.typed('response.create').at(-1)?.['event_id'];
    }

    /** Opens, and does what a server does until the session is configured. */
    configure(format: object = { type: 'audio/pcmu' }): void {
        this.emit('open');
        this.serve({ type: 'session.created', session: { id: 'sess_1' } });
        this.serve({ type: 'session.updated', session: { audio: { input: { format }, output: { format } } } });
    }
}

/** Makes fake sockets and keeps them. */
export function fakeSockets(): { sockets: FakeSocket[]; createSocket: CreateSocket; last: () => FakeSocket } {
    const sockets: FakeSocket[] = [];
    const createSocket: CreateSocket = (url, options) => {
        const socket = new FakeSocket(url, options);
        sockets.push(socket);
        return socket;
    };
    const last = (): FakeSocket => {
        const socket = sockets.at(-1);
        if (socket === undefined) throw new Error('No socket was opened.');
        return socket;
    };
    return { sockets, createSocket, last };
}

/** `response.output_audio.delta` with these bytes. */
export function deltaEvent(responseId: string, itemId: string, bytes: Uint8Array, outputIndex = 0): object {
    return {
        type: 'response.output_audio.delta',
        response_id: responseId,
        item_id: itemId,
        output_index: outputIndex,
        content_index: 0,
        delta: Buffer.from(bytes).toString('base64'),
    };
}

/** `response.created`; `clientEventId` undefined: VAD's own. */
export function createdEvent(id: string, clientEventId?: unknown): object {
    const metadata = clientEventId === undefined ? null : { client_event_id: clientEventId };
    return { type: 'response.created', response: { id, metadata } };
}

/** The caller begins or stops to speak. */
export function speechEvent(what: 'started' | 'stopped', fields: object = {}): object {
    return { type: `input_audio_buffer.speech_${what}`, item_id: 'u', ...fields };
}

/** `response.done`, with an item of words. */
export function doneEvent(id: string, status = 'completed', details: object | null = null): object {
    const content = [{ type: 'output_audio', transcript: 'Words.' }];
    const output = [{ id: `${id}_words`, type: 'message', role: 'assistant', content }];
    return { type: 'response.done', response: { id, status, status_details: details, output, usage: null } };
}

/** `response.done` of a response that has nothing in it. */
export function emptyDoneEvent(id: string, status = 'completed', details: object | null = null): object {
    return { type: 'response.done', response: { id, status, status_details: details, output: [], usage: null } };
}

/** The voice that reads aloud, as `BotFactory` makes it. */
export function readAloudWith(speech: TextToSpeech): ReadAloud {
    const logger = new LogRecorder();
    return (port, idPrefix) => new SpeechQueue({ clock: systemClock, logger, speech, port, idPrefix });
}

/** `usage` of a response, with every field. */
export const USAGE = {
    total_tokens: 221_000,
    input_tokens: 180_000,
    output_tokens: 41_000,
    input_token_details: {
        text_tokens: 118_000,
        audio_tokens: 62_000,
        cached_tokens: 70_000,
        cached_tokens_details: { text_tokens: 64_000, audio_tokens: 6000 },
    },
    output_token_details: { text_tokens: 9000, audio_tokens: 32_000 },
};
