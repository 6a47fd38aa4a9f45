import { Downsampler, Upsampler } from '../../src/audio/resampler';
import { createTranscoder } from '../../src/audio/transcoder';
import { decodeMulaw, encodeMulaw } from '../../src/audio/mulaw';
import { PlainDownsampler, PlainUpsampler } from '../../bench/plain-fir';
import { decibels, fitTone, rmsOf, sine } from './signals';

const AMPLITUDE = 20_000;
const TONE_RMS = AMPLITUDE / Math.SQRT2;
/** Enough for every filter to have settled. */
const SETTLE = 200;

function frequencies(fromHz: number, toHz: number, stepHz: number): number[] {
    return Array.from({ length: Math.floor((toHz - fromHz) / stepHz) + 1 }, (_, i) => fromHz + i * stepHz);
}

function raised(frequencyHz: number): Int16Array {
    const out = new Int16Array(6000);
    new Upsampler(3).process(sine(frequencyHz, 8000, 2000, AMPLITUDE), out);
    return out.subarray(SETTLE);
}

function lowered(frequencyHz: number, ratio = 3): Int16Array {
    const out = new Int16Array(2000);
    // A phase of its own: at half the rate a sine of phase 0 would be all zeros.
    new Downsampler(ratio).process(sine(frequencyHz, 8000 * ratio, 2000 * ratio, AMPLITUDE, 1), out);
    return out.subarray(SETTLE);
}

function toneSnr(pcmu: Uint8Array, frequencyHz: number): number {
    const { amplitude, residualRms } = fitTone(decodeMulaw(pcmu).subarray(SETTLE), frequencyHz, 8000);
    return decibels(amplitude / Math.SQRT2 / residualRms);
}

function worst(figures: readonly number[]): number {
    return Math.max(...figures.map(Math.abs));
}

describe('the figures of the resamplers between 8 and 24 kHz', () => {
    const band = frequencies(300, 3400, 50);

    it('keep the pass band of 300 to 3,400 Hz within ±0.05 dB upwards (asked: ±0.5 dB)', () => {
        const gains = band.map((hz) => decibels(fitTone(raised(hz), hz, 24_000).amplitude / AMPLITUDE));
        expect(worst(gains)).toBeLessThan(0.05);
    });

    it('keep the pass band of 300 to 3,400 Hz within ±0.05 dB downwards (asked: ±0.5 dB)', () => {
        const gains = band.map((hz) => decibels(fitTone(lowered(hz), hz, 8000).amplitude / AMPLITUDE));
        expect(worst(gains)).toBeLessThan(0.05);
    });

    it('leave images of the pass band at least 60 dB down', () => {
        const images = band.map((hz) => decibels(fitTone(raised(hz), hz, 24_000).residualRms / TONE_RMS));
        expect(Math.max(...images)).toBeLessThan(-60);
    });

    it('leave aliases of every tone from 4.6 to 12 kHz at least 60 dB down', () => {
        const aliases = frequencies(4600, 12_000, 50).map((hz) => decibels(rmsOf(lowered(hz)) / TONE_RMS));
        expect(Math.max(...aliases)).toBeLessThan(-60);
    });

    it.each([2, 4, 6])('leave aliases at least 60 dB down at a ratio of %i too', (ratio) => {
        const above = frequencies(4600, 4000 * ratio, 100).map((hz) => decibels(rmsOf(lowered(hz, ratio)) / TONE_RMS));
        expect(Math.max(...above)).toBeLessThan(-60);
    });

    it.each([1000, 1013])('bring a tone of %i Hz from PCMU to 24 kHz and back with an SNR of 35 dB or more', (hz) => {
        const transcoder = createTranscoder('pcm16');
        const pcmu = encodeMulaw(sine(hz, 8000, 8000, AMPLITUDE));
        const back = toneSnr(transcoder.toCaller(transcoder.toBot(pcmu)), hz);
        expect(back).toBeGreaterThan(35);
        expect(toneSnr(pcmu, hz) - back).toBeLessThan(0.2);
    });

    it('cost together at most 0.6 of a plain FIR of 121 taps, measured side by side', () => {
        const [up, down] = [new Upsampler(3), new Downsampler(3)];
        const [plainUp, plainDown] = [new PlainUpsampler(), new PlainDownsampler()];
        const [pcm8k, pcm24k] = [sine(800, 8000, 160), sine(800, 24_000, 480)];
        const [float8k, float24k] = [Float32Array.from(pcm8k), Float32Array.from(pcm24k)];
        const [wide, narrow] = [new Int16Array(480), new Int16Array(160)];
        let [oursMs, plainMs] = [Infinity, Infinity];
        for (let round = 0; round < 25; round++) {
            oursMs = Math.min(
                oursMs,
                secondMs(() => up.process(pcm8k, wide) + down.process(pcm24k, narrow)),
            );
            plainMs = Math.min(
                plainMs,
                secondMs(() => [plainUp.process(float8k), plainDown.process(float24k)]),
            );
        }
        expect(oursMs / plainMs).toBeLessThan(0.6);
    });
});

/** Best of many: what disturbs a measurement only ever makes it longer. */
function secondMs(frame: () => unknown): number {
    const startMs = performance.now();
    for (let i = 0; i < 50; i++) frame();
    return performance.now() - startMs;
}
