import fc from 'fast-check';
import { SoundTrack } from '../../../src/call-records/recording/sound-track';
import { heldBytes } from '../../support/held-bytes';

const _ = 0xff;

/** What is read into silence. */
function read(track: SoundTrack, from: number, count: number): number[] {
    const out = new Uint8Array(count + 1).fill(_);
    track.readInto(out, from, count);
    expect(out[count]).toBe(_);
    return [...out.subarray(0, count)];
}

function bytes(...values: number[]): Uint8Array {
    return Uint8Array.from(values);
}

describe('a track', () => {
    it('lays each run at its place, with silence between', () => {
        const track = new SoundTrack();
        track.place(0, 2);
        track.append(bytes(1, 2));
        track.place(2, 6);
        track.append(bytes(3));
        track.append(bytes(4));
        expect(read(track, 0, 10)).toEqual([_, _, 1, 2, _, _, 3, 4, _, _]);
        expect([track.endBytes, track.endSample]).toEqual([4, 8]);
    });

    it('gives no two bytes the same place: what would begin too early begins behind', () => {
        const track = new SoundTrack();
        track.append(bytes(1, 2, 3));
        track.place(3, 1);
        track.append(bytes(4));
        expect(read(track, 0, 5)).toEqual([1, 2, 3, 4, _]);
    });

    it('moves the last run as long as none of it was read', () => {
        const track = new SoundTrack();
        track.place(0, 4);
        track.append(bytes(1, 2));
        track.place(0, 3);
        expect(read(track, 0, 3)).toEqual([_, _, _]);
        track.place(0, 5);
        expect(read(track, 3, 3)).toEqual([_, _, 1]);
        track.place(0, 9);
        expect(track.moveBack(4)).toBe(0);
        expect(read(track, 6, 3)).toEqual([2, _, _]);
    });

    it('ends a run where the next is placed, also in the middle of what was appended', () => {
        const track = new SoundTrack();
        track.append(bytes(1, 2, 3, 4));
        track.place(2, 6);
        expect(read(track, 0, 9)).toEqual([1, 2, _, _, _, _, 3, 4, _]);
    });

    it('forgets what is cut off, and goes on there', () => {
        const track = new SoundTrack();
        track.append(bytes(1, 2, 3, 4));
        track.place(4, 6);
        track.append(bytes(5, 6));
        track.cut(3);
        track.place(3, 5);
        track.append(bytes(7));
        expect(read(track, 0, 8)).toEqual([1, 2, 3, _, _, 7, _, _]);
    });

    it('moves back as far as there is silence, also to where it was read', () => {
        const track = new SoundTrack();
        track.append(bytes(1));
        track.place(1, 6);
        track.append(bytes(2, 3));
        expect(read(track, 0, 4)).toEqual([1, _, _, _]);
        track.forgetBefore(4);
        expect(track.moveBack(9)).toBe(5);
        track.append(bytes(4, 5, 6));
        expect(read(track, 4, 3)).toEqual([5, 6, _]);
    });

    it('knows where sound comes next', () => {
        const track = new SoundTrack();
        track.place(0, 4);
        expect(track.soundFrom(0)).toBe(Infinity);
        track.append(bytes(1, 2));
        track.place(2, 9);
        track.append(bytes(3));
        expect([0, 4, 5, 6, 9, 10].map((sample) => track.soundFrom(sample))).toEqual([4, 4, 5, 9, 9, Infinity]);
    });

    it('is read in parts as in one, and keeps only what is not read', () => {
        const run = fc.record({ gap: fc.nat(3000), length: fc.nat(6000), part: fc.integer({ min: 1, max: 2500 }) });
        fc.assert(
            fc.property(fc.array(run, { maxLength: 12 }), (runs) => {
                const track = new SoundTrack();
                const expected: number[] = [];
                const got: number[] = [];
                let bytesSoFar = 0;
                for (const { gap, length, part } of runs) {
                    for (let i = 0; i < gap; i++) expected.push(_);
                    track.place(bytesSoFar, expected.length);
                    const pcmu = Uint8Array.from({ length }, (_byte, at) => (bytesSoFar + at) % 251);
                    track.append(pcmu);
                    bytesSoFar += length;
                    expected.push(...pcmu);
                    while (got.length + part <= expected.length) {
                        got.push(...read(track, got.length, part));
                        track.forgetBefore(got.length);
                    }
                    expect(heldBytes(track)).toBeLessThanOrEqual(expected.length - got.length + 2 * 1600);
                }
                got.push(...read(track, got.length, expected.length - got.length));
                expect(Buffer.from(got).equals(Buffer.from(expected))).toBe(true);
                track.clear();
                expect(heldBytes(track)).toBe(0);
            }),
            { numRuns: 60 },
        );
    });
});
