import { decodeMulaw } from '../../src/audio/mulaw';
import { beepPcmu, dtmfPcmu, silencePcmu, tonePcmu } from '../../src/audio/tone';
import { decibels, fitTone } from './signals';

describe('tonePcmu', () => {
    it('makes a tone of the frequency, length and loudness that were asked for', () => {
        const pcmu = tonePcmu(1000, 250, 0.5);
        expect(pcmu).toHaveLength(2000);
        const { amplitude, residualRms } = fitTone(decodeMulaw(pcmu), 1000, 8000);
        expect(amplitude / 32_767).toBeCloseTo(0.5, 1);
        expect(decibels(amplitude / Math.SQRT2 / residualRms)).toBeGreaterThan(30);
    });

    it('fades in and out when asked to', () => {
        const faded = decodeMulaw(tonePcmu(1000, 100, 0.5, 10)).map(Math.abs);
        expect(Math.max(...faded.subarray(0, 8))).toBeLessThan(600);
        expect(Math.max(...faded.subarray(-8))).toBeLessThan(600);
        expect(Math.max(...faded.subarray(80, 720))).toBeGreaterThan(15_000);
    });

    it('fades also what is shorter than its ramps', () => {
        expect(tonePcmu(1000, 4, 0.5, 10)).toHaveLength(32);
    });

    it.each([0, -1, 4000, NaN])('refuses a frequency of %d Hz', (frequencyHz) => {
        expect(() => tonePcmu(frequencyHz, 10)).toThrow(RangeError);
    });

    it('refuses what does not fit into full scale, or time', () => {
        expect(() => tonePcmu(1000, 10, 1.01)).toThrow(RangeError);
        expect(() => tonePcmu(1000, 10, NaN)).toThrow(RangeError);
        expect(() => tonePcmu(1000, -1)).toThrow(RangeError);
    });
});

describe('dtmfPcmu', () => {
    it.each([
        ['1', 697, 1209],
        ['6', 770, 1477],
        ['0', 941, 1336],
        ['*', 941, 1209],
        ['#', 941, 1477],
        ['d', 941, 1633],
    ])('gives the key %s its two tones, equally loud', (key, lowHz, highHz) => {
        const samples = decodeMulaw(dtmfPcmu(key, 200)).subarray(40, -40);
        expect(samples).toHaveLength(1520);
        for (const hz of [lowHz, highHz]) expect(fitTone(samples, hz, 8000).amplitude / 32_767).toBeCloseTo(0.25, 1);
    });

    it.each(['', 'E', '12', ' '])('refuses "%s", which is no key', (key) => {
        expect(() => dtmfPcmu(key)).toThrow(RangeError);
    });

    it('refuses two tones that do not fit into full scale together', () => {
        expect(() => dtmfPcmu('1', 100, 0.6)).toThrow(RangeError);
    });
});

describe('beepPcmu and silencePcmu', () => {
    it('beep without a click', () => {
        const samples = decodeMulaw(beepPcmu());
        let step = 0;
        for (let i = 1; i < 24; i++) step = Math.max(step, Math.abs((samples[i] ?? 0) - (samples[i - 1] ?? 0)));
        expect(samples[0]).toBe(0);
        expect(samples.at(-1)).toBe(0);
        expect(step).toBeLessThan(1200);
        expect(fitTone(samples.subarray(100, -100), 880, 8000).amplitude).toBeGreaterThan(7500);
    });

    it('are silent with bytes of 0xFF', () => {
        expect(silencePcmu(12.5)).toEqual(new Uint8Array(100).fill(0xff));
        expect(silencePcmu(0)).toHaveLength(0);
    });
});
