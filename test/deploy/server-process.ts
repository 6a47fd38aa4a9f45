import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Readable } from 'node:stream';
import { isUp } from '../../tools/local-port';
import { until } from '../support/test-bench';

/** The entry of a built server. */
interface Program {
    readonly index: string;
}

const POLL_MS = 20;
/** Below what Linux gives to other programs that ask for any port: none of them takes it while the server is down. */
const KEPT_PORTS = { from: 20_000, count: 12_000 };

/** A server of this repository as a process of its own, on a port that it keeps when it is started again. */
export class ServerProcess {
    /** Everything that the server has logged, over all its starts. */
    log = '';
    private child: ChildProcessByStdio<null, Readable, Readable> | undefined;

    private constructor(
        readonly port: number,
        private readonly program: Program,
        private readonly cwd: string,
        private readonly env: Readonly<Record<string, string>>,
    ) {}

    /** Resolves when it answers. `cwd` has no `.env`: the environment alone sets it up. */
    static async start(program: Program, cwd: string, env: Readonly<Record<string, string>>) {
        const server = new ServerProcess(await keptPort(), program, cwd, env);
        await server.start();
        return server;
    }

    get url(): string {
        return `ws://127.0.0.1:${this.port}`;
    }

    /** How many calls this process has taken on, over all its starts. */
    get opened(): number {
        return this.log.split('"msg":"call opening"').length - 1;
    }

    async start(): Promise<void> {
        const env = { PATH: process.env['PATH'] ?? '', ADMISSION: 'off', ...this.env, PORT: String(this.port) };
        const child = spawn(process.execPath, [this.program.index], {
            cwd: this.cwd,
            env,
            stdio: ['ignore', 'pipe', 'pipe'],
        });
        this.child = child;
        for (const stream of [child.stdout, child.stderr])
            stream.on('data', (chunk: Buffer) => (this.log += chunk.toString()));
        while (!(await isUp(`http://127.0.0.1:${this.port}/health`))) {
            if (hasEnded(child)) throw new Error(`The server has ended: ${this.log}`);
            await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        }
    }

    /** Sends SIGTERM, and resolves when it has begun to refuse calls. */
    async drain(): Promise<void> {
        const from = this.log.length;
        this.child?.kill('SIGTERM');
        await until('the server refuses calls', () => this.log.includes('The server is shutting down', from));
    }

    /** Its exit code, when it has ended. */
    async ended(): Promise<number | null> {
        const { child } = this;
        if (child === undefined) return null;
        if (!hasEnded(child)) await once(child, 'exit');
        return child.exitCode;
    }

    async kill(): Promise<void> {
        this.child?.kill('SIGKILL');
        await this.ended();
    }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
    return exitCode !== null || signalCode !== null;
}

async function keptPort(): Promise<number> {
    for (;;) {
        const port = KEPT_PORTS.from + Math.floor(Math.random() * KEPT_PORTS.count);
        if (await isFree(port)) return port;
    }
}

function isFree(port: number): Promise<boolean> {
    return new Promise((resolve) => {
        const probe = createServer();
        probe.once('error', () => {
            resolve(false);
        });
        probe.listen(port, '127.0.0.1', () => {
            probe.close(() => {
                resolve(true);
            });
        });
    });
}
