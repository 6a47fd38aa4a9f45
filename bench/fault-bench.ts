import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeMulaw, encodeMulaw } from '../src/audio/mulaw';
import { wavToPcmu } from '../src/audio/wav';
import { loadConfig } from '../src/config/config';
import { TTSService, type TextToSpeech } from '../src/services/tts-service';
import { FliteEngine } from '../src/speech/tts/flite-engine';
import type { Clock } from '../src/support/clock';
import { Server } from '../src/websocket/server';
import type { Microphone } from '../tools/caller/audio-source';
import { Caller } from '../tools/caller/client';
import { seededRandom } from '../tools/fake-openai/signal';
import { startFakeOpenAI, type FakeOpenAI, type FakeOpenAIOptions } from '../tools/fake-openai';
import { PlaybackTimes } from './playback-times';
import { RestStandIn, type RestPlan } from './rest-stand-in';
import { Sentences } from './sentences';
import { decisionIn, TimedLog } from './timed-log';
import { WatchedService } from './watched-service';

export interface FaultBenchOptions extends FakeOpenAIOptions {
    /** The HTTP interface is there, too, and does this at first; undefined: none is configured. */
    rest?: RestPlan | undefined;
    /** Nothing is at the address of the Realtime API that the server is told, or at that of OpenAI's HTTP interface, too. */
    unreachable?: { url: string; isHTTP: boolean } | undefined;
    /** The callers' lines carry steady noise of this level; undefined: they are quiet. */
    lineNoiseDbfs?: number | undefined;
}

/** No server has this name: a part of one has 63 characters at most, so that the system says it without asking any other. */
export const UNKNOWN_NAME_URL = `wss://${'x'.repeat(64)}.invalid/v1`;

/** Speech of the callers: one and a half seconds. */
const WORDS = wavToPcmu(readFileSync(join(__dirname, '..', 'samples', 'librivox_0930.wav'))).subarray(0, 12_000);

/** The noise of a line, white: the same piece again and again. */
class LineNoise implements Microphone {
    private readonly pcm: Int16Array;
    private at = 0;

    constructor(levelDbfs: number, seconds = 5) {
        // The level of white noise between −1 and 1 is 1/√3 of full scale.
        const peak = Math.min(1, 10 ** (levelDbfs / 20) * Math.sqrt(3)) * 32_767;
        const random = seededRandom(1);
        this.pcm = Int16Array.from({ length: seconds * 8000 }, () => Math.round(peak * (2 * random() - 1)));
    }

    take(samples: number): Uint8Array {
        return this.under(new Int16Array(samples));
    }

    skip(samples: number): void {
        this.at += samples;
    }

    /** Speech as it comes over this line. @returns PCMU */
    under(speech: Int16Array): Uint8Array {
        const sum = speech.map((sample) => {
            const noisy = sample + (this.pcm[this.at++ % this.pcm.length] ?? 0);
            return Math.max(-32_768, Math.min(32_767, noisy));
        });
        return encodeMulaw(sum);
    }
}

/** Who calls from a noisy place speaks up: −18 dBFS in place of −26, so that noise of −30 does not drown the words. */
const RAISED_VOICE = 2.5;

/** The real server with its own bots, the strict stand-ins behind it, and signed callers in front. */
export class FaultBench {
    readonly callers: Caller[] = [];
    readonly log: TimedLog;
    private readonly key = randomBytes(18).toString('base64');
    private readonly secret = randomBytes(32).toString('base64');
    private service: WatchedService | undefined;
    private server: Server | undefined;

    /** `WORDS` as they come over the callers' lines. */
    readonly words: Uint8Array;
    private readonly noise: LineNoise | undefined;

    private constructor(
        readonly clock: Clock,
        readonly fake: FakeOpenAI,
        readonly rest: RestStandIn | undefined,
        readonly sentences: Sentences,
        private readonly unreachable: FaultBenchOptions['unreachable'],
        lineNoiseDbfs: number | undefined,
    ) {
        this.log = new TimedLog(clock);
        this.noise = lineNoiseDbfs === undefined ? undefined : new LineNoise(lineNoiseDbfs);
        this.words = this.noise?.under(decodeMulaw(WORDS).map((sample) => sample * RAISED_VOICE)) ?? WORDS;
    }

    static async start(clock: Clock, benchOptions: FaultBenchOptions = {}): Promise<FaultBench> {
        const { rest, unreachable, lineNoiseDbfs, ...options } = benchOptions;
        const sentences = new Sentences();
        const response: FakeOpenAIOptions['response'] = ({ params }) => {
            const greets = params.instructions?.includes('Greet the caller') === true;
            const text = greets ? 'Hello, this is the bank.' : 'This is a response.';
            return { text, audio: sentences.next(2000, text) };
        };
        const fake = await startFakeOpenAI({ clock, response, ...options });
        const standIn = rest === undefined ? undefined : await RestStandIn.start(clock, sentences, rest);
        const bench = new FaultBench(clock, fake, standIn, sentences, unreachable, lineNoiseDbfs);
        await bench.startServer();
        return bench;
    }

    get callCount(): number {
        return this.server?.callCount ?? 0;
    }

    /** Dials; resolves when the call stands. What the ladder decides from now on stands in its timeline. */
    async call(): Promise<{ caller: Caller; playback: PlaybackTimes }> {
        const caller = new Caller({
            url: `ws://127.0.0.1:${this.server?.address?.port ?? 0}/`,
            apiKey: this.key,
            clientSecret: this.secret,
            clock: this.clock,
            ...(this.noise !== undefined && { microphone: this.noise }),
        });
        this.callers.push(caller);
        this.log.onLine((fields) => {
            const decision = decisionIn(fields);
            if (decision !== undefined) caller.note('⇢', '(ladder)', decision);
        });
        const playback = new PlaybackTimes(caller, this.clock);
        await caller.dial();
        await this.until(() => caller.state !== 'opening');
        return { caller, playback };
    }

    /** What a caller received, as one piece. All words of the bots are known by their sound afterwards. */
    async soundOf(caller: Caller, voice: TextToSpeech): Promise<Buffer> {
        for (const text of this.service?.spoken ?? []) await this.sentences.add(text, voice);
        return Buffer.concat(caller.receivedAudio.map(({ bytes }) => bytes));
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
        await this.rest?.close();
    }

    private async startServer(): Promise<void> {
        const config = loadConfig({
            AUDIOHOOK_API_KEYS: JSON.stringify({ [this.key]: this.secret }),
            ADMISSION: 'off',
            OPENAI_API_KEY: 'sk-bench',
            OPENAI_REALTIME_URL: this.unreachable?.url ?? this.fake.url,
            ...(this.rest !== undefined && { OPENAI_BASE_URL: this.rest.baseURL }),
            ...(this.unreachable?.isHTTP === true && { OPENAI_BASE_URL: this.unreachable.url.replace(/^ws/, 'http') }),
            OPENAI_AUDIO_FORMAT: 'pcmu',
            NO_INPUT_SECONDS: '0',
            DEAD_AIR_SECONDS: '0',
            LOG_LEVEL: 'silent',
        });
        const { clock, log } = this;
        this.service = new WatchedService(config, { clock, logger: log });
        this.server = new Server({ config: { ...config, port: 0 }, clock, logger: log, botService: this.service });
        await this.server.start();
    }
}

/** A voice of the bench itself, to be asked how a sentence sounds: the same synthesizer as the server's. */
export function ownVoice(): TTSService {
    return new TTSService({ engine: new FliteEngine() });
}
