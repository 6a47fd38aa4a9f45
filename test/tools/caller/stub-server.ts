import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';

export type Json = Record<string, unknown>;

/** A text message of the caller, as the stub reads it. */
export interface Heard {
    type: string;
    seq: number;
    serverseq: number;
    position: string;
    id: string;
    parameters: Json;
}

/** One call at the stub: what it heard, and a hand to answer with, right or wrong. */
export class StubCall {
    readonly texts: Heard[] = [];
    readonly raw: string[] = [];
    readonly audio: Buffer[] = [];
    seq = 0;
    clientseq = 0;

    constructor(
        readonly socket: WebSocket,
        readonly request: IncomingMessage,
    ) {}

    get id(): string {
        return String(this.request.headers['audiohook-session-id']);
    }

    /** Sends a well-formed message; `overrides` replace top-level fields, `undefined` leaves one out. */
    send(type: string, parameters: Json = {}, overrides: Json = {}): void {
        this.seq += 1;
        const envelope = { version: '2', id: this.id, type, seq: this.seq, clientseq: this.clientseq, parameters };
        this.socket.send(JSON.stringify({ ...envelope, ...overrides }));
    }

    sendAudio(bytes: Uint8Array): void {
        this.socket.send(bytes);
    }

    event(...entities: unknown[]): void {
        this.send('event', { entities });
    }

    types(): string[] {
        return this.texts.map(({ type }) => type);
    }
}

export type Reply = (call: StubCall, message: Heard) => void;

export const PCMU = { type: 'audio', format: 'PCMU', channels: ['external'], rate: 8000 };

/** What a server that keeps the protocol without a bot does. */
const CORRECT_REPLIES: Readonly<Record<string, Reply>> = {
    open: (call) => {
        call.send('opened', { startPaused: false, media: [PCMU] });
    },
    ping: (call) => {
        call.send('pong');
    },
    update: (call) => {
        call.send('updated');
    },
    close: (call) => {
        call.send('closed');
    },
};

/** A hand-made AudioConnector server, good unless a test replaces an answer. */
export class StubServer {
    readonly calls: StubCall[] = [];
    private readonly http: Server;
    private readonly sockets: WebSocketServer;

    private constructor(answers: Readonly<Record<string, Reply>>, refuseWith?: number) {
        this.http = createServer();
        this.sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
        this.http.on('upgrade', (request, socket, head) => {
            if (refuseWith !== undefined)
                return void socket.end(`HTTP/1.1 ${refuseWith} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
            this.sockets.handleUpgrade(request, socket, head, (ws) => {
                this.serve(new StubCall(ws, request), { ...CORRECT_REPLIES, ...answers });
            });
        });
    }

    static async start(answers: Readonly<Record<string, Reply>> = {}, refuseWith?: number): Promise<StubServer> {
        const stub = new StubServer(answers, refuseWith);
        await new Promise<void>((resolve) => stub.http.listen(0, '127.0.0.1', resolve));
        return stub;
    }

    get url(): string {
        const { port } = this.http.address() as AddressInfo;
        return `ws://127.0.0.1:${port}/bot?line=1`;
    }

    get call(): StubCall {
        const call = this.calls.at(-1);
        if (call === undefined) throw new Error('no call came');
        return call;
    }

    async stop(): Promise<void> {
        for (const client of this.sockets.clients) client.terminate();
        await new Promise((resolve) => this.http.close(resolve));
    }

    private serve(call: StubCall, answers: Readonly<Record<string, Reply>>): void {
        this.calls.push(call);
        call.socket.on('message', (data: Buffer, isBinary) => {
            if (isBinary) {
                call.audio.push(data);
                return;
            }
            const text = data.toString('utf8');
            call.raw.push(text);
            const message = JSON.parse(text) as Heard;
            call.texts.push(message);
            call.clientseq = message.seq;
            answers[message.type]?.(call, message);
        });
    }
}

/** Lets sockets work until `holds`; fails after about two seconds. */
export async function until(holds: () => boolean): Promise<void> {
    const deadlineMs = performance.now() + 2000;
    while (!holds()) {
        if (performance.now() > deadlineMs) throw new Error('waited in vain');
        await new Promise((resolve) => setImmediate(resolve));
    }
}
