import { once } from 'node:events';
import { Authenticator, type AuthResult } from '../../src/auth/authenticator';
import { selectSubProtocol } from '../../src/websocket/upgrade';
import { FakeClock } from '../support/fake-clock';
import {
    admitEverybody,
    answerOn,
    cleanUp,
    dial,
    exchange,
    identityOf,
    join,
    joinCall,
    startServer,
    statusIn,
    statusOf,
    until,
    upgradeRequest,
} from './harness';

afterEach(cleanUp);

const HEALTH = 'GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
const SESSION = { 'Audiohook-Session-Id': '30b0e395-84d3-4570-ac13-9a62d8f514c0' };

describe('the path of an upgrade', () => {
    it('is the base path, the base path with a connector id, and both with a query; all else is 404', async () => {
        const { port } = await startServer({}, { AUDIOHOOK_PATH: '/audiohook' });
        for (const path of ['/audiohook', '/audiohook/', '/audiohook/bot', '/audiohook?bot=a', '/audiohook/a/b?c=/d'])
            expect(await statusOf(port, path)).toBe(101);
        for (const path of ['/', '/audiohookbot', '/AudioHook', '/other/audiohook', '/?x=/audiohook'])
            expect(await statusOf(port, path)).toBe(404);
    });

    it('is any path when the base path is /', async () => {
        const { port } = await startServer();
        expect(await statusOf(port, '/')).toBe(101);
        expect(await statusOf(port, '/some/bot?x=y')).toBe(101);
    });

    it('reaches the session with its query, as it came', async () => {
        const { port, sessions } = await startServer();
        await join(port, '/bot%20one?name=a%2Fb');
        expect(sessions.map((session) => session.call.url)).toEqual(['/bot%20one?name=a%2Fb']);
    });
});

describe('the address of a client', () => {
    const FORWARDED = { 'X-Forwarded-For': '198.51.100.7, 203.0.113.9' };

    async function logged(env: Record<string, string>, headers: Record<string, string>): Promise<unknown[]> {
        const { port, log, sessions } = await startServer({}, env);
        await exchange(port, upgradeRequest('/', { ...headers, Upgrade: 'h2c' }));
        await join(port, '/', headers);
        const refusal = log.lines.find(({ fields }) => fields['code'] === 'ERR_UPGRADE_MALFORMED');
        return [refusal?.fields['from'], sessions[0]?.call.from];
    }

    it('is that of its socket', async () => {
        expect(await logged({}, FORWARDED)).toEqual(['127.0.0.1', '127.0.0.1']);
    });

    it('is the one that a trusted proxy has added behind all others', async () => {
        expect(await logged({ AUDIOHOOK_TRUST_PROXY: 'true' }, FORWARDED)).toEqual(['203.0.113.9', '203.0.113.9']);
    });

    it('is that of the proxy where it names none', async () => {
        const headers = { 'X-Forwarded-For': '198.51.100.7, unknown\u0009' };
        expect(await logged({ AUDIOHOOK_TRUST_PROXY: 'true' }, headers)).toEqual(['127.0.0.1', '127.0.0.1']);
    });
});

describe('a malformed upgrade', () => {
    it.each([
        ['of another protocol', { Upgrade: 'h2c' }],
        ['without a key', { 'Sec-WebSocket-Key': '' }],
        ['with a short key', { 'Sec-WebSocket-Key': 'abc' }],
        ['without a version', { 'Sec-WebSocket-Version': '' }],
        ['of an old version', { 'Sec-WebSocket-Version': '8' }],
        ['with a broken list of sub-protocols', { 'Sec-WebSocket-Protocol': 'a,,b' }],
    ])('%s is 400', async (_, headers: Record<string, string>) => {
        const { port, sessions, log } = await startServer();
        expect(await statusOf(port, '/', headers)).toBe(400);
        expect(sessions).toEqual([]);
        expect(log.codes).toContain('ERR_UPGRADE_MALFORMED');
    });

    it('by POST or in HTTP/1.0 is 400', async () => {
        const { port } = await startServer();
        const request = upgradeRequest();
        expect(statusIn(await exchange(port, request.replace('GET', 'POST')))).toBe(400);
        expect(statusIn(await exchange(port, request.replace('HTTP/1.1', 'HTTP/1.0')))).toBe(400);
    });

    it('is not authenticated', async () => {
        const authenticate = jest.fn(admitEverybody);
        const { port } = await startServer({ authenticator: { authenticate } });
        await statusOf(port, '/', { Upgrade: 'h2c' });
        expect(authenticate).not.toHaveBeenCalled();
    });
});

