import { mulaw } from 'alawmulaw';
import { decodeMulaw, encodeMulaw, MULAW_SILENCE } from '../../src/audio/mulaw';

const ALL_CODES = Uint8Array.from({ length: 256 }, (_, code) => code);
const ALL_SAMPLES = Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768);

function decodeOne(code: number): number | undefined {
    return decodeMulaw(Uint8Array.of(code))[0];
}

function encodeOne(sample: number): number | undefined {
    return encodeMulaw(Int16Array.of(sample))[0];
}

describe('µ-law', () => {
    it('decodes each of the 256 codes as alawmulaw does', () => {
        expect(decodeMulaw(ALL_CODES)).toEqual(mulaw.decode(ALL_CODES));
    });

    it('encodes each of the 65,536 samples as alawmulaw does', () => {
        expect(encodeMulaw(ALL_SAMPLES)).toEqual(mulaw.encode(ALL_SAMPLES));
    });

    it.each([
        [0x00, -32_124],
        [0x80, 32_124],
        [0xff, 0],
        [0x7f, 0],
        [0xe7, 260],
        [0x67, -260],
    ])('decodes %i to %i (ITU-T G.711)', (code, sample) => {
        expect(decodeOne(code)).toBe(sample);
    });

    it.each([
        [0, 0xff],
        [1000, 0xce],
        [-1000, 0x4e],
        [8000, 0xa0],
        [32_000, 0x80],
    ])('encodes %i to %i (ITU-T G.711)', (sample, code) => {
        expect(encodeOne(sample)).toBe(code);
    });

    it('gives back every code after decoding and encoding, negative zero as zero', () => {
        const expected = ALL_CODES.map((code) => (code === 0x7f ? 0xff : code));
        expect(encodeMulaw(decodeMulaw(ALL_CODES))).toEqual(expected);
    });

    it('knows silence, which is not a zero byte', () => {
        expect(encodeOne(0)).toBe(MULAW_SILENCE);
        expect(decodeOne(0)).toBe(-32_124);
    });

    it('writes into the array that it is given, and leaves the rest alone', () => {
        const samples = new Int16Array(4).fill(7);
        expect(decodeMulaw(Uint8Array.of(0x80, 0x00), samples)).toBe(samples);
        expect([...samples]).toEqual([32_124, -32_124, 7, 7]);
        const codes = new Uint8Array(3).fill(7);
        expect(encodeMulaw(Int16Array.of(0), codes)).toBe(codes);
        expect([...codes]).toEqual([0xff, 7, 7]);
    });

    it('refuses an array that is too short', () => {
        expect(() => decodeMulaw(new Uint8Array(3), new Int16Array(2))).toThrow(RangeError);
        expect(() => encodeMulaw(new Int16Array(3), new Uint8Array(2))).toThrow(RangeError);
    });

    it('takes nothing and gives nothing', () => {
        expect(decodeMulaw(new Uint8Array(0))).toHaveLength(0);
        expect(encodeMulaw(new Int16Array(0))).toHaveLength(0);
    });
});
