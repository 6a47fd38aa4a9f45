import { once } from 'node:events';
import { Server } from '../../src/websocket/server';
import { CodedError } from '../../src/support/errors';
import { ColdBotService } from '../support/cold-bots';
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
        const config = testConfig({ ...keys, AUDIOHOOK_PATH: '/audiohook', MAX_SESSIONS: '7' });
        const server = kept(new Server({ config, logger }));
        await server.start();
        const port = server.address?.port ?? 0;
        expect(logger.lines.filter(({ level }) => level !== 'debug').map((line) => line.message)).toEqual([
            `AudioConnector Server listens on ws://127.0.0.1:${port}/audiohook, health on http://127.0.0.1:${port}/health`,
            'The local bot, with the profile default, answers: set OPENAI_API_KEY in .env to talk to OpenAI',
            'Bots: billing, default, reception, openai, local, echo, silent (?bot=name, or the Connector ID)',
            '1 API key is known (inline)',
            'At most 7 calls at a time (MAX_SESSIONS); load refuses none (ADMISSION)',
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
            [
                'warn',
                'ERR_CONFIG_UNKNOWN',
                'AUDIOHOOK_ORGANISATIONS is not a setting of this server: did you mean AUDIOHOOK_ORGANIZATIONS?',
            ],
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

describe('voice and weights', () => {
    /** Bots whose loading and closing end when the test says so. */
    class SlowBots extends ColdBotService {
        loaded: () => void = () => undefined;
        closes = true;

        override warm(): Promise<void> {
            return new Promise((resolve) => (this.loaded = resolve));
        }

        override async close(): Promise<void> {
            await super.close();
            if (!this.closes) await new Promise(() => undefined);
        }
    }

    function slowServer(): { server: Server; bots: SlowBots; clock: FakeClock; log: LogRecorder } {
        const [clock, log, config] = [new FakeClock(), new LogRecorder(), testConfig()];
        const bots = new SlowBots(config, { clock, logger: log });
        const secrets = { getSecretsForKey: () => undefined };
        return { server: new Server({ config, logger: log, clock, secrets, botService: bots }), bots, clock, log };
    }

    async function turn(): Promise<void> {
        await new Promise((resolve) => setImmediate(resolve));
    }

    it('are loaded before the server listens, so that /ready is never true before', async () => {
        const { server, bots } = slowServer();
        const started = server.start();
        await turn();
        expect(server.address).toBeUndefined();
        bots.loaded();
        await started;
        const port = server.address?.port ?? 0;
        expect(await exchange(port, 'GET /ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toContain(
            '"ready"',
        );
        await server.stop();
    });

    it('are waited for 30 s at most', async () => {
        const { server, clock, log } = slowServer();
        const started = server.start();
        await turn();
        await clock.advanceAsync(29_999, 29_999);
        expect(server.address).toBeUndefined();
        await clock.advanceAsync(1);
        await started;
        expect(log.text).toContain('local speech is not loaded yet');
        await server.stop();
        expect(clock.pendingCount).toBe(0);
    });

    it('are not waited for any more when the server is stopped', async () => {
        const { server } = slowServer();
        const started = server.start();
        await turn();
        await server.stop();
        await started;
        expect(server.address).toBeUndefined();
    });

    it('hold up a stop for 5 s at most when they do not end', async () => {
        const { server, bots, clock, log } = slowServer();
        const started = server.start();
        await turn();
        bots.loaded();
        await started;
        bots.closes = false;
        let stopped = false;
        const stopping = server.stop().then(() => (stopped = true));
        await until(() => clock.pendingCount === 1);
        await clock.advanceAsync(4999, 4999);
        expect(stopped).toBe(false);
        await clock.advanceAsync(1);
        await stopping;
        expect(log.text).toContain('did not end in time');
    });
});

describe('stop', () => {
    describe('with SHUTDOWN_DRAIN_SECONDS=30 and SHUTDOWN_GRACE_SECONDS=10', () => {
        const TIMES = { SHUTDOWN_DRAIN_SECONDS: '30', SHUTDOWN_GRACE_SECONDS: '10' };

        /** A server with a call that does not end, and its `stop`. */
        async function stopping() {
            const clock = new FakeClock();
            const { port, server, sessions, log } = await startServer({ clock }, TIMES);
            await join(port);
            const [session] = sessions;
            if (session === undefined) throw new Error('there is no session');
            session.leavesOnShutDown = false;
            const state = { stopped: false };
            const done = server.stop().then(() => (state.stopped = true));
            await until(() => clock.pendingCount === 1);
            return { clock, port, server, session, log, state, done };
        }

        it('refuses calls at once, lets running ones go on for 30 s, then asks for the goodbye, ends the call 1 s before 10 s are over, and its socket then', async () => {
            const { clock, port, session, log, state, done } = await stopping();
            const ready = await exchange(port, 'GET /ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
            expect(ready).toMatch(/ 503 [^]*"draining"/);
            expect(await exchange(port, upgradeRequest())).toContain(' 503 ');
            const told = async (ms: number): Promise<unknown[]> => {
                await clock.advanceAsync(ms, ms);
                return [session.askedToLeave, session.toldToLeave, session.closed, state.stopped];
            };
            expect(await told(29_999)).toEqual([0, 0, 0, false]);
            expect(await told(1)).toEqual([1, 0, 0, false]);
            expect(await told(8999)).toEqual([1, 0, 0, false]);
            expect(await told(1)).toEqual([1, 1, 0, false]);
            expect(await told(999)).toEqual([1, 1, 0, false]);
            clock.advance(1);
            await done;
            expect(session.closed).toBe(1);
            expect(clock.pendingCount).toBe(0);
            expect(log.text).toContain('calls end before their goodbye is over');
        });

        it('waits no longer than the last call lasts', async () => {
            const { clock, session, done } = await stopping();
            clock.advance(10_000);
            session.ws.close(1000);
            await done;
            expect([session.askedToLeave, session.toldToLeave]).toEqual([0, 0]);
        });

        it('cutOff ends each call at once, in the drain and in the goodbyes', async () => {
            for (const afterMs of [1000, 31_000]) {
                const { clock, server, session, done } = await stopping();
                await clock.advanceAsync(afterMs, 1000);
                const cut = server.cutOff();
                await until(() => session.toldToLeave === 1);
                await clock.advanceAsync(1000, 1000);
                await Promise.all([cut, done]);
                expect(session.closed).toBe(1);
            }
        });

        it('cutOff without stop does the same', async () => {
            const { port, server, sessions } = await startServer({}, TIMES);
            await join(port);
            await server.cutOff();
            expect(sessions.map(({ askedToLeave, toldToLeave }) => [askedToLeave, toldToLeave])).toEqual([[0, 1]]);
        });

        it('stop without the drain asks for the goodbyes at once', async () => {
            const { port, server, sessions } = await startServer({}, TIMES);
            await join(port);
            await server.stop({ drain: false });
            expect(sessions.map(({ askedToLeave, toldToLeave }) => [askedToLeave, toldToLeave])).toEqual([[1, 0]]);
        });
    });

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
        await clock.advanceAsync(9999, 9000);
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
