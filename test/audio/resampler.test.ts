import fc from 'fast-check';
import { Downsampler, resampleClip, Upsampler } from '../../src/audio/resampler';
import { cut, decibels, fitTone, rmsOf, sine } from './signals';

type Resampler = Upsampler | Downsampler;

function throughPieces(resampler: Resampler, pieces: readonly Int16Array[]): number[] {
    const out = new Int16Array(8192);
    return pieces.flatMap((piece) => [...out.subarray(0, resampler.process(piece, out))]);
}

const anySamples = fc.int16Array({ minLength: 1, maxLength: 3000 });
const anyLengths = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 8 });
const anyRatio = fc.integer({ min: 2, max: 6 });

describe('Upsampler and Downsampler', () => {
    it('give the same bits upwards however the audio is cut', () => {
        fc.assert(
            fc.property(
                fc.int16Array({ minLength: 1, maxLength: 1300 }),
                anyLengths,
                anyRatio,
                (pcm, lengths, ratio) => {
                    const whole = throughPieces(new Upsampler(ratio), [pcm]);
                    expect(throughPieces(new Upsampler(ratio), cut(pcm, lengths))).toEqual(whole);
                },
            ),
            { numRuns: 60 },
        );
    });

    it('give the same bits downwards however the audio is cut', () => {
        fc.assert(
            fc.property(anySamples, anyLengths, anyRatio, (pcm, lengths, ratio) => {
                const whole = throughPieces(new Downsampler(ratio), [pcm]);
                expect(throughPieces(new Downsampler(ratio), cut(pcm, lengths))).toEqual(whole);
            }),
            { numRuns: 60 },
        );
    });

    it.each([2, 3, 4, 5, 6])(
        'give the same bits of more audio than one block of the program takes, ratio %d',
        (ratio) => {
            const pcm = sine(700, 8000, 15_000);
            const whole = (made: Resampler): Int16Array => {
                const out = new Int16Array(pcm.length * ratio);
                return out.subarray(0, made.process(pcm, out));
            };
            const inPieces = (made: Resampler): number[] => throughPieces(made, cut(pcm, [997]));
            expect([...whole(new Upsampler(ratio))]).toEqual(inPieces(new Upsampler(ratio)));
            expect([...whole(new Downsampler(ratio))]).toEqual(inPieces(new Downsampler(ratio)));
        },
    );

    it('give the same bits sample by sample', () => {
        const pcm = sine(700, 8000, 400);
        expect(throughPieces(new Upsampler(3), cut(pcm, [1]))).toEqual(throughPieces(new Upsampler(3), [pcm]));
        expect(throughPieces(new Downsampler(3), cut(pcm, [1]))).toEqual(throughPieces(new Downsampler(3), [pcm]));
    });

    it('say beforehand how many samples come out', () => {
        fc.assert(
            fc.property(anyLengths, anyRatio, (lengths, ratio) => {
                const down = new Downsampler(ratio);
                const out = new Int16Array(1000);
                let [taken, written] = [0, 0];
                for (const length of lengths) {
                    const expected = down.outputCount(length);
                    expect(down.process(new Int16Array(length), out)).toBe(expected);
                    taken += length;
                    written += expected;
                    expect(written).toBe(Math.floor(taken / ratio));
                }
            }),
        );
    });

    it('pass every third sample upwards unchanged', () => {
        const pcm = sine(1234, 8000, 300);
        const out = throughPieces(new Upsampler(3), [pcm]);
        const passed = out.filter((_, i) => i % 3 === 0);
        expect(passed.slice(14)).toEqual([...pcm.subarray(0, 286)]);
    });

    it('lag by what they say, and by no more than 3 ms', () => {
        const impulse = new Int16Array(600);
        impulse[300] = 20_000;
        const up = new Upsampler(3);
        const raised = throughPieces(up, [impulse]);
        expect(raised.indexOf(Math.max(...raised))).toBe(300 * 3 + up.delaySamples);
        expect(up.delaySamples / 24).toBeLessThanOrEqual(3);
        const down = new Downsampler(3);
        const lowered = throughPieces(down, [impulse]);
        expect(lowered.indexOf(Math.max(...lowered))).toBe(100 + down.delaySamples);
        expect(down.delaySamples / 8).toBeLessThanOrEqual(3);
    });

    it('hold the loudest signals at full scale instead of wrapping round', () => {
        const square = Int16Array.from({ length: 800 }, (_, i) => (i % 200 < 100 ? 32_767 : -32_768));
        for (const resampler of [new Upsampler(3), new Downsampler(3)]) {
            const ratio = resampler instanceof Upsampler ? 3 : 1 / 3;
            const lag = resampler.delaySamples;
            const out = throughPieces(resampler, [square]);
            const plateau = out.slice(lag + Math.ceil(10 * ratio), lag + Math.floor(90 * ratio));
            expect(Math.min(...plateau)).toBeGreaterThan(28_000);
            expect(Math.max(...plateau)).toBe(32_767);
        }
    });

    it('know nothing of what came before a reset', () => {
        const pcm = sine(900, 8000, 500);
        for (const make of [() => new Upsampler(3), () => new Downsampler(3)]) {
            const used = make();
            throughPieces(used, [sine(300, 8000, 401)]);
            used.reset();
            expect(throughPieces(used, [pcm])).toEqual(throughPieces(make(), [pcm]));
        }
    });

    it.each([1, 0, -3, 2.5, 7, NaN])('refuse a ratio of %d', (ratio) => {
        expect(() => new Upsampler(ratio)).toThrow(RangeError);
        expect(() => new Downsampler(ratio)).toThrow(RangeError);
    });

    it('refuse to write where there is no room, before anything is taken', () => {
        const down = new Downsampler(3);
        expect(() => down.process(new Int16Array(9), new Int16Array(2))).toThrow(RangeError);
        expect(down.outputCount(2)).toBe(0);
        expect(() => new Upsampler(3).process(new Int16Array(9), new Int16Array(26))).toThrow(RangeError);
    });
});

