import { EventEmitter } from 'node:events';
import { Session } from '../src/common/session';
import type { SessionSocket } from '../src/common/session-wire';
import { loadConfig, type Config } from '../src/config/config';
import { BotResource } from '../src/services/bot-resource';
import { BotService, type BotCall, type BotRequest, type ChosenBot } from '../src/services/bot-service';
import { FallbackLadder } from '../src/services/fallback/fallback-ladder';
import type { CallMeter } from '../src/services/call-meter';
import { OutputVariables } from '../src/services/profiles/variables';
import type { RealtimeSocket } from '../src/services/realtime/connection';
import { Transcript } from '../src/services/transcript';
import { MULAW_SILENCE } from '../src/audio/mulaw';
import { CallerAudioBuffer } from '../src/audio/caller-audio-buffer';
import { loadSileroNetwork, SileroSpeechMeter } from '../src/speech/vad/speech-meter';
import { CircuitBreakers } from '../src/support/circuit-breaker';
import type { Clock, Timer } from '../src/support/clock';
import type { Logger } from '../src/support/logger';

const SESSION_ID = '7d0b3c9e-6a54-4c1b-9c0e-2f6b1d8a4e10';
const ORGANIZATION_ID = '3f1c9a52-0b7e-4d38-8a61-5be0c2d7f914';
const CONVERSATION_ID = 'c5b0e1d4-97a2-4f06-b3d8-1e6a0c4f2b77';
const PARTICIPANT_ID = '9a4de0b1-3c58-4b67-a1f2-70c6e9d5b382';

/** Length of the response that ends a turn, ms. */
const SHORT_MS = 100;

const NO_LOG: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: () => undefined,
    child: () => NO_LOG,
};

/** Time that the benchmark moves: a call's frames then cost what they cost, however fast they follow each other. */
export class MovedClock implements Clock {
    private timeMs = 0;
    private readonly pending = new Set<{ atMs: number; task: () => void }>();

    nowMs(): number {
        return this.timeMs;
    }

    epochMs(): number {
        return 1_800_000_000_000 + this.timeMs;
    }

    after(delayMs: number, task: () => void): Timer {
        const entry = { atMs: this.timeMs + Math.max(0, delayMs), task };
        this.pending.add(entry);
        return { cancel: () => void this.pending.delete(entry) };
    }

    /** Lets `ms` pass; what falls due runs in order. */
    advance(ms: number): void {
        const untilMs = this.timeMs + ms;
        for (;;) {
            let next: { atMs: number; task: () => void } | undefined;
            for (const entry of this.pending)
                if (entry.atMs <= untilMs && (next === undefined || entry.atMs < next.atMs)) next = entry;
            if (next === undefined) break;
            this.pending.delete(next);
            this.timeMs = Math.max(this.timeMs, next.atMs);
            next.task();
        }
        this.timeMs = untilMs;
    }
}

/** Takes the place of a socket on either side: counts what is sent. */
class CountingSocket extends EventEmitter implements SessionSocket, RealtimeSocket {
    readonly bufferedAmount = 0;
    sentMessages = 0;
    sentBytes = 0;

    send(data: string | Uint8Array): void {
        this.sentMessages += 1;
        this.sentBytes += data.length;
    }

    ping(): void {
        this.emit('pong');
    }

    close(): void {
        // No network.
    }

    terminate(): void {
        // No network.
    }
}

interface ClientEvent {
    type: string;
    session?: object;
    response?: { metadata?: object };
}

/** OpenAI's side: accepts every configuration, and tells of every response that is requested. */
class ServiceSocket extends CountingSocket {
    /** `metadata`: of the request. */
    onRequest: (metadata: object | undefined) => void = () => undefined;

    constructor(private readonly clock: Clock) {
        super();
    }

    /** Opens in the next moment, as often as a session is renewed. */
    opening(): this {
        this.clock.after(0, () => {
            this.emit('open');
            this.emit(
                'message',
                text({ type: 'session.created', event_id: 'event_1', session: { id: 'sess_1' } }),
                false,
            );
        });
        return this;
    }

