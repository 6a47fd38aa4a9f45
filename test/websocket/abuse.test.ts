import { randomUUID } from 'node:crypto';
import { Authenticator } from '../../src/auth/authenticator';
import { AbuseLog } from '../../src/websocket/abuse-log';
import { NOW_MS, provider, sign, unsignedRequest, API_KEY, SECRET, goodParameters } from '../auth/signing';
import { FakeClock } from '../support/fake-clock';
import { cleanUp, exchange, join, startServer, statusOf, upgradeRequest, until, type TestServer } from './harness';

afterEach(cleanUp);

const STRANGER = { 'X-API-KEY': 'c3RyYW5nZXI=' };

/** A server whose refusals are not delayed, that knows one key. */
async function guarded(env: Record<string, string>): Promise<TestServer & { clock: FakeClock }> {
    const clock = new FakeClock(NOW_MS);
    const secrets = provider({ [API_KEY]: [SECRET] });
    const authenticator = new Authenticator({ secrets, clock, failureDelayMs: 0 });
    return { ...(await startServer({ clock, authenticator }, env)), clock };
}

function signedHeaders(nonce: string): Record<string, string> {
    const headers = { 'audiohook-session-id': randomUUID() };
    const recipe = { url: '/', headers, parameters: goodParameters({ nonce: `"${nonce.padEnd(22, 'A')}"` }) };
    const { input, signature } = sign(recipe);
    const { rawHeaders } = unsignedRequest(recipe);
    const pairs = rawHeaders.flatMap((name, index) =>
        index % 2 === 0 ? [[name, rawHeaders[index + 1]] as const] : [],
    );
    const plain = Object.fromEntries(pairs.filter(([name]) => name !== 'host'));
    return {
        ...plain,
        Host: 'voice.example.com',
        'signature-input': `sig1=${input}`,
        signature: `sig1=:${signature}:`,
    };
}

