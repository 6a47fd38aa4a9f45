import { randomBytes } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer, type RawData } from 'ws';
import { RealtimeEventText } from './realtime-event-text';
import type { Tell } from './watch-conversation';

/** Codes that a close frame may not carry (RFC 6455, section 7.4.1). */
const NOT_TO_SEND = new Set([1005, 1006, 1015]);
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
/** Belong to one connection, not to what is asked (RFC 9110, section 7.6.1). */
const OF_THE_CONNECTION = /^(host|connection|upgrade|sec-websocket-.*|content-length)$/i;

/**
 * A socket in between the console's own server and OpenAI: hands on every frame as it is, in both directions, and tells what
 * passes. It listens on loopback, under a random path, and knows no key: the server's own headers go through.
 */
export class RealtimeTap {
    private readonly path = `/${randomBytes(16).toString('hex')}`;
    private readonly sockets = new WebSocketServer({
        noServer: true,
        perMessageDeflate: false,
        autoPong: false,
        maxPayload: MAX_MESSAGE_BYTES,
    });
    private readonly upstreams = new Set<WebSocket>();
    private readonly http: Server;

    private constructor(
        private readonly target: URL,
        private readonly tell: Tell,
    ) {
        this.http = createServer((_request, response) => response.writeHead(404).end());
        this.http.on('upgrade', (request, socket, head) => {
            this.join(request, socket, head);
        });
    }

    /** `target`: where OpenAI is, a ws:// or wss:// address; its query is replaced by that of each connection. */
    static async start(target: string, tell: Tell): Promise<RealtimeTap> {
        const tap = new RealtimeTap(new URL(target), tell);
        await new Promise<void>((resolve, reject) => {
            tap.http.once('error', reject);
            tap.http.listen(0, '127.0.0.1', resolve);
        });
        return tap;
    }

    /** What the server is to connect to instead of the target. */
    get url(): string {
        const address = this.http.address();
        const port = typeof address === 'object' && address !== null ? address.port : 0;
        return `ws://127.0.0.1:${port}${this.path}${this.target.search}`;
    }

    async close(): Promise<void> {
        for (const socket of [...this.upstreams, ...this.sockets.clients]) socket.terminate();
        await new Promise((resolve) => this.http.close(resolve));
    }

    private join(request: IncomingMessage, socket: Duplex, head: Buffer): void {
        socket.on('error', () => {
            socket.destroy();
        });
        const asked = new URL(request.url ?? '/', 'ws://tap');
        if (asked.pathname !== this.path) {
            socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
            return;
        }
        const target = new URL(this.target);
        target.search = asked.search;
        const upstream = new WebSocket(target, {
            headers: endToEnd(request.headers),
            perMessageDeflate: false,
            autoPong: false,
            maxPayload: MAX_MESSAGE_BYTES,
        });
        this.upstreams.add(upstream);
        upstream.once('close', () => this.upstreams.delete(upstream));
        // The server must see what OpenAI sees: a refusal as a refusal, a dead line as a dead line.
        upstream.on('error', () => {
            socket.destroy();
        });
        upstream.once('unexpected-response', (_request, response) => {
            response.resume();
            socket.end(`HTTP/1.1 ${response.statusCode ?? 502} Refused\r\nConnection: close\r\n\r\n`);
        });
        socket.once('close', () => {
            upstream.terminate();
        });
        upstream.once('open', () => {
            this.sockets.handleUpgrade(request, socket, head, (server) => {
                this.carry(server, upstream);
            });
        });
    }

    private carry(server: WebSocket, upstream: WebSocket): void {
        const words = new RealtimeEventText();
        this.carryOneWay(server, upstream, (frame) => words.read(true, frame));
        this.carryOneWay(upstream, server, (frame) => words.read(false, frame));
    }

    private carryOneWay(
        from: WebSocket,
        to: WebSocket,
        read: (frame: string) => ReturnType<RealtimeEventText['read']>,
    ): void {
        from.on('error', () => undefined);
        from.on('message', (data, isBinary) => {
            if (to.readyState === WebSocket.OPEN) to.send(data, { binary: isBinary });
            if (!isBinary) for (const event of read(textOf(data))) this.tell(event);
        });
        from.on('ping', (data) => {
            if (to.readyState === WebSocket.OPEN) to.ping(data);
        });
        from.on('pong', (data) => {
            if (to.readyState === WebSocket.OPEN) to.pong(data);
        });
        from.once('close', (code, reason) => {
            if (NOT_TO_SEND.has(code)) to.terminate();
            else to.close(code, reason);
        });
    }
}

function endToEnd(headers: IncomingHttpHeaders): Record<string, string> {
    const kept: Record<string, string> = {};
    for (const [name, value] of Object.entries(headers))
        if (typeof value === 'string' && !OF_THE_CONNECTION.test(name)) kept[name] = value;
    return kept;
}

function textOf(data: RawData): string {
    if (Buffer.isBuffer(data)) return data.toString('utf8');
    return (Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data)).toString('utf8');
}
