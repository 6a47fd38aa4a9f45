import fc from 'fast-check';
import { CallRecord } from '../../src/common/call-record';
import { Playback } from '../../src/common/playback';
import type { AudioOrigin, HeardPosition } from '../../src/services/conversation';
import { seededRandom } from '../../tools/fake-openai/signal';
import { FakeClock } from '../support/fake-clock';
import { DriftingClient } from './drifting-client';
import { ExactClient } from './exact-client';

const LEAD_MS = 600;
const MAX_BACK_BYTES = 1500 * 8;

/** Bytes of one item, in the order in which all bytes were received. */
interface Received {
    origin: AudioOrigin;
    from: number;
    to: number;
}

type Step =
    | { do: 'enqueue'; bytes: number; as: 'same item' | 'new item' | 'new response' }
    | { do: 'pass'; ms: number }
    | { do: 'hold' | 'resume' | 'flush' | 'end response' };

const STEP: fc.Arbitrary<Step> = fc.oneof(
    {
        weight: 5,
        arbitrary: fc.record({
            do: fc.constant('enqueue' as const),
            bytes: fc.integer({ min: 1, max: 12_000 }),
            as: fc.constantFrom('same item', 'same item', 'same item', 'new item', 'new response'),
        }),
    },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 900 }) }) },
    {
        weight: 4,
        arbitrary: fc.record({ do: fc.constantFrom('hold', 'hold', 'resume', 'resume', 'flush', 'end response') }),
    },
);

/** Bytes of which each tells its place, with a pause of 120 ms somewhere in each second. */
const BYTES = speechlike(80 * 12_000);

function speechlike(length: number): Buffer {
    const random = seededRandom(3);
    const bytes = Buffer.alloc(length);
    let pauseFrom = 0;
    for (let i = 0; i < length; i++) {
        if (i % 8000 === 0) pauseFrom = i + Math.floor(random() * 7000);
        const isPause = i >= pauseFrom && i < pauseFrom + 960;
        bytes[i] = isPause ? 0x78 + Math.floor(random() * 8) : Math.floor(random() * 48);
    }
    return bytes;
}

/** One call, and beside it what must be true of it. */
class CheckedCall {
    private readonly clock = new FakeClock();
    private readonly client: ExactClient;
    private readonly playback: Playback;
    private received: Received[] = [];
    private receivedBytes = 0;
    /** What the caller hears next, and the end of what they have heard. */
    private nextByte = 0;
    private heardBytes = 0;
    private responses = 0;
    private items = 0;
    private isOpen = false;

    constructor(roundTripMs: number | undefined) {
        let startedAtMs = 0;
        this.client = new ExactClient(this.clock, (kind) => {
            const atMs = this.clock.nowMs();
            if (kind === 'started') startedAtMs = atMs;
            this.clock.after(roundTripMs ?? 50, () => {
                // The playhead takes a report about a stretch of less than 40 ms for one about the next: it comes from no telephone line.
                const isOfShortStretch = startedAtMs > atMs && startedAtMs <= atMs + 40;
                if (kind === 'completed') this.playback.playbackCompleted();
                else if (!isOfShortStretch) this.playback.playbackStarted();
            });
        });
        this.playback = new Playback({
            clock: this.clock,
            maxLeadMs: LEAD_MS,
            keepsHistory: true,
            wire: {
                bufferedBytes: () => 0,
                sendAudio: (pcmu) => {
                    expect(this.playback.isHeld).toBe(false);
                    this.client.send(pcmu);
                },
            },
            record: new CallRecord(),
            echoGuard: undefined,
            onDrained: () => {
                expect(this.playback.isHeld).toBe(false);
            },
            onFault: (fault) => {
                throw fault;
            },
        });
        if (roundTripMs !== undefined) this.playback.setRoundTrip(roundTripMs);
    }

    run(steps: readonly Step[]): void {
        for (const step of steps) {
            this.take(step);
            this.checkHeard();
        }
        this.resume();
        this.playback.endAllResponses();
        this.clock.advance(120_000);
        this.checkHeard();
        expect(this.nextByte).toBe(this.receivedBytes);
        expect([this.playback.keptMs, this.playback.soundLeftMs]).toEqual([0, 0]);
    }

    private take(step: Step): void {
        switch (step.do) {
            case 'enqueue':
                this.enqueue(step.bytes, step.as);
                return;
            case 'pass':
                this.clock.advance(step.ms);
                return;
            case 'hold':
                this.hold();
                return;
            case 'resume':
                this.resume();
                return;
            case 'flush':
                this.flush();
                return;
            case 'end response':
                this.playback.responseEnded(`r${this.responses}`);
                this.isOpen = false;
        }
    }

    private enqueue(byteCount: number, as: 'same item' | 'new item' | 'new response'): void {
        if (!this.isOpen || as === 'new response') {
            this.playback.responseEnded(`r${this.responses}`);
            this.responses += 1;
        }
        if (!this.isOpen || as !== 'same item') this.items += 1;
        this.isOpen = true;
        const origin = { responseId: `r${this.responses}`, itemId: `i${this.items}`, contentIndex: 0 };
        const from = this.receivedBytes;
        this.receivedBytes += byteCount;
        this.received.push({ origin, from, to: this.receivedBytes });
        this.playback.enqueue(BYTES.subarray(from, this.receivedBytes), origin);
    }

    private hold(): void {
        const position = this.playback.hold();
        this.client.bargeIn();
        this.checkHeard();
        this.checkPosition(position);
        const { isHeld, leadMs, soundLeftMs } = this.playback;
        expect([isHeld, leadMs, soundLeftMs]).toEqual([true, 0, (this.receivedBytes - this.nextByte) / 8]);
    }

