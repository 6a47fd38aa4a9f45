import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { CallRecord } from '../../src/common/call-record';
import { Playback } from '../../src/common/playback';
import { FakeClock } from '../support/fake-clock';

interface Sent {
    atMs: number;
    pcmu: Uint8Array;
}

function makePlayback(maxLeadMs = 600, keepsHistory = false) {
    const clock = new FakeClock();
    const sent: Sent[] = [];
    const state = { buffered: 0, drained: 0 };
    const record = new CallRecord();
    const playback = new Playback({
        clock,
        maxLeadMs,
        keepsHistory,
        wire: {
            bufferedBytes: () => state.buffered,
            sendAudio: (pcmu) => sent.push({ atMs: clock.nowMs(), pcmu }),
        },
        record,
        echoGuard: undefined,
        onDrained: () => (state.drained += 1),
        onFault: (fault) => {
            throw fault;
        },
    });
    return { clock, sent, state, playback, record };
}

function origin(responseId: string, itemId = responseId) {
    return { responseId, itemId, contentIndex: 0 };
}

/** Audio whose every byte tells its place. */
function audio(ms: number, seed = 0): Uint8Array {
    return Uint8Array.from({ length: ms * 8 }, (_, i) => (i * 31 + (i >> 8) * 17 + seed) & 0xff);
}

function joined(sent: Sent[]): Buffer {
    return Buffer.concat(sent.map((message) => message.pcmu));
}

/** The most messages that any window of t seconds holds beyond 25 + 5·t; ≤ 0 keeps Genesys' limit. */
function excess(timesMs: number[]): number {
    let worst = -Infinity;
    timesMs.forEach((startMs, first) => {
        timesMs.slice(first).forEach((endMs, index) => {
            worst = Math.max(worst, index + 1 - (25 + (5 * (endMs - startMs)) / 1000));
        });
    });
    return worst;
}

