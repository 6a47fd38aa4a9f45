import { once } from 'node:events';
import { Server } from '../../src/websocket/server';
import { CodedError } from '../../src/support/errors';
import { FakeClock } from '../support/fake-clock';
import { LogRecorder } from '../support/log-recorder';
import {
    CORRELATION_ID,
    ORGANIZATION_ID,
    cleanUp,
    dial,
    exchange,
    join,
    kept,
    startServer,
    testConfig,
    until,
    upgradeRequest,
} from './harness';

afterEach(cleanUp);

describe('a call', () => {
    it('hands text as text and audio as bytes to its session, in order', async () => {
        const { port, sessions } = await startServer();
        const client = await join(port);
        client.send('{"type":"open"}');
        client.send(Buffer.from([0xff, 0x7f]));
        client.send('');
        client.send(Buffer.alloc(0));
        await until(() => sessions[0]?.heard.length === 4);
        expect(sessions[0]?.heard).toEqual(['{"type":"open"}', Buffer.from([0xff, 0x7f]), '', Buffer.alloc(0)]);
    });

    it('joins the fragments of a message', async () => {
        const { port, sessions } = await startServer();
        const client = await join(port);
        client.send(Buffer.from([1, 2]), { fin: false });
        client.send(Buffer.from([3]), { fin: true });
        await until(() => sessions[0]?.heard.length === 1);
        expect(sessions[0]?.heard).toEqual([Buffer.from([1, 2, 3])]);
    });

    it('knows who it is', async () => {
        const { port, sessions } = await startServer();
        await join(port);
        expect(sessions[0]?.call.identity).toMatchObject({
            organizationId: ORGANIZATION_ID,
            correlationId: CORRELATION_ID,
        });
    });

    it('is freed exactly once, however its socket ends', async () => {
        const { port, sessions, server } = await startServer();
        const clients = [await join(port), await join(port), await join(port)];
        clients[0]?.close(1000);
        clients[1]?.terminate();
        sessions[2]?.ws.terminate();
        await until(() => server.callCount === 0);
        expect(sessions.map((session) => session.closed)).toEqual([1, 1, 1]);
    });

    it('whose session has a bug is its own trouble', async () => {
        const { port, sessions, log, server } = await startServer();
        const sick = await join(port);
        const well = await join(port);
        if (sessions[0] !== undefined) sessions[0].bug = new Error('a bug');
        sick.send('one');
        sick.send(Buffer.from([1]));
        sick.close();
        well.send('two');
        await until(() => server.callCount === 1 && sessions[1]?.heard.length === 1);
        expect(log.codes).toEqual(['ERR_INTERNAL', 'ERR_INTERNAL', 'ERR_INTERNAL']);
        expect(sessions[1]?.closed).toBe(0);
    });

    it('whose session cannot be made is ended, and the server serves on', async () => {
        const { port, log, server } = await startServer({
            createSession: () => {
                throw new Error('a bug');
            },
        });
        const client = await join(port);
        await once(client, 'close');
        expect(server.callCount).toBe(0);
        expect(log.codes).toEqual(['ERR_INTERNAL']);
        expect(await exchange(port, 'GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toContain(
            '200 OK',
        );
    });
});

describe('1,000 connections that come and go', () => {
    it('leave no session, no timer and no handle behind', async () => {
        const clock = new FakeClock();
        const { port, sessions, server } = await startServer({ clock });
        const sockets = (): number =>
            process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
        const before = sockets();
        for (let round = 0; round < 50; round += 1) {
            const clients = await Promise.all(Array.from({ length: 20 }, () => join(port)));
            for (const [at, client] of clients.entries()) client[at % 2 === 0 ? 'close' : 'terminate']();
            await until(() => server.callCount === 0);
        }
        await until(() => sockets() <= before);
        expect(sessions.length).toBe(1000);
        expect(sessions.every((session) => session.closed === 1)).toBe(true);
        expect(clock.pendingCount).toBe(0);
    });
});

describe('start', () => {
    it('says where it listens, who answers and how to change that, but no secret', async () => {
        const logger = new LogRecorder();
        const keys = { AUDIOHOOK_API_KEYS: JSON.stringify({ testkey: Buffer.alloc(32, 7).toString('base64') }) };
        const config = testConfig({ ...keys, AUDIOHOOK_PATH: '/audiohook' });
        const server = kept(new Server({ config, logger }));
        await server.start();
        const port = server.address?.port ?? 0;
        expect(logger.lines.filter(({ level }) => level !== 'debug').map((line) => line.message)).toEqual([
            `AudioConnector Server listens on ws://127.0.0.1:${port}/audiohook, health on http://127.0.0.1:${port}/health`,
            'The local bot, with the profile default, answers: set OPENAI_API_KEY in .env to talk to OpenAI',
            'Bots: billing, default, reception, openai, local, echo, silent (?bot=name, or the Connector ID)',
            '1 API key is known (inline)',
        ]);
        expect(logger.text).not.toContain('testkey');
    });

    it('logs every warning of the configuration once, with its code', async () => {
        const env = { FORCE_RUNG: 'local', AUDIOHOOK_ORGANISATIONS: 'x' };
        const { log, server } = await startServer({ config: testConfig(env) });
        await server.start();
        const warnings = log.lines.filter(({ fields }) => String(fields['code']).startsWith('ERR_CONFIG'));
        expect(warnings.map(({ level, fields, message }) => [level, fields['code'], message])).toEqual([
            ['warn', 'ERR_CONFIG_RENAMED', expect.stringContaining('FORCE_RUNG is now called FORCE_FALLBACK')],
            ['warn', 'ERR_CONFIG_UNKNOWN', 'AUDIOHOOK_ORGANISATIONS is not a setting of this server'],
        ]);
    });

    it('names the model and the profile when there is a key', async () => {
        const { log } = await startServer({ config: testConfig({ OPENAI_API_KEY: 'sk-secret' }) });
        expect(log.text).toContain('gpt-realtime-2.1 at api.openai.com answers, with the profile default');
        expect(log.text).not.toContain('sk-secret');
    });

    it('rejects with ERR_LISTEN that names PORT when the port is taken', async () => {
        const { port } = await startServer();
        const fault: unknown = await startServer({}, { PORT: String(port) }).catch((reason: unknown) => reason);
        expect(fault).toBeInstanceOf(CodedError);
        expect(fault).toMatchObject({ code: 'ERR_LISTEN' });
        expect(String(fault)).toContain(`HOST=127.0.0.1 PORT=${port}: EADDRINUSE.`);
    });

    it('starts nothing twice, and nothing after a stop', async () => {
        const { server, port } = await startServer();
        await server.start();
        expect(server.address?.port).toBe(port);
        await server.stop();
        await expect(server.start()).rejects.toMatchObject({ code: 'ERR_SHUTTING_DOWN' });
        expect(server.address).toBeUndefined();
    });
});

describe('stop', () => {
    it('asks each session to leave, waits until all are gone, and closes', async () => {
        const { port, server, sessions } = await startServer({}, { SHUTDOWN_GRACE_SECONDS: '600' });
        const clients = [await join(port), await join(port)];
        await server.stop();
        expect(sessions.map(({ askedToLeave, closed }) => [askedToLeave, closed])).toEqual([
            [1, 1],
            [1, 1],
        ]);
        expect(server.address).toBeUndefined();
        await until(() => clients.every((client) => client.readyState === client.CLOSED));
    });

    it('cuts off what is not gone when the time is over', async () => {
        const clock = new FakeClock();
        const { port, server, sessions, log } = await startServer({ clock }, { SHUTDOWN_GRACE_SECONDS: '10' });
        await join(port);
        for (const session of sessions) session.leavesOnShutDown = false;
        let stopped = false;
        const stopping = server.stop().then(() => (stopped = true));
        await until(() => clock.pendingCount === 1);
        clock.advance(9999);
        await new Promise((resolve) => setImmediate(resolve));
        expect(stopped).toBe(false);
        clock.advance(1);
        await stopping;
        expect(sessions.map((session) => session.closed)).toEqual([1]);
        expect(clock.pendingCount).toBe(0);
        expect(log.text).toContain('cut off');
    });

    it('goes through with it when a session has a bug', async () => {
        const { port, server, sessions } = await startServer({}, { SHUTDOWN_GRACE_SECONDS: '600' });
        await join(port);
        for (const session of sessions) session.bug = new Error('a bug');
        await server.stop();
        expect(server.callCount).toBe(0);
    });

    it('lets go of those who wait to be authenticated, and of idle connections', async () => {
        const { port, server } = await startServer({
            authenticator: { authenticate: () => new Promise(() => undefined) },
        });
        const [waiting, idle] = [await dial(port), await dial(port)];
        waiting.write(upgradeRequest());
        idle.write('GET /health HTTP/1.1\r\nHost: x\r\n\r\n');
        await once(idle, 'data');
        const closed = [once(waiting.resume(), 'close'), once(idle, 'close')];
        await server.stop();
        await Promise.all(closed);
        expect(server.address).toBeUndefined();
    });

    it('does the same once when it is called twice, and works without a start', async () => {
        const { server } = await startServer();
        expect(server.stop()).toBe(server.stop());
        await server.stop();
        const idle = new Server({ config: testConfig(), logger: new LogRecorder() });
        await expect(idle.stop()).resolves.toBeUndefined();
    });
});
