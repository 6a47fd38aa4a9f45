import { once } from 'node:events';
import { createServer as createHttpServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { Transform, type Duplex } from 'node:stream';
import type { TlsPair } from './certificates';

/** What a proxy makes of a request: its target, and its header lines as name, value, name, value … */
export interface ProxiedRequest {
    target: string;
    headers: string[];
}

export interface BrokenProxyOptions {
    /** Absent: plain HTTP. */
    tls?: TlsPair;
    /** Changes a request on its way. */
    rewrite?: (request: ProxiedRequest) => ProxiedRequest;
    /** Answers upgrade requests itself, with this whole response. */
    answersUpgrade?: string;
    /** Asks everyone for a login of its own. */
    wantsLogin?: true;
    /** What the server sends after its 101 is handed on so much later. */
    delayMs?: number;
    /** A connection without traffic is cut after this time, ms. */
    idleMs?: number;
    /** A connection is cut at this age, ms. */
    lifetimeMs?: number;
    /** A connection is cut when the client has sent more than so many bytes. */
    maxBytes?: number;
}

const LOGIN = 'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

/** A reverse proxy in front of the server under test, which forwards everything as it came except for what is set to be broken. */
export class BrokenProxy {
    private readonly sockets = new Set<Duplex>();

    private constructor(
        private readonly server: Server,
        private readonly backendPort: number,
        private readonly options: BrokenProxyOptions,
    ) {
        server.on('connection', (socket: Socket) => {
            this.keep(socket);
        });
        server.on('request', (request: IncomingMessage, response) => {
            if (options.wantsLogin === true) {
                response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="office"' }).end();
                return;
            }
            const { target, headers } = this.rewritten(request);
            const forwarded = httpRequest(
                { port: backendPort, host: '127.0.0.1', path: target, method: request.method, headers, agent: false },
                (answer) => {
                    response.writeHead(answer.statusCode ?? 502, answer.headers);
                    answer.pipe(response);
                },
            );
            forwarded.once('error', () => response.destroy());
            request.pipe(forwarded);
        });
        server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
            this.upgrade(request, socket, head);
        });
    }

    static async start(backendPort: number, options: BrokenProxyOptions = {}): Promise<BrokenProxy> {
        const server = options.tls === undefined ? createHttpServer() : createHttpsServer(options.tls);
        const proxy = new BrokenProxy(server, backendPort, options);
        server.listen(0, '127.0.0.1');
        await once(server, 'listening');
        return proxy;
    }

    get port(): number {
        return (this.server.address() as AddressInfo).port;
    }

    async stop(): Promise<void> {
        const closed = once(this.server, 'close');
        this.server.close();
        for (const socket of this.sockets) socket.destroy();
        await closed;
    }

    private rewritten(request: IncomingMessage): ProxiedRequest {
        const { rewrite = (same: ProxiedRequest) => same } = this.options;
        return rewrite({ target: request.url ?? '/', headers: request.rawHeaders });
    }

    private upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
        this.keep(socket);
        const ownAnswer = this.options.wantsLogin === true ? LOGIN : this.options.answersUpgrade;
        if (ownAnswer !== undefined) {
            socket.end(ownAnswer);
            return;
        }
        const backend = connect(this.backendPort, '127.0.0.1');
        this.keep(backend);
        socket.once('close', () => backend.destroy());
        backend.once('error', () => socket.destroy());
        const { target, headers } = this.rewritten(request);
        const lines = headers.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${headers[at + 1] ?? ''}`] : []));
        backend.write([`GET ${target} HTTP/1.1`, ...lines, '', ''].join('\r\n'));
        backend.write(head);
        this.limit(socket);
        socket.pipe(backend);
        backend.pipe(this.delayed()).pipe(socket);
    }

    private limit(socket: Socket): void {
        const { idleMs, lifetimeMs, maxBytes } = this.options;
        if (lifetimeMs !== undefined) setTimeout(() => socket.destroy(), lifetimeMs).unref();
        if (idleMs !== undefined) socket.setTimeout(idleMs, () => socket.destroy());
        if (maxBytes === undefined) return;
        let bytes = 0;
        socket.on('data', (chunk) => {
            bytes += chunk.length;
            if (bytes > maxBytes) socket.destroy();
        });
    }

    /** The head of the 101 passes at once. */
    private delayed(): Transform {
        const { delayMs = 0 } = this.options;
        let isHead = true;
        return new Transform({
            transform(chunk, _encoding, done) {
                setTimeout(
                    () => {
                        done(null, chunk);
                    },
                    isHead ? 0 : delayMs,
                ).unref();
                isHead = false;
            },
        });
    }

    private keep(socket: Duplex): void {
        this.sockets.add(socket);
        socket.on('error', () => socket.destroy());
        socket.once('close', () => this.sockets.delete(socket));
    }
}

/** Sets a header, for `rewrite`. */
export function withHeader(
    name: string,
    value: (before: string) => string,
): (request: ProxiedRequest) => ProxiedRequest {
    return ({ target, headers }) => ({
        target,
        headers: headers.map((text, at) =>
            at % 2 === 1 && headers[at - 1]?.toLowerCase() === name.toLowerCase() ? value(text) : text,
        ),
    });
}

/** Removes headers, for `rewrite`. */
export function withoutHeaders(...names: string[]): (request: ProxiedRequest) => ProxiedRequest {
    const isGone = (name: string | undefined): boolean => names.includes(name?.toLowerCase() ?? '');
    return ({ target, headers }) => ({
        target,
        headers: headers.filter((_text, at) => !isGone(headers[at - (at % 2)])),
    });
}

/** Changes the target, for `rewrite`. */
export function withTarget(change: (target: string) => string): (request: ProxiedRequest) => ProxiedRequest {
    return ({ target, headers }) => ({ target: change(target), headers });
}
