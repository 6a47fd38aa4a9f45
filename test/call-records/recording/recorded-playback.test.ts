import fc from 'fast-check';
import { seededRandom, pcmuByteAt } from '../../../tools/fake-openai/signal';
import { BYTES_PER_MS, RecordedCall, type Network } from './recorded-call';

const SILENCE = 0xff;

type Step =
    | { do: 'enqueue'; bytes: number; as: 'same item' | 'new item' | 'new response' }
    | { do: 'pass' | 'too many messages'; ms: number }
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
        weight: 1,
        arbitrary: fc.record({
            do: fc.constant('too many messages' as const),
            ms: fc.integer({ min: 100, max: 2000 }),
        }),
    },
    {
        weight: 4,
        arbitrary: fc.record({ do: fc.constantFrom('hold', 'hold', 'resume', 'resume', 'flush', 'end response') }),
    },
);

/** Bytes of which no two stretches look alike, with pauses, and none of them silence. */
function botAudio(from: number, count: number): Uint8Array {
    return Uint8Array.from({ length: count }, (_, at) => {
        const index = from + at;
        const isPause = index % 8000 > 7000;
        return isPause ? 0x78 + (pcmuByteAt(1, index) & 7) : pcmuByteAt(1, index) & 0x3f;
    });
}

class Steps {
    private bytes = 0;
    private responses = 0;
    private items = 0;
    private isOpen = false;

    constructor(private readonly call: RecordedCall) {}

    take(step: Step): void {
        const { playback, clock } = this.call;
        if (step.do === 'enqueue') this.enqueue(step.bytes, step.as);
        if (step.do === 'pass') clock.advance(step.ms);
        if (step.do === 'too many messages') playback.slowDown(step.ms);
        if (step.do === 'hold') this.call.hold();
        if (step.do === 'resume') playback.resume();
        if (step.do === 'flush') this.call.flush();
        if (step.do === 'flush' || step.do === 'end response') this.endResponse();
    }

    private enqueue(count: number, as: 'same item' | 'new item' | 'new response'): void {
        if (!this.isOpen || as === 'new response') {
            this.endResponse();
            this.responses += 1;
        }
        if (!this.isOpen || as !== 'same item') this.items += 1;
        this.isOpen = true;
        const origin = { responseId: `r${this.responses}`, itemId: `i${this.items}`, contentIndex: 0 };
        this.call.playback.enqueue(botAudio(this.bytes, count), origin);
        this.bytes += count;
    }

    private endResponse(): void {
        this.call.playback.responseEnded(`r${this.responses}`);
        this.isOpen = false;
    }
}

/** The recorded track, and the one that was played, silence at their ends left out. */
function tracks(call: RecordedCall): { recorded: Buffer; played: Buffer } {
    return { recorded: trimmed(call.sink.bot), played: trimmed(Buffer.from(call.playedTrack)) };
}

function trimmed(track: Buffer): Buffer {
    let end = track.length;
    while (end > 0 && track[end - 1] === SILENCE) end--;
    return track.subarray(0, end);
}

describe('the recorded channel of the bot', () => {
    it.each([0, 40, 250])(
        'is what a caller played who obeys the rules, to the sample, in any sequence of steps (%s ms each way)',
        (oneWayMs) => {
            fc.assert(
                fc.property(fc.array(STEP, { minLength: 1, maxLength: 60 }), (list) => {
                    const call = new RecordedCall({ oneWayMs });
                    call.talk(() => 0x55);
                    call.clock.advance(1000 + 4 * oneWayMs);
                    const steps = new Steps(call);
                    for (const step of list) steps.take(step);
                    call.clock.advance(300);
                    call.end();
                    const { recorded, played } = tracks(call);
                    expect(recorded.length).toBe(played.length);
                    expect(recorded.equals(played)).toBe(true);
                }),
                { numRuns: 60 },
            );
        },
    );

    it('holds the greeting at its place, although it began before the distance was known', () => {
        const call = new RecordedCall({ oneWayMs: 120 });
        call.talk(() => 0x55);
        call.clock.advance(200);
        call.playback.enqueue(botAudio(0, 24_000), { responseId: 'r', itemId: 'i', contentIndex: 0 });
        call.playback.responseEnded('r');
        call.clock.advance(6000);
        call.end();
        const { recorded, played } = tracks(call);
        expect(played.length).toBe((200 + 2 * 120) * BYTES_PER_MS + 24_000);
        expect(recorded.equals(played)).toBe(true);
    });

    it('lies where the caller’s answer lies: who answers after 300 ms is recorded 300 ms later', () => {
        const call = new RecordedCall({ oneWayMs: 150 });
        let answersAt = Infinity;
        call.talk((sample) => (sample >= answersAt ? 0x11 : 0x7f), 20);
        call.clock.advance(3000);
        call.playback.enqueue(botAudio(0, 4000), { responseId: 'r', itemId: 'i', contentIndex: 0 });
        call.playback.responseEnded('r');
        // The client's sample 0 is spoken when the call begins.
        answersAt = (3000 + 150 + 500 + 300) * BYTES_PER_MS;
        call.clock.advance(3000);
        call.end();
        const end = trimmed(call.sink.bot).length;
        expect(call.sink.caller.indexOf(0x11) - end).toBe(300 * BYTES_PER_MS);
    });
});

