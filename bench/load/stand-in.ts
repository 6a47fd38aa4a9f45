import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { isFields, recordIn, textIn, type Fields } from '../../src/support/json';
import { commonMs } from './common-clock';
import { DueList, type Due } from './due-list';
import { PositionLog, type Positions } from './position-log';
import {
    committedFrames,
    eventFrame,
    idOf,
    responseFrames,
    transcriptFrame,
    turnFrames,
    withMetadata,
    WIRE_RATIO,
    type ResponseFrames,
    type WireFormat,
} from './response-frames';
import {
    BYTES_PER_MS,
    callIn,
    DELIVERY_SPEED,
    DELTA_MS,
    FIRST_DELTA_AFTER_MS,
    isOnLine,
    lineOf,
    TurnScript,
} from './script';

/** What the stand-in saw of one call. */
export interface ServiceSide {
    call: number;
    /** Caller audio that arrived. */
    arrived: Positions;
    /** When the first delta of each response left, and the bytes of PCMU that had been given before it. */
    answersFrom: { atMs: number; bytes: number }[];
    responses: number;
    givenBytes: number;
    /** Bytes of arrived audio that are not what the caller said there; PCMU only. */
    misplacedBytes: number;
    /** Events that it does not know, and other oddities. */
    faults: string[];
}

const APPEND = Buffer.from('{"type":"input_audio_buffer.append","audio":"');
const APPEND_END = '"}'.length;
const SESSION_MS = 3_600_000;
const TRANSCRIPT_AFTER_MS = 300;
const MAX_FAULTS = 5;

/**
 * A stand-in for OpenAI's Realtime API that costs little, for a thousand calls: it knows what this server uses, checks nothing, and takes the caller's
 * turns from a script by the amount of audio that has come (script.ts). tools/fake-openai is the strict one.
 */
export class LoadStandIn {
    private readonly http: Server = createServer((_request, response) => response.end());
    private readonly sockets = new WebSocketServer({
        server: this.http,
        perMessageDeflate: false,
        skipUTF8Validation: true,
    });
    private readonly due = new DueList();
    private readonly sessions = new Map<number, StandInSession>();
    private unnamed = 0;

    /** Listens on any free port of this machine. @returns its address */
    async start(): Promise<string> {
        this.sockets.on('connection', (socket) => {
            this.serve(socket);
        });
        await new Promise<void>((resolve) => this.http.listen(0, '127.0.0.1', resolve));
        return `ws://127.0.0.1:${(this.http.address() as AddressInfo).port}/v1/realtime`;
    }

    /** What it has seen of all calls since it was asked last; connections that named no call are counted in `unnamed`. */
    take(): { calls: ServiceSide[]; unnamed: number } {
        const calls = [...this.sessions.values()].map((session) => session.side);
        const { unnamed } = this;
        this.sessions.clear();
        this.unnamed = 0;
        return { calls, unnamed };
    }

    async stop(): Promise<void> {
        for (const socket of this.sockets.clients) socket.terminate();
        await new Promise((resolve) => this.http.close(resolve));
    }

    private serve(socket: WebSocket): void {
        this.unnamed += 1;
        const session = new StandInSession(socket, this.due, (call) => {
            this.unnamed -= 1;
            const before = this.sessions.get(call);
            if (before !== undefined) session.fault('a second connection for the same call');
            this.sessions.set(call, session);
        });
    }
}

interface RunningResponse {
    frames: ResponseFrames;
    /** Deltas that have left. */
    sent: number;
    firstAtMs: number;
}

/** One connection: the session's settings, the caller's turns, and the responses to them. */
class StandInSession implements Due {
    dueAtMs = Infinity;
    private session: Fields = defaultSession();
    private call: number | undefined;
    private readonly turns = new TurnScript();
    private readonly arrived = new PositionLog();
    private readonly answersFrom: { atMs: number; bytes: number }[] = [];
    private readonly faults: string[] = [];
    private readonly formats: Record<'input' | 'output', WireFormat> = { input: 'pcm16', output: 'pcm16' };
    private misplacedBytes = 0;
    private givenBytes = 0;
    private responses = 0;
    private running: RunningResponse | undefined;
    private transcript: { atMs: number; frame: Buffer } | undefined;
    /** Items that were made on request have numbers of their own. */
    private ownItems = 0;