describe('playback', () => {
    it('sends the first delta in the tick in which it comes, however small', () => {
        const { playback, sent } = makePlayback();
        playback.enqueue(audio(5), origin('a'));
        expect(sent).toHaveLength(1);
        expect(sent[0]?.pcmu).toHaveLength(40);
    });

    it('begins a response that is there at once with a short piece', () => {
        const { playback, sent } = makePlayback();
        playback.enqueue(audio(5000), origin('a'));
        expect(sent[0]?.pcmu).toHaveLength(1600);
    });

    it('plays a 30 s response that came in 3 s whole, in order, in 30 s, within the limits', () => {
        const { playback, sent, clock } = makePlayback();
        const answer = audio(30_000);
        for (let ms = 0; ms < 30_000; ms += 100) {
            playback.enqueue(answer.subarray(ms * 8, (ms + 100) * 8), origin('a'));
            clock.advance(10);
        }
        playback.responseEnded('a');
        clock.advance(26_500);
        expect(playback.queuedMs).toBe(0);
        clock.advance(2000);
        expect(joined(sent)).toEqual(Buffer.from(answer));
        expect(sent.at(-1)?.atMs).toBeGreaterThan(29_000);
        expect(excess(sent.map((message) => message.atMs))).toBeLessThanOrEqual(0);
    });

    it('sends no message above 64,000 bytes', () => {
        const { playback, sent, clock } = makePlayback(5000);
        playback.enqueue(audio(60_000), origin('a'));
        clock.advance(60_000);
        expect(Math.max(...sent.map((message) => message.pcmu.length))).toBeLessThanOrEqual(64_000);
    });

    it.each([300, 600, 1500])('keeps the lead within a bound of %d ms', (maxLeadMs) => {
        const { playback, clock } = makePlayback(maxLeadMs);
        playback.enqueue(audio(20_000), origin('a'));
        for (let ms = 0; ms < 20_000; ms += 10) {
            expect(playback.leadMs).toBeLessThanOrEqual(maxLeadMs);
            clock.advance(10);
        }
    });

    it('never lets the client run dry while audio waits', () => {
        const { playback, clock } = makePlayback();
        playback.enqueue(audio(60_000), origin('a'));
        playback.responseEnded('a');
        for (let ms = 0; ms < 59_000; ms += 5) {
            clock.advance(5);
            expect(playback.leadMs).toBeGreaterThan(0);
        }
    });

    it('stays within the limit when a hundred short responses follow each other, and loses none', () => {
        const { playback, sent, clock } = makePlayback();
        const parts: Uint8Array[] = [];
        for (let i = 0; i < 100; i++) {
            parts.push(audio(60, i));
            playback.enqueue(audio(60, i), origin(`r${i}`));
            playback.responseEnded(`r${i}`);
            clock.advance(100);
        }
        clock.advance(5000);
        expect(joined(sent)).toEqual(Buffer.concat(parts));
        expect(excess(sent.map((message) => message.atMs))).toBeLessThanOrEqual(0);
    });

    it('brings deltas of any size out as one clean stream', () => {
        const { playback, sent, clock } = makePlayback();
        const answer = audio(12_000);
        let start = 0;
        for (const bytes of [1, 1, 0, 104, 1600, 64_000, 3, 5000]) {
            playback.enqueue(answer.subarray(start, start + bytes), origin('a'));
            start += bytes;
        }
        playback.enqueue(answer.subarray(start), origin('a'));
        playback.responseEnded('a');
        clock.advance(13_000);
        expect(joined(sent)).toEqual(Buffer.from(answer));
    });

    it('keeps order, bytes, lead and limit for any timing of deltas (property)', () => {
        const delta = fc.record({ ms: fc.integer({ min: 1, max: 900 }), waitMs: fc.integer({ min: 0, max: 700 }) });
        fc.assert(
            fc.property(fc.array(delta, { minLength: 1, maxLength: 60 }), (deltas) => {
                const { playback, sent, clock } = makePlayback();
                const parts: Uint8Array[] = [];
                deltas.forEach(({ ms, waitMs }, index) => {
                    parts.push(audio(ms, index));
                    playback.enqueue(audio(ms, index), origin('a'));
                    expect(playback.leadMs).toBeLessThanOrEqual(600);
                    clock.advance(waitMs);
                });
                playback.responseEnded('a');
                clock.advance(60_000);
                expect(joined(sent)).toEqual(Buffer.concat(parts));
                expect(excess(sent.map((message) => message.atMs))).toBeLessThanOrEqual(0);
            }),
            { numRuns: 60 },
        );
    });

    it('tells what was heard of each item: the one that plays, and those that wait', () => {
        const { playback, clock } = makePlayback();
        playback.enqueue(audio(1000), origin('r', 'one'));
        playback.enqueue(audio(2000), origin('r', 'two'));
        playback.enqueue(audio(500), origin('r', 'three'));
        clock.advance(1700);
        expect(playback.flush().items).toEqual([
            { responseId: 'r', itemId: 'two', contentIndex: 0, heardMs: 700, receivedMs: 2000 },
            { responseId: 'r', itemId: 'three', contentIndex: 0, heardMs: 0, receivedMs: 500 },
        ]);
        expect(playback.isAudible).toBe(false);
    });

    it('counts what was heard from the client’s word that it began to play', () => {
        const { playback, clock } = makePlayback();
        playback.setRoundTrip(80);
        playback.enqueue(audio(5000), origin('a'));
        clock.advance(200);
        playback.playbackStarted();
        clock.advance(1000);
        expect(playback.flush().items[0]?.heardMs).toBe(1080);
    });

    it('takes playback_completed in mid-response as a gap of the client, and goes on', () => {
        const { playback, sent, clock } = makePlayback();
        playback.enqueue(audio(1000), origin('a'));
        playback.playbackStarted();
        clock.advance(990);
        playback.playbackCompleted();
        clock.advance(500);
        playback.enqueue(audio(500, 9), origin('a'));
        playback.playbackStarted();
        clock.advance(200);
        expect(playback.flush().items[0]).toMatchObject({ heardMs: 1200, receivedMs: 1500 });
        expect(joined(sent)).toHaveLength(1500 * 8);
    });

    it('does not take the report about the last response, which crossed the new one on the wire, for the new one’s', () => {
        const { playback, clock } = makePlayback();
        playback.setRoundTrip(100);
        playback.enqueue(audio(500), origin('a'));
        clock.advance(100);
        playback.playbackStarted();
        playback.responseEnded('a');
        clock.advance(520);
        playback.enqueue(audio(5000), origin('b'));
        clock.advance(10);
        playback.playbackCompleted();
        clock.advance(90);
        playback.playbackStarted();
        clock.advance(100);
        expect(playback.flush().items[0]).toMatchObject({ itemId: 'b', heardMs: 200 });
    });

    it('waits while the socket is blocked, loses nothing, and tells for how long', () => {
        const { playback, sent, state, clock } = makePlayback();
        state.buffered = 20_000;
        playback.enqueue(audio(1000), origin('a'));
        clock.advance(3000);
        expect(sent).toEqual([]);
        expect(playback.blockedMs).toBe(3000);
        state.buffered = 0;
        playback.responseEnded('a');
        clock.advance(2000);
        expect(joined(sent)).toEqual(Buffer.from(audio(1000)));
        expect(playback.blockedMs).toBeUndefined();
    });

    it('does not count a socket as blocked that became free while nothing was to be sent', () => {
        const { playback, state, clock } = makePlayback();
        state.buffered = 20_000;
        playback.enqueue(audio(1000), origin('a'));
        clock.advance(1000);
        playback.flush();
        expect(playback.blockedMs).toBe(1000);
        state.buffered = 0;
        clock.advance(10_000);
        expect(playback.blockedMs).toBeUndefined();
    });

    it('says that the caller has heard everything, when they have', () => {
        const { playback, state, clock } = makePlayback();
        playback.enqueue(audio(1000), origin('a'));
        clock.advance(1500);
        expect(state.drained).toBe(0);
        playback.responseEnded('a');
        expect(state.drained).toBeGreaterThan(0);
    });

    it('bounds what waits at ten minutes, and counts what did not fit', () => {
        const { playback, record } = makePlayback();
        const minute = audio(60_000);
        for (let i = 0; i < 12; i++) playback.enqueue(minute, origin('a'));
        expect(playback.queuedMs).toBeLessThanOrEqual(600_000);
        expect(record.pacing.droppedBytes).toBeGreaterThan(0);
    });

    it('leaves no timer after close, and takes nothing more', () => {
        const { playback, sent, clock } = makePlayback();
        playback.enqueue(audio(5000), origin('a'));
        const count = sent.length;
        playback.close();
        playback.close();
        playback.enqueue(audio(100), origin('b'));
        clock.advance(5000);
        expect(sent).toHaveLength(count);
        expect(clock.pendingCount).toBe(0);
    });

    it('lets go of audio as soon as it was sent, also in a long response of many pieces', async () => {
        setFlagsFromString('--expose_gc');
        const collectGarbage = runInNewContext('gc') as () => void;
        const clock = new FakeClock();
        const playback = new Playback({
            clock,
            maxLeadMs: 600,
            keepsHistory: false,
            wire: { bufferedBytes: () => 0, sendAudio: () => undefined },
            record: new CallRecord(),
            echoGuard: undefined,
            onDrained: () => undefined,
            onFault: (fault) => {
                throw fault;
            },
        });
        const enqueued = Array.from({ length: 250 }, () => {
            const pcmu = audio(200);
            playback.enqueue(pcmu, origin('a'));
            return new WeakRef(pcmu.buffer);
        });
        clock.advance(48_000);
        expect(playback.queuedMs).toBeGreaterThan(0);
        const waiting = Math.ceil(playback.queuedMs / 200);
        await new Promise((resolve) => setImmediate(resolve));
        collectGarbage();
        expect(enqueued.filter((buffer) => buffer.deref() !== undefined).length).toBeLessThanOrEqual(waiting + 1);
    });
});