interface Heard {
    /** Where the answer begins in the recording and for the caller, and how much of it both have, ms. */
    readonly placeErrorMs: number;
    readonly cutErrorMs: number;
}

/** Answers of all lengths over a network, most of them interrupted: how far the recording is from what was heard. */
function runCall(network: Network, minutes: number, seed: number): { heard: Heard[]; callerErrorsMs: number[] } {
    const random = seededRandom(seed);
    const between = (from: number, to: number): number => Math.round(from + (to - from) * random());
    const call = new RecordedCall({ ...network, random });
    // The caller's frames carry their number.
    call.talk((sample) => pcmuByteAt(2, sample) & 0x7f);
    call.clock.advance(2000);
    let bytes = 0;
    for (let number = 1; call.clock.nowMs() < minutes * 60_000; number++) {
        const count = BYTES_PER_MS * between(500, number % 10 === 0 ? 40_000 : 6000);
        const origin = { responseId: `r${number}`, itemId: `i${number}`, contentIndex: 0 };
        call.playback.enqueue(botAudio(bytes, count), origin);
        call.playback.responseEnded(origin.responseId);
        bytes += count;
        if (random() < 0.6) {
            call.clock.advance(between(200, count / BYTES_PER_MS));
            call.flush();
            call.clock.advance(between(600, 2000));
        } else call.clock.advance(count / BYTES_PER_MS + between(800, 2000));
    }
    call.end();
    const { bot, caller } = call.sink;
    const heard = call.played.map(({ atMs, pcmu }) => {
        const sign = pcmu.subarray(0, 160);
        const from = Math.max(0, Math.round(atMs * BYTES_PER_MS) - 4000);
        const at = bot.indexOf(sign, from);
        let count = 0;
        while (count < pcmu.length && bot[at + count] === pcmu[count]) count++;
        let end = at + count;
        while (end < bot.length && bot[end] !== SILENCE) end++;
        return {
            placeErrorMs: Math.abs(at / BYTES_PER_MS - atMs),
            cutErrorMs: Math.max(pcmu.length - count, end - at - count) / BYTES_PER_MS,
        };
    });
    return { heard, callerErrorsMs: callerErrors(caller, network) };
}

/** How far what the caller said is from where it should be, each ten seconds. */
function callerErrors(caller: Buffer, { oneWayMs, ppm = 0 }: Network): number[] {
    const errorsMs: number[] = [];
    for (let sample = 8000; sample < caller.length - 80_000; sample += 80_000) {
        const sign = Buffer.from(Array.from({ length: 24 }, (_, at) => pcmuByteAt(2, sample + at) & 0x7f));
        const expected = sample / (1 + ppm / 1e6) + oneWayMs * BYTES_PER_MS;
        const at = caller.indexOf(sign, Math.max(0, Math.floor(expected) - 1600));
        // A few samples are left out where the clocks differ.
        if (at >= 0 && at < expected + 1600) errorsMs.push(Math.abs(at - expected) / BYTES_PER_MS);
    }
    return errorsMs;
}

describe('a recording of half an hour', () => {
    it.each([
        { oneWayMs: 40, ppm: 50 },
        { oneWayMs: 40, ppm: -50 },
        { oneWayMs: 120, ppm: 0 },
    ])('drifts by no more than 20 ms, with $oneWayMs ms each way and a clock that is $ppm ppm fast', (network) => {
        const { heard, callerErrorsMs } = runCall(network, 30, 3);
        expect(heard.length).toBeGreaterThan(150);
        expect(Math.max(...heard.map(({ placeErrorMs }) => placeErrorMs))).toBeLessThanOrEqual(20);
        expect(Math.max(...heard.map(({ cutErrorMs }) => cutErrorMs))).toBeLessThanOrEqual(20);
        expect(callerErrorsMs.length).toBeGreaterThan(170);
        expect(Math.max(...callerErrorsMs)).toBeLessThanOrEqual(20);
    });

    it('on an unsteady network is off by no more than the network is', () => {
        const { heard, callerErrorsMs } = runCall({ oneWayMs: 60, jitterMs: 15 }, 30, 5);
        expect(heard.length).toBeGreaterThan(150);
        expect(Math.max(...heard.map(({ placeErrorMs }) => placeErrorMs))).toBeLessThanOrEqual(20 + 2 * 15);
        expect(Math.max(...heard.map(({ cutErrorMs }) => cutErrorMs))).toBeLessThanOrEqual(20 + 2 * 15);
        expect(Math.max(...callerErrorsMs)).toBeLessThanOrEqual(20 + 15);
    });
});
