import { randomBytes } from 'node:crypto';
import { loadConfig } from '../src/config/config';
import { systemClock } from '../src/support/clock';
import { createLogger } from '../src/support/logger';
import { Server } from '../src/websocket/server';
import { Caller } from '../tools/caller/client';
import { startFakeOpenAI, type FakeOpenAI } from '../tools/fake-openai';
import { seededRandom } from '../tools/fake-openai/signal';
import type { LoopStalls } from './loop-stalls';
import { OverlapCall, type Question } from './overlap-call';
import type { Play } from './overlap-corpus';
import { OverlapFigures } from './overlap-figures';
import { CallerLine } from './overlap-line';

/** How the server takes turns. `smart without words`: without a transcription of the caller. */
export type OverlapMode = 'smart' | 'smart without words' | 'instant';

export interface OverlapBenchOptions {
    mode: OverlapMode;
    /** What each caller plays. */
    hands: readonly (readonly Play[])[];
    questions: readonly Question[];
    seed: number;
    /** Round trip between the server and the service. */
    rttMs: number;
    /** Length of the caller's frames. */
    frameMs: number;
    /** Noise on the callers' lines, dB of full scale; undefined: none. */
    noiseDb: number | undefined;
    loopStalls: LoopStalls;
    onPlayed: () => void;
}

/** Calls begin one after the other, so that their audio does not beat in time. */
const BETWEEN_CALLS_MS = 37;
/** From the commit of a turn to its transcript. */
const TRANSCRIPT_MS = 350;
/** So sensitive that the quietest utterance is heard, as live models stop for each of them; twice the loudness at the usual threshold of 0.5. */
const VAD_RMS = 160;

/** The real server, the strict stand-in behind it, and callers in front who talk while the bot does. */
export class OverlapBench {
    private readonly calls: OverlapCall[] = [];
    private readonly figures = new OverlapFigures();
    private readonly key = randomBytes(18).toString('base64');
    private readonly secret = randomBytes(32).toString('base64');

    private constructor(private readonly options: OverlapBenchOptions) {}

    /** Sets everything up, runs the calls to their end, takes everything down. */
    static async run(options: OverlapBenchOptions): Promise<OverlapFigures> {
        const bench = new OverlapBench(options);
        const fake = await bench.startFake();
        const server = bench.createServer(fake);
        await server.start();
        try {
            await bench.runCalls(server, fake);
        } finally {
            await server.stop();
            await fake.close();
        }
        for (const fault of fake.faults)
            if (!fault.benign) bench.figures.faults.push(`refused ${fault.frameType ?? 'a frame'}: ${fault.message}`);
        return bench.figures;
    }

    private startFake(): Promise<FakeOpenAI> {
        const { seed, rttMs } = this.options;
        return startFakeOpenAI({
            seed,
            rttMs,
            vadRms: VAD_RMS,
            transcriptMs: TRANSCRIPT_MS,
            record: false,
            response: ({ sessionIndex }) => this.calls[sessionIndex]?.response,
            callerTranscript: {
                texts: ({ sessionIndex, fromMs, toMs }) => this.calls[sessionIndex]?.wordsBetween(fromMs, toMs) ?? '',
            },
        });
    }

    private createServer(fake: FakeOpenAI): Server {
        const { mode } = this.options;
        const config = loadConfig({
            AUDIOHOOK_API_KEYS: JSON.stringify({ [this.key]: this.secret }),
            ADMISSION: 'off',
            OPENAI_API_KEY: 'sk-bench',
            OPENAI_REALTIME_URL: fake.url,
            OPENAI_GREETING: 'off',
            OPENAI_AUDIO_FORMAT: 'pcmu',
            ...(mode === 'smart without words' && { OPENAI_TRANSCRIPTION_MODEL: 'off' }),
            BARGE_IN: mode === 'instant' ? 'instant' : 'smart',
            NO_INPUT_SECONDS: '0',
            LOG_LEVEL: 'error',
        });
        return new Server({ config: { ...config, port: 0 }, logger: createLogger({ level: 'error' }) });
    }

    private async runCalls(server: Server, fake: FakeOpenAI): Promise<void> {
        const running: Promise<void>[] = [];
        for (const [index, plays] of this.options.hands.entries()) {
            const line = this.createLine(plays, index);
            const call = await this.place(server, fake, line, plays, index);
            running.push(this.run(call));
            await new Promise((resolve) => setTimeout(resolve, BETWEEN_CALLS_MS));
        }
        await Promise.all(running);
    }

    private createLine(plays: readonly Play[], index: number): CallerLine {
        const { seed, noiseDb } = this.options;
        const random = seededRandom(seed * 2003 + index * 17);
        return new CallerLine({ loudnessDb: plays[0]?.loudnessDb ?? 0, noiseDb, random });
    }

    /** Calls in, one after the other, so that each call knows its session of the stand-in. */
    private async place(
        server: Server,
        fake: FakeOpenAI,
        line: CallerLine,
        plays: readonly Play[],
        index: number,
    ): Promise<OverlapCall> {
        const { seed, frameMs, questions, loopStalls, onPlayed } = this.options;
        const caller = new Caller({
            url: `ws://127.0.0.1:${server.address?.port ?? 0}/`,
            apiKey: this.key,
            clientSecret: this.secret,
            keepAudio: false,
            microphone: line,
            frameMs,
        });
        const opened = new Promise<number>((resolve) => {
            caller.once('opened', () => {
                resolve(systemClock.nowMs());
            });
        });
        await caller.dial();
        const session = await fake.nextSession();
        const random = seededRandom(seed * 1009 + index * 31);
        const lineStartedAtMs = await opened;
        const parts = { caller, session, line, lineStartedAtMs, plays, questions, random, loopStalls, onPlayed };
        const call = new OverlapCall(parts);
        this.calls[session.index] = call;
        return call;
    }

    private async run(call: OverlapCall): Promise<void> {
        await call.run();
        this.figures.add(call);
    }
}