describe('resampleClip', () => {
    it.each([16_000, 24_000, 32_000, 40_000, 48_000])(
        'brings a tone of %i Hz to 8 kHz in its place and at its level',
        (rateHz) => {
            const clip = resampleClip(sine(1000, rateHz, rateHz / 10), rateHz, 8000);
            expect(clip).toHaveLength(800);
            const wanted = sine(1000, 8000, 800);
            const error = clip.map((sample, i) => sample - (wanted[i] ?? 0)).subarray(20, 780);
            expect(decibels(rmsOf(error) / rmsOf(wanted))).toBeLessThan(-60);
        },
    );

    it.each([16_000, 24_000, 48_000])('brings a tone of 8 kHz to %i Hz in its place and at its level', (rateHz) => {
        const clip = resampleClip(sine(1000, 8000, 800), 8000, rateHz);
        expect(clip).toHaveLength(rateHz / 10);
        const { amplitude, residualRms } = fitTone(clip.subarray(500, -500), 1000, rateHz);
        expect(amplitude).toBeCloseTo(20_000, -2);
        expect(decibels(residualRms / (20_000 / Math.SQRT2))).toBeLessThan(-60);
    });

    it('rounds a length up that is no multiple, and leaves the same rate alone', () => {
        const pcm = sine(500, 16_000, 101);
        expect(resampleClip(pcm, 16_000, 8000)).toHaveLength(51);
        expect(resampleClip(pcm, 8000, 8000)).toBe(pcm);
        expect(resampleClip(new Int16Array(0), 16_000, 8000)).toHaveLength(0);
    });

    it('refuses rates that are no whole multiple of each other', () => {
        expect(() => resampleClip(new Int16Array(9), 44_100, 8000)).toThrow(RangeError);
    });
});
