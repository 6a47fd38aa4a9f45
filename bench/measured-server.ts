import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { freePort, isUp } from '../tools/local-port';
import type { LoopFigures } from './loop-meter';

const ENTRY = join(__dirname, '..', 'src', 'index.ts');
const METER = join(__dirname, 'loop-meter.ts');
const START_LIMIT_MS = 15_000;
const POLL_MS = 20;

const FIGURES = z.object({
    p50Ms: z.number(),
    p99Ms: z.number(),
    maxMs: z.number(),
    busyShare: z.number(),
    cpuMs: z.number(),
    tookMs: z.number(),
    rssMib: z.number(),
});

/** The real server in a process of its own, with a meter in it. */
export class MeasuredServer {
    readonly apiKey = randomBytes(18).toString('base64');
    readonly clientSecret = randomBytes(32).toString('base64');
    private readonly folder = mkdtempSync(join(tmpdir(), 'local-load-'));
    private readonly child: ChildProcess;

    private constructor(
        private readonly port: number,
        env: Readonly<Record<string, string>>,
    ) {
        this.child = fork(ENTRY, [], {
            // A folder of its own, without an `.env`.
            cwd: this.folder,
            execArgv: ['--require', createRequire(__filename).resolve('tsx/cjs'), '--require', METER],
            env: {
                PATH: process.env['PATH'],
                PORT: String(port),
                AUDIOHOOK_API_KEYS: JSON.stringify({ [this.apiKey]: this.clientSecret }),
                LOG_LEVEL: 'error',
                ...env,
            },
        });
    }

    /** Starts it and waits until it answers. */
    static async start(env: Readonly<Record<string, string>>): Promise<MeasuredServer> {
        const server = new MeasuredServer(await freePort(), env);
        const endMs = performance.now() + START_LIMIT_MS;
        while (!(await isUp(`http://127.0.0.1:${server.port}/health`))) {
            if (server.child.exitCode !== null || performance.now() > endMs) {
                await server.stop();
                throw new Error('The server does not answer.');
            }
            await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        }
        return server;
    }

    /** The address of a bot. */
    url(bot: string): string {
        return `ws://127.0.0.1:${this.port}/?bot=${bot}`;
    }

    /** The measurement begins. */
    begin(): void {
        this.child.send('begin');
    }

    /** It ends. */
    end(): Promise<LoopFigures> {
        return new Promise((resolve, reject) => {
            this.child.once('message', (message) => {
                const figures = FIGURES.safeParse(message);
                if (figures.success) resolve(figures.data);
                else reject(figures.error);
            });
            this.child.send('end');
        });
    }

    async stop(): Promise<void> {
        if (this.child.exitCode === null) {
            await new Promise<void>((resolve) => {
                this.child.once('exit', () => {
                    resolve();
                });
                this.child.kill('SIGTERM');
            });
        }
        rmSync(this.folder, { recursive: true, force: true });
    }
}
