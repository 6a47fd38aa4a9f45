import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { AuthRequest, AuthResult, Identity } from '../../src/auth/authenticator';
import { loadConfig, type Config } from '../../src/config/config';
import { Server, type AcceptedCall, type ServedSession, type ServerDeps } from '../../src/websocket/server';
import { systemClock } from '../../src/support/clock';
import { ColdBotService } from '../support/cold-bots';
import { LogRecorder } from '../support/log-recorder';

export const ORGANIZATION_ID = 'd7934305-0972-4844-938e-9060eef73d05';
export const CORRELATION_ID = 'e160e428-53e2-487c-977d-96989bf5c99d';

/** A session that keeps what it is told; `leavesOnShutDown`: it ends its call when the server asks, first in good order, then at once. */
export class FakeSession implements ServedSession {
    readonly heard: (string | Buffer)[] = [];
    closed = 0;
    askedToLeave = 0;
    toldToLeave = 0;
    leavesOnShutDown = true;
    /** Thrown by every method, where a test wants a session with a bug. */
    bug: Error | undefined;

    constructor(
        readonly ws: WebSocket,
        readonly call: AcceptedCall,
    ) {}

    processTextMessage(text: string): void {
        this.heard.push(text);
        this.fail();
    }

    processBinaryMessage(bytes: Uint8Array): void {
        this.heard.push(Buffer.from(bytes));
        this.fail();
    }

    close(): void {
        this.closed += 1;
        this.fail();
    }

    endForShutdown(): void {
        this.askedToLeave += 1;
        if (this.leavesOnShutDown) this.ws.close(1000);
        this.fail();
    }

    /** It takes any message for `open`. */
    get hasOpened(): boolean {
        return this.heard.length > 0;
    }

    shutDown(): void {
        this.toldToLeave += 1;
        if (this.leavesOnShutDown) this.ws.close(1000);
        this.fail();
    }

    private fail(): void {
        if (this.bug !== undefined) throw this.bug;
    }
}

export interface TestServer {
    server: Server;
    port: number;
    sessions: FakeSession[];
    log: LogRecorder;
}

/** Everything that a test opened, so that `cleanUp` can close it. */
const opened: { servers: Set<Server>; sockets: Set<Socket>; clients: Set<WebSocket> } = {
    servers: new Set(),
    sockets: new Set(),
    clients: new Set(),
};

/** For afterEach: closes every socket and server of the test. */
export async function cleanUp(): Promise<void> {
    for (const client of opened.clients) client.terminate();
    for (const socket of opened.sockets) socket.destroy();
    await Promise.all([...opened.servers].map((server) => server.stop()));
    for (const set of Object.values(opened)) set.clear();
}

/** A server that `cleanUp` stops. */
export function kept(server: Server): Server {
    opened.servers.add(server);
    return server;
}

/** A server on a free port of loopback, with fake sessions, that lets everybody in unless the test says otherwise. */
export async function startServer(
    deps: Partial<ServerDeps> = {},
    env: Record<string, string> = {},
): Promise<TestServer> {
    const sessions: FakeSession[] = [];
    const log = new LogRecorder();
    const config = deps.config ?? testConfig(env);
    const server = new Server({
        config,
        logger: log,
        botService: new ColdBotService(config, { clock: deps.clock ?? systemClock, logger: log }),
        secrets: { getSecretsForKey: () => undefined },
        authenticator: { authenticate: admitEverybody },
        createSession: (ws, call) => {
            const session = new FakeSession(ws, call);
            sessions.push(session);
            return session;
        },
        ...deps,
    });
    opened.servers.add(server);
    await server.start();
    return { server, port: portOf(server), sessions, log };
}

export function testConfig(env: Record<string, string> = {}): Config {
    return loadConfig({
        PORT: '0',
        ADMISSION: 'off',
        SHUTDOWN_DRAIN_SECONDS: '0',
        SHUTDOWN_GRACE_SECONDS: '0',
        ...env,
    });
}

export function portOf(server: Server): number {
    const address = server.address;
    if (address === undefined) throw new Error('the server does not listen');
    return address.port;
}

/** Lets everybody in, under the session id of the header, else under a new one. */
export function admitEverybody({ rawHeaders }: AuthRequest): Promise<AuthResult> {
    return Promise.resolve({ ok: true, identity: identityOf(rawHeaders) });
}

export function identityOf(rawHeaders: readonly string[]): Identity {
    const value = (name: string): string | undefined =>
        rawHeaders[rawHeaders.findIndex((header) => header.toLowerCase() === name) + 1];
    const has = (name: string): boolean => rawHeaders.some((header) => header.toLowerCase() === name);
    return {
        apiKey: (has('x-api-key') ? value('x-api-key') : undefined) ?? 'key',
        organizationId: ORGANIZATION_ID,
        sessionId: (has('audiohook-session-id') ? value('audiohook-session-id') : undefined) ?? crypto.randomUUID(),
        correlationId: CORRELATION_ID,
        signed: true,
        ...(has('audiohook-retry-attempt') && { retryAttempt: Number(value('audiohook-retry-attempt')) }),
    };
}

/** A client that is connected. */
export async function join(port: number, path = '/', headers: Record<string, string> = {}): Promise<WebSocket> {
    const client = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers, perMessageDeflate: false });
    opened.clients.add(client);
    client.on('error', () => undefined);
    await once(client, 'open');
    return client;
}

/** A client whose session has heard its `open`. */
export async function joinCall({ port, sessions }: TestServer, path = '/'): Promise<WebSocket> {
    const client = await join(port, path);
    const session = sessions.at(-1);
    client.send('open');
    await until(() => session?.hasOpened === true);
    return client;
}

/** The status with which an upgrade is refused; 101 if it is not. */
export async function statusOf(port: number, path = '/', headers: Record<string, string> = {}): Promise<number> {
    const answer = await exchange(port, upgradeRequest(path, headers));
    return statusIn(answer);
}

export function statusIn(answer: string): number {
    return Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]);
}

const HANDSHAKE = {
    Host: '127.0.0.1',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

/** An upgrade request as text; a header with an empty value is left away. */
export function upgradeRequest(path = '/', headers: Record<string, string> = {}): string {
    const lines = Object.entries({ ...HANDSHAKE, ...headers }).filter(([, value]) => value !== '');
    return `GET ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

/** A bare TCP connection. */
export async function dial(port: number): Promise<Socket> {
    const socket = connect({ port, host: '127.0.0.1' });
    opened.sockets.add(socket);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
}

/** Sends `bytes` and gives all that comes back until the server ends, or has switched protocols. */
export async function exchange(port: number, bytes: string | Uint8Array): Promise<string> {
    const socket = await dial(port);
    socket.write(bytes);
    return answerOn(socket);
}

export function answerOn(socket: Socket): Promise<string> {
    return new Promise((resolve) => {
        let text = '';
        socket.on('data', (chunk: Buffer) => {
            text += chunk.toString('latin1');
            if (text.startsWith('HTTP/1.1 101') && text.includes('\r\n\r\n')) resolve(text);
        });
        socket.on('close', () => {
            resolve(text);
        });
    });
}

/** Lets the event loop turn until `condition` holds. Jest's time limit ends a wait that is in vain. */
export async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}
