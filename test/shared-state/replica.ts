import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { loadConfig } from '../../src/config/config';
import { Server } from '../../src/websocket/server';
import { newNonce, upgradeHeaders } from '../../tools/caller/signer';
import { ColdBotService } from '../support/cold-bots';
import { LogRecorder } from '../support/log-recorder';
import { ScaledClock } from '../support/scaled-clock';
import { openParameters } from '../support/session-harness';
import { until } from '../support/test-bench';

export const KEYS = { one: 'b25lLWtleQ==', two: 'dHdvLWtleQ==' } as const;
const SECRET = Buffer.alloc(32, 7).toString('base64');
/** Both replicas stand behind this name. */
const AUTHORITY = 'voice.example.com';
const ORGANIZATION_ID = 'd7934305-0972-4844-938e-9060eef73d05';

/** What both the servers in this process and those in their own are given. */
export const REPLICA_ENV = {
    PORT: '0',
    ADMISSION: 'off',
    BOTS_FOLDER: 'off',
    DEFAULT_BOT: 'silent',
    AUDIOHOOK_API_KEYS: JSON.stringify({ [KEYS.one]: SECRET, [KEYS.two]: SECRET }),
    MAX_FAILED_AUTH_PER_MINUTE: '0',
    SHUTDOWN_DRAIN_SECONDS: '0',
    SHUTDOWN_GRACE_SECONDS: '0',
};

export interface CallOptions {
    key?: string;
    sessionId?: string;
    retryAttempt?: number;
}

/** The headers of a sound upgrade request, good once. */
export function signedHeaders({ key = KEYS.one, sessionId = randomUUID(), retryAttempt }: CallOptions = {}): Record<
    string,
    string
> {
    const signed = upgradeHeaders({
        organizationId: ORGANIZATION_ID,
        sessionId,
        correlationId: sessionId,
        apiKey: key,
        clientSecret: SECRET,
        requestTarget: '/',
        authority: AUTHORITY,
        createdSeconds: Math.floor(Date.now() / 1000),
        nonce: newNonce(),
        retryAttempt,
    });
    return { Host: AUTHORITY, ...signed };
}

export interface Answer {
    status: number;
    retryAfter: string | undefined;
    /** undefined: refused. */
    client: WebSocket | undefined;
}

const clients = new Set<WebSocket>();
const replicas = new Set<Replica>();

/** For afterEach: hangs up every call and stops every replica. */
export async function stopReplicas(): Promise<void> {
    for (const client of clients) client.terminate();
    clients.clear();
    await Promise.all([...replicas].map((replica) => replica.server.stop()));
    replicas.clear();
}

/** Sends an upgrade request and waits for the answer. */
export function request(port: number, headers: Record<string, string>): Promise<Answer> {
    return new Promise((resolve, reject) => {
        const client = new WebSocket(`ws://127.0.0.1:${port}/`, { headers, perMessageDeflate: false });
        client.on('unexpected-response', (sent, { statusCode = 0, headers: answered }) => {
            sent.destroy();
            resolve({ status: statusCode, retryAfter: answered['retry-after'], client: undefined });
        });
        client.on('open', () => {
            clients.add(client);
            resolve({ status: 101, retryAfter: undefined, client });
        });
        client.on('error', reject);
    });
}

/** One server of several that share a Redis. */
export class Replica {
    private constructor(
        readonly server: Server,
        readonly log: LogRecorder,
        readonly port: number,
    ) {}

    /**
     * @param slowness how many times as long every time limit is as it should be. Where a test wants Redis to answer in time, its limit must not
     * measure how busy the machine is.
     */
    static async start(env: Record<string, string>, slowness = 1): Promise<Replica> {
        const log = new LogRecorder();
        const clock = new ScaledClock(1 / slowness);
        const config = loadConfig({ ...REPLICA_ENV, ...env });
        const server = new Server({
            config,
            logger: log,
            clock,
            botService: new ColdBotService(config, { clock, logger: log }),
        });
        try {
            await server.start();
        } catch (fault) {
            await server.stop();
            throw fault;
        }
        const replica = new Replica(server, log, server.address?.port ?? 0);
        replicas.add(replica);
        return replica;
    }

    call(options: CallOptions = {}): Promise<Answer> {
        return request(this.port, signedHeaders(options));
    }

    async statusOf(options: CallOptions = {}): Promise<number> {
        return (await this.call(options)).status;
    }

    /** Places a call up to `opened`. @returns how long it took, in ms of real time */
    async open(): Promise<number> {
        const startedMs = performance.now();
        const sessionId = randomUUID();
        const { client, status } = await this.call({ sessionId });
        if (client === undefined) throw new Error(`refused with ${status}`);
        const head = { version: '2', type: 'open', seq: 1, serverseq: 0, id: sessionId, position: 'PT0S' };
        const parameters = { ...openParameters(), organizationId: ORGANIZATION_ID };
        client.send(JSON.stringify({ ...head, parameters }));
        const [answer] = (await once(client, 'message')) as [Buffer];
        const { type } = JSON.parse(answer.toString()) as { type: string };
        if (type !== 'opened') throw new Error(`answered ${answer.toString()}`);
        return performance.now() - startedMs;
    }

    /** The lines about outages, in order. */
    get outageLines(): string[] {
        return this.log.lines
            .filter(
                ({ fields, message }) =>
                    fields['code'] === 'ERR_REPLAY_STORE_DOWN' || message.endsWith('answers again'),
            )
            .map(({ level, message }) => `${level} ${message}`);
    }

    untilDown(): Promise<void> {
        return until('Redis is down', () => this.server.figures.sharedState?.isDown === true);
    }

    untilBack(): Promise<void> {
        return until('Redis is back', () => this.server.figures.sharedState?.isDown === false);
    }
}

/** Hangs up, and waits until the server knows. */
export async function hangUp({ client }: Answer, { server }: Replica): Promise<void> {
    const before = server.callCount;
    client?.terminate();
    await until('the call is over', () => server.callCount < before);
}
