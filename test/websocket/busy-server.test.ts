import type { UpgradeAuthenticator } from '../../src/websocket/upgrade';
import { FakeClock } from '../support/fake-clock';
import { LoadStandIn } from '../support/load-stand-in';
import {
    admitEverybody,
    cleanUp,
    exchange,
    join,
    joinCall,
    startServer,
    statusOf,
    until,
    upgradeRequest,
    type TestServer,
} from './harness';

afterEach(cleanUp);

const SESSION = { 'Audiohook-Session-Id': '11111111-2222-4333-8444-555555555555' };

/** A server with a call, whose load the test sets. */
async function loadedServer(
    env: Record<string, string> = {},
    authenticator: UpgradeAuthenticator = { authenticate: admitEverybody },
) {
    const clock = new FakeClock();
    const load = new LoadStandIn();
    const started = await startServer({ clock, loadMeter: load, authenticator }, { ADMISSION: 'load', ...env });
    return { ...started, clock, load };
}

type LoadedServer = Awaited<ReturnType<typeof loadedServer>>;

function overload({ clock, load }: LoadedServer): void {
    load.set({ eventLoopDelayMs: 60 });
    clock.advance(1000);
}

function ready({ port }: TestServer): Promise<string> {
    return exchange(port, 'GET /ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
}

describe('a loaded server', () => {
    it('refuses new calls, serves those inside, says busy at /ready, and accepts calls again when the load is gone', async () => {
        const started = await loadedServer();
        const { port, clock, load, sessions, server, log } = started;
        const inside = await joinCall(started);
        expect(await ready(started)).toMatch(/^HTTP\/1\.1 200 /);
        overload(started);
        expect(await statusOf(port)).toBe(503);
        expect(await ready(started)).toMatch(/^HTTP\/1\.1 503 [^]*\{"status":"busy","reason":"event-loop-delay"\}$/);
        inside.send(Buffer.from([1, 2, 3]));
        await until(() => sessions[0]?.heard.length === 2);
        expect([server.callCount, sessions[0]?.closed]).toEqual([1, 0]);
        load.set();
        clock.advance(5000);
        expect(await statusOf(port)).toBe(101);
        expect(await ready(started)).toMatch(/^HTTP\/1\.1 200 /);
        clock.advance(10_000);
        expect(log.codes).toEqual(['ERR_SERVER_OVERLOADED']);
        expect(log.lines.at(-1)).toMatchObject({ message: 'new calls are accepted again', fields: { refused: 1 } });
    });

    it('tells a stranger no more than that it is busy, before any work on the signature', async () => {
        const authenticate = jest.fn(admitEverybody);
        const started = await loadedServer({}, { authenticate });
        await joinCall(started);
        overload(started);
        authenticate.mockClear();
        expect(await exchange(started.port, upgradeRequest())).toBe(
            'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
        );
        expect(authenticate).not.toHaveBeenCalled();
    });

    it('answers /health as ever', async () => {
        const started = await loadedServer();
        await joinCall(started);
        overload(started);
        const health = await exchange(started.port, 'GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
        expect(health).toMatch(/^HTTP\/1\.1 200 /);
    });

    it('accepts a call while none is inside', async () => {
        const started = await loadedServer();
        overload(started);
        expect(await statusOf(started.port)).toBe(101);
    });

    it('lets a retry of Genesys take over its call, and nobody else', async () => {
        const started = await loadedServer();
        const { port, server } = started;
        await join(port, '/', SESSION);
        overload(started);
        expect(await statusOf(port, '/', SESSION)).toBe(409);
        expect(await statusOf(port, '/', { ...SESSION, 'Audiohook-Retry-Attempt': '1', 'X-API-KEY': 'other' })).toBe(
            409,
        );
        expect(await statusOf(port)).toBe(503);
        await join(port, '/', { ...SESSION, 'Audiohook-Retry-Attempt': '1' });
        await until(() => server.callCount === 1);
    });

    it('refuses nothing with ADMISSION=off', async () => {
        const started = await loadedServer({ ADMISSION: 'off' });
        await joinCall(started);
        overload(started);
        expect([await statusOf(started.port), started.load.starts]).toEqual([101, 0]);
    });

    it('does not measure its load in the time of a clock that is not the real one', async () => {
        const clock = new FakeClock();
        await startServer({ clock }, { ADMISSION: 'load' });
        expect(clock.pendingCount).toBe(0);
    });
});

describe('a burst of calls', () => {
    it('gets in as far as calls can be set up until the next reading, after the signature', async () => {
        const started = await loadedServer();
        const { port, clock } = started;
        const statuses = await Promise.all(Array.from({ length: 60 }, () => statusOf(port)));
        expect(statuses.filter((status) => status === 101).length).toBe(17);
        expect(statuses.filter((status) => status === 503).length).toBe(43);
        expect(await ready(started)).toContain('{"status":"busy","reason":"arrivals"}');
        clock.advance(250);
        expect(await statusOf(port)).toBe(101);
    });

    it('of strangers takes no place of a call', async () => {
        const authenticate = () => Promise.resolve({ ok: false, status: 401, code: 'ERR_KEY_UNKNOWN' } as const);
        const { port } = await loadedServer({}, { authenticate });
        const statuses = await Promise.all(Array.from({ length: 60 }, () => statusOf(port)));
        expect(new Set(statuses)).toEqual(new Set([401]));
    });
});

describe('stop', () => {
    it('ends the readings once, while calls still run', async () => {
        const started = await loadedServer({ SHUTDOWN_GRACE_SECONDS: '600' });
        const { clock, load, server, sessions } = started;
        const client = await joinCall(started);
        for (const session of sessions) session.leavesOnShutDown = false;
        const stopped = server.stop();
        await until(() => load.stops === 1);
        client.terminate();
        await stopped;
        expect([load.starts, load.stops, clock.pendingCount]).toEqual([1, 1, 0]);
    });
});
