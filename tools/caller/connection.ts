import type { IncomingMessage } from 'node:http';
import { WebSocket, type RawData } from 'ws';
import type { TimerSet } from '../../src/support/timer-set';

/** How dialling ended. `status`: the HTTP status of a refusal, undefined if there was no HTTP answer. */
export type DialOutcome =
    { ok: true } | { ok: false; status: number | undefined; code: string | undefined; why: string };

/** What the socket tells; `up` is the first, `gone` the last, each exactly once for every accepted call. */
export interface ConnectionListener {
    up(): void;
    text(text: string): void;
    audio(bytes: Uint8Array): void;
    gone(byServer: boolean, code: number): void;
}

const HANDSHAKE_TIMEOUT_MS = 15_000;
const CLOSE_TIMEOUT_MS = 2000;

/** The WebSocket of one call: no compression, no sub-protocol, no redirect (docs/PROTOCOL.md, 1.1). */
export class Connection {
    private socket: WebSocket | undefined;
    private weClosed = false;

    /** The timer named `socket` is used. */
    constructor(
        private readonly timers: TimerSet,
        private readonly listener: ConnectionListener,
    ) {}

    /** Connects once; `ca`: authorities in PEM, in place of Node's. Never rejects: a refusal is an answer. */
    dial(url: string, headers: Readonly<Record<string, string>>, ca?: readonly string[]): Promise<DialOutcome> {
        const socket = new WebSocket(url, {
            headers: { ...headers },
            perMessageDeflate: false,
            followRedirects: false,
            handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
            ...(ca !== undefined && { ca: [...ca] }),
        });
        this.socket = socket;
        return new Promise((resolve) => {
            socket.once('open', () => {
                this.listen(socket);
                this.listener.up();
                resolve({ ok: true });
            });
            socket.once('unexpected-response', (_request, response: IncomingMessage) => {
                const status = response.statusCode;
                resolve({ ok: false, status, code: undefined, why: `HTTP ${status ?? 'answer without a status'}` });
                response.resume();
                socket.terminate();
            });
            socket.on('error', (error: NodeJS.ErrnoException) => {
                resolve({ ok: false, status: undefined, code: error.code, why: error.message });
            });
        });
    }

    /** Writes one message; false if the socket is not open any more. */
    send(data: string | Uint8Array): boolean {
        if (this.socket?.readyState !== WebSocket.OPEN) return false;
        this.socket.send(data);
        return true;
    }

    /** The client's regular end: a close frame, and by force if no answer comes. Nothing if the server was first. */
    close(): void {
        if (this.socket?.readyState !== WebSocket.OPEN) return;
        this.weClosed = true;
        this.socket.close(1000);
        this.timers.set('socket', CLOSE_TIMEOUT_MS, () => this.socket?.terminate());
    }

    /** Cuts the line, as a dead network does. */
    terminate(): void {
        this.weClosed = true;
        this.socket?.terminate();
    }

    /** Stops or goes on reading; the server's messages pile up meanwhile. */
    setReading(reading: boolean): void {
        if (reading) this.socket?.resume();
        else this.socket?.pause();
    }

    private listen(socket: WebSocket): void {
        socket.on('message', (data, isBinary) => {
            const bytes = toBuffer(data);
            if (isBinary) this.listener.audio(bytes);
            else this.listener.text(bytes.toString('utf8'));
        });
        socket.once('close', (code) => {
            this.timers.cancel('socket');
            this.listener.gone(!this.weClosed, code);
        });
    }
}

function toBuffer(data: RawData): Buffer {
    if (Buffer.isBuffer(data)) return data;
    return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
