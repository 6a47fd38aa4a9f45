import fc from 'fast-check';
import { CallerAudioBuffer } from '../../../src/audio/caller-audio-buffer';
import { meanSquare } from '../../../src/audio/loudness';
import { MULAW_SILENCE } from '../../../src/audio/mulaw';
import { tonePcmu } from '../../../src/audio/tone';
import { CallBridge } from '../../../src/common/call-bridge';
import { CallRecord } from '../../../src/common/call-record';
import { BotResource } from '../../../src/services/bot-resource';
import type { HeardPosition } from '../../../src/services/conversation';
import { seededRandom } from '../../../tools/fake-openai/signal';
import { fakeSockets, makeConfig } from '../../services/realtime/support';
import { FakeClock } from '../../support/fake-clock';
import { LogRecorder } from '../../support/log-recorder';
import { TEST_TURN_TAKING } from '../../support/test-config';
import { ExactClient } from '../exact-client';
import { OverlapModel } from './overlap-model';

const TICK_MS = 20;
const MAX_BACK_BYTES = 1500 * 8;
const VOICE = tonePcmu(700, 10_000, 0.5);
const QUIET = new Uint8Array(160).fill(MULAW_SILENCE);
/** Bytes of which each stretch tells its place, with a pause of 120 ms in each second. */
const BYTES = speechlike(600 * 8000);

function speechlike(length: number): Buffer {
    const random = seededRandom(5);
    const bytes = Buffer.alloc(length);
    for (let i = 0; i < length; i++) {
        const isPause = i % 8000 >= 5000 && i % 8000 < 5960;
        bytes[i] = isPause ? 0x78 + Math.floor(random() * 8) : Math.floor(random() * 48);
    }
    return bytes;
}

type Step =
    | { do: 'speak'; ms: number; words: string; afterMs: number }
    | { do: 'pass'; ms: number }
    | { do: 'respond' | 'stall'; ms: number }
    | { do: 'key' };

/** Speech, in ticks: a backchannel, or anything. */
const SHORT = fc.integer({ min: 4, max: 20 });
const LONG = fc.integer({ min: 1, max: 130 });

const STEP: fc.Arbitrary<Step> = fc.oneof(
    {
        weight: 6,
        arbitrary: fc.record({
            do: fc.constant('speak' as const),
            ms: fc.oneof(SHORT, SHORT, LONG).map((ticks) => ticks * TICK_MS),
            words: fc.constantFrom('mhm', 'Yeah, mhm.', 'stop', 'I have a question', 'yes please', ''),
            afterMs: fc.constantFrom(60, 300, 700, 1400, 2600),
        }),
    },
    {
        weight: 6,
        arbitrary: fc.record({
            do: fc.constant('pass' as const),
            ms: fc.integer({ min: 1, max: 150 }).map((ticks) => ticks * TICK_MS),
        }),
    },
    {
        weight: 3,
        arbitrary: fc.record({ do: fc.constant('respond' as const), ms: fc.integer({ min: 200, max: 8000 }) }),
    },
    {
        weight: 1,
        arbitrary: fc.record({ do: fc.constant('stall' as const), ms: fc.integer({ min: 500, max: 4000 }) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('key' as const) }) },
);

/** A whole call, and beside it what must be true of it. */
class CheckedCall {
    readonly clock = new FakeClock();
    readonly log: string[] = [];
    private readonly client: ExactClient;
    private readonly bridge: CallBridge;
    private readonly bot: BotResource;
    private readonly fake = fakeSockets();
    private model: OverlapModel | undefined;
    private generated = 0;
    /** What the call was given to play, in order, and of which item. */
    private readonly received: { itemId: string; from: number; to: number }[] = [];
    private receivedBytes = 0;
    private stream = Buffer.alloc(0);
    /** Of that: what is sent next, what the caller hears next, and the end of what they have heard. */
    private sendAt = 0;
    private nextByte = 0;
    private heardEnd = 0;
    private isHeld = false;
    private readonly lost: { from: number; to: number }[] = [];
    private speechMs = 0;
    private modelMs = 0;
    private turnsStarted = 0;
    private turnsStopped = 0;
    private stoppedAtMs = -Infinity;
    private asked = 0;
    private keys = 0;