    constructor(
        private readonly socket: WebSocket,
        private readonly due: DueList,
        private readonly named: (call: number) => void,
    ) {
        socket.on('message', (data) => {
            if (Buffer.isBuffer(data)) this.receive(data);
        });
        socket.on('error', () => undefined);
        socket.on('close', () => {
            due.remove(this);
        });
        due.add(this);
        this.send(eventFrame('session.created', { session: this.session }));
    }

    get side(): ServiceSide {
        const { responses, givenBytes, misplacedBytes, faults, answersFrom } = this;
        const { positions: arrived } = this.arrived;
        return { call: this.call ?? -1, arrived, answersFrom, responses, givenBytes, misplacedBytes, faults };
    }

    fault(text: string): void {
        if (this.faults.length < MAX_FAULTS) this.faults.push(text);
    }

    /** The next deltas of the running response, and the caller's words. */
    run(nowMs: number): void {
        if (this.transcript !== undefined && this.transcript.atMs <= nowMs) {
            this.send(this.transcript.frame);
            this.transcript = undefined;
        }
        while (this.running !== undefined && this.deltaAtMs(this.running) <= nowMs) this.sendDelta(this.running);
        const deltaAtMs = this.running === undefined ? Infinity : this.deltaAtMs(this.running);
        this.dueAtMs = Math.min(deltaAtMs, this.transcript?.atMs ?? Infinity);
    }

    private receive(data: Buffer): void {
        if (isAppend(data)) {
            this.append(data.toString('latin1', APPEND.length, data.length - APPEND_END));
            return;
        }
        const event: unknown = JSON.parse(data.toString());
        if (isFields(event)) this.act(event);
    }

    private append(base64: string): void {
        const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
        const bytes = ((base64.length / 4) * 3 - padding) / WIRE_RATIO[this.formats.input];
        if (this.formats.input === 'pcmu') this.compare(Buffer.from(base64, 'base64'));
        this.arrived.add(commonMs(), bytes);
        const audioMs = this.arrived.totalBytes / BYTES_PER_MS;
        for (let what = this.turns.advance(audioMs); what !== undefined; what = this.turns.advance(audioMs))
            this.turn(what);
    }

    private compare(pcmu: Buffer): void {
        if (!isOnLine(lineOf(this.call ?? 0), this.arrived.totalBytes, pcmu)) this.misplacedBytes += pcmu.length;
    }

    private turn(what: 'started' | 'stopped'): void {
        const frames = turnFrames(this.turns.turns - 1);
        if (what === 'started') {
            this.send(frames.started);
            if (this.detection['interrupt_response'] === true) this.cancel();
            return;
        }
        for (const frame of frames.stopped) this.send(frame);
        this.transcribe(frames.transcript);
        if (this.detection['create_response'] === true) this.respond();
    }

    private get detection(): Fields {
        return recordIn(recordIn(recordIn(this.session, 'audio'), 'input'), 'turn_detection');
    }

    private transcribe(frame: Buffer): void {
        if (recordIn(recordIn(this.session, 'audio'), 'input')['transcription'] === null) return;
        this.transcript = { atMs: commonMs() + TRANSCRIPT_AFTER_MS, frame };
        this.dueAtMs = Math.min(this.dueAtMs, this.transcript.atMs);
    }

    /** `metadata`: of the `response.create`; null: the service's own response to a turn. */
    private respond(metadata: unknown = null): void {
        if (this.running !== undefined) {
            this.refuse('conversation_already_has_active_response');
            return;
        }
        const made = responseFrames(this.formats.output, this.responses);
        this.responses += 1;
        const frames = metadata === null ? made : withMetadata(made, metadata);
        this.running = { frames, sent: 0, firstAtMs: commonMs() + FIRST_DELTA_AFTER_MS };
        for (const frame of frames.begin) this.send(frame);
        this.dueAtMs = Math.min(this.dueAtMs, this.running.firstAtMs);
    }

    private deltaAtMs({ firstAtMs, sent }: RunningResponse): number {
        return firstAtMs + (sent * DELTA_MS) / DELIVERY_SPEED;
    }

