import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ALIVE_MS } from '../../src/shared-state/shared-calls';
import { DelayProxy } from '../../bench/delay-proxy';
import { describeWithRedis, RedisServer } from '../support/redis-server';
import { until } from '../support/test-bench';
import { CompiledServer } from '../websocket/compiled-server';
import { hangUp, KEYS, Replica, REPLICA_ENV, request, signedHeaders, stopReplicas, type Answer } from './replica';

/** So many times as long as it should be is every time limit of a replica that has a Redis which answers. */
const SLOW = 5;
/** In this time the client of Genesys wants `opened` (docs/PROTOCOL.md, 9.2), ms. */
const OPENED_LIMIT_MS = 4000;

describeWithRedis('replicas that share a Redis', () => {
    let redis: RedisServer;

    beforeEach(async () => {
        redis = await RedisServer.start();
    });

    afterEach(async () => {
        await stopReplicas();
        await redis.stop();
    });

    async function two(env: Record<string, string> = {}): Promise<[Replica, Replica]> {
        const shared = { REPLAY_STORE: redis.url, ...env };
        return Promise.all([Replica.start(shared, SLOW), Replica.start(shared, SLOW)]);
    }

    it('accept a signature once, whichever of them it reaches first', async () => {
        const [a, b] = await two();
        const headers = signedHeaders();
        const first = await request(a.port, headers);
        expect(first.status).toBe(101);
        await hangUp(first, a);
        expect((await request(b.port, headers)).status).toBe(401);
        expect((await request(a.port, headers)).status).toBe(401);
        expect(b.log.codes).toEqual(['ERR_SIGNATURE_REPLAYED']);
        expect(await b.statusOf()).toBe(101);
    });

    it('accept one of two copies that come at the same time', async () => {
        const [a, b] = await two();
        for (let round = 0; round < 2; round += 1) {
            const headers = signedHeaders();
            const answers = await Promise.all([request(a.port, headers), request(b.port, headers)]);
            expect(answers.map(({ status }) => status).sort()).toEqual([101, 401]);
        }
    });

    it('serve a session once; its retry may go to the other one, and the end of the older connection does not free it', async () => {
        const [a, b] = await two();
        const sessionId = randomUUID();
        const first = await a.call({ sessionId });
        expect(first.status).toBe(101);
        expect(await b.statusOf({ sessionId: sessionId.toUpperCase() })).toBe(409);
        expect(await b.statusOf({ sessionId, key: KEYS.two, retryAttempt: 1 })).toBe(409);
        const retry = await b.call({ sessionId, retryAttempt: 1 });
        expect(retry.status).toBe(101);
        await hangUp(first, a);
        expect(await a.statusOf({ sessionId })).toBe(409);
        await hangUp(retry, b);
        const again = await untilAccepted(() => a.call({ sessionId }));
        expect(again.status).toBe(101);
        expect(b.log.codes).toEqual(['ERR_SESSION_CONFLICT', 'ERR_SESSION_CONFLICT']);
    });

    it('count the calls of a key together, and give places back', async () => {
        const [a, b] = await two({ MAX_SESSIONS_PER_KEY: '3' });
        const calls = [await a.call(), await b.call(), await a.call()];
        expect(calls.map(({ status }) => status)).toEqual([101, 101, 101]);
        const refused = await b.call();
        expect([refused.status, refused.retryAfter]).toEqual([503, '5']);
        expect(await a.statusOf()).toBe(503);
        expect(await b.statusOf({ key: KEYS.two })).toBe(101);
        expect(b.log.codes).toEqual(['ERR_KEY_FULL']);
        expect(b.server.figures.keyFull).toBe(1);
        await hangUp(calls[0] as Answer, a);
        expect((await untilAccepted(() => b.call())).status).toBe(101);
        expect(await a.statusOf()).toBe(503);
    });

    it('let no more calls in than the limit when they come at the same time', async () => {
        const [a, b] = await two({ MAX_SESSIONS_PER_KEY: '5' });
        const calls = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? a : b).statusOf());
        const statuses = await Promise.all(calls);
        expect(statuses.filter((status) => status === 101)).toHaveLength(5);
        expect(statuses.filter((status) => status === 503)).toHaveLength(15);
    });

    it('count all calls together', async () => {
        const [a, b] = await two({ MAX_SESSIONS_TOTAL: '2' });
        expect(await a.statusOf()).toBe(101);
        expect(await b.statusOf({ key: KEYS.two })).toBe(101);
        expect(await a.statusOf()).toBe(503);
        expect(a.log.codes).toEqual(['ERR_ALL_SERVERS_FULL']);
    });

    it('let a retry take its call over in the other one although its key has no place left', async () => {
        const [a, b] = await two({ MAX_SESSIONS_PER_KEY: '1' });
        const sessionId = randomUUID();
        expect(await a.statusOf({ sessionId })).toBe(101);
        expect(await b.statusOf()).toBe(503);
        expect(await b.statusOf({ sessionId, retryAttempt: 1 })).toBe(101);
    });

    it('leave neither a key, nor a nonce, nor a session id in Redis, and nothing without an end', async () => {
        const [a] = await two();
        const headers = signedHeaders();
        expect((await request(a.port, headers)).status).toBe(101);
        const keys = (await redis.tell('KEYS *')).match(/audioconnector:\S+/g) ?? [];
        const kinds = keys.map((key) => key.split(':')[1]).sort();
        expect(kinds).toEqual(['calls', 'calls', 'nonce', 'replica', 'replica', 'session']);
        for (const key of keys) expect(await redis.tell(`PTTL ${key}`)).toMatch(/^:[1-9]/);
        const values = await Promise.all(keys.map((key) => redis.tell(`DUMP ${key}`)));
        const nonce = /nonce="([^"]+)"/.exec(headers['Signature-Input'] ?? '')?.[1] ?? 'none';
        for (const secret of [KEYS.one, nonce, headers['Audiohook-Session-Id'] ?? 'none'])
            expect([...keys, ...values].join()).not.toContain(secret);
    });

    it('void what a replica has left behind when it stops', async () => {
        const [a, b] = await two({ MAX_SESSIONS_PER_KEY: '1' });
        const sessionId = randomUUID();
        expect(await a.statusOf({ sessionId })).toBe(101);
        await a.server.stop();
        expect(await b.statusOf({ sessionId })).toBe(101);
    });

    it('void what a replica has left behind that died without a word, once its heartbeat is old', async () => {
        const compiled = CompiledServer.make();
        const env = { ...REPLICA_ENV, REPLAY_STORE: redis.url, MAX_SESSIONS_PER_KEY: '1' };
        const child = spawn(process.execPath, [compiled.index], { env, stdio: ['ignore', 'pipe', 'ignore'] });
        try {
            let out = '';
            child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
            const listening = /listens on ws:\/\/127\.0\.0\.1:(\d+)/;
            await until('the process listens', () => listening.test(out));
            const sessionId = randomUUID();
            const port = Number(listening.exec(out)?.[1]);
            expect((await request(port, signedHeaders({ sessionId }))).status).toBe(101);
            const replica = /audioconnector:replica:\S+/.exec(await redis.tell('KEYS *'))?.[0] ?? '';
            const b = await Replica.start({ REPLAY_STORE: redis.url, MAX_SESSIONS_PER_KEY: '1' }, SLOW);
            child.kill('SIGKILL');
            await once(child, 'exit');
            expect(await b.statusOf({ sessionId })).toBe(409);
            expect(await b.statusOf()).toBe(503);
            const leftMs = Number(/^:(-?\d+)/.exec(await redis.tell(`PTTL ${replica}`))?.[1]);
            expect(leftMs).toBeLessThanOrEqual(ALIVE_MS);
            expect(leftMs).toBeGreaterThan(0);
            // The rest of that time passes.
            await redis.tell(`PEXPIRE ${replica} 1`);
            expect(await untilAccepted(() => b.call({ sessionId }))).toMatchObject({ status: 101 });
        } finally {
            child.kill('SIGKILL');
            compiled.remove();
        }
    });
});