    override send(data: string | Uint8Array): void {
        super.send(data);
        if (typeof data !== 'string') return;
        const { type, session, response } = JSON.parse(data) as ClientEvent;
        this.clock.after(0, () => {
            if (type === 'response.create') this.onRequest(response?.metadata);
            if (type !== 'session.update') return;
            this.emit('message', text({ type: 'session.updated', event_id: 'event_1', session }), false);
        });
    }
}

/** What a call brings along for its bot. */
interface CallEnds {
    clock: Clock;
    socket: ServiceSocket;
}

/** Gives every call OpenAI's bot behind a fallback ladder, over a socket that only counts. */
class CountedBotService extends BotService {
    private readonly ends = new Map<string, CallEnds>();

    constructor(readonly settings: Config) {
        super(settings, { clock: new MovedClock(), logger: NO_LOG });
    }

    /** @returns the connection URL of the call */
    add(ends: CallEnds): string {
        const url = `/?call=${this.ends.size}`;
        this.ends.set(url, ends);
        return url;
    }

    override getBotIfExists({ connectionUrl }: BotRequest, call: BotCall): Promise<ChosenBot> {
        const { openai, turnTaking, maxCallMinutes } = this.settings;
        const ends = this.ends.get(connectionUrl);
        if (openai === undefined || ends === undefined) throw new Error('The benchmark has no key, or no such call.');
        const { callerAudio = new CallerAudioBuffer(), transcript = new Transcript(), logger, meter } = call;
        const { clock, socket } = ends;
        const shared = { clock, logger, callerAudio, transcript, meter };
        const make = (): BotResource => new BotResource(openai, { ...shared, createSocket: () => socket.opening() });
        const conversation = new FallbackLadder([{ name: 'realtime', upstream: 'openai-realtime', make }], {
            logger,
            breakers: new CircuitBreakers(clock, logger),
            prompts: { recording: () => undefined },
            transcript,
            callerAudio,
            meter,
        });
        const speechMeter =
            turnTaking.bargeIn.mode === 'smart' ? new SileroSpeechMeter(loadSileroNetwork()) : undefined;
        const variables = new OutputVariables({}, { maxLength: 1000 });
        return Promise.resolve({ name: 'path', conversation, turnTaking, speechMeter, maxCallMinutes, variables });
    }
}

type Format = 'pcmu' | 'pcm16';

const SERVICES = new Map<Format, CountedBotService>();

function serviceFor(format: Format): CountedBotService {
    const config = {
        OPENAI_API_KEY: 'sk-benchmark',
        OPENAI_AUDIO_FORMAT: format,
        AUDIOHOOK_API_KEYS: '{}',
        MAX_CALL_MINUTES: '1440',
        NO_INPUT_SECONDS: '0',
    };
    const service = SERVICES.get(format) ?? new CountedBotService(loadConfig(config));
    SERVICES.set(format, service);
    return service;
}

/** One open call of the real classes, from `Session` to `OpenAIRealtimeService`; only the two sockets and the clock are replaced. */
export class PathCall {
    readonly clock = new MovedClock();
    /** To Genesys. */
    readonly client = new CountingSocket();
    /** To OpenAI. */
    readonly service = new ServiceSocket(this.clock);
    private readonly session: Session;
    private messages = 0;
    private responses = 0;

    private constructor(
        private readonly format: Format,
        meter: CallMeter | undefined,
    ) {
        const { clock } = this;
        this.service.onRequest = (metadata) => {
            this.respondShortly(metadata);
        };
        const botService = serviceFor(format);
        this.session = new Session(this.client, SESSION_ID, botService.add({ clock, socket: this.service }), {
            config: botService.settings,
            clock,
            logger: NO_LOG,
            botService,
            identity: { organizationId: ORGANIZATION_ID },
            hasRoom: () => true,
            meter,
        });
    }

