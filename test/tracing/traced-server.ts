import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Caller } from '../../tools/caller/client';
import type { CallerOptions } from '../../tools/caller/caller-options';
import { until } from '../support/test-bench';

const API_KEY = 'dHJhY2VzLXRlc3Q';
const CLIENT_SECRET = Buffer.alloc(32, 7).toString('base64');

/** The built server as a process of its own, with settings of OpenTelemetry in its environment, and signed callers for it. */
export class TracedServer {
    out = '';
    err = '';
    private readonly exited: Promise<number | null>;
    private readonly callers: Caller[] = [];

    private constructor(
        private readonly child: ChildProcessWithoutNullStreams,
        private readonly folder: string,
    ) {
        child.stdout.on('data', (chunk: Buffer) => (this.out += chunk.toString()));
        child.stderr.on('data', (chunk: Buffer) => (this.err += chunk.toString()));
        this.exited = once(child, 'close').then(([code]) => code as number | null);
    }

    /** `index`: the compiled entry. */
    static start(index: string, env: Record<string, string>): TracedServer {
        const folder = mkdtempSync(join(tmpdir(), 'traced-'));
        const base = {
            PATH: process.env['PATH'],
            PORT: '0',
            ADMISSION: 'off',
            DEFAULT_BOT: 'openai',
            BOTS_FOLDER: 'off',
            FALLBACK: 'off',
            OPENAI_API_KEY: 'sk-test',
            SHUTDOWN_DRAIN_SECONDS: '0',
            SHUTDOWN_GRACE_SECONDS: '0',
            AUDIOHOOK_API_KEYS: JSON.stringify({ [API_KEY]: CLIENT_SECRET }),
        };
        const child = spawn(process.execPath, [index], { cwd: folder, env: { ...base, ...env } });
        return new TracedServer(child, folder);
    }

    /** A caller who has dialled. */
    async call(options: Partial<CallerOptions> = {}): Promise<Caller> {
        const said = /listens on (ws:\/\/127\.0\.0\.1:\d+)/;
        await until('the server listens', () => said.test(this.out) || this.child.exitCode !== null);
        const url = said.exec(this.out)?.[1];
        if (url === undefined) throw new Error(`the server has ended: ${this.err}`);
        const caller = new Caller({ url, apiKey: API_KEY, clientSecret: CLIENT_SECRET, ...options });
        this.callers.push(caller);
        await caller.dial();
        return caller;
    }

    /** The log lines with this text, or of this code. */
    lines(wanted: string): Record<string, unknown>[] {
        return this.out
            .split('\n')
            .filter((line) => line.startsWith('{') && line.includes(wanted))
            .map((line) => JSON.parse(line) as Record<string, unknown>);
    }

    /** Asks it to stop. @returns the exit code */
    terminate(): Promise<number | null> {
        this.child.kill('SIGTERM');
        return this.exited;
    }

    exitCode(): Promise<number | null> {
        return this.exited;
    }

    /** Ends it by force, and removes its folder. */
    async remove(): Promise<void> {
        for (const caller of this.callers) caller.hangUp();
        this.child.kill('SIGKILL');
        await this.exited;
        rmSync(this.folder, { recursive: true });
    }
}