describeWithRedis('a Redis that does not answer', () => {
    let redis: RedisServer;

    beforeEach(async () => {
        redis = await RedisServer.start();
    });

    afterEach(async () => {
        await stopReplicas();
        await redis.stop();
    });

    /** Calls open in time while Redis is away; then it comes back, and each of the two was logged once. */
    async function outage(replica: Replica, away: () => Promise<void>, back: () => Promise<void>): Promise<void> {
        await replica.untilBack();
        const before = replica.outageLines.length;
        await away();
        // The first one finds out.
        expect(await replica.open()).toBeLessThan(OPENED_LIMIT_MS);
        await replica.untilDown();
        const others = await Promise.all(Array.from({ length: 10 }, () => replica.open()));
        for (const tookMs of others) expect(tookMs).toBeLessThan(OPENED_LIMIT_MS);
        expect(replica.outageLines.slice(before)).toEqual([expect.stringMatching(/^warn The Redis/)]);
        await back();
        await replica.untilBack();
        await until('the line is written', () => replica.outageLines.length > before + 1);
        const [down, up] = replica.outageLines.slice(before);
        expect([down, up]).toEqual([expect.stringMatching(/^warn The Redis/), 'info Redis answers again']);
    }

    it('and is killed, and started again: calls open in time, and one line tells of each', async () => {
        const replica = await Replica.start({ REPLAY_STORE: redis.url });
        await replica.open();
        await outage(
            replica,
            () => redis.kill(),
            () => redis.restart(),
        );
        await outage(
            replica,
            () => redis.kill(),
            () => redis.restart(),
        );
        expect(replica.server.figures.sharedState).toMatchObject({
            isDown: false,
            outages: replica.outageLines.length / 2,
        });
        expect(replica.server.figures.sharedState?.undecided).toBeGreaterThanOrEqual(40);
    });

    it('and hangs, and goes on: calls open in time, and one line tells of each', async () => {
        const replica = await Replica.start({ REPLAY_STORE: redis.url });
        const hang = async (): Promise<void> => {
            redis.hang();
            await Promise.resolve();
        };
        const goOn = async (): Promise<void> => {
            redis.goOn();
            await Promise.resolve();
        };
        await replica.open();
        await outage(replica, hang, goOn);
        await outage(replica, hang, goOn);
        expect(replica.server.figures.sharedState?.timeouts).toBeGreaterThanOrEqual(2);
    });

    it('and hangs before it has taken the password: the same', async () => {
        await redis.tell('CONFIG SET requirepass word');
        const replica = await Replica.start({ REPLAY_STORE: redis.url.replace('//', '//:word@') });
        redis.hang();
        await replica.untilDown();
        // Time for attempts to connect, which hang, too.
        await new Promise((resolve) => setTimeout(resolve, 4000));
        expect(await replica.open()).toBeLessThan(OPENED_LIMIT_MS);
        redis.goOn();
        await replica.untilBack();
        expect(replica.outageLines.at(0)).toMatch(/^warn The Redis/);
    });

    it.each([
        ['within the limit decides', 60, SLOW, 409],
        ['beyond it does not, and calls open in time', 600, 1, 101],
    ])('or answers slowly: what comes %s', async (_, rttMs, slowness, status) => {
        const network = new DelayProxy({
            targetPort: redis.port,
            rttMs,
            jitterMs: 0,
            random: Math.random,
            watchFor: 'nothing',
        });
        const port = await network.listen();
        try {
            const fast = await Replica.start({ REPLAY_STORE: redis.url }, SLOW);
            const url = redis.url.replace(`${redis.port}`, `${port}`);
            const slow = await Replica.start({ REPLAY_STORE: url }, slowness);
            const sessionId = randomUUID();
            expect(await fast.statusOf({ sessionId })).toBe(101);
            const startedMs = performance.now();
            expect(await slow.statusOf({ sessionId })).toBe(status);
            expect(performance.now() - startedMs).toBeLessThan(OPENED_LIMIT_MS);
        } finally {
            await stopReplicas();
            await network.close();
        }
    });

    it('costs the limit of an answer once, and nothing while it is known', async () => {
        const replica = await Replica.start({ REPLAY_STORE: redis.url });
        redis.hang();
        await replica.open();
        await replica.untilDown();
        const { timeouts = 0 } = replica.server.figures.sharedState ?? {};
        await Promise.all(Array.from({ length: 20 }, () => replica.open()));
        // Heartbeats ask, calls do not.
        const { timeouts: later = 0, undecided = 0 } = replica.server.figures.sharedState ?? {};
        expect(undecided).toBeGreaterThanOrEqual(40);
        expect(later - timeouts).toBeLessThan(20);
    });

    it('leaves each replica what it has seen itself, and learns of it afterwards', async () => {
        const shared = { REPLAY_STORE: redis.url };
        const a = await Replica.start(shared);
        const b = await Replica.start(shared, 5);
        const before = signedHeaders();
        expect((await request(a.port, before)).status).toBe(101);
        await redis.kill();
        const sessionId = randomUUID();
        const during = signedHeaders({ sessionId });
        expect((await request(a.port, during)).status).toBe(101);
        expect((await request(a.port, during)).status).toBe(401);
        await redis.restart();
        await a.untilBack();
        await untilAsync('a has written anew', async () => (await redis.tell('KEYS *')).split('nonce:').length > 2);
        await untilAsync(
            'a has written its sessions',
            async () => (await redis.tell('KEYS *')).split('session:').length > 2,
        );
        await b.server.stop();
        const c = await Replica.start(shared, 5);
        expect((await request(c.port, during)).status).toBe(401);
        expect((await request(c.port, before)).status).toBe(401);
        expect(await c.statusOf({ sessionId })).toBe(409);
    });

    it('closes the door with REPLAY_STORE_FAILURE=closed, to all, until it is back', async () => {
        const replica = await Replica.start({ REPLAY_STORE: redis.url, REPLAY_STORE_FAILURE: 'closed' }, 3);
        await replica.open();
        redis.hang();
        const answer = await replica.call();
        expect([answer.status, answer.retryAfter]).toEqual([503, '5']);
        await replica.untilDown();
        const stranger = await request(replica.port, { ...signedHeaders(), 'X-API-KEY': 'c3RyYW5nZXI=' });
        expect([stranger.status, stranger.retryAfter]).toEqual([503, '5']);
        const ready = await fetch(`http://127.0.0.1:${replica.port}/ready`);
        expect([ready.status, await ready.json()]).toEqual([503, { status: 'busy', reason: 'replay-store' }]);
        expect(replica.log.codes).toEqual(['ERR_REPLAY_STORE_DOWN']);
        redis.goOn();
        await replica.untilBack();
        await replica.open();
        const back = replica.log.lines.find(({ message }) => message === 'Redis answers again');
        expect(back?.fields['refused']).toBe(2);
        expect(replica.server.figures.sharedState?.refused).toBe(2);
    });

    it('does not keep the server from starting, and names the cause', async () => {
        await redis.kill();
        const replica = await Replica.start({ REPLAY_STORE: redis.url.replace('//', '//:hidden@') });
        await replica.open();
        const line = replica.log.lines.find(({ fields }) => fields['code'] === 'ERR_REPLAY_STORE_DOWN');
        expect(line?.fields).toMatchObject({ failure: 'local', systemError: 'ECONNREFUSED' });
        expect(replica.log.text).not.toContain('hidden');
    });

    it('does not keep a server from stopping', async () => {
        const replica = await Replica.start({ REPLAY_STORE: redis.url });
        redis.hang();
        await replica.server.stop();
        expect(replica.log.lines.at(-1)?.message).toBe('stopped');
    });
});

