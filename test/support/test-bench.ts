import { randomBytes, randomUUID } from 'node:crypto';
import { type Config, loadConfig } from '../../src/config/config';
import { systemClock, type Clock } from '../../src/support/clock';
import { Server } from '../../src/websocket/server';
import type { CallerOptions } from '../../tools/caller/caller-options';
import { Caller } from '../../tools/caller/client';
import { startFakeOpenAI, type FakeOpenAI, type FakeOpenAIOptions } from '../../tools/fake-openai';
import { ColdBotService } from './cold-bots';
import { LogRecorder } from './log-recorder';
import { ScaledClock } from './scaled-clock';

export interface TestBenchOptions {
    /** Without one time passes as it does, except while the machine holds this process up. */
    clock?: Clock;
    openai?: FakeOpenAIOptions | false;
    env?: Record<string, string>;
    config?: Partial<Config>;
}

/** The real server on a free port, the strict stand-in behind it, and signed callers in front. */
export class TestBench {
    /** Codes of wrong frames that a test brings about on purpose. */
    meant: readonly string[] = [];
    private readonly callers: Caller[] = [];

    private constructor(
        readonly server: Server,
        readonly logs: LogRecorder,
        private readonly standIn: FakeOpenAI | undefined,
        private readonly clock: Clock,
        readonly apiKey: string,
        readonly clientSecret: string,
    ) {}

    static async start(options: TestBenchOptions = {}): Promise<TestBench> {
        const clock = options.clock ?? new ScaledClock(1);
        const fake = options.openai === false ? undefined : await startFakeOpenAI({ clock, ...options.openai });
        const apiKey = randomBytes(18).toString('base64');
        const clientSecret = randomBytes(32).toString('base64');
        const config = loadConfig({
            // How busy the machine is that runs the tests must not decide about their calls.
            ADMISSION: 'off',
            AUDIOHOOK_API_KEYS: JSON.stringify({ [apiKey]: clientSecret }),
            ...(fake === undefined ? {} : { OPENAI_API_KEY: 'sk-test', OPENAI_REALTIME_URL: fake.url }),
            ...options.env,
        });
        const logs = new LogRecorder();
        const whole = { ...config, port: 0, ...options.config };
        const botService = new ColdBotService(whole, { clock, logger: logs });
        const server = new Server({ config: whole, clock, logger: logs, botService });
        await server.start();
        return new TestBench(server, logs, fake, clock, apiKey, clientSecret);
    }

    get fake(): FakeOpenAI {
        if (this.standIn === undefined) throw new Error('this bench has no stand-in');
        return this.standIn;
    }

    get url(): string {
        return `ws://127.0.0.1:${this.server.address?.port ?? 0}`;
    }

    /** A caller, not yet dialling. */
    caller(options: Partial<CallerOptions> = {}, path = '/'): Caller {
        const { apiKey, clientSecret, clock } = this;
        const caller = new Caller({
            url: `${this.url}${path}`,
            apiKey,
            clientSecret,
            clock,
            sessionId: randomUUID(),
            ...options,
        });
        this.callers.push(caller);
        return caller;
    }

    /** Hangs up all calls and stops everything. Rejects when the fake OpenAI has received a frame that OpenAI would refuse. */
    async stop(): Promise<void> {
        for (const caller of this.callers) caller.hangUp();
        await this.server.stop();
        await this.standIn?.close();
        const faults =
            this.standIn?.faults.filter(({ code, benign }) => !benign && !this.meant.includes(code ?? '')) ?? [];
        if (faults.length > 0) throw new Error(`OpenAI would refuse: ${JSON.stringify(faults)}`);
    }
}

/** So long a test waits for what never comes, ms of real time: shorter than the time limit of Jest, which does not say for what. */
const PATIENCE_MS = 60_000;

/** Resolves when `condition` holds; rejects with `what` after a minute of real time, which measures nothing. */
export async function until(what: string, condition: () => boolean, timeoutMs = PATIENCE_MS): Promise<void> {
    const startedAtMs = systemClock.nowMs();
    while (!condition()) {
        if (systemClock.nowMs() - startedAtMs > timeoutMs) throw new Error(`waited in vain until ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 2));
    }
}
