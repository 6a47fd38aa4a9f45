import { CallerTrack } from '../../../src/call-records/recording/caller-track';

const MS = 8;
const FRAME = 200 * MS;
const LONGEST_WAIT = 3000 * MS;

/** A track, and the value of each of its milliseconds; 0xff: silence. */
function makeTrack() {
    const track = new CallerTrack(LONGEST_WAIT);
    const value = (ms: number): number => {
        const out = new Uint8Array(1).fill(0xff);
        const copy = track as unknown as { runs: { isFixed: boolean }[] };
        const before = copy.runs.map(({ isFixed }) => isFixed);
        track.readInto(out, ms * MS, 1);
        // Looking at it must not settle it.
        copy.runs.forEach((run, index) => (run.isFixed = before[index] ?? false));
        return out[0] ?? NaN;
    };
    const hear = (byte: number, atMs: number, count = FRAME): void => {
        track.hear(new Uint8Array(count).fill(byte), atMs * MS);
    };
    return { track, value, hear };
}

describe('the caller’s channel', () => {
    it('lets a frame end when it arrives', () => {
        const { hear, value } = makeTrack();
        hear(1, 1000);
        expect([799, 800, 999, 1000].map(value)).toEqual([0xff, 1, 1, 0xff]);
    });

    it('follows the audio, and not the arrival: frames that are held up keep their place', () => {
        const { hear, value } = makeTrack();
        hear(1, 1000);
        hear(2, 1890);
        hear(3, 1890);
        hear(4, 1900);
        hear(5, 1900);
        hear(6, 2000);
        expect([900, 1100, 1300, 1500, 1700, 1900].map(value)).toEqual([1, 2, 3, 4, 5, 6]);
    });

    it('lies where the fastest frames put it: the first ones may have been held up', () => {
        const { hear, value } = makeTrack();
        hear(1, 1080);
        hear(2, 1250);
        hear(3, 1400);
        hear(4, 1600);
        expect([799, 800, 1000, 1200, 1400, 1599].map(value)).toEqual([0xff, 1, 2, 3, 4, 4]);
    });

    it('has silence in place of what the client left out', () => {
        const { track, hear, value } = makeTrack();
        hear(1, 1000);
        track.skip(600 * MS);
        hear(2, 1800);
        expect([900, 1000, 1599, 1600].map(value)).toEqual([1, 0xff, 0xff, 2]);
    });

    it('has silence in place of a pause, whatever the client says about its length', () => {
        const { track, hear, value } = makeTrack();
        hear(1, 1000);
        track.skip(1e12);
        track.anew();
        hear(2, 61_000);
        hear(3, 61_200);
        expect([900, 1000, 60_799, 60_800, 61_000].map(value)).toEqual([1, 0xff, 0xff, 2, 3]);
    });

    it('notices audio that was lost without a word', () => {
        const { hear, value } = makeTrack();
        for (let ms = 200; ms <= 2000; ms += 200) hear(1, ms);
        for (let ms = 3000; ms <= 9000; ms += 200) hear(2, ms);
        expect([1999, 7000, 8999].map(value)).toEqual([1, 2, 2]);
        expect(value(9001)).toBe(0xff);
    });

    it('goes on by arrival after a network that was held up for longer than it waits, and keeps the newest', () => {
        const { track, hear, value } = makeTrack();
        hear(1, 1000);
        track.forgetBefore(1000 * MS);
        for (let number = 1; number <= 50; number++) hear(10 + number, 11_000);
        hear(99, 11_200);
        expect([1100, 6000, 10_900, 11_100].map(value)).toEqual([11, 36, 60, 99]);
    });

    it('never grows ahead of time, however fast a client sends', () => {
        const { track, hear } = makeTrack();
        for (let number = 0; number < 500; number++) hear(1, 1000 + number);
        expect(track.endSample).toBeLessThanOrEqual((1499 + 15) * MS);
    });

    it.each([60, -60])('follows a clock that is %s ppm fast, within 20 ms', (ppm) => {
        const { track, hear } = makeTrack();
        let worst = 0;
        for (let number = 1; number <= 9000; number++) {
            const nowMs = (number * 200) / (1 + ppm / 1e6);
            hear(1, Math.round(nowMs * MS) / MS);
            track.forgetBefore(Math.round((nowMs - 1500) * MS));
            track.readInto(new Uint8Array(1), Math.round((nowMs - 1500) * MS), 1);
            worst = Math.max(worst, Math.abs(track.endSample - nowMs * MS));
        }
        expect(worst).toBeLessThanOrEqual(20 * MS);
    });
});
