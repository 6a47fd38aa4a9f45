import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
    cleanUp,
    exchange,
    join,
    startServer,
    statusIn,
    statusOf,
    until,
    upgradeRequest,
    type TestServer,
} from './harness';

describe('a server inside the HTTP server of an application', () => {
    let http: HttpServer;
    let port: number;

    beforeEach(async () => {
        http = createServer((request, response) => response.end(`application ${request.url ?? ''}`));
        await once(http.listen(0, '127.0.0.1'), 'listening');
        port = (http.address() as AddressInfo).port;
    });

    afterEach(async () => {
        await cleanUp();
        http.closeAllConnections();
        await new Promise((resolve) => http.close(resolve));
    });

    function embed(): Promise<TestServer> {
        return startServer({ server: http }, { AUDIOHOOK_PATH: '/audiohook' });
    }

    it('accepts calls at its path and names the address of that server', async () => {
        const { server, sessions, port: named, log } = await embed();
        const client = await join(port, '/audiohook?bot=echo');
        client.send('{"type":"open"}');
        await until(() => sessions[0]?.heard.length === 1);
        expect(named).toBe(port);
        expect(server.callCount).toBe(1);
        expect(log.text).toContain('AudioConnector Server accepts calls at /audiohook of the given HTTP server');
    });

    it.each(['/', '/health', '/ready', '/audiohook'])('leaves GET %s to the application', async (path) => {
        await embed();
        const response = await fetch(`http://127.0.0.1:${port}${path}`);
        expect(await response.text()).toBe(`application ${path}`);
    });

    it('leaves the upgrades of other paths to the other listeners', async () => {
        http.on('upgrade', (request, socket) => {
            if (request.url === '/chat') socket.end('HTTP/1.1 418 Chat\r\n\r\n');
        });
        const { sessions } = await embed();
        expect(await statusOf(port, '/chat')).toBe(418);
        await join(port, '/audiohook');
        expect(sessions).toHaveLength(1);
    });

    it('answers the upgrades of other paths with 404 where there is no other listener', async () => {
        await embed();
        expect(await statusOf(port, '/chat')).toBe(404);
    });

    it('ends its calls when it stops, and leaves the application running', async () => {
        const { server, sessions } = await embed();
        const client = await join(port, '/audiohook');
        const closed = once(client, 'close');
        await server.stop();
        await closed;
        expect(sessions[0]).toMatchObject({ toldToLeave: 1, closed: 1 });
        expect(http.listening).toBe(true);
        expect(http.listenerCount('upgrade')).toBe(0);
        const answer = await exchange(port, upgradeRequest('/audiohook', { Connection: 'close', Upgrade: '' }));
        expect(statusIn(answer)).toBe(200);
    });

    it('refuses upgrades with 503 while it drains', async () => {
        const { server, sessions } = await startServer(
            { server: http },
            { AUDIOHOOK_PATH: '/audiohook', SHUTDOWN_GRACE_SECONDS: '5' },
        );
        const client = await join(port, '/audiohook');
        if (sessions[0] !== undefined) sessions[0].leavesOnShutDown = false;
        const stopped = server.stop();
        expect(await statusOf(port, '/audiohook')).toBe(503);
        client.close();
        await stopped;
    });

    it('can be started before the application listens', async () => {
        http.closeAllConnections();
        await new Promise((resolve) => http.close(resolve));
        http = createServer();
        await expect(embed()).rejects.toThrow('the server does not listen');
        await once(http.listen(0, '127.0.0.1'), 'listening');
        await join((http.address() as AddressInfo).port, '/audiohook');
    });
});
