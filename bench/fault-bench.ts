import { randomBytes } from 'node:crypto';
import { loadConfig } from '../src/common/environment-variables';
import { CircuitBreakers } from '../src/support/circuit-breaker';
import type { Clock } from '../src/support/clock';
import { silentLogger } from '../src/support/logger';
import { Server } from '../src/websocket/server';
import { Caller } from '../tools/caller/client';
import { startFakeOpenAI, type FakeOpenAI, type FakeOpenAIOptions } from '../tools/fake-openai';
import { LadderService, TimedLog } from './ladder-service';
import { Sentences } from './plain-bot';

/** When a caller's ear fell silent, and when it heard something again. */
export class EarTimes {
    readonly startsMs: number[] = [];
    readonly endsMs: number[] = [];

    constructor(
        caller: Caller,
        private readonly clock: Clock,
    ) {
        caller.on('playbackStarted', () => this.startsMs.push(clock.nowMs()));
        caller.on('playbackCompleted', () => this.endsMs.push(clock.nowMs()));
        caller.on('bargeIn', () => this.endsMs.push(clock.nowMs()));
    }

    get isPlaying(): boolean {
        return this.startsMs.length > this.endsMs.length;
    }

    /** The first silence that was not over at `fromMs`, counted from there on: its length so far, and whether it is over. */
    silenceFrom(fromMs: number): { ms: number; over: boolean } | undefined {
        const startsMs = [...this.startsMs, Infinity];
        const index = startsMs.findIndex(
            (atMs, i) => atMs > fromMs && (i === 0 || (this.endsMs[i - 1] ?? Infinity) < atMs),
        );
        const quietMs = index === 0 ? fromMs : this.endsMs[index - 1];
        const soundMs = startsMs[index];
        if (quietMs === undefined || soundMs === undefined) return undefined;
        const endMs = Math.min(soundMs, this.clock.nowMs());
        return { ms: endMs - Math.max(fromMs, quietMs), over: soundMs !== Infinity };
    }
}

/** The real server with a ladder on each call, the strict stand-in behind it, and signed callers in front. */
export class FaultBench {
    readonly callers: Caller[] = [];
    private readonly key = randomBytes(18).toString('base64');
    private readonly secret = randomBytes(32).toString('base64');
    private server: Server | undefined;

    private constructor(
        readonly clock: Clock,
        readonly fake: FakeOpenAI,
        readonly log: TimedLog,
        readonly sentences: Sentences,
    ) {}

    static async start(clock: Clock, options: FakeOpenAIOptions = {}): Promise<FaultBench> {
        const sentences = new Sentences();
        const answer: FakeOpenAIOptions['answer'] = ({ params }) => {
            const greets = params.instructions?.includes('Greet the caller') === true;
            if (greets) sentences.greetings += 1;
            return { text: greets ? 'Hello, this is the bank.' : 'This is an answer.', audio: sentences.next(2000) };
        };
        const fake = await startFakeOpenAI({ clock, answer, ...options });
        const bench = new FaultBench(clock, fake, new TimedLog(clock), sentences);
        await bench.startServer();
        return bench;
    }

    get callCount(): number {
        return this.server?.callCount ?? 0;
    }

    /** Dials; resolves when the call stands. */
    async call(): Promise<{ caller: Caller; ear: EarTimes }> {
        const caller = new Caller({
            url: `ws://127.0.0.1:${this.server?.address?.port ?? 0}/`,
            apiKey: this.key,
            clientSecret: this.secret,
            clock: this.clock,
        });
        this.callers.push(caller);
        const ear = new EarTimes(caller, this.clock);
        await caller.dial();
        await this.until(() => caller.state !== 'opening');
        return { caller, ear };
    }

    /** Resolves when `isTrue` holds, or after `limitMs` of the bench's time. @returns whether it holds */
    async until(isTrue: () => boolean, limitMs = 30_000): Promise<boolean> {
        const endMs = this.clock.nowMs() + limitMs;
        while (!isTrue()) {
            if (this.clock.nowMs() > endMs) return false;
            await new Promise((resolve) => setTimeout(resolve, 2));
        }
        return true;
    }

    async pass(ms: number): Promise<void> {
        await this.until(() => false, ms);
    }

    /** Hangs everybody up. @returns whether every call and every session was freed */
    async hangUp(): Promise<boolean> {
        for (const caller of this.callers) caller.hangUp();
        const freed = await this.until(() => this.callCount === 0, 20_000);
        return freed && (await this.until(() => this.fake.sessions.every((session) => session.closed !== undefined)));
    }

    async stop(): Promise<void> {
        await this.server?.stop();
        await this.fake.close();
    }

    private async startServer(): Promise<void> {
        const config = loadConfig({
            AUDIOHOOK_API_KEYS: JSON.stringify({ [this.key]: this.secret }),
            OPENAI_API_KEY: 'sk-bench',
            OPENAI_REALTIME_URL: this.fake.url,
            OPENAI_AUDIO_FORMAT: 'pcmu',
            NO_INPUT_SECONDS: '0',
            DEAD_AIR_SECONDS: '0',
            LOG_LEVEL: 'silent',
        });
        const { clock, log, sentences } = this;
        const breakers = new CircuitBreakers(clock, log);
        const botService = new LadderService({ config, clock, log, sentences, breakers });
        this.server = new Server({ config: { ...config, port: 0 }, clock, logger: silentLogger, botService });
        await this.server.start();
    }
}