    /** `meter`: of the metrics; undefined: none are kept. */
    static async open(format: Format, meter?: CallMeter): Promise<PathCall> {
        const call = new PathCall(format, meter);
        call.text('open', {
            organizationId: ORGANIZATION_ID,
            conversationId: CONVERSATION_ID,
            participant: { id: PARTICIPANT_ID, ani: 'tel:+12025550143', aniName: '', dnis: '' },
            media: [{ type: 'audio', format: 'PCMU', channels: ['external'], rate: 8000 }],
            language: 'en-us',
            inputVariables: {},
        });
        await new Promise((resolve) => setImmediate(resolve));
        call.clock.advance(1);
        await new Promise((resolve) => setImmediate(resolve));
        call.clock.advance(1);
        call.turn();
        return call;
    }

    /** The caller's turn ends, by the service, and a short response follows that they hear to its end. */
    turn(): void {
        this.responses += 1;
        const item_id = `caller_${this.responses}`;
        this.serve({ type: 'input_audio_buffer.speech_started', item_id, audio_start_ms: 0 });
        this.serve({ type: 'input_audio_buffer.speech_stopped', item_id, audio_end_ms: 0 });
        this.serve({ type: 'input_audio_buffer.committed', item_id });
        this.respondShortly();
        this.clock.advance(1000);
    }

    /** One frame of caller audio: PCMU, 8 kHz. */
    frame(pcmu: Uint8Array): void {
        this.session.processBinaryMessage(pcmu);
    }

    /** A response of its own, whose deltas follow. @returns the text frame of a delta of `ms` */
    beginResponse(ms: number, pcmu: Uint8Array, metadata?: object): Buffer {
        this.responses += 1;
        const response_id = `resp_${this.responses}`;
        const item_id = `item_${this.responses}`;
        const place = { response_id, item_id, output_index: 0, content_index: 0 };
        const response = { id: response_id, status: 'in_progress', output: [], metadata };
        this.serve({ type: 'response.created', response });
        const item = { id: item_id, type: 'message', role: 'assistant', status: 'in_progress', content: [] };
        this.serve({ type: 'response.output_item.added', response_id, output_index: 0, item });
        const audio = this.format === 'pcmu' ? pcmu.subarray(0, ms * 8) : widened(pcmu, ms);
        const delta = Buffer.from(audio).toString('base64');
        return text({ type: 'response.output_audio.delta', event_id: 'event_1', ...place, delta });
    }

    /** The response that was begun last is over. */
    endResponse(): void {
        const id = `resp_${this.responses}`;
        const item = { id: `item_${this.responses}`, type: 'message', role: 'assistant', content: [] };
        this.serve({ type: 'response.done', response: { id, status: 'completed', output: [item] } });
    }

    /** One text frame of the service. */
    serveFrame(frame: Buffer): void {
        this.service.emit('message', frame, false);
    }

    close(): void {
        this.session.close();
    }

    private respondShortly(metadata?: object): void {
        const pcmu = new Uint8Array(SHORT_MS * 8).fill(MULAW_SILENCE);
        this.serveFrame(this.beginResponse(SHORT_MS, pcmu, metadata));
        this.endResponse();
    }

    private serve(event: object): void {
        this.serveFrame(text({ event_id: 'event_1', ...event }));
    }

    private text(type: string, parameters: object): void {
        this.messages += 1;
        const envelope = { version: '2', id: SESSION_ID, type, seq: this.messages, serverseq: 0, position: 'PT0S' };
        this.session.processTextMessage(JSON.stringify({ ...envelope, parameters }));
    }
}

function text(event: object): Buffer {
    return Buffer.from(JSON.stringify(event));
}

/** Any audio of the right length does. */
function widened(pcmu: Uint8Array, ms: number): Uint8Array {
    return Uint8Array.from({ length: ms * 48 }, (_, i) => pcmu[i % pcmu.length] ?? 0);
}
