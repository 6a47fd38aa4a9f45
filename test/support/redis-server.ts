import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/support/clock';

const isInstalled = spawnSync('redis-server', ['--version']).error === undefined;

/** A machine without redis-server skips these tests and says so; in CI that is a fault. */
const isWanted = isInstalled || process.env['CI'] !== undefined;
if (!isWanted) process.stderr.write('no redis-server: skipped\n');
export const describeWithRedis = isWanted ? describe : describe.skip;

const ATTEMPTS = 5;
/** How long a redis-server may take to answer, ms of real time. */
const PATIENCE_MS = 20_000;

/** A redis-server of its own on a free port of loopback, which keeps nothing on disk. */
export class RedisServer {
    private child: ChildProcess | undefined;
    private readonly folder = mkdtempSync(join(tmpdir(), 'redis-'));

    private constructor(
        readonly port: number,
        private readonly options: readonly string[],
    ) {}

    /** @param options further options of redis-server, such as `--requirepass` */
    static async start(...options: readonly string[]): Promise<RedisServer> {
        for (let attempt = 1; ; attempt += 1) {
            const server = new RedisServer(await freePort(), options);
            try {
                await server.restart();
                return server;
            } catch (fault) {
                await server.stop();
                // Another program may have taken the port meanwhile.
                if (attempt === ATTEMPTS) throw fault;
            }
        }
    }

    get url(): string {
        return `redis://127.0.0.1:${this.port}`;
    }

    /** Starts it, empty. */
    async restart(): Promise<void> {
        const fixed = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
        const args = [...fixed, '--dir', this.folder, ...this.options];
        this.child = spawn('redis-server', args, { stdio: 'ignore' });
        this.child.on('error', () => undefined);
        await this.untilItAnswers(this.child);
    }

    /** Ends it at once. */
    async kill(): Promise<void> {
        const { child } = this;
        this.child = undefined;
        if (child?.exitCode !== null || child.signalCode !== null) return;
        child.kill('SIGCONT');
        child.kill('SIGKILL');
        await once(child, 'exit');
    }

    /** It goes on existing, takes connections and answers nothing. */
    hang(): void {
        this.child?.kill('SIGSTOP');
    }

    goOn(): void {
        this.child?.kill('SIGCONT');
    }

    async stop(): Promise<void> {
        await this.kill();
        rmSync(this.folder, { recursive: true, force: true });
    }

    /** One command in words, such as `KEYS *`, and the bytes of its answer. */
    async tell(command: string): Promise<string> {
        const socket = createConnection({ port: this.port, host: '127.0.0.1' });
        try {
            socket.write(`${command}\r\nQUIT\r\n`);
            let answer = '';
            for await (const chunk of socket) answer += String(chunk);
            return answer;
        } finally {
            socket.destroy();
        }
    }

    private async untilItAnswers(child: ChildProcess): Promise<void> {
        const startedMs = systemClock.nowMs();
        while (systemClock.nowMs() - startedMs < PATIENCE_MS) {
            if (child.exitCode !== null || child.pid === undefined) break;
            const answer = await this.tell('PING').catch(() => '');
            if (/^(\+PONG|-NOAUTH)/.test(answer)) return;
            await new Promise((resolve) => setTimeout(resolve, 20));
        }
        throw new Error('redis-server does not answer');
    }
}

async function freePort(): Promise<number> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    return port;
}
