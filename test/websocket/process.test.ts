import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import type { WebSocket } from 'ws';
import { openParameters } from '../support/session-harness';
import { CompiledServer } from './compiled-server';
import { CORRELATION_ID, ORGANIZATION_ID, cleanUp, exchange, join } from './harness';

const ROOT = joinPath(__dirname, '..', '..');
const INDEX = joinPath(ROOT, 'src', 'index.ts');
/** A key without a secret: its requests need no signature. */
const UNSIGNED_KEY = 'dGVzdC1rZXk';
const SESSION_ID = '30b0e395-84d3-4570-ac13-9a62d8f514c0';
/** A bug on demand. */
const BUG_ON_SIGNAL = 'process.on("SIGUSR2", () => { throw new Error("a bug"); });';

class Process {
    readonly child: ChildProcessWithoutNullStreams;
    out = '';
    err = '';
    private readonly exited: Promise<number | null>;

    constructor(env: Record<string, string>, cwd: string, command: string, args: readonly string[]) {
        const base = {
            PATH: process.env['PATH'],
            PORT: '0',
            ADMISSION: 'off',
            BOTS_FOLDER: joinPath(__dirname, '..', 'fixtures', 'bots'),
            AUDIOHOOK_API_KEYS: JSON.stringify({ [UNSIGNED_KEY]: '' }),
        };
        this.child = spawn(command, args, { cwd, env: { ...base, ...env } });
        this.child.stdout.on('data', (chunk: Buffer) => (this.out += chunk.toString()));
        this.child.stderr.on('data', (chunk: Buffer) => (this.err += chunk.toString()));
        this.exited = once(this.child, 'close').then(([code]) => code as number | null);
    }

    exitCode(): Promise<number | null> {
        return this.exited;
    }

    /** The port on which it says that it listens. */
    async port(): Promise<number> {
        await this.says(/listens on ws:\/\/127\.0\.0\.1:\d+/);
        return Number(/listens on ws:\/\/127\.0\.0\.1:(\d+)/.exec(this.out)?.[1]);
    }

    async says(pattern: RegExp): Promise<void> {
        while (!pattern.test(this.out)) {
            const ended = await Promise.race([once(this.child.stdout, 'data').then(() => false), this.exitCode()]);
            if (ended !== false) throw new Error(`ended: ${this.err}`);
        }
    }
}

