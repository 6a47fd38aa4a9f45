import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallerOptions } from '../../tools/caller/caller-options';
import { Caller } from '../../tools/caller/client';
import { startFakeOpenAI, type FakeOpenAI, type FakeOpenAIOptions } from '../../tools/fake-openai';
import { CompiledServer } from '../websocket/compiled-server';
import { ServerProcess } from './server-process';

/** Known to both servers. */
export const API_KEY = randomBytes(18).toString('base64');
export const CLIENT_SECRET = randomBytes(32).toString('base64');

/** Two server processes that share their keys, the stand-in for OpenAI behind both, and signed callers. */
export class TwoServers {
    private readonly callers: Caller[] = [];

    private constructor(
        readonly openai: FakeOpenAI,
        readonly servers: readonly [ServerProcess, ServerProcess],
        private readonly compiled: CompiledServer,
        private readonly cwd: string,
    ) {}

    static async start(env: Record<string, string> = {}, options: FakeOpenAIOptions = {}): Promise<TwoServers> {
        const openai = await startFakeOpenAI({ vad: 'off', ...options });
        const compiled = CompiledServer.make();
        const cwd = mkdtempSync(join(tmpdir(), 'two-servers-'));
        const all = {
            AUDIOHOOK_API_KEYS: JSON.stringify({ [API_KEY]: CLIENT_SECRET }),
            AUDIOHOOK_PATH: '/audiohook',
            AUDIOHOOK_TRUST_PROXY: 'true',
            BOTS_FOLDER: join(__dirname, '..', 'fixtures', 'bots'),
            FALLBACK: 'off',
            OPENAI_API_KEY: 'sk-test',
            OPENAI_REALTIME_URL: openai.url,
            ...env,
        };
        const start = () => ServerProcess.start(compiled, cwd, all);
        return new TwoServers(openai, [await start(), await start()], compiled, cwd);
    }

    /** A signed caller of `url`, the public address or that of one server; not yet dialling. */
    caller(url: string, options: Partial<CallerOptions> = {}): Caller {
        const target = `${url}/audiohook/?from=architect%20flow`;
        const caller = new Caller({ url: target, apiKey: API_KEY, clientSecret: CLIENT_SECRET, ...options });
        this.callers.push(caller);
        return caller;
    }

    /** Callers who are being answered: each has heard the beginning of what the bot says. */
    async callersInMidAnswer(count: number, url: string): Promise<Caller[]> {
        const callers = Array.from({ length: count }, () => this.caller(url));
        await Promise.all(
            callers.map(async (caller) => {
                const heard = once(caller, 'playbackStarted');
                const outcome = await caller.dial();
                if (!outcome.ok) throw new Error(`refused: ${outcome.why}`);
                await Promise.race([heard, caller.ended]);
            }),
        );
        return callers;
    }

    async stop(): Promise<void> {
        for (const caller of this.callers) caller.cut();
        for (const server of this.servers) await server.kill();
        await this.openai.close();
        this.compiled.remove();
        rmSync(this.cwd, { recursive: true, force: true });
    }
}
