import { Playhead } from '../../src/common/playhead';

/** PCMU: bytes of so many ms. */
const ms = (length: number): number => length * 8;

let playhead: Playhead;

beforeEach(() => {
    playhead = new Playhead();
});

/** Where the stretch begins: ms of the stream, and by the clock, a round trip included. */
function place(): [number, number] {
    const { fromBytes, atMs } = playhead.place;
    return [fromBytes / 8, atMs];
}

describe('the round trip', () => {
    it('is the first one that is measured, and moves by a quarter of each difference', () => {
        playhead.sent(ms(1000), 500);
        expect(place()).toEqual([0, 500]);
        playhead.setRoundTrip(100);
        expect(place()).toEqual([0, 600]);
        playhead.setRoundTrip(200);
        expect(place()).toEqual([0, 625]);
    });

    it.each([0, 2000])('may be %i ms', (roundTrip) => {
        playhead.setRoundTrip(500);
        playhead.setRoundTrip(roundTrip);
        expect(place()).toEqual([0, 500 + (roundTrip - 500) / 4]);
    });

    it.each([-1, 2001, NaN, Infinity])('is not moved by %d ms', (roundTrip) => {
        playhead.setRoundTrip(500);
        playhead.setRoundTrip(roundTrip);
        expect(place()).toEqual([0, 500]);
    });
});

describe('`playback_started`', () => {
    /** A stretch of 1 s that begins at 1000, on a network of 100 ms: by how much the report at this moment moves it. */
    function movedBy(reportedMs: number): number {
        playhead.setRoundTrip(100);
        playhead.sent(ms(1000), 1000);
        playhead.playbackStarted(reportedMs);
        return place()[1] - 1100;
    }

    it.each([
        [1059, 0],
        [1060, -20],
        [1100, 0],
        [1140, 20],
        [1141, 41],
        [1400, 300],
    ])('at %i ms moves the stretch by %i ms', (reportedMs, expected) => {
        expect(movedBy(reportedMs)).toBe(expected);
    });

    it('counts once in a stretch, and again in the next one', () => {
        expect(movedBy(1120)).toBe(10);
        playhead.playbackStarted(1140);
        expect(place()).toEqual([0, 1110]);
        playhead.sent(ms(1000), 3000);
        playhead.playbackStarted(3120);
        expect(place()).toEqual([1000, 3110]);
    });

    it('about a stretch that is over counts for nothing', () => {
        playhead.setRoundTrip(0);
        playhead.sent(ms(10), 0);
        playhead.playbackStarted(10);
        expect(place()).toEqual([0, 0]);
    });

    it('counts for nothing while no round trip is known', () => {
        playhead.sent(ms(1000), 0);
        playhead.playbackStarted(300);
        expect(place()).toEqual([0, 0]);
    });
});

describe('`playback_completed`', () => {
    it('within 40 ms after a barge-in is about what that has thrown away', () => {
        playhead.sent(ms(1000), 0);
        playhead.emptied(100);
        expect([139, 140].map((nowMs) => playhead.playbackCompleted(nowMs))).toEqual([false, true]);
        expect(place()).toEqual([100, 100]);
    });

    it('after a barge-in into nothing is about what was played', () => {
        playhead.sent(ms(10), 0);
        playhead.emptied(10);
        expect(playhead.playbackCompleted(10)).toBe(true);
    });

    it('before the stretch can have played 40 ms is about the one before', () => {
        playhead.setRoundTrip(0);
        playhead.sent(ms(1000), 0);
        expect([playhead.playbackCompleted(39), place()]).toEqual([true, [0, 0]]);
        expect([playhead.playbackCompleted(40), place()]).toEqual([true, [1000, 40]]);
    });

    it('moves nothing while no round trip is known', () => {
        playhead.sent(ms(1000), 0);
        expect([playhead.playbackCompleted(500), place()]).toEqual([true, [0, 0]]);
    });

    it('ends the stretch at the end of the piece that is nearest, of two the later one', () => {
        for (const [nowMs, expected] of [
            [149, 100],
            [150, 200],
            [200, 200],
        ] as const) {
            playhead = new Playhead();
            playhead.setRoundTrip(0);
            playhead.sent(ms(100), 0);
            playhead.sent(ms(100), 10);
            playhead.playbackCompleted(nowMs);
            expect(place()).toEqual([expected, nowMs]);
        }
    });

    it('lets what came too late play from when it was sent, and the report after it end that', () => {
        playhead.setRoundTrip(60);
        playhead.sent(ms(100), 0);
        playhead.sent(ms(100), 90);
        playhead.playbackCompleted(120);
        expect(place()).toEqual([100, 150]);
        playhead.playbackCompleted(250);
        expect(place()).toEqual([200, 250]);
        // Nothing is left that could have ended.
        expect([playhead.playbackCompleted(900), place()]).toEqual([true, [200, 250]]);
    });

    it('lets what was sent before it was empty play from then on', () => {
        playhead.setRoundTrip(0);
        playhead.sent(ms(100), 0);
        playhead.sent(ms(100), 30);
        playhead.playbackCompleted(100);
        expect(place()).toEqual([100, 100]);
    });
});

it('keeps the pieces of the last 2.5 s and what is not heard yet', () => {
    const count = (): number => (Reflect.get(playhead, 'pieces') as unknown[]).length;
    playhead.sent(ms(1000), 0);
    for (let nowMs = 100; nowMs <= 600_000; nowMs += 100) playhead.sent(ms(100), nowMs);
    // Of the stream the last 1000 ms are ahead of the playhead; the piece that ended 2500 ms behind it is the last one that is kept.
    expect(count()).toBe(10 + 26);
});
