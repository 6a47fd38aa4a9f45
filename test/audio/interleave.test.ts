import { interleave } from '../../src/audio/interleave';

describe('two channels side by side', () => {
    const left = Uint8Array.from({ length: 8000 }, (_, sample) => (sample * 7 + 129) & 0xff);
    const right = Uint8Array.from({ length: 8000 }, (_, sample) => (sample * 13 + 3) & 0xff);

    it.each([0, 1, 3, 4, 5, 7, 8, 4001, 7998, 8000])('has %i samples of each in turn, and leaves the rest', (count) => {
        const out = new Uint8Array(16_000).fill(0xee);
        interleave(out, left, right, count);
        const expected = new Uint8Array(16_000).fill(0xee);
        for (let sample = 0; sample < count; sample++) {
            expected[2 * sample] = left[sample] ?? NaN;
            expected[2 * sample + 1] = right[sample] ?? NaN;
        }
        expect(Buffer.from(out).equals(Buffer.from(expected))).toBe(true);
    });

    it('takes every byte of both as it is', () => {
        const all = Uint8Array.from({ length: 256 }, (_, code) => code);
        const back = Uint8Array.from(all).reverse();
        const out = new Uint8Array(512);
        interleave(out, all, back, 256);
        expect([...out]).toEqual([...all].flatMap((code) => [code, 255 - code]));
    });
});
