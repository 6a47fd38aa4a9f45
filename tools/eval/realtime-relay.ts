import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer, type RawData } from 'ws';
import { proxyAgentFor } from '../../src/support/proxy';

/** What goes over the connections, as it passes. */
export interface RelayListener {
    /** A text frame of the server, or of the model. */
    frame(from: 'server' | 'model', text: string): void;
    /** The model was not reached, or refused the connection: HTTP status and body, or the fault of the network. */
    refused(why: { status: number; body: string } | Error): void;
}

const SOCKET_OPTIONS = {
    perMessageDeflate: false,
    maxPayload: 16 * 1024 * 1024,
    handshakeTimeout: 5000,
    followRedirects: false,
    autoPong: false,
};
const MAX_BODY_BYTES = 16_384;
/** Headers that belong to one connection, and not to what is asked over it. */
const OF_CONNECTION = /^(host|connection|upgrade|sec-websocket-.*)$/i;

/**
 * Stands between the server and the Realtime API on the loopback interface. Frames, pings, refusals and close codes pass unchanged, both
 * ways; the key passes in its header, and is kept nowhere.
 */
export class RealtimeRelay {
    private readonly http: Server = createServer((_request, response) => {
        response.writeHead(426).end();
    });
    private readonly upgrades = new WebSocketServer({
        noServer: true,
        perMessageDeflate: false,
        maxPayload: SOCKET_OPTIONS.maxPayload,
        autoPong: false,
    });
    private readonly sockets = new Set<WebSocket>();

    private constructor(
        private readonly origin: string,
        private readonly listener: RelayListener,
    ) {
        this.http.on('upgrade', (request, socket, head) => {
            this.upgrade(request, socket, head);
        });
    }

    /** `origin`: `wss://host` of the Realtime API. */
    static async start(origin: string, listener: RelayListener): Promise<RealtimeRelay> {
        const relay = new RealtimeRelay(origin, listener);
        await new Promise<void>((resolve) => relay.http.listen(0, '127.0.0.1', resolve));
        return relay;
    }

    get port(): number {
        return (this.http.address() as AddressInfo).port;
    }

    async close(): Promise<void> {
        for (const socket of this.sockets) socket.terminate();
        this.http.closeAllConnections();
        await new Promise((resolve) => this.http.close(resolve));
    }

    private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
        const url = new URL(request.url ?? '/', this.origin);
        const model = new WebSocket(url, {
            ...SOCKET_OPTIONS,
            headers: headersOf(request),
            agent: proxyAgentFor(url),
        });
        this.keep(model);
        const gone = (): void => {
            model.terminate();
        };
        socket.on('error', gone).once('close', gone);
        model.once('unexpected-response', (_request, response) => void this.refuse(socket, response));
        model.once('error', (fault) => {
            if (model.readyState === WebSocket.OPEN || socket.destroyed) return;
            this.listener.refused(fault);
            socket.destroy();
        });
        model.once('open', () => {
            if (socket.destroyed) return;
            // What the model says first waits until the server can hear it.
            model.pause();
            this.upgrades.handleUpgrade(request, socket, head, (server) => {
                this.keep(server);
                this.join(server, model, 'server');
                this.join(model, server, 'model');
                model.resume();
            });
        });
    }

    private join(from: WebSocket, to: WebSocket, name: 'server' | 'model'): void {
        from.on('message', (data: RawData, isBinary) => {
            const bytes = bytesOf(data);
            if (!isBinary) this.listener.frame(name, bytes.toString('utf8'));
            if (to.readyState === WebSocket.OPEN) to.send(bytes, { binary: isBinary });
        });
        from.on('ping', (data) => {
            if (to.readyState === WebSocket.OPEN) to.ping(data);
        });
        from.on('pong', (data) => {
            if (to.readyState === WebSocket.OPEN) to.pong(data);
        });
        from.on('error', () => undefined);
        from.on('close', (code, reason) => {
            if (canBeSent(code)) to.close(code, reason);
            else to.terminate();
        });
    }

    private async refuse(socket: Duplex, response: IncomingMessage): Promise<void> {
        const { statusCode: status = 502, statusMessage = '' } = response;
        let body = '';
        try {
            for await (const chunk of response) {
                body += String(chunk);
                if (body.length > MAX_BODY_BYTES) break;
            }
        } catch {
            // What came of the body is passed on.
        }
        this.listener.refused({ status, body });
        const head = [
            `HTTP/1.1 ${status} ${statusMessage}`,
            `content-type: ${response.headers['content-type'] ?? 'text/plain'}`,
            `content-length: ${Buffer.byteLength(body)}`,
            'connection: close',
        ];
        socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
    }

    private keep(socket: WebSocket): void {
        this.sockets.add(socket);
        socket.once('close', () => {
            this.sockets.delete(socket);
        });
    }
}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
    return Object.fromEntries(
        Object.entries(headers).flatMap(([name, value]) =>
            typeof value === 'string' && !OF_CONNECTION.test(name) ? [[name, value] as const] : [],
        ),
    );
}

function bytesOf(data: RawData): Buffer {
    if (Array.isArray(data)) return Buffer.concat(data);
    return Buffer.isBuffer(data) ? data : Buffer.from(data);
}

/** Codes that a close frame may carry (RFC 6455, 7.4). */
function canBeSent(code: number): boolean {
    return (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999);
}