describe('the process', () => {
    let compiled: CompiledServer;
    let cwd: string;
    let running: Process[];
    /** Holds a port. */
    let other: Server | undefined;

    beforeAll(() => {
        compiled = CompiledServer.make();
    });

    afterAll(() => {
        compiled.remove();
    });

    beforeEach(() => {
        cwd = mkdtempSync(joinPath(tmpdir(), 'server-'));
        running = [];
    });

    afterEach(async () => {
        for (const { child } of running) child.kill('SIGKILL');
        await Promise.all(running.map((started) => started.exitCode()));
        other?.close();
        await cleanUp();
        rmSync(cwd, { recursive: true });
    });

    function start(env: Record<string, string>, command: string, ...args: string[]): Process {
        const started = new Process(env, cwd, command, args);
        running.push(started);
        return started;
    }

    /** The server as it is built. */
    function run(env: Record<string, string> = {}): Process {
        const bug = joinPath(cwd, 'bug.cjs');
        writeFileSync(bug, BUG_ON_SIGNAL);
        return start(env, process.execPath, '--require', bug, compiled.index);
    }

    async function call(port: number, path = '/'): Promise<WebSocket> {
        return join(port, path, {
            'X-API-KEY': UNSIGNED_KEY,
            'Audiohook-Session-Id': SESSION_ID,
            'Audiohook-Organization-Id': ORGANIZATION_ID,
            'Audiohook-Correlation-Id': CORRELATION_ID,
        });
    }

    it('starts with nothing configured, makes a development key, and ends with 0 at SIGTERM', async () => {
        // From its sources, as `npm start` does.
        const server = start(
            { AUDIOHOOK_API_KEYS: '' },
            process.execPath,
            '--require',
            require.resolve('tsx/cjs'),
            INDEX,
        );
        const port = await server.port();
        const health = await exchange(port, 'GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
        expect(health).toContain('200 OK');
        await server.says(/development key in \.audiohook-dev-keys\.json/);
        expect(existsSync(joinPath(cwd, '.audiohook-dev-keys.json'))).toBe(true);
        server.child.kill('SIGTERM');
        expect(await server.exitCode()).toBe(0);
        expect(server.err).toBe('');
    });

    it('gets the SIGTERM of npm run start:prod, which ends with its exit code', async () => {
        const { scripts } = JSON.parse(readFileSync(joinPath(ROOT, 'package.json'), 'utf8')) as { scripts: object };
        writeFileSync(joinPath(cwd, 'package.json'), JSON.stringify({ name: 'x', scripts }));
        mkdirSync(joinPath(cwd, 'dist'));
        writeFileSync(joinPath(cwd, 'dist', 'index.js'), `require(${JSON.stringify(compiled.index)});`);
        const npm = start({}, 'npm', 'run', 'start:prod');
        await npm.port();
        npm.child.kill('SIGTERM');
        expect(await npm.exitCode()).toBe(0);
        expect(npm.out).toContain('stopped');
    });

    it('reads .env of its working directory, and the environment wins over it', async () => {
        writeFileSync(joinPath(cwd, '.env'), 'AUDIOHOOK_PATH=/from-file\nLOG_LEVEL=silent\n');
        const server = run({ LOG_LEVEL: 'info' });
        await server.says(/listens on ws:\/\/127\.0\.0\.1:\d+\/from-file,/);
        server.child.kill('SIGINT');
        expect(await server.exitCode()).toBe(0);
    });

    it('at SIGTERM lets a running call go on, then disconnects it, waits for its end, and ends with 0', async () => {
        const server = run({ SHUTDOWN_DRAIN_SECONDS: '1' });
        const port = await server.port();
        const client = await call(port);
        const message = once(client, 'message');
        server.child.kill('SIGTERM');
        await server.says(/"drainSeconds":1,"msg":"The server is shutting down/);
        const refused = await exchange(port, 'GET /ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
        expect(refused).toMatch(/ 503 [^]*"draining"/);
        const [data] = (await message) as [Buffer];
        expect(JSON.parse(data.toString())).toMatchObject({ type: 'disconnect', id: SESSION_ID });
        client.close(1000);
        expect(await server.exitCode()).toBe(0);
        expect(server.out).toContain('stopped');
    });

    it('lets the bot of a running call say goodbye after the drain, and disconnects with the output variables', async () => {
        const server = run({ SHUTDOWN_DRAIN_SECONDS: '1', SHUTDOWN_GRACE_SECONDS: '20' });
        const client = await call(await server.port(), '/?bot=echo');
        const got: string[] = [];
        const disconnected = new Promise<unknown>((resolve) => {
            client.on('message', (data: Buffer, isBinary: boolean) => {
                const message = isBinary ? { type: 'audio' } : (JSON.parse(data.toString()) as { type: string });
                got.push(message.type);
                if (message.type === 'opened') server.child.kill('SIGTERM');
                if (message.type === 'disconnect') resolve(message);
            });
        });
        const parameters = openParameters({ organizationId: ORGANIZATION_ID });
        const open = { version: '2', id: SESSION_ID, type: 'open', seq: 1, serverseq: 0, position: 'PT0S', parameters };
        client.send(JSON.stringify(open));
        expect(await disconnected).toMatchObject({
            parameters: {
                info: 'Call ended: server_shutdown',
                outputVariables: { end_reason: 'server_shutdown', bot: 'echo' },
            },
        });
        expect(got[0]).toBe('opened');
        expect(got.filter((type) => type === 'audio').length).toBeGreaterThan(0);
        client.close(1000);
        expect(await server.exitCode()).toBe(0);
    });

    it.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)(
        'lets calls run out at %s, and disconnects them at once at a second signal, whose exit code is 1',
        async (signal) => {
            const server = run({ SHUTDOWN_DRAIN_SECONDS: '600', SHUTDOWN_GRACE_SECONDS: '600' });
            const client = await call(await server.port());
            const goodbye = once(client, 'message');
            server.child.kill(signal);
            await server.says(/"drainSeconds":600/);
            server.child.kill('SIGTERM');
            const [data] = (await goodbye) as [Buffer];
            expect(JSON.parse(data.toString())).toMatchObject({ type: 'disconnect', id: SESSION_ID });
            expect(await server.exitCode()).toBe(1);
            expect(server.out).toContain('stopped');
        },
    );

    it('logs a fault that was not caught, drains, and ends with 1', async () => {
        const server = run();
        const client = await call(await server.port());
        const goodbye = once(client, 'message');
        server.child.kill('SIGUSR2');
        await goodbye;
        client.close(1000);
        expect(await server.exitCode()).toBe(1);
        expect(server.out).toMatch(/ERR_INTERNAL.*a bug|a bug.*ERR_INTERNAL/);
    });

    it('says in a few lines which setting is wrong, and ends with 1', async () => {
        const server = run({ OPENAI_VOICE: 'nova' });
        expect(await server.exitCode()).toBe(1);
        expect(server.err).toMatch(/^ERR_CONFIG: [^]*OPENAI_VOICE is "nova"; right is [^]*\.env\.example/);
        expect(server.err).not.toMatch(/ at .*\.ts/);
        expect(server.out).toBe('');
    });

    describe('in production, with a module that EXTENSIONS names and no API key', () => {
        const PRODUCTION = { NODE_ENV: 'production', AUDIOHOOK_API_KEYS: '', EXTENSIONS: 'mine.cjs' };

        function extensions(text: string): void {
            writeFileSync(joinPath(cwd, 'mine.cjs'), `module.exports = ${text};`);
        }

        it('answers the calls that the secret provider of the module knows', async () => {
            extensions(`{ secrets: { getSecretsForKey: (key) => (key === '${UNSIGNED_KEY}' ? [] : undefined) } }`);
            const server = run({ ...PRODUCTION, SHUTDOWN_DRAIN_SECONDS: '0', SHUTDOWN_GRACE_SECONDS: '0' });
            const client = await call(await server.port());
            const closed = once(client, 'close');
            server.child.kill('SIGTERM');
            await closed;
            expect(await server.exitCode()).toBe(0);
            expect(existsSync(joinPath(cwd, '.audiohook-dev-keys.json'))).toBe(false);
        });

        it('does not start when the module registers no secret provider', async () => {
            extensions('{}');
            const server = run(PRODUCTION);
            expect(await server.exitCode()).toBe(1);
            expect(server.err).toMatch(/^ERR_DEV_KEYS_REFUSED: [^]*register a secret provider/);
            expect(server.out).not.toContain('listens');
        });

        it('does not start with a function that cannot be used, and names it', async () => {
            extensions(`{ functions: [{ name: 'lookup', description: '', parameters: { type: 'object' } }] }`);
            const server = run(PRODUCTION);
            expect(await server.exitCode()).toBe(1);
            expect(server.err).toMatch(
                /^ERR_EXTENSIONS: [^]*mine\.cjs: functions\.0 \(lookup\)\.run: must be a function/,
            );
        });
    });

    it('does not start without the engine that a setting chooses', async () => {
        const server = run({ LOCAL_TTS: 'custom' });
        expect(await server.exitCode()).toBe(1);
        expect(server.err).toMatch(/^ERR_CONFIG: [^]*LOCAL_TTS is `custom`, and no extension registers a voice/);
    });

    it('says that the port is taken, and ends with 1', async () => {
        other = createServer().listen(0, '127.0.0.1');
        await once(other, 'listening');
        const { port } = other.address() as AddressInfo;
        const server = run({ PORT: String(port) });
        expect(await server.exitCode()).toBe(1);
        expect(server.err).toMatch(new RegExp(`^ERR_LISTEN: .*PORT=${port}: EADDRINUSE\\.\\n.*choose another PORT`));
    });
});
