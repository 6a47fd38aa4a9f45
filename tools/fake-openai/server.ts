import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { systemClock, type Clock } from '../../src/support/clock';
import { ResponseScript } from './responses';
import { checkConnection, modelOf, rejection, type Rejection } from './connection-check';
import type { ConnectionPlan } from './faults';
import { IdMaker } from './outbox';
import { withDefaults, type FakeOpenAIOptions, type Settings } from './options';
import type { RecordedFault } from './recorder';
import { compileValidators } from './schema-check';
import { FakeSession } from './session';
import { SignalCache } from './signal';
import { Waiters } from './waiters';

/** One upgrade request and its outcome. */
export interface RecordedConnection {
    atMs: number;
    url: string;
    headers: IncomingHttpHeaders;
    /** What `Sec-WebSocket-Extensions` offered; undefined: nothing. */
    extensions: string | undefined;
    /** `http`: refused at the upgrade; `refused`: 101, then an error and a close frame. */
    outcome: 'session' | 'refused' | 'http' | 'hung';
}

/** Largest append that the service takes is 15 MiB of audio, 20 MiB of base64. */
const MAX_PAYLOAD_BYTES = 24 * 2 ** 20;
const PATHS = ['/v1/realtime', '/openai/v1/realtime'];
const WAIT_MS = 60_000;

/** A strict stand-in for OpenAI's Realtime API (GA) on the loopback interface. */
export class FakeOpenAI {
    readonly connections: RecordedConnection[] = [];
    /** Accepted connections in order. */
    readonly sessions: FakeSession[] = [];
    private readonly http: Server = createServer();
    private readonly upgrades = new WebSocketServer({
        noServer: true,
        perMessageDeflate: false,
        maxPayload: MAX_PAYLOAD_BYTES,
    });
    private readonly sockets = new Set<Duplex>();
    private readonly newSessions = new Waiters<FakeSession>();
    private readonly settings: Settings;
    private readonly clock: Clock;
    private readonly script: ResponseScript;
    private readonly signals = new SignalCache();
    private readonly ids: IdMaker;
    private readonly nextPlans: ConnectionPlan[] = [];
    private everyPlan: ConnectionPlan;

    constructor(options: FakeOpenAIOptions = {}) {
        this.settings = withDefaults(options);
        this.clock = options.clock ?? systemClock;
        // Where a response's pace is real, the first event of a type must not hold it up.
        if (this.clock === systemClock && this.settings.speed < Infinity) compileValidators();
        this.script = new ResponseScript(options.response);
        this.ids = new IdMaker(this.settings.seed);
        this.everyPlan = options.plan ?? {};
        this.http.on('request', (_request, response) => {
            response.writeHead(426).end();
        });
        this.http.on('upgrade', (request, socket, head) => {
            this.upgrade(request, socket, head);
        });
    }

    /** `ws://127.0.0.1:<port>/v1/realtime`: what `OPENAI_REALTIME_URL` takes. */
    get url(): string {
        return `ws://127.0.0.1:${this.port}/v1/realtime`;
    }

    get port(): number {
        const address = this.http.address();
        return isAddressInfo(address) ? address.port : 0;
    }

    /** Wrong frames of all clients. Assert that it is empty, or that only those you meant are in it. */
    get faults(): RecordedFault[] {
        return this.sessions.flatMap((session) => session.faults);
    }

    /** Adds faults for the next connection that is not planned yet, or for `every` one from now on. */
    plan(plan: ConnectionPlan, scope: 'next' | 'every' = 'next'): void {
        if (scope === 'next') this.nextPlans.push(plan);
        else this.everyPlan = plan;
    }

    /** The next accepted connection that was not given yet; rejects after `timeoutMs` of real time. */
    nextSession(timeoutMs = WAIT_MS): Promise<FakeSession> {
        return this.newSessions.next('connection', timeoutMs);
    }

    listen(): Promise<void> {
        return new Promise((resolve, reject) => {
            this.http.once('error', reject);
            this.http.listen(this.settings.port, '127.0.0.1', () => {
                this.http.off('error', reject);
                resolve();
            });
        });
    }

    /** Ends every connection and frees the port. */
    async close(): Promise<void> {
        for (const session of this.sessions) session.cut();
        for (const socket of this.sockets) socket.destroy();
        this.upgrades.close();
        this.http.closeAllConnections();
        await new Promise((resolve) => this.http.close(resolve));
        await Promise.all(this.sessions.map((session) => session.whenClosed));
    }

    private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
        this.sockets.add(socket);
        socket.on('close', () => this.sockets.delete(socket));
        socket.on('error', () => undefined);
        const plan = { ...this.everyPlan, ...this.nextPlans.shift() };
        const isKnownPath = PATHS.includes(new URL(request.url ?? '/', this.url).pathname);
        const status = isKnownPath ? plan.httpStatus : 404;
        if (plan.hangUpgrade === true) this.note(request, 'hung');
        else if (status !== undefined) this.refuseUpgrade(request, socket, status);
        else this.accept(request, socket, head, plan);
    }

    private refuseUpgrade(request: IncomingMessage, socket: Duplex, status: number): void {
        this.note(request, 'http');
        const body = JSON.stringify({ error: { message: `HTTP ${status} of the stand-in`, code: String(status) } });
        const head = `HTTP/1.1 ${status} Refused\r\nContent-Type: application/json\r\nConnection: close\r\n`;
        socket.end(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    }

    private accept(request: IncomingMessage, socket: Duplex, head: Buffer, plan: ConnectionPlan): void {
        this.upgrades.handleUpgrade(request, socket, head, (client) => {
            const refused =
                plan.refuse === undefined
                    ? checkConnection(request, this.settings.badKeys)
                    : rejection(plan.refuse, 'planned');
            this.note(request, refused === undefined ? 'session' : 'refused');
            if (refused === undefined) this.open(client, request, plan);
            else this.reject(client, refused);
        });
    }

    private reject(client: WebSocket, { fault, close }: Rejection): void {
        client.on('error', () => undefined);
        const error = { ...fault, event_id: null };
        client.send(JSON.stringify({ type: 'error', event_id: this.ids.make('event'), error }));
        client.close(close.code, close.reason);
    }

    private open(client: WebSocket, request: IncomingMessage, plan: ConnectionPlan): void {
        const { clock, settings, script, signals } = this;
        const model = modelOf(request) ?? '';
        const options = { index: this.sessions.length, model, clock, settings, plan, script, signals };
        const session = new FakeSession(client, request, options);
        this.sessions.push(session);
        this.newSessions.offer(session);
    }

    private note(request: IncomingMessage, outcome: RecordedConnection['outcome']): void {
        const { headers, url = '' } = request;
        const extensions = headers['sec-websocket-extensions'];
        this.connections.push({ atMs: this.clock.nowMs(), url, headers, extensions, outcome });
    }
}

/** Starts a stand-in; `close()` it when done. */
export async function startFakeOpenAI(options: FakeOpenAIOptions = {}): Promise<FakeOpenAI> {
    const fake = new FakeOpenAI(options);
    await fake.listen();
    return fake;
}

function isAddressInfo(address: AddressInfo | string | null): address is AddressInfo {
    return typeof address === 'object' && address !== null;
}
