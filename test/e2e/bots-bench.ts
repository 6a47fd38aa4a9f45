import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/config';
import { TTSService } from '../../src/services/tts-service';
import { FliteEngine } from '../../src/speech/tts/flite-engine';
import type { Clock } from '../../src/support/clock';
import { Server } from '../../src/websocket/server';
import type { CallerOptions } from '../../tools/caller/caller-options';
import { Caller } from '../../tools/caller/client';
import { INSTANT, startFakeOpenAI, type FakeOpenAI, type FakeOpenAIOptions } from '../../tools/fake-openai';
import { ColdBotService } from '../support/cold-bots';
import { LogRecorder } from '../support/log-recorder';
import { ScaledClock } from '../support/scaled-clock';

/** The key of the server itself: no bot with a way of its own may ever show it. */
export const SERVER_KEY = 'sk-the-key-of-the-server';

export interface BotsBenchOptions {
    /** Without one nothing takes time in the stand-ins, and no time limit of the server measures how busy the machine is. */
    clock?: Clock;
    /** false: there is no stand-in, and no key. */
    openai?: FakeOpenAIOptions | false;
    /** The server's environment; what is named here wins. */
    env?: Record<string, string>;
    /** Variables that profiles name. */
    secrets?: Record<string, string>;
    /** Profiles of a folder of the bench's own, by name; left out: those that ship. */
    profiles?: Record<string, object>;
}

/** The real server with bots of the test's own, the strict stand-in behind it, and signed callers in front. */
export class BotsBench {
    readonly logs = new LogRecorder();
    private readonly fakes: FakeOpenAI[] = [];
    private main: FakeOpenAI | undefined;
    private readonly folder = mkdtempSync(join(tmpdir(), 'bots-'));
    private readonly key = randomBytes(18).toString('base64');
    private readonly secret = randomBytes(32).toString('base64');
    private readonly callers: Caller[] = [];
    private server: Server | undefined;

    private constructor(
        private readonly clock: Clock,
        private readonly pace: FakeOpenAIOptions,
    ) {}

    static async start(options: BotsBenchOptions = {}): Promise<BotsBench> {
        const { clock, openai = {}, profiles } = options;
        const bench = new BotsBench(clock ?? new ScaledClock(1), clock === undefined ? INSTANT : {});
        if (openai !== false) bench.main = await bench.standIn(openai);
        mkdirSync(bench.botsFolder);
        for (const [name, profile] of Object.entries(profiles ?? {})) bench.write(`${name}.json`, profile);
        await bench.startServer(options);
        return bench;
    }

    /** The server's stand-in: it detects no speech unless a test says so, and nothing takes time. */
    get fake(): FakeOpenAI {
        if (this.main === undefined) throw new Error('this bench has no stand-in of the server');
        return this.main;
    }

    /** One more stand-in, for a bot with a way of its own. Without a clock it is as quick as it can be. */
    async standIn(options: FakeOpenAIOptions = {}): Promise<FakeOpenAI> {
        const fake = await startFakeOpenAI({ clock: this.clock, vad: 'off', ...this.pace, ...options });
        this.fakes.push(fake);
        return fake;
    }

    /** A file of the folder of profiles. */
    write(file: string, content: unknown): void {
        writeFileSync(join(this.botsFolder, file), typeof content === 'string' ? content : JSON.stringify(content));
    }

    get callCount(): number {
        return this.server?.callCount ?? 0;
    }

    /** A caller, not yet dialling. `path`: path and query of the connection URL. */
    caller(path: string, options: Partial<CallerOptions> = {}): Caller {
        const caller = new Caller({
            url: `ws://127.0.0.1:${this.server?.address?.port ?? 0}${path}`,
            apiKey: this.key,
            clientSecret: this.secret,
            clock: this.clock,
            sessionId: randomUUID(),
            ...options,
        });
        this.callers.push(caller);
        return caller;
    }

    /** A caller who has dialled. */
    async call(path: string, options: Partial<CallerOptions> = {}): Promise<Caller> {
        const caller = this.caller(path, options);
        await caller.dial();
        return caller;
    }

    /** The server anew, with more of an environment, the bench's own folder of profiles, and these variables for them. */
    async restart(env: Record<string, string>, secrets: Record<string, string> = {}): Promise<void> {
        await this.server?.stop();
        await this.startServer({ env, secrets, profiles: {} });
    }

    /** The process goes down. */
    async shutDown(): Promise<void> {
        await this.server?.stop({ drain: false });
    }

    /** Hangs everybody up and stops everything. The stand-ins must not have seen a wrong frame. */
    async stop(): Promise<void> {
        for (const caller of this.callers) caller.hangUp();
        await this.server?.stop();
        for (const fake of this.fakes) await fake.close();
        rmSync(this.folder, { recursive: true });
        expect(this.fakes.flatMap((fake) => fake.faults).filter((fault) => !fault.benign)).toEqual([]);
    }

    private get botsFolder(): string {
        return join(this.folder, 'bots');
    }

    private async startServer({ env, secrets = {}, profiles }: BotsBenchOptions): Promise<void> {
        const { main } = this;
        const ownWay = main === undefined ? {} : { OPENAI_API_KEY: SERVER_KEY, OPENAI_REALTIME_URL: main.url };
        const config = loadConfig({
            ADMISSION: 'off',
            AUDIOHOOK_API_KEYS: JSON.stringify({ [this.key]: this.secret }),
            OPENAI_AUDIO_FORMAT: 'pcmu',
            LOG_LEVEL: 'debug',
            ...ownWay,
            ...(profiles !== undefined && { BOTS_FOLDER: this.botsFolder }),
            ...env,
        });
        const { clock, logs: logger } = this;
        const botService = new ColdBotService(config, { clock, logger, env: secrets });
        this.server = new Server({ config: { ...config, port: 0 }, clock, logger, botService });
        await this.server.start();
    }
}

/** Everything that the server has sent to a caller, heard or not. */
export function received(caller: Caller): Buffer {
    return Buffer.concat(caller.receivedAudio.map(({ bytes }) => bytes));
}

/** The local voice, asked how a sentence sounds: the same synthesizer as the server's. */
export class OwnVoice {
    private readonly voice = new TTSService({ engine: new FliteEngine() });

    async soundOf(text: string): Promise<Buffer> {
        const pieces: Uint8Array[] = [];
        for await (const piece of this.voice.speak(text)) pieces.push(piece);
        return Buffer.concat(pieces);
    }

    close(): Promise<void> {
        return this.voice.close();
    }
}