    private sendDelta(running: RunningResponse): void {
        if (running.sent === 0) this.answersFrom.push({ atMs: commonMs(), bytes: this.givenBytes });
        for (const frame of running.frames.deltas[running.sent] ?? []) this.send(frame);
        running.sent += 1;
        this.givenBytes += DELTA_MS * BYTES_PER_MS;
        if (running.sent < running.frames.deltas.length) return;
        this.running = undefined;
        for (const frame of running.frames.end) this.send(frame);
    }

    private cancel(): void {
        if (this.running === undefined) return;
        const { frames } = this.running;
        this.running = undefined;
        for (const frame of withMetadata(frames, null, 'cancelled').end) this.send(frame);
    }

    private act(event: Fields): void {
        const type = textIn(event, 'type') ?? '';
        switch (type) {
            case 'input_audio_buffer.append':
                this.append(textIn(event, 'audio') ?? '');
                return;
            case 'session.update':
                this.update(recordIn(event, 'session'));
                return;
            case 'response.create':
                this.respond(recordIn(event, 'response')['metadata'] ?? {});
                return;
            case 'response.cancel':
                this.cancel();
                return;
            case 'input_audio_buffer.commit':
                this.commit();
                return;
            case 'conversation.item.create':
                this.created(recordIn(event, 'item'));
                return;
            case 'conversation.item.truncate': {
                const { item_id, content_index, audio_end_ms } = event;
                this.send(eventFrame('conversation.item.truncated', { item_id, content_index, audio_end_ms }));
                return;
            }
            case 'conversation.item.delete':
                this.send(eventFrame('conversation.item.deleted', { item_id: event['item_id'] }));
                return;
            default:
                this.fault(`an event that it does not know: ${type}`);
        }
    }

    private update(asked: Fields): void {
        const { audio: askedAudio, ...rest } = asked;
        const audio = recordIn(this.session, 'audio');
        const merged = (side: 'input' | 'output'): Fields => ({
            ...recordIn(audio, side),
            ...recordIn(isFields(askedAudio) ? askedAudio : {}, side),
        });
        this.session = { ...this.session, ...rest, audio: { input: merged('input'), output: merged('output') } };
        for (const side of ['input', 'output'] as const) this.formats[side] = formatOf(merged(side));
        this.send(eventFrame('session.updated', { session: this.session }));
        this.name(textIn(asked, 'instructions') ?? '');
    }

    private name(instructions: string): void {
        const call = callIn(instructions);
        if (this.call !== undefined || call === undefined) return;
        this.call = call;
        this.named(call);
    }

    private commit(): void {
        const itemId = this.ownItemId();
        for (const frame of committedFrames(itemId, null)) this.send(frame);
        this.transcribe(transcriptFrame(itemId));
    }

    private created(asked: Fields): void {
        const item = { object: 'realtime.item', status: 'completed', id: this.ownItemId(), ...asked };
        this.send(eventFrame('conversation.item.added', { previous_item_id: null, item }));
        this.send(eventFrame('conversation.item.done', { previous_item_id: null, item }));
    }

    private ownItemId(): string {
        this.ownItems += 1;
        return idOf('item', 1_000_000 + this.ownItems);
    }

    private refuse(code: string): void {
        const error = { type: 'invalid_request_error', code, message: code, param: null, event_id: null };
        this.send(eventFrame('error', { error }));
    }

    private send(frame: Buffer): void {
        if (this.socket.readyState === this.socket.OPEN) this.socket.send(frame, { binary: false });
    }
}

function isAppend(data: Buffer): boolean {
    return data.length > APPEND.length && data.compare(APPEND, 0, APPEND.length, 0, APPEND.length) === 0;
}

function formatOf(side: Fields): WireFormat {
    return textIn(recordIn(side, 'format'), 'type') === 'audio/pcmu' ? 'pcmu' : 'pcm16';
}

function defaultSession(): Fields {
    const format = { type: 'audio/pcm', rate: 24_000 };
    const turn_detection = { type: 'server_vad', create_response: true, interrupt_response: true };
    return {
        type: 'realtime',
        object: 'realtime.session',
        id: idOf('sess', 1),
        expires_at: Math.floor((Date.now() + SESSION_MS) / 1000),
        audio: {
            input: { format, transcription: null, turn_detection },
            output: { format, voice: 'alloy', speed: 1 },
        },
    };
}