    constructor(
        roundTripMs: number,
        private readonly serviceMs: number,
    ) {
        const { clock } = this;
        this.client = new ExactClient(clock, (kind) => {
            clock.after(roundTripMs, () => {
                if (kind === 'started') this.bridge.processPlaybackStarted();
                else this.bridge.processPlaybackCompleted();
            });
        });
        const record = new CallRecord();
        const callerAudio = new CallerAudioBuffer();
        this.bot = new BotResource(makeConfig({ bargeIn: 'smart' }), {
            clock,
            logger: new LogRecorder(),
            createSocket: this.fake.createSocket,
            callerAudio,
            transcript: record.transcript,
        });
        this.watchBot();
        this.bridge = new CallBridge({
            conversation: this.bot,
            clock,
            record,
            callerAudio,
            maxLeadMs: 600,
            turnTaking: {
                ...TEST_TURN_TAKING,
                bargeIn: { mode: 'smart', backchannels: ['mhm', 'yeah'], alwaysYield: ['stop'] },
                dtmf: { ...TEST_TURN_TAKING.dtmf, singleKeys: '1' },
            },
            speechMeter: {
                probability: (pcmu) => (meanSquare(pcmu, 0, pcmu.length) > 1e-4 ? 1 : 0),
                reset: () => undefined,
            },
            wire: {
                sendAudio: (pcmu) => {
                    this.sent(pcmu);
                },
                sendEvent: ({ type }) => {
                    if (type === 'barge_in') this.bargeIn();
                },
                bufferedBytes: () => 0,
            },
            onFinished: () => undefined,
            onFailed: () => undefined,
            log: ({ overlap, reason }) => this.log.push(`${clock.nowMs()} ${String(overlap)}: ${String(reason)}`),
            onFault: (fault) => {
                throw fault;
            },
        });
        this.bridge.setRoundTrip(roundTripMs);
    }

    async run(steps: readonly Step[]): Promise<void> {
        this.bridge.start();
        this.fake.last().configure();
        await new Promise((resolve) => setImmediate(resolve));
        this.model = new OverlapModel(this.fake.last(), (count) => this.generate(count), this.serviceMs);
        this.pass(200);
        for (const step of steps) this.take(step);
        this.passUntilQuiet();
        this.check();
        this.bridge.close();
        this.clock.advance(20_000);
        expect(this.clock.pendingCount).toBe(0);
    }

    /** Everything that was said is heard, and everything that is awaited has come. */
    private passUntilQuiet(): void {
        for (let quietMs = 0, leftMs = 300_000; quietMs < 4000 && leftMs > 0; leftMs -= 500) {
            this.pass(500);
            const isQuiet = this.model?.isQuiet === true && this.nextByte === this.receivedBytes;
            quietMs = isQuiet ? quietMs + 500 : 0;
        }
    }

    private take(step: Step): void {
        if (step.do === 'pass') this.pass(step.ms);
        else if (step.do === 'speak') {
            if (this.model !== undefined) this.model.words = { text: step.words, afterMs: step.afterMs };
            this.pass(step.ms, true);
        } else if (step.do === 'stall') {
            if (this.model !== undefined) this.model.stallMs = step.ms;
        } else if (step.do === 'respond') {
            if (this.model !== undefined) this.model.responseMs = step.ms;
            this.bot.tell('A note.');
            this.asked += 1;
        } else {
            this.bridge.processDTMF('1');
            this.keys += 1;
        }
    }

    private pass(ms: number, voice = false): void {
        for (let left = ms; left > 0; left -= TICK_MS) {
            this.bridge.hear(voice ? VOICE.subarray(this.speechMs * 8, this.speechMs * 8 + 160) : QUIET);
            this.speechMs = voice ? (this.speechMs + TICK_MS) % 9000 : 0;
            this.model?.tick(voice);
            this.modelMs += TICK_MS;
            this.clock.advance(TICK_MS);
            this.takeHeard();
        }
    }

    private generate(byteCount: number): Uint8Array {
        this.generated += byteCount;
        return BYTES.subarray(this.generated - byteCount, this.generated);
    }

