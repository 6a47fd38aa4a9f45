import { cleanUp, exchange, join, joinCall, startServer, statusIn } from './harness';

afterEach(cleanUp);

function ask(port: number, method: string, path: string): Promise<string> {
    return exchange(port, `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
}

describe('GET /health', () => {
    it('is 200 with a small JSON body', async () => {
        const { port } = await startServer();
        const answer = await ask(port, 'GET', '/health');
        expect(statusIn(answer)).toBe(200);
        expect(answer).toMatch(/Content-Type: application\/json\r\n/);
        expect(answer).toMatch(/\r\n\r\n\{"status":"ok"\}$/);
    });

    it('answers HEAD without a body', async () => {
        const { port } = await startServer();
        expect(await ask(port, 'HEAD', '/health')).toMatch(/^HTTP\/1\.1 200 [^]*Content-Length: 15[^]*\r\n\r\n$/);
    });

    it('ignores a query', async () => {
        const { port } = await startServer();
        expect(statusIn(await ask(port, 'GET', '/health?x=/other'))).toBe(200);
    });

    it('stays 200 when the server is full', async () => {
        const started = await startServer({}, { MAX_SESSIONS: '1' });
        const { port } = started;
        await joinCall(started);
        expect(statusIn(await ask(port, 'GET', '/health'))).toBe(200);
    });
});

describe('GET /ready', () => {
    it('is 200 while calls are welcome', async () => {
        const { port } = await startServer();
        expect(await ask(port, 'GET', '/ready')).toMatch(/^HTTP\/1\.1 200 [^]*\{"status":"ready"\}$/);
    });

    it('is 503 with Retry-After when the server is full, and 200 again when a call has ended', async () => {
        const started = await startServer({}, { MAX_SESSIONS: '1' });
        const { port, server } = started;
        const client = await joinCall(started);
        expect(await ask(port, 'GET', '/ready')).toMatch(/^HTTP\/1\.1 503 [^]*Retry-After: \d+\r\n[^]*"full"/);
        client.close();
        while (server.callCount > 0) await new Promise((resolve) => setImmediate(resolve));
        expect(statusIn(await ask(port, 'GET', '/ready'))).toBe(200);
    });

    it('is 503 while the server drains, and /health stays 200', async () => {
        const { port, server, sessions } = await startServer({}, { SHUTDOWN_GRACE_SECONDS: '600' });
        const client = await join(port);
        for (const session of sessions) session.leavesOnShutDown = false;
        const stopped = server.stop();
        expect(await ask(port, 'GET', '/ready')).toMatch(/^HTTP\/1\.1 503 [^]*Retry-After: \d+\r\n[^]*"draining"/);
        expect(statusIn(await ask(port, 'GET', '/health'))).toBe(200);
        client.terminate();
        await stopped;
    });
});

describe('other requests', () => {
    it.each([
        ['/', '/'],
        ['/audiohook', '/audiohook'],
        ['/audiohook', '/audiohook/bot?x=y'],
    ])('with AUDIOHOOK_PATH=%s tell a plain GET of %s that it wants an upgrade', async (base, path) => {
        const { port } = await startServer({}, { AUDIOHOOK_PATH: base });
        expect(await ask(port, 'GET', path)).toMatch(/^HTTP\/1\.1 426 [^]*Upgrade: websocket\r\n/);
    });

    it.each(['/', '/audiohookbot', '/healthy', '/favicon.ico'])(
        'of %s are 404 outside AUDIOHOOK_PATH',
        async (path) => {
            const { port } = await startServer({}, { AUDIOHOOK_PATH: '/audiohook' });
            expect(statusIn(await ask(port, 'GET', path))).toBe(404);
        },
    );

    it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('with the method %s are 405', async (method) => {
        const { port } = await startServer();
        expect(await ask(port, method, '/health')).toMatch(/^HTTP\/1\.1 405 [^]*Allow: GET, HEAD\r\n/);
        expect(statusIn(await ask(port, method, '/'))).toBe(405);
    });
});