describeWithRedis('a Redis that refuses', () => {
    let redis: RedisServer;

    beforeEach(async () => {
        redis = await RedisServer.start('--requirepass', 'right word');
    });

    afterEach(async () => {
        await stopReplicas();
        await redis.stop();
    });

    const at = (place: string): string => redis.url.replace('//127', `//${place}127`);

    it.each([
        ['no password', () => redis.url, /NOAUTH/],
        ['a wrong password', () => at(':wrong@'), /WRONGPASS/],
        ['a user that is not there', () => at('me:right%20word@'), /WRONGPASS/],
        ['a database that is not there', () => `${at(':right%20word@')}/99`, /DB index/],
    ])('keeps the server from starting: %s', async (_, url, answer) => {
        const fault: unknown = await Replica.start({ REPLAY_STORE: url() }, 5).catch((thrown: unknown) => thrown);
        expect(fault).toMatchObject({
            code: 'ERR_REPLAY_STORE_REFUSED',
            message: expect.stringMatching(answer) as string,
        });
        expect(String(fault)).not.toMatch(/wrong|right/);
    });

    it('is enough for a user with the permissions that docs/SHARED-STATE.md names', async () => {
        const page = readFileSync(join(__dirname, '..', '..', 'docs', 'SHARED-STATE.md'), 'utf8');
        const rule = /^ACL SETUSER connector .*$/m.exec(page)?.[0] ?? 'none';
        expect(await redis.tell(`AUTH "right word"\r\n${rule}`)).toBe('+OK\r\n+OK\r\n+OK\r\n');
        const url = `${at('connector:password@')}/2`;
        const env = { REPLAY_STORE: url, MAX_SESSIONS_PER_KEY: '9', MAX_SESSIONS_TOTAL: '9' };
        const a = await Replica.start(env, SLOW);
        const first = await a.call();
        await hangUp(first, a);
        const sessionId = randomUUID();
        expect(await a.statusOf({ sessionId })).toBe(101);
        const b = await Replica.start(env, SLOW);
        expect(await b.statusOf({ sessionId })).toBe(409);
        await a.server.stop();
        expect(await b.statusOf({ sessionId })).toBe(101);
        const figures = { isDown: false, outages: 0, undecided: 0 };
        expect([a, b].map(({ server }) => server.figures.sharedState)).toMatchObject([figures, figures]);
    });

    it('is used with the right password and another database', async () => {
        const replica = await Replica.start({ REPLAY_STORE: `${at(':right%20word@')}/3` }, 5);
        expect(await replica.statusOf()).toBe(101);
        expect(replica.server.figures.sharedState).toMatchObject({ isDown: false, undecided: 0, totalCalls: 0 });
        expect(replica.log.text).not.toContain('right');
        expect(replica.log.text).toContain(`redis://127.0.0.1:${redis.port}/3`);
    });
});