    private resume(): void {
        const wasHeld = this.playback.isHeld;
        const { backMs } = this.playback.resume();
        const backBytes = backMs * 8;
        const current = this.received.find(({ from, to }) => this.nextByte >= from && this.nextByte < to);
        const first = this.received.find(({ origin }) => origin.itemId === current?.origin.itemId);
        expect(backBytes).toBeGreaterThanOrEqual(0);
        expect(backBytes).toBeLessThanOrEqual(wasHeld ? MAX_BACK_BYTES : 0);
        if (backBytes > 0) expect(this.nextByte - backBytes).toBeGreaterThanOrEqual(first?.from ?? Infinity);
        this.nextByte -= backBytes;
    }

    private flush(): void {
        const position = this.playback.flush();
        this.client.bargeIn();
        this.checkHeard();
        this.checkPosition(position);
        expect(this.playback).toMatchObject({ keptMs: 0, soundLeftMs: 0 });
        this.received = [];
        this.nextByte = this.receivedBytes;
        this.isOpen = false;
    }

    /** The client has played the next bytes, in order. */
    private checkHeard(): void {
        const heard = this.client.takeHeard();
        expect(heard.equals(BYTES.subarray(this.nextByte, this.nextByte + heard.length))).toBe(true);
        this.nextByte += heard.length;
        this.heardBytes = Math.max(this.heardBytes, this.nextByte);
        expect(this.playback.keptMs).toBeLessThanOrEqual(1500 + LEAD_MS + 1500);
    }

    private checkPosition({ items }: HeardPosition): void {
        const expected = new Map<string, { heard: number; received: number }>();
        for (const { origin, from, to } of this.received) {
            const item = expected.get(origin.itemId) ?? { heard: 0, received: 0 };
            item.heard += Math.max(0, Math.min(to, this.heardBytes) - from);
            item.received += to - from;
            expected.set(origin.itemId, item);
        }
        const unheard = [...expected].filter(([, { heard, received }]) => heard < received);
        expect(items.map(({ itemId, heardMs, receivedMs }) => [itemId, heardMs, receivedMs])).toEqual(
            unheard.map(([id, { heard, received }]) => [id, Math.floor(heard / 8), Math.floor(received / 8)]),
        );
    }
}

describe('held and resumed playback, in any sequence of steps', () => {
    it.each([undefined, 0, 80, 400])(
        'lets the caller hear every byte once and in order, or again after a step back (round trip: %s ms)',
        (roundTripMs) => {
            fc.assert(
                fc.property(fc.array(STEP, { minLength: 1, maxLength: 80 }), (steps) => {
                    new CheckedCall(roundTripMs).run(steps);
                }),
                { numRuns: 150 },
            );
        },
    );
});

/** How far the place at which playback was held is from where the client really stopped, ms: audio is lost or doubled by so much. */
function seamErrors(network: { oneWayMs: number; jitterMs: number; ppm: number }, holds: number): number[] {
    const clock = new FakeClock();
    const random = seededRandom(11);
    const errorsMs: number[] = [];
    const client = new DriftingClient({
        clock,
        ...network,
        startLagMs: 0,
        random,
        onStarted: () => {
            playback.playbackStarted();
        },
        onCompleted: () => {
            playback.playbackCompleted();
        },
        onRoundTrip: (ms) => {
            playback.setRoundTrip(ms);
        },
    });
    const playback = new Playback({
        clock,
        maxLeadMs: LEAD_MS,
        keepsHistory: true,
        wire: {
            bufferedBytes: () => 0,
            sendAudio: (pcmu) => {
                client.send(pcmu.length);
            },
        },
        record: new CallRecord(),
        echoGuard: undefined,
        onDrained: () => undefined,
        onFault: (fault) => {
            throw fault;
        },
    });
    clock.advance(2000);
    client.beginAnswer();
    // A sound without pauses.
    playback.enqueue(new Uint8Array(8000 * (holds + 3)), { responseId: 'r', itemId: 'i', contentIndex: 0 });
    clock.advance(1600);
    let startMs = 0;
    for (let count = 0; count < holds; count++) {
        clock.advance(Math.round(100 + 900 * random()));
        const heardMs = playback.hold().items[0]?.heardMs ?? NaN;
        const playedMs = heardMs - startMs;
        client.bargeIn((reallyMs) => errorsMs.push(Math.abs(playedMs - reallyMs)));
        clock.advance(Math.round(100 + 1000 * random()));
        client.beginAnswer();
        expect(playback.resume()).toEqual({ backMs: 0 });
        startMs = heardMs;
    }
    client.close();
    playback.close();
    return errorsMs;
}

describe('the seam of held and resumed playback', () => {
    it.each([
        { oneWayMs: 40, jitterMs: 0, ppm: 50 },
        { oneWayMs: 40, jitterMs: 10, ppm: -50 },
        { oneWayMs: 150, jitterMs: 0, ppm: 0 },
    ])('loses or doubles no more than 20 ms, with $oneWayMs ± $jitterMs ms on the way', (network) => {
        const errorsMs = seamErrors(network, 300);
        expect(errorsMs.length).toBeGreaterThan(290);
        expect(Math.max(...errorsMs)).toBeLessThanOrEqual(20 + 2 * network.jitterMs);
        const sorted = errorsMs.sort((a, b) => a - b);
        expect(sorted[Math.floor(sorted.length * 0.95)]).toBeLessThanOrEqual(20);
    });
});
