import { CallRecord } from '../../src/common/call-record';
import { Playback } from '../../src/common/playback';
import { seededRandom } from '../../tools/fake-openai/signal';
import { FakeClock } from '../support/fake-clock';
import { ExactClient } from './exact-client';

const LEAD_MS = 600;

interface TestCall {
    clock: FakeClock;
    playback: Playback;
    client: ExactClient;
    state: { drained: number; sent: number; buffered: number; echoBytes: number };
}

function makeCall({ roundTripMs = 80, keepsHistory = true } = {}): TestCall {
    const clock = new FakeClock();
    const state = { drained: 0, sent: 0, buffered: 0, echoBytes: 0 };
    const client = new ExactClient(clock, (kind) => {
        clock.after(roundTripMs, () => {
            if (kind === 'started') playback.playbackStarted();
            else playback.playbackCompleted();
        });
    });
    const playback = new Playback({
        clock,
        maxLeadMs: LEAD_MS,
        keepsHistory,
        wire: {
            bufferedBytes: () => state.buffered,
            sendAudio: (pcmu) => {
                state.sent += 1;
                client.send(pcmu);
            },
        },
        record: new CallRecord(),
        echoGuard: { sent: (pcmu) => (state.echoBytes += pcmu.length), dropped: (bytes) => (state.echoBytes = bytes) },
        onDrained: () => (state.drained += 1),
        onFault: (fault) => {
            throw fault;
        },
    });
    playback.setRoundTrip(roundTripMs);
    return { clock, playback, client, state };
}

function origin(responseId: string, itemId = responseId) {
    return { responseId, itemId, contentIndex: 0 };
}

/** Loud audio in which every place differs from its neighbourhood, with pauses at the given places, ms. */
function audio(ms: number, seed = 0, pauses: [fromMs: number, toMs: number][] = []): Uint8Array {
    const random = seededRandom(seed + 1);
    const pcmu = Uint8Array.from({ length: ms * 8 }, () => Math.floor(random() * 48) | (random() < 0.5 ? 0x80 : 0));
    for (const [from, to] of pauses) for (let i = from * 8; i < to * 8; i++) pcmu[i] = 0x78 + Math.floor(random() * 8);
    return pcmu;
}

function hold({ playback, client }: TestCall) {
    const position = playback.hold();
    client.bargeIn();
    return position;
}

function heardOf({ client }: TestCall): Buffer {
    return client.takeHeard();
}