describeWithRedis('a Redis behind TLS', () => {
    const TLS = join(__dirname, '..', 'fixtures', 'tls');

    it('is not told the password when its certificate is not trusted', async () => {
        const files = ['--tls-cert-file', join(TLS, 'cert.pem'), '--tls-key-file', join(TLS, 'key.pem')];
        const secure = ['--tls-auth-clients', 'no', '--requirepass', 'word', ...files];
        const redis = await RedisServer.start(...secure);
        try {
            const plain = redis.port;
            const answer = await redis.tell(`AUTH word\r\nCONFIG SET port 0\r\nCONFIG SET tls-port ${plain}`);
            expect(answer).not.toContain('-ERR');
            const replica = await Replica.start({ REPLAY_STORE: `rediss://:word@127.0.0.1:${plain}` });
            const line = replica.log.lines.find(({ fields }) => fields['code'] === 'ERR_REPLAY_STORE_DOWN');
            expect(line?.fields).toMatchObject({ systemError: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
            await replica.open();
        } finally {
            await stopReplicas();
            await redis.stop();
        }
    });
});

/** The end of a call is known in Redis a moment after it is known here. */
async function untilAccepted(call: () => Promise<Answer>): Promise<Answer> {
    let answer = await call();
    await untilAsync('a place is free', async () => {
        if (answer.status !== 101) answer = await call();
        return answer.status === 101;
    });
    return answer;
}

async function untilAsync(what: string, condition: () => Promise<boolean>): Promise<void> {
    for (let tries = 0; !(await condition()); tries += 1) {
        if (tries > 1000) throw new Error(`waited in vain until ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
}
