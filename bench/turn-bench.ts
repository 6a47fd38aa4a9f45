import { randomBytes } from 'node:crypto';
import { loadConfig } from '../src/config/config';
import { systemClock } from '../src/support/clock';
import { createLogger } from '../src/support/logger';
import { Server } from '../src/websocket/server';
import { Caller } from '../tools/caller/client';
import { startFakeOpenAI, type FakeOpenAI, type FakeSession } from '../tools/fake-openai';
import { seededRandom } from '../tools/fake-openai/signal';
import { DelayProxy } from './delay-proxy';
import {
    INTERRUPTION_PLANS,
    KeyTurns,
    readSpeech,
    ReportedTurns,
    SpokenTurns,
    type CallerTurns,
    type Interruption,
} from './interruptions';
import type { LoopStalls } from './loop-stalls';
import { CallerLine } from './overlap-line';
import { ScriptedCall } from './scripted-call';
import { TurnFigures } from './turn-figures';

/** How one server and its stand-in are set. */
export interface Setting {
    format: 'pcmu' | 'pcm16';
    /** Times real time at which the stand-in delivers. */
    speed: number;
    /** Deltas that still come after an interruption. */
    lateDeltas: number;
    /** Whether the client says `playback_completed` after a flush. */
    completedAfterFlush: boolean;
}

export interface TurnBenchOptions {
    setting: Setting;
    interruption: Interruption;
    calls: number;
    bargeInsPerCall: number;
    seed: number;
    /** Round trip between caller and server, and how much each way varies; 0: no network between them. */
    rttMs: number;
    jitterMs: number;
    loopStalls: LoopStalls;
    /** Called with every interruption that arrived. */
    onBargeIn: () => void;
}

const DELTAS = { kind: 'random', minMs: 10, maxMs: 800 } as const;
/** Calls begin one after the other, so that their audio does not beat in time. */
const BETWEEN_CALLS_MS = 37;
/** Sensitive as live models are, which stop for every sound. */
const VAD_RMS = 160;

/** The real server, the strict stand-in behind it, and callers in front who follow their scripts side by side. */
export class TurnBench {
    private readonly scripts: ScriptedCall[] = [];
    /** What each caller says aloud, by the number of the call. */
    private readonly lines: CallerLine[] = [];
    private readonly speech = readSpeech();
    private readonly proxies: DelayProxy[] = [];
    private readonly key = randomBytes(18).toString('base64');
    private readonly secret = randomBytes(32).toString('base64');

    private constructor(private readonly options: TurnBenchOptions) {}

    /** Sets everything up, runs the calls to their end, takes everything down. */
    static async run(options: TurnBenchOptions): Promise<TurnFigures> {
        const bench = new TurnBench(options);
        const fake = await bench.startFake();
        const server = bench.createServer(fake);
        await server.start();
        try {
            return await bench.runCalls(server, fake);
        } finally {
            for (const proxy of bench.proxies) await proxy.close();
            await server.stop();
            await fake.close();
        }
    }

    private startFake(): Promise<FakeOpenAI> {
        const { setting, seed, interruption } = this.options;
        return startFakeOpenAI({
            seed,
            vad: interruption === 'smart' ? 'energy' : 'off',
            vadRms: VAD_RMS,
            deltas: DELTAS,
            speed: setting.speed,
            lateDeltas: setting.lateDeltas,
            response: ({ sessionIndex }) => this.scripts[sessionIndex]?.takeResponse(),
            callerTranscript: {
                texts: ({ sessionIndex, fromMs, toMs }) => this.lines[sessionIndex]?.wordsBetween(fromMs, toMs) ?? '',
            },
        });
    }

    private createServer(fake: FakeOpenAI): Server {
        const config = loadConfig({
            AUDIOHOOK_API_KEYS: JSON.stringify({ [this.key]: this.secret }),
            ADMISSION: 'off',
            OPENAI_API_KEY: 'sk-bench',
            OPENAI_REALTIME_URL: fake.url,
            OPENAI_GREETING: 'off',
            OPENAI_AUDIO_FORMAT: this.options.setting.format,
            ...INTERRUPTION_PLANS[this.options.interruption].environment,
            NO_INPUT_SECONDS: '0',
            LOG_LEVEL: 'error',
        });
        return new Server({ config: { ...config, port: 0 }, logger: createLogger({ level: 'error' }) });
    }

    private async runCalls(server: Server, fake: FakeOpenAI): Promise<TurnFigures> {
        const running: Promise<TurnFigures>[] = [];
        for (let index = 0; index < this.options.calls; index++) {
            running.push((await this.place(server, fake, index)).run());
            await new Promise((resolve) => setTimeout(resolve, BETWEEN_CALLS_MS));
        }
        const figures = new TurnFigures();
        for (const each of await Promise.all(running)) figures.add(each);
        for (const fault of fake.faults)
            if (!fault.benign) figures.faults.push(`refused ${fault.frameType ?? 'a frame'}: ${fault.message}`);
        return figures;
    }

    private async place(server: Server, fake: FakeOpenAI, index: number): Promise<ScriptedCall> {
        const { setting, interruption, bargeInsPerCall, seed, rttMs, jitterMs, loopStalls, onBargeIn } = this.options;
        const random = seededRandom(seed * 1009 + index * 31);
        const serverPort = server.address?.port ?? 0;
        const proxy = rttMs === 0 ? undefined : this.createProxy(serverPort, random);
        const port = proxy === undefined ? serverPort : await proxy.listen();
        const line = new CallerLine({ loudnessDb: 0, noiseDb: undefined, random });
        this.lines[index] = line;
        const caller = new Caller({
            url: `ws://127.0.0.1:${port}/`,
            apiKey: this.key,
            clientSecret: this.secret,
            keepAudio: false,
            completedAfterFlush: setting.completedAfterFlush,
            microphone: line,
        });
        const opened = new Promise<number>((resolve) => {
            caller.once('opened', () => {
                resolve(systemClock.nowMs());
            });
        });
        await caller.dial();
        const session = await fake.nextSession();
        // Before it is configured, the session speaks another format than the server will understand.
        await session.waitForSent('session.updated');
        const script = new ScriptedCall({
            caller,
            session,
            turns: this.createTurns(caller, session, line, await opened),
            plan: INTERRUPTION_PLANS[interruption],
            random,
            speed: setting.speed,
            bargeIns: bargeInsPerCall,
            maxOneWayMs: rttMs / 2 + jitterMs,
            loopStalls,
            onBargeIn,
            bargeInLeftAtMs: () => proxy?.seenAtMs,
        });
        this.scripts[index] = script;
        return script;
    }

    private createTurns(caller: Caller, session: FakeSession, line: CallerLine, lineStartedAtMs: number): CallerTurns {
        switch (this.options.interruption) {
            case 'instant':
                return new ReportedTurns(session);
            case 'smart':
                return new SpokenTurns(line, lineStartedAtMs, this.speech);
            case 'key':
                return new KeyTurns(session, caller);
        }
    }

    private createProxy(targetPort: number, random: () => number): DelayProxy {
        const { rttMs, jitterMs } = this.options;
        const proxy = new DelayProxy({ targetPort, rttMs, jitterMs, random, watchFor: '"barge_in"' });
        this.proxies.push(proxy);
        return proxy;
    }
}
