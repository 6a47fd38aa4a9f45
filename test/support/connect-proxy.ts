import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export interface ConnectProxyOptions {
    /** Where every tunnel leads to, on 127.0.0.1, whatever CONNECT names. */
    targetPort?: number;
    /** Answered instead of a tunnel. */
    refuseWith?: number;
    /** CONNECT is never answered. */
    silent?: boolean;
}

/** An HTTP proxy that knows CONNECT alone, on a free port of this machine. */
export class ConnectProxy {
    /** `host:port` of each CONNECT. */
    readonly asked: string[] = [];
    /** `Proxy-Authorization` of each CONNECT. */
    readonly credentials: (string | undefined)[] = [];
    private readonly server = createServer((_request, response) => response.writeHead(405).end());
    private readonly sockets = new Set<Socket>();

    private constructor(private readonly options: ConnectProxyOptions) {
        this.server.on('connection', (socket) => {
            this.keep(socket);
        });
        this.server.on('connect', (request, socket, head) => {
            this.answer(request, socket, head);
        });
    }

    static async start(options: ConnectProxyOptions = {}): Promise<ConnectProxy> {
        const proxy = new ConnectProxy(options);
        proxy.server.listen(0, '127.0.0.1');
        await once(proxy.server, 'listening');
        return proxy;
    }

    /** Without a scheme, and without user and password. */
    get host(): string {
        return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    }

    /** Connections that are open, tunnels counted twice. */
    get openCount(): number {
        return this.sockets.size;
    }

    async stop(): Promise<void> {
        for (const socket of this.sockets) socket.destroy();
        this.server.close();
        await once(this.server, 'close');
    }

    private answer(request: IncomingMessage, near: Duplex, head: Buffer): void {
        this.asked.push(request.url ?? '');
        this.credentials.push(request.headers['proxy-authorization']);
        const { targetPort, refuseWith, silent = false } = this.options;
        if (silent) {
            near.resume().on('end', () => near.end());
            return;
        }
        if (refuseWith !== undefined || targetPort === undefined) {
            near.end(`HTTP/1.1 ${refuseWith ?? 502} No\r\nContent-Length: 0\r\n\r\n`);
            return;
        }
        const far = connect({ port: targetPort, host: '127.0.0.1' });
        this.keep(far);
        near.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        far.write(head);
        near.pipe(far).pipe(near);
    }

    private keep(socket: Socket): void {
        this.sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => this.sockets.delete(socket));
    }
}
