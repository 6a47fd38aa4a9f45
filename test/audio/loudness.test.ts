import fc from 'fast-check';
import { levelDbfs, meanSquare, peakDbfs, powerDbfs, rms, SILENT_DBFS, sumOfSquares } from '../../src/audio/loudness';
import { decodeMulaw, encodeMulaw } from '../../src/audio/mulaw';
import { silencePcmu, tonePcmu } from '../../src/audio/tone';
import { rmsOf } from './signals';

describe('loudness', () => {
    it('is the root mean square of the decoded samples', () => {
        fc.assert(
            fc.property(fc.uint8Array({ minLength: 1, maxLength: 400 }), (pcmu) => {
                expect(rms(pcmu)).toBeCloseTo(rmsOf(decodeMulaw(pcmu)) / 32_768, 12);
            }),
        );
    });

    it.each([
        [1, -3],
        [0.5, -9],
        [0.1, -23],
    ])('puts a sine of %d of full scale at %d dBFS', (amplitude, dbfs) => {
        expect(levelDbfs(tonePcmu(500, 1000, amplitude))).toBeCloseTo(dbfs, 0);
    });

    it('puts silence, and nothing at all, at the floor', () => {
        expect(levelDbfs(silencePcmu(20))).toBe(SILENT_DBFS);
        expect(levelDbfs(new Uint8Array(0))).toBe(SILENT_DBFS);
        expect(powerDbfs(1e-20)).toBe(SILENT_DBFS);
    });

    it('looks only at the stretch that it is told', () => {
        const pcmu = Uint8Array.of(0x80, 0xff, 0xff, 0x80);
        expect(meanSquare(pcmu, 1, 3)).toBe(0);
        expect(meanSquare(pcmu, 3, 3)).toBe(0);
        expect(sumOfSquares(pcmu, 0, 4)).toBeCloseTo(2 * (32_124 / 32_768) ** 2, 12);
    });

    it('knows the loudest sample of a stretch, whatever its sign', () => {
        const pcmu = encodeMulaw(Int16Array.of(0, 100, -16_000, 300, 0));
        expect(peakDbfs(pcmu)).toBeCloseTo(20 * Math.log10(16_000 / 32_768), 0);
        expect(peakDbfs(pcmu, 3)).toBeCloseTo(20 * Math.log10(300 / 32_768), 0);
        expect(peakDbfs(pcmu, 0, 1)).toBe(SILENT_DBFS);
        expect(peakDbfs(pcmu, 2, 2)).toBe(SILENT_DBFS);
    });
});
