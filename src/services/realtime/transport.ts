import type { ClientRequest, IncomingMessage } from 'node:http';
import { WebSocket, type ClientOptions } from 'ws';
import type { Clock } from '../../support/clock';
import { TimerSet } from '../../support/timer-set';

/** A peer that answers no ping is lost after at most `PING_EVERY_MS + PONG_WITHIN_MS`. */
export const PING_EVERY_MS = 15_000;
export const PONG_WITHIN_MS = 10_000;

/** How a connection came to its end. Reported once; never after `close`. */
export type TransportEnd =
    /** The upgrade was answered with this HTTP status. */
    | { kind: 'http'; status: number }
    /** No connection: DNS, TCP, TLS, or no answer in time. `detail` is the system's code (`ECONNREFUSED`). */
    | { kind: 'unreachable'; detail: string }
    /** The peer closed: RFC 6455 code; 1006 without a close frame. */
    | { kind: 'closed'; code: number; reason: string }
    /** The connection is open, but nothing comes from the other side any more. */
    | { kind: 'dead' };

/** What the transport tells its owner. Calls come in this order: opened?, frame*, ended?. */
export interface TransportListener {
    opened(): void;
    /** One text frame. */
    frame(text: string): void;
    ended(end: TransportEnd): void;
}

/** The part of a `ws` socket that is used here; a test hands in its own. */
export interface RealtimeSocket {
    readonly bufferedAmount: number;
    on(event: 'message', listener: (data: unknown, isBinary: boolean) => void): unknown;
    on(event: 'open' | 'ping' | 'pong', listener: () => void): unknown;
    on(event: 'error', listener: (error: Error) => void): unknown;
    on(event: 'close', listener: (code: number, reason: Buffer) => void): unknown;
    on(event: 'unexpected-response', listener: (request: ClientRequest, response: IncomingMessage) => void): unknown;
    removeAllListeners(): unknown;
    send(text: string): void;
    ping(): void;
    close(code: number): void;
    terminate(): void;
}

/** Opens a socket; it must not throw for a URL that the configuration has accepted. */
export type CreateSocket = (url: string, options: ClientOptions) => RealtimeSocket;

const createWebSocket: CreateSocket = (url, options) => new WebSocket(url, options);

/** Deltas may be large; fragments may not be many. Deflate costs time and memory, and base64 gains nothing from it. */
const SOCKET_OPTIONS: ClientOptions & { closeTimeout: number } = {
    perMessageDeflate: false,
    maxPayload: 16 * 1024 * 1024,
    maxFragments: 1024,
    handshakeTimeout: 5000,
    closeTimeout: 2000,
    followRedirects: false,
};

/**
 * One WebSocket to the Realtime API: text frames out and in, pings, and one typed reason at the end (sheet, section C).
 * It never throws after construction and leaves no `error` event unheard, also when it is closed while connecting.
 */
export class RealtimeTransport {
    private readonly socket: RealtimeSocket;
    private readonly timers: TimerSet;
    private state: 'connecting' | 'open' | 'over' = 'connecting';
    private heardSincePing = true;

    constructor(
        url: string,
        headers: Readonly<Record<string, string>>,
        clock: Clock,
        private readonly listener: TransportListener,
        createSocket: CreateSocket = createWebSocket,
    ) {
        this.timers = new TimerSet(clock, () => {
            this.finish({ kind: 'dead' });
        });
        this.socket = createSocket(url, { ...SOCKET_OPTIONS, headers });
        this.listen();
    }

    /** Bytes that were sent but have not left this process. */
    get bufferedAmount(): number {
        return this.socket.bufferedAmount;
    }

    /** Sends one text frame; does nothing unless the connection is open. */
    send(text: string): void {
        if (this.state === 'open') this.socket.send(text);
    }

    /** Ends the connection from this side. Nothing is reported afterwards; may be called twice, and while connecting. */
    close(code = 1000): void {
        if (this.state === 'over') return;
        this.release();
        this.socket.close(code);
    }

    private listen(): void {
        this.socket.on('open', () => {
            this.state = 'open';
            this.timers.set('ping', PING_EVERY_MS, this.ping);
            this.listener.opened();
        });
        this.socket.on('message', (data, isBinary) => {
            this.heardSincePing = true;
            if (!isBinary && Buffer.isBuffer(data)) this.listener.frame(data.toString('utf8'));
        });
        this.socket.on('ping', this.heard);
        this.socket.on('pong', this.heard);
        this.socket.on('unexpected-response', (_request, response) => {
            response.resume();
            this.finish({ kind: 'http', status: response.statusCode ?? 0 });
        });
        this.socket.on('error', (error) => {
            // After the handshake an error is followed by `close`, which says more.
            if (this.state === 'connecting') this.finish({ kind: 'unreachable', detail: systemCode(error) });
        });
        this.socket.on('close', (code, reason) => {
            this.finish({ kind: 'closed', code, reason: reason.toString('utf8') });
        });
    }

    private readonly heard = (): void => {
        this.heardSincePing = true;
    };

    private readonly ping = (): void => {
        this.heardSincePing = false;
        this.socket.ping();
        this.timers.set('pong', PONG_WITHIN_MS, () => {
            if (!this.heardSincePing) this.finish({ kind: 'dead' });
        });
        this.timers.set('ping', PING_EVERY_MS, this.ping);
    };

    private finish(end: TransportEnd): void {
        if (this.state === 'over') return;
        this.release();
        this.socket.terminate();
        this.listener.ended(end);
    }

    private release(): void {
        this.state = 'over';
        this.timers.clear();
        this.socket.removeAllListeners();
        // A socket that is closed while connecting still reports an error; unheard, it would end the process.
        this.socket.on('error', () => undefined);
    }
}

function systemCode(error: Error): string {
    const code: unknown = 'code' in error ? error.code : undefined;
    return typeof code === 'string' ? code : 'no answer in time, or no WebSocket';
}
