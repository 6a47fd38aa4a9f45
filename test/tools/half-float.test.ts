import { fromHalf } from '../../src/speech/silero/silero-weights';
import { toHalf } from '../../tools/make-vad-weights';

describe('half floats', () => {
    it('come back the same, all of them but infinity and the not-numbers', () => {
        const changed: number[] = [];
        for (let bits = 0; bits < 0x10000; bits++) {
            if ((bits & 0x7c00) === 0x7c00) continue;
            if (toHalf(fromHalf(bits)) !== bits) changed.push(bits);
        }
        expect(changed).toEqual([]);
    });

    it.each([
        [0x3c00, 1],
        [0xc000, -2],
        [0x7bff, 65_504],
        [0x0001, 2 ** -24],
        [0x0400, 2 ** -14],
        [0x3555, 0.333251953125],
    ])('%i stands for %d (IEEE 754)', (bits, value) => {
        expect(fromHalf(bits)).toBe(value);
    });

    it('knows infinity and what is no number', () => {
        expect(fromHalf(0xfc00)).toBe(-Infinity);
        expect(fromHalf(0x7e00)).toBeNaN();
    });

    it('rounds to the nearest, ties to even, and carries into the exponent', () => {
        expect(toHalf(1 + 2 ** -11)).toBe(0x3c00);
        expect(toHalf(1 + 3 * 2 ** -11)).toBe(0x3c02);
        expect(toHalf(2 - 2 ** -12)).toBe(0x4000);
        expect(toHalf(2 ** -25 * 1.01)).toBe(1);
    });

    it('refuses what is too large', () => {
        expect(() => toHalf(65_520)).toThrow(RangeError);
        expect(() => toHalf(NaN)).toThrow(RangeError);
    });
});