    private watchBot(): void {
        const { bot } = this;
        bot.on('audio', (pcmu, { itemId }) => {
            this.received.push({ itemId, from: this.receivedBytes, to: this.receivedBytes + pcmu.length });
            this.receivedBytes += pcmu.length;
            this.stream = Buffer.concat([this.stream, pcmu]);
        });
        bot.on('speechStarted', () => (this.turnsStarted += 1));
        bot.on('speechStopped', () => {
            this.turnsStopped += 1;
            this.stoppedAtMs = this.modelMs;
        });
        const interrupt = bot.interrupt.bind(bot);
        bot.interrupt = (heard) => {
            this.interrupted(heard);
            interrupt(heard);
        };
    }

    private sent(pcmu: Uint8Array): void {
        if (this.isHeld) this.goOn(pcmu);
        expect(Buffer.from(pcmu).equals(this.stream.subarray(this.sendAt, this.sendAt + pcmu.length))).toBe(true);
        this.sendAt += pcmu.length;
        this.client.send(pcmu);
    }

    /** Playback goes on after it was held, perhaps from a pause before. */
    private goOn(pcmu: Uint8Array): void {
        this.isHeld = false;
        const at = this.stream.lastIndexOf(pcmu, this.nextByte);
        expect(at).toBeGreaterThanOrEqual(Math.max(0, this.nextByte - MAX_BACK_BYTES));
        this.sendAt = at;
        this.nextByte = at;
    }

    private bargeIn(): void {
        this.client.bargeIn();
        this.takeHeard();
        this.isHeld = true;
    }

    private takeHeard(): void {
        const heard = this.client.takeHeard();
        expect(heard.equals(this.stream.subarray(this.nextByte, this.nextByte + heard.length))).toBe(true);
        this.nextByte += heard.length;
        this.heardEnd = Math.max(this.heardEnd, this.nextByte);
    }

    /** An interruption stands: what was not heard is thrown away, and the bot is told what was. */
    private interrupted({ items }: HeardPosition): void {
        this.takeHeard();
        for (const { itemId, heardMs } of items)
            expect(Math.abs(heardMs - this.heardMs(itemId))).toBeLessThanOrEqual(1);
        this.lost.push({ from: this.heardEnd, to: this.receivedBytes });
        this.isHeld = false;
        this.sendAt = this.receivedBytes;
        this.nextByte = this.receivedBytes;
        this.heardEnd = this.receivedBytes;
    }

    private heardMs(itemId: string): number {
        let bytes = 0;
        for (const part of this.received) {
            if (part.itemId !== itemId) continue;
            bytes += Math.max(0, Math.min(part.to, this.heardEnd) - part.from);
            for (const { from, to } of this.lost)
                bytes -= Math.max(0, Math.min(part.to, to) - Math.max(part.from, from));
        }
        return Math.floor(bytes / 8);
    }

    private check(): void {
        const { model } = this;
        if (model === undefined) throw new Error('The call has not begun.');
        // Everything that the call was given was heard, or thrown away by an interruption that stood.
        expect([this.nextByte, this.heardEnd]).toEqual([this.receivedBytes, this.receivedBytes]);
        for (const { itemId, endMs } of model.truncated)
            expect(Math.abs(endMs - this.heardMs(itemId))).toBeLessThanOrEqual(1);
        expect(this.turnsStopped).toBe(this.turnsStarted);
        // No response but those to turns, notes and keys; and the last turn has one.
        expect(model.responses).toBeLessThanOrEqual(this.turnsStopped + this.asked + this.keys);
        // The service may have begun it before its report of the end of the turn came.
        expect(model.respondedAtMs).toBeGreaterThanOrEqual(this.stoppedAtMs - this.serviceMs - 2 * TICK_MS);
    }
}

describe('speech over the bot, in any sequence of steps', () => {
    it.each([
        [0, 20],
        [80, 40],
        [300, 160],
    ])(
        'adds up: bytes, truncations, responses, timers (client at %i ms, service at %i ms)',
        async (clientMs, serviceMs) => {
            await fc.assert(
                fc.asyncProperty(fc.array(STEP, { minLength: 6, maxLength: 25 }), async (steps) => {
                    await new CheckedCall(clientMs, serviceMs).run([{ do: 'respond', ms: 6000 }, ...steps]);
                }),
                { numRuns: 15 },
            );
        },
    );
});
