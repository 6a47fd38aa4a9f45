import { randomUUID } from 'node:crypto';
import { WebSocket } from 'ws';
import { newNonce, upgradeHeaders } from '../../tools/caller/signer';
import { RedisServer } from '../support/redis-server';
import { until } from '../support/test-bench';
import { NGINX, NginxProcess } from './nginx-process';
import { describeWith } from './proxy-process';
import type { ServerProcess } from './server-process';
import { API_KEY, CLIENT_SECRET, TwoServers } from './two-servers';

const CALLS = 50;
const REPLAYS = 10;
const ANSWER_MS = 4000;
const ANSWER_BYTES = ANSWER_MS * 8;
const AUTHORITY = 'bot.example.com';
const ORGANIZATION_ID = 'd7934305-0972-4844-938e-9060eef73d05';

/** Headers of a signed request as Genesys sends them, good once. */
function signedHeaders(): Record<string, string> {
    const sessionId = randomUUID();
    const signed = upgradeHeaders({
        organizationId: ORGANIZATION_ID,
        sessionId,
        correlationId: sessionId,
        apiKey: API_KEY,
        clientSecret: CLIENT_SECRET,
        requestTarget: '/audiohook/',
        authority: AUTHORITY,
        createdSeconds: Math.floor(Date.now() / 1000),
        nonce: newNonce(),
    });
    return { Host: AUTHORITY, ...signed };
}

/** @returns the status with which the server answers the request; an accepted one is ended at once */
function statusOf({ port }: ServerProcess, headers: Record<string, string>): Promise<number> {
    return new Promise((resolve, reject) => {
        const client = new WebSocket(`ws://127.0.0.1:${port}/audiohook/`, { headers });
        client.on('unexpected-response', (request, { statusCode = 0 }) => {
            request.destroy();
            resolve(statusCode);
        });
        client.on('open', () => {
            client.terminate();
            resolve(101);
        });
        client.on('error', reject);
    });
}

describeWith('nginx', NGINX)('two servers behind nginx that share a Redis', () => {
    let two: TwoServers;
    let nginx: NginxProcess;
    const running: { stop(): Promise<void> }[] = [];

    beforeAll(async () => {
        const redis = await RedisServer.start();
        running.push(redis);
        const env = { REPLAY_STORE: redis.url, SHUTDOWN_DRAIN_SECONDS: '1', SHUTDOWN_GRACE_SECONDS: '30' };
        const response = () => ({ text: 'A sentence that is heard to its end.', audioMs: ANSWER_MS });
        two = await TwoServers.start(env, { response });
        running.push(two);
        nginx = await NginxProcess.start(two.servers);
        running.push(nginx);
    }, 60_000);

    afterAll(async () => {
        for (const each of running.reverse()) await each.stop();
    });

    /** Stops `server` in mid-answer of all calls, and starts it again. */
    async function restart(server: ServerProcess, other: ServerProcess): Promise<void> {
        const callers = await two.callersInMidAnswer(CALLS, nginx.url);
        const inside = callers.filter(({ sessionId }) => server.log.includes(sessionId));
        const elsewhere = callers.filter((caller) => !inside.includes(caller));
        expect([inside.length, elsewhere.length]).toEqual([CALLS / 2, CALLS / 2]);

        const used = Array.from({ length: REPLAYS }, signedHeaders);
        expect(await Promise.all(used.map((headers) => statusOf(server, headers)))).toEqual(Array(REPLAYS).fill(101));
        expect(await Promise.all(used.map((headers) => statusOf(other, headers)))).toEqual(Array(REPLAYS).fill(401));
        await until('the refusals are logged', () => other.log.includes('"code":"ERR_SIGNATURE_REPLAYED"'));

        await server.drain();
        expect(await server.ended()).toBe(0);
        for (const caller of inside) {
            const { outcome, disconnect } = await caller.ended;
            const reason = disconnect?.outputVariables['end_reason'];
            // What was being said, and the goodbye, both to their last byte.
            expect({ outcome, reason, heardBytes: caller.heardBytes }).toEqual({
                outcome: 'completed',
                reason: 'server_shutdown',
                heardBytes: 2 * ANSWER_BYTES,
            });
        }
        await server.start();
        for (const caller of elsewhere) {
            // Where the other server took long to end, they are asked in the meantime whether they are still there.
            expect(caller.heardBytes).toBeGreaterThanOrEqual(ANSWER_BYTES);
            caller.hangUp();
            expect(await caller.ended).toMatchObject({ outcome: 'completed', disconnect: undefined });
        }
    }

    it('are restarted with 50 calls in mid-answer: no sentence is cut, no call lost, no signature good twice', async () => {
        const [first, second] = two.servers;
        await restart(first, second);
        await restart(second, first);
        expect(two.openai.faults.filter(({ benign }) => !benign)).toEqual([]);
    }, 180_000);
});