describe('authentication of an upgrade', () => {
    it('a missing or unknown key is a bare 401, not earlier than the fixed delay', async () => {
        const clock = new FakeClock();
        const secrets = { getSecretsForKey: () => undefined };
        const { port, log } = await startServer({ clock, authenticator: new Authenticator({ secrets, clock }) });
        for (const headers of [{}, { 'X-API-KEY': 'unknown' }]) {
            const socket = await dial(port);
            let answer = '';
            socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
            socket.write(upgradeRequest('/', headers));
            await until(() => clock.pendingCount === 1);
            clock.advance(499);
            expect(await exchange(port, HEALTH)).toContain('200 OK');
            expect(answer).toBe('');
            clock.advance(1);
            await once(socket, 'close');
            expect(answer).toBe('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
            await until(() => clock.pendingCount === 0);
        }
        expect(log.codes).toEqual(['ERR_KEY_MISSING', 'ERR_KEY_UNKNOWN']);
        expect(log.text).not.toContain('"unknown"');
    });

    it('a refusal is a complete response with the status of the authenticator, and the log has the code', async () => {
        const refusals: AuthResult[] = [
            { ok: false, status: 400, code: 'ERR_IDENTITY_HEADERS' },
            { ok: false, status: 401, code: 'ERR_SIGNATURE_MISMATCH' },
        ];
        const authenticate = (): Promise<AuthResult> =>
            Promise.resolve(refusals.shift() ?? Promise.reject(new Error()));
        const { port, log } = await startServer({ authenticator: { authenticate } });
        const end = 'Content-Length: 0\r\nConnection: close\r\n\r\n';
        expect(await exchange(port, upgradeRequest())).toBe(`HTTP/1.1 400 Bad Request\r\n${end}`);
        expect(await exchange(port, upgradeRequest())).toBe(`HTTP/1.1 401 Unauthorized\r\n${end}`);
        expect(log.codes).toEqual(['ERR_IDENTITY_HEADERS', 'ERR_SIGNATURE_MISMATCH']);
    });

    it('gets the request target and the raw headers untouched', async () => {
        const authenticate = jest.fn(admitEverybody);
        const { port } = await startServer({ authenticator: { authenticate } });
        await statusOf(port, '/a%2fb?C=d', { 'x-API-key': 'k' });
        const [request] = authenticate.mock.calls[0] ?? [];
        expect(request?.url).toBe('/a%2fb?C=d');
        expect(request?.rawHeaders).toEqual(expect.arrayContaining(['x-API-key', 'k', 'Host', '127.0.0.1']));
    });

    it('that breaks is 500, and the server lives on', async () => {
        const authenticate = (): Promise<AuthResult> => Promise.reject(new Error('vault burnt down'));
        const { port, log } = await startServer({ authenticator: { authenticate } });
        expect(await statusOf(port)).toBe(500);
        expect(await statusOf(port)).toBe(500);
        expect(log.codes).toEqual(['ERR_INTERNAL', 'ERR_INTERNAL']);
    });

    it('drops a peer that went away meanwhile, quietly', async () => {
        let finish: (result: AuthResult) => void = () => undefined;
        const authenticate = (): Promise<AuthResult> => new Promise((resolve) => (finish = resolve));
        const { port, sessions, log, server } = await startServer({ authenticator: { authenticate } });
        const socket = await dial(port);
        socket.write(upgradeRequest());
        const before = finish;
        await until(() => finish !== before);
        socket.resetAndDestroy();
        await until(() => log.lines.some((line) => line.message === 'socket error'));
        finish({ ok: true, identity: identityOf([]) });
        expect(await exchange(port, 'GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toContain(
            '200 OK',
        );
        expect(sessions).toEqual([]);
        expect(server.callCount).toBe(0);
        expect(log.codes.filter((code) => code !== 'ECONNRESET')).toEqual([]);
    });
});

describe('a busy server', () => {
    it('answers 503 with Retry-After when it is full', async () => {
        const started = await startServer({}, { MAX_SESSIONS: '1' });
        const { port, log } = started;
        await joinCall(started);
        expect(await exchange(port, upgradeRequest())).toBe(
            'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
        );
        expect(log.codes).toEqual(['ERR_SERVER_FULL']);
    });

    it('answers 503 with Retry-After while it drains', async () => {
        const { port, server, sessions, log } = await startServer({}, { SHUTDOWN_GRACE_SECONDS: '600' });
        const client = await join(port);
        for (const session of sessions) session.leavesOnShutDown = false;
        const stopped = server.stop();
        expect(await exchange(port, upgradeRequest())).toMatch(/^HTTP\/1\.1 503 [^]*Retry-After: 5\r\n/);
        expect(log.codes).toEqual(['ERR_SHUTTING_DOWN', 'ERR_SHUTTING_DOWN']);
        client.terminate();
        await stopped;
    });

    it('counts a connection as a call only from its open on', async () => {
        const started = await startServer({}, { MAX_SESSIONS: '1' });
        const silent = [await join(started.port), await join(started.port)];
        expect(await statusOf(started.port)).toBe(101);
        const client = await joinCall(started);
        expect(await statusOf(started.port)).toBe(503);
        client.close();
        await until(() => started.sessions.some(({ closed }) => closed === 1));
        expect(await statusOf(started.port)).toBe(101);
        expect(silent.map(({ readyState }) => readyState)).toEqual([1, 1]);
    });

    it('answers 503 to more than MAX_UNOPENED_CONNECTIONS that have not sent open, and says so at /ready', async () => {
        const started = await startServer({}, { MAX_UNOPENED_CONNECTIONS: '2' });
        const { port, log, sessions } = started;
        await joinCall(started);
        const silent = [await join(port), await join(port)];
        expect(await statusOf(port)).toBe(503);
        expect(log.codes).toEqual(['ERR_SERVER_BUSY']);
        expect(await exchange(port, 'GET /ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toMatch(
            / 503 [^]*\{"status":"busy","reason":"unopened"\}/,
        );
        silent[0]?.send('open');
        await until(() => sessions[1]?.hasOpened === true);
        expect(await statusOf(port)).toBe(101);
    });

    it('gives the last place to one of two callers that are authenticated at the same time', async () => {
        const { port, server } = await startServer({}, { MAX_UNOPENED_CONNECTIONS: '1' });
        const statuses = await Promise.all([statusOf(port), statusOf(port)]);
        expect(statuses.sort()).toEqual([101, 503]);
        expect(server.callCount).toBe(1);
    });

    it('bounds the requests that wait to be authenticated', async () => {
        const authenticate = (): Promise<AuthResult> => new Promise(() => undefined);
        const { port } = await startServer({ authenticator: { authenticate }, limits: { maxPendingUpgrades: 2 } });
        const waiting = [await dial(port), await dial(port)];
        for (const socket of waiting) socket.write(upgradeRequest());
        expect(await statusOf(port)).toBe(503);
        for (const socket of waiting) socket.destroy();
    });

    it('is asked before the path, and the path before the signature', async () => {
        const authenticate = jest.fn(admitEverybody);
        const env = { MAX_SESSIONS: '1', AUDIOHOOK_PATH: '/a' };
        const started = await startServer({ authenticator: { authenticate } }, env);
        const { port } = started;
        expect(await statusOf(port, '/b')).toBe(404);
        expect(authenticate).toHaveBeenCalledTimes(0);
        await joinCall(started, '/a');
        expect(await statusOf(port, '/b')).toBe(503);
    });
});

describe('the sub-protocol', () => {
    it('is not required', async () => {
        const { port } = await startServer();
        expect(await exchange(port, upgradeRequest())).not.toMatch(/Sec-WebSocket-Protocol/);
    });

    it('is audiohook when the client offers it among others', async () => {
        const { port } = await startServer();
        const answer = await exchange(port, upgradeRequest('/', { 'Sec-WebSocket-Protocol': 'x, audiohook' }));
        expect(answer).toMatch(/^HTTP\/1\.1 101 [^]*Sec-WebSocket-Protocol: audiohook\r\n/);
    });

    it('is never another one', async () => {
        const { port } = await startServer();
        const answer = await exchange(port, upgradeRequest('/', { 'Sec-WebSocket-Protocol': 'chat' }));
        expect(answer).toMatch(/^HTTP\/1\.1 101 /);
        expect(answer).not.toMatch(/Sec-WebSocket-Protocol/);
        expect(selectSubProtocol(new Set(['AUDIOHOOK']))).toBe(false);
    });

    it('permessage-deflate is never accepted', async () => {
        const { port } = await startServer();
        const offer = { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' };
        expect(await exchange(port, upgradeRequest('/', offer))).not.toMatch(/Sec-WebSocket-Extensions/);
    });
});

describe('a second connection with the same session id', () => {
    it('is 409 while the first one lives, and welcome afterwards', async () => {
        const { port, server, log } = await startServer();
        const first = await join(port, '/', SESSION);
        expect(await statusOf(port, '/', SESSION)).toBe(409);
        expect(log.codes).toEqual(['ERR_SESSION_CONFLICT']);
        first.close();
        await until(() => server.callCount === 0);
        expect(await statusOf(port, '/', SESSION)).toBe(101);
    });

    it('takes the call over when it is a retry of the same client', async () => {
        const { port, server, sessions } = await startServer();
        const first = await join(port, '/', SESSION);
        await join(port, '/', { ...SESSION, 'Audiohook-Retry-Attempt': '1' });
        await once(first, 'close');
        await until(() => sessions[0]?.closed === 1);
        expect(sessions.map((session) => session.closed)).toEqual([1, 0]);
        expect(server.callCount).toBe(1);
    });

    it('is 409 when the retry comes under another key', async () => {
        const { port, sessions } = await startServer();
        await join(port, '/', SESSION);
        const stranger = { ...SESSION, 'Audiohook-Retry-Attempt': '1', 'X-API-KEY': 'other' };
        expect(await statusOf(port, '/', stranger)).toBe(409);
        expect(sessions.map((session) => session.closed)).toEqual([0]);
    });
});

describe('bytes that come together with the upgrade request', () => {
    it('reach the session', async () => {
        const { port, sessions } = await startServer();
        const socket = await dial(port);
        const maskedHi = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]);
        socket.write(Buffer.concat([Buffer.from(upgradeRequest()), maskedHi]));
        expect(await answerOn(socket)).toMatch(/^HTTP\/1\.1 101 /);
        await until(() => (sessions[0]?.heard.length ?? 0) > 0);
        expect(sessions[0]?.heard).toEqual(['hi']);
    });
});