describe('failed authentications of one address', () => {
    it('are answered 429 beyond the limit of a minute, with one line; the next minute begins anew', async () => {
        const { port, log, clock, server } = await guarded({ MAX_FAILED_AUTH_PER_MINUTE: '3' });
        const statuses = async (count: number): Promise<number[]> => {
            const all: number[] = [];
            for (let index = 0; index < count; index += 1) all.push(await statusOf(port, '/', STRANGER));
            return all;
        };
        expect(await statuses(6)).toEqual([401, 401, 401, 429, 429, 429]);
        expect(log.codes).toEqual([...Array<string>(3).fill('ERR_KEY_UNKNOWN'), 'ERR_AUTH_FLOOD']);
        expect(log.lines.at(-1)?.fields).toMatchObject({ status: 429, from: '127.0.0.1' });
        clock.advance(60_000);
        expect(await statuses(5)).toEqual([401, 401, 401, 429, 429]);
        expect(log.codes.filter((code) => code === 'ERR_AUTH_FLOOD')).toHaveLength(2);
        expect(server.figures).toMatchObject({ failedAuth: 11, limitedAuth: 5 });
    });

    it('never keep out a request with a good signature from the same address', async () => {
        const { port, clock } = await guarded({ MAX_FAILED_AUTH_PER_MINUTE: '1' });
        for (let index = 0; index < 200; index += 1) {
            await statusOf(port, '/', STRANGER);
            if (index % 50 === 0) expect(await statusOf(port, '/', signedHeaders(`call${index}`))).toBe(101);
        }
        expect(clock.epochMs()).toBe(NOW_MS);
    });

    it('tell a stranger nothing beside the status', async () => {
        const { port } = await guarded({ MAX_FAILED_AUTH_PER_MINUTE: '1' });
        await statusOf(port, '/', STRANGER);
        const answer = await exchange(port, upgradeRequest('/', STRANGER));
        expect(answer).toBe('HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
        const known = await exchange(port, upgradeRequest('/', { 'X-API-KEY': API_KEY }));
        expect(known).toBe(answer);
    });

    it('count for the address that a trusted proxy names, and for no other', async () => {
        const { port } = await guarded({ MAX_FAILED_AUTH_PER_MINUTE: '1', TRUSTED_PROXIES: '127.0.0.0/8' });
        const from = (address: string): Promise<number> =>
            statusOf(port, '/', { ...STRANGER, 'X-Forwarded-For': `203.0.113.9, ${address}` });
        expect([await from('198.51.100.1'), await from('198.51.100.1')]).toEqual([401, 429]);
        expect(await from('198.51.100.2')).toBe(401);
        expect([await from('2001:db8::1'), await from('2001:db8::2')]).toEqual([401, 429]);
    });

    it('are not read from X-Forwarded-For without a trusted proxy', async () => {
        const { port } = await guarded({ MAX_FAILED_AUTH_PER_MINUTE: '1' });
        const from = (address: string): Promise<number> =>
            statusOf(port, '/', { ...STRANGER, 'X-Forwarded-For': address });
        expect([await from('198.51.100.1'), await from('198.51.100.2')]).toEqual([401, 429]);
    });

    it('have no limit where it is 0', () => {
        const log = new AbuseLog(0, new FakeClock());
        for (let index = 0; index < 1000; index += 1) expect(log.noteFailure('ERR_KEY_UNKNOWN', 'a')).toBe('below');
        expect([log.addressCount, log.figures.failedAuth]).toEqual([0, 1000]);
    });

    it.each(['ERR_SECRETS_UNAVAILABLE', 'ERR_INTERNAL', 'ERR_REPLAY_GUARD_FULL', 'ERR_IDENTITY_HEADERS'] as const)(
        'are none where this server failed, or the key was proven: %s',
        (code) => {
            const log = new AbuseLog(1, new FakeClock());
            expect([log.noteFailure(code, 'a'), log.noteFailure(code, 'a')]).toEqual(['below', 'below']);
            expect(log.figures.failedAuth).toBe(0);
        },
    );
});

describe('MAX_SESSIONS_PER_KEY in one process', () => {
    const ONE = { 'X-API-KEY': 'one' };

    it('refuses further connections with 503, with one line for each address and minute', async () => {
        const clock = new FakeClock();
        const { port, log, sessions, server } = await startServer({ clock }, { MAX_SESSIONS_PER_KEY: '2' });
        const first = await join(port, '/', ONE);
        await join(port, '/', ONE);
        for (let index = 0; index < 5; index += 1) expect(await statusOf(port, '/', ONE)).toBe(503);
        expect(await exchange(port, upgradeRequest('/', ONE))).toContain('Retry-After: 5\r\n');
        expect(log.codes).toEqual(['ERR_KEY_FULL']);
        clock.advance(60_000);
        expect(await statusOf(port, '/', ONE)).toBe(503);
        expect(log.codes).toEqual(['ERR_KEY_FULL', 'ERR_KEY_FULL']);
        expect(server.figures.keyFull).toBe(7);
        await join(port, '/', { 'X-API-KEY': 'two' });
        first.terminate();
        await until(() => sessions[0]?.closed === 1);
        await join(port, '/', ONE);
    });

    it('counts a handshake that is not completed for nothing', async () => {
        const { port } = await startServer({}, { MAX_SESSIONS_PER_KEY: '1' });
        for (let index = 0; index < 3; index += 1)
            expect(await statusOf(port, '/', { ...ONE, 'Sec-WebSocket-Protocol': 'a,,b' })).toBe(400);
        await join(port, '/', ONE);
    });

    it('lets a retry take its call over, and counts it once', async () => {
        const { port, sessions } = await startServer({}, { MAX_SESSIONS_PER_KEY: '1' });
        const session = { ...ONE, 'Audiohook-Session-Id': '30b0e395-84d3-4570-ac13-9a62d8f514c0' };
        await join(port, '/', session);
        expect(await statusOf(port, '/', session)).toBe(409);
        const retry = await join(port, '/', { ...session, 'Audiohook-Retry-Attempt': '1' });
        await until(() => sessions[0]?.closed === 1);
        expect(await statusOf(port, '/', ONE)).toBe(503);
        retry.terminate();
        await until(() => sessions[1]?.closed === 1);
        await join(port, '/', ONE);
    });
});
