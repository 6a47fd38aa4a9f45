/** Samples of one frame of the transform. */
const FRAME_SAMPLES = 256;
const HOP_SAMPLES = 128;
/** Frames of one window, and their bins: 0 Hz to 8 kHz in steps of 62.5 Hz. */
export const SPECTRUM_FRAMES = 4;
export const SPECTRUM_BINS = FRAME_SAMPLES / 2 + 1;
/** Samples of one window at 16 kHz. */
export const WINDOW_SAMPLES = FRAME_SAMPLES + (SPECTRUM_FRAMES - 1) * HOP_SAMPLES;

const { PI, cos, sin, sqrt } = Math;

/**
 * The magnitudes of four overlapping Hann frames of 256 samples, as Silero's network takes them. Two real frames share one complex
 * transform. Keeps only scratch memory: one serves any number of calls.
 */
export class Spectrum {
    private readonly re = new Float64Array(FRAME_SAMPLES);
    private readonly im = new Float64Array(FRAME_SAMPLES);
    private readonly hann = Float64Array.from(
        { length: FRAME_SAMPLES },
        (_, n) => 0.5 - 0.5 * cos((2 * PI * n) / FRAME_SAMPLES),
    );
    private readonly cosines = Float64Array.from({ length: FRAME_SAMPLES / 2 }, (_, k) =>
        cos((2 * PI * k) / FRAME_SAMPLES),
    );
    private readonly sines = Float64Array.from(
        { length: FRAME_SAMPLES / 2 },
        (_, k) => -sin((2 * PI * k) / FRAME_SAMPLES),
    );
    private readonly reversed = Uint8Array.from({ length: FRAME_SAMPLES }, (_, n) => reverseBits(n));

    /** `window` has 640 samples; `out` takes 129 bins of four frames each: bin 0 of all frames first. */
    magnitudes(window: Float32Array, out: Float32Array): void {
        for (let frame = 0; frame < SPECTRUM_FRAMES; frame += 2) {
            this.load(window, frame * HOP_SAMPLES);
            this.transform();
            this.separate(out, frame);
        }
    }

    private load(window: Float32Array, at: number): void {
        const { re, im, hann, reversed } = this;
        for (let n = 0; n < FRAME_SAMPLES; n++) {
            const place = reversed[n] ?? 0;
            const weight = hann[n] ?? 0;
            re[place] = weight * (window[at + n] ?? 0);
            im[place] = weight * (window[at + HOP_SAMPLES + n] ?? 0);
        }
    }

    /** Radix 2, in place, decimation in time: the input is already in bit-reversed order. */
    private transform(): void {
        for (let half = 1; half < FRAME_SAMPLES; half *= 2) {
            const stride = FRAME_SAMPLES / 2 / half;
            for (let k = 0; k < half; k++)
                this.butterflies(k, half, this.cosines[k * stride] ?? 0, this.sines[k * stride] ?? 0);
        }
    }

    private butterflies(first: number, half: number, turnRe: number, turnIm: number): void {
        const { re, im } = this;
        for (let upper = first; upper < FRAME_SAMPLES; upper += 2 * half) {
            const lower = upper + half;
            const lowerRe = re[lower] ?? 0;
            const lowerIm = im[lower] ?? 0;
            const turnedRe = lowerRe * turnRe - lowerIm * turnIm;
            const turnedIm = lowerRe * turnIm + lowerIm * turnRe;
            const upperRe = re[upper] ?? 0;
            const upperIm = im[upper] ?? 0;
            re[upper] = upperRe + turnedRe;
            im[upper] = upperIm + turnedIm;
            re[lower] = upperRe - turnedRe;
            im[lower] = upperIm - turnedIm;
        }
    }

    /** Takes the two real frames apart again: what is even about bin 0 is the first one's, what is odd the second one's. */
    private separate(out: Float32Array, frame: number): void {
        const { re, im } = this;
        for (let bin = 0; bin < SPECTRUM_BINS; bin++) {
            const mirror = (FRAME_SAMPLES - bin) & (FRAME_SAMPLES - 1);
            const sumRe = (re[bin] ?? 0) + (re[mirror] ?? 0);
            const differenceRe = (re[bin] ?? 0) - (re[mirror] ?? 0);
            const sumIm = (im[bin] ?? 0) + (im[mirror] ?? 0);
            const differenceIm = (im[bin] ?? 0) - (im[mirror] ?? 0);
            const at = bin * SPECTRUM_FRAMES + frame;
            out[at] = 0.5 * sqrt(sumRe * sumRe + differenceIm * differenceIm);
            out[at + 1] = 0.5 * sqrt(sumIm * sumIm + differenceRe * differenceRe);
        }
    }
}

function reverseBits(index: number): number {
    let reversed = 0;
    for (let bit = 1, mirrored = FRAME_SAMPLES / 2; mirrored >= 1; bit *= 2, mirrored /= 2) {
        if ((index & bit) !== 0) reversed += mirrored;
    }
    return reversed;
}