describe('playback that is held', () => {
    it('goes on with the next byte after the last one that was heard, when there is no pause to go back to', () => {
        const call = makeCall();
        const answer = audio(8000);
        call.playback.enqueue(answer, origin('a'));
        call.playback.responseEnded('a');
        call.clock.advance(2345);
        expect(hold(call).items).toEqual([{ ...origin('a'), heardMs: 2345, receivedMs: 8000 }]);
        call.clock.advance(900);
        expect(call.playback.resume()).toEqual({ backMs: 0 });
        call.clock.advance(9000);
        expect(heardOf(call)).toEqual(Buffer.from(answer));
        expect(call.state.drained).toBeGreaterThan(0);
    });

    it('goes back to the last pause within 1.5 s, and counts what is heard twice once', () => {
        const call = makeCall();
        const answer = audio(8000, 0, [
            [1000, 1100],
            [1500, 1700],
        ]);
        call.playback.enqueue(answer, origin('a'));
        call.clock.advance(2400);
        hold(call);
        call.clock.advance(500);
        expect(call.playback.resume()).toEqual({ backMs: 800 });
        call.clock.advance(300);
        expect(hold(call).items[0]?.heardMs).toBe(2400);
        expect(call.playback.resume()).toEqual({ backMs: 300 });
        call.clock.advance(1000);
        expect(call.playback.flush().items[0]?.heardMs).toBe(2600);
        call.client.bargeIn();
        const expected = [
            answer.subarray(0, 2400 * 8),
            answer.subarray(1600 * 8, 1900 * 8),
            answer.subarray(1600 * 8, 2600 * 8),
        ];
        expect(heardOf(call)).toEqual(Buffer.concat(expected));
    });

    it('begins an item again that began less than 1.5 s ago, and never goes back into the one before', () => {
        const call = makeCall();
        call.playback.enqueue(audio(1000, 1, [[600, 900]]), origin('r', 'one'));
        call.playback.enqueue(audio(3000, 2), origin('r', 'two'));
        call.clock.advance(1400);
        expect(hold(call).items).toEqual([{ ...origin('r', 'two'), heardMs: 400, receivedMs: 3000 }]);
        expect(call.playback.resume()).toEqual({ backMs: 400 });
        call.clock.advance(1600);
        hold(call);
        expect(call.playback.resume()).toEqual({ backMs: 0 });
    });

    it('does not go back at the border of two items', () => {
        const call = makeCall();
        call.playback.enqueue(audio(1000, 1, [[800, 900]]), origin('r', 'one'));
        call.playback.enqueue(audio(3000, 2), origin('r', 'two'));
        call.clock.advance(1000);
        hold(call);
        expect(call.playback.resume()).toEqual({ backMs: 0 });
    });

    it('sends nothing, sets no timer, says nothing of a drain, and is audible by all that was not heard', () => {
        const call = makeCall();
        const { playback, clock, state } = call;
        playback.enqueue(audio(3000), origin('a'));
        clock.advance(1000);
        hold(call);
        const { sent } = state;
        playback.responseEnded('a');
        playback.enqueue(audio(500), origin('b'));
        playback.endAllResponses();
        playback.slowDown(1000);
        clock.advance(5000);
        expect(clock.pendingCount).toBe(0);
        expect(state).toMatchObject({ sent, drained: 0 });
        expect(playback).toMatchObject({
            isHeld: true,
            isAudible: true,
            soundLeftMs: 2500,
            leadMs: 0,
            isUnreported: false,
        });
    });

    it('keeps the order when audio comes meanwhile, and sends all again through the echo guard', () => {
        const call = makeCall();
        const first = audio(2000, 1);
        const second = audio(1000, 2);
        call.playback.enqueue(first, origin('a'));
        call.clock.advance(1800);
        hold(call);
        call.playback.enqueue(second, origin('a', 'second'));
        call.playback.responseEnded('a');
        call.clock.advance(700);
        call.playback.resume();
        expect(call.playback.playheadBytes + call.playback.leadMs * 8).toBe(call.state.echoBytes);
        call.clock.advance(5000);
        expect(heardOf(call)).toEqual(Buffer.concat([first, second]));
        expect(call.state.echoBytes).toBe(3000 * 8);
    });

    it('gives up with the position at which it was held', () => {
        const call = makeCall();
        call.playback.enqueue(audio(3000), origin('a'));
        call.clock.advance(1234);
        const held = hold(call);
        call.clock.advance(700);
        expect(call.playback.hold()).toEqual(held);
        expect(call.playback.flush()).toEqual(held);
        expect(call.playback).toMatchObject({ isHeld: false, isAudible: false, soundLeftMs: 0, keptMs: 0 });
        expect(call.playback.resume()).toEqual({ backMs: 0 });
        call.clock.advance(5000);
        expect(heardOf(call)).toHaveLength(1234 * 8);
    });

    it('takes a late playback_completed for that of the audio which was thrown away', () => {
        const call = makeCall({ roundTripMs: 400 });
        call.playback.enqueue(audio(3000), origin('a'));
        call.playback.responseEnded('a');
        call.clock.advance(2700);
        hold(call);
        call.clock.advance(200);
        call.playback.resume();
        call.clock.advance(250);
        expect(call.playback).toMatchObject({ isUnreported: true, leadMs: 50 });
        call.clock.advance(50 + 350);
        expect(call.playback.isUnreported).toBe(true);
        call.clock.advance(50);
        expect(call.playback).toMatchObject({ isUnreported: false, isAudible: false });
    });

    it('waits for the end of a 429 and of a blocked socket before it goes on, and loses nothing', () => {
        const call = makeCall();
        const answer = audio(4000);
        call.playback.enqueue(answer, origin('a'));
        call.playback.responseEnded('a');
        call.clock.advance(1700);
        hold(call);
        call.playback.slowDown(1000);
        call.state.buffered = 20_000;
        call.clock.advance(500);
        const { sent } = call.state;
        call.playback.resume();
        call.clock.advance(2500);
        expect(call.state.sent).toBe(sent);
        expect(call.playback.blockedMs).toBeGreaterThan(1900);
        call.state.buffered = 0;
        expect(call.playback.blockedMs).toBeUndefined();
        call.clock.advance(9000);
        expect(heardOf(call)).toEqual(Buffer.from(answer));
    });

    it('plays a comfort tone in its turn', () => {
        const call = makeCall();
        call.playback.enqueue(audio(2000), origin('a'));
        call.playback.responseEnded('a');
        call.clock.advance(1900);
        hold(call);
        call.playback.comfort();
        expect(call.playback.soundLeftMs).toBe(260);
        call.playback.resume();
        call.clock.advance(3000);
        expect(heardOf(call)).toHaveLength((2000 + 160) * 8);
    });

    it('frees everything when the call ends', () => {
        const call = makeCall();
        call.playback.enqueue(audio(3000), origin('a'));
        call.clock.advance(1000);
        hold(call);
        call.playback.close();
        call.playback.resume();
        expect(call.playback).toMatchObject({ isHeld: false, queuedMs: 0, keptMs: 0 });
    });

    it('needs a history', () => {
        const call = makeCall({ keepsHistory: false });
        call.playback.enqueue(audio(3000), origin('a'));
        expect(call.playback.keptMs).toBe(0);
        expect(() => call.playback.hold()).toThrow('keeps no history');
    });
});

describe('the history of playback', () => {
    it('is what was not heard yet and the last 1.5 s, to a piece, and is let go of when all was heard', () => {
        const { playback, clock } = makeCall();
        playback.enqueue(audio(30_000), origin('a'));
        let mostMs = 0;
        for (let ms = 0; ms < 29_000; ms += 50) {
            clock.advance(50);
            mostMs = Math.max(mostMs, playback.keptMs);
            expect(playback.keptMs).toBeGreaterThanOrEqual(Math.min(clock.nowMs(), 1500));
        }
        expect(mostMs).toBeLessThanOrEqual(LEAD_MS + 1500 + 600);
        playback.responseEnded('a');
        clock.advance(2000);
        expect(playback.keptMs).toBe(0);
    });
});
