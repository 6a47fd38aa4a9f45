import { fir, FIRST_SAMPLE, MAX_BLOCK } from './fir';

/**
 * Changes the sample rate by a whole ratio (8 kHz ↔ 24 kHz on a call; 16, 32, 40, 48 kHz for files), sample by sample,
 * with the state kept between frames of any size. How the audio is cut never changes a bit of the result.
 *
 * The filter is a Kaiser-windowed sinc with its cut-off at exactly half of the lower rate. Seen at the lower rate it
 * reaches `REACH` samples to either side; every tap that falls on another low-rate sample is zero, so that upwards each
 * sample passes through unchanged and only those between are computed. Figures and choice: docs/AUDIO.md. The sums are made by a
 * WebAssembly program with SIMD (`Fir`), which needs a seventh of the time that they take in JavaScript (`npm run bench:audio`).
 */

/** Low-rate samples on either side of an output: more is a steeper filter, a longer delay and more work. */
const REACH = 14;
/** Low-rate samples under the filter. */
const SPAN = 2 * REACH;
/** Kaiser’s β: 67 dB of stop band at this reach. */
const KAISER_BETA = 6.5;
const MAX_RATIO = 6;

/** From a low rate to `ratio` times that rate. */
export class Upsampler {
    /** Most samples of one `resample`. */
    static readonly maxBlock = MAX_BLOCK;
    /** Samples of the higher rate by which the output lags: 42 at ratio 3, 1.75 ms. */
    readonly delaySamples: number;
    private readonly taps: Float32Array;
    /** The last samples. */
    private readonly old = new Int16Array(SPAN - 1);

    /** `ratio` is a whole number from 2 to 6; anything else is a RangeError. */
    constructor(readonly ratio: number) {
        this.taps = tapsOf(ratio).up;
        this.delaySamples = REACH * ratio;
    }

    /**
     * Writes `ratio` samples for each one of `pcm` to the beginning of `out` and returns their number. Throws RangeError if `out` is
     * too short.
     */
    process(pcm: Int16Array, out: Int16Array): number {
        const total = pcm.length * this.ratio;
        checkRoom(out, total);
        for (let start = 0; start < pcm.length; start += MAX_BLOCK) {
            const block = pcm.subarray(start, start + MAX_BLOCK);
            fir().samples.set(block, FIRST_SAMPLE + SPAN - 1);
            out.set(this.resample(block.length), start * this.ratio);
        }
        return total;
    }

    /** Where the next samples are to be written, at most `maxBlock`, right before `resample`. */
    input(count: number): Int16Array {
        return fir().samples.subarray(FIRST_SAMPLE + SPAN - 1, FIRST_SAMPLE + SPAN - 1 + count);
    }

    /**
     * The `ratio` × `count` samples for those that were written to `input`: valid until any audio is resampled. Nothing is allocated
     * but the view.
     */
    resample(count: number): Int16Array {
        const { samples, output } = fir();
        samples.set(this.old, FIRST_SAMPLE);
        fir().up(count, this.ratio, this.taps);
        keepLast(this.old, samples, FIRST_SAMPLE + count);
        return output.subarray(0, count * this.ratio);
    }

    /** Back to the initial state: silence is assumed before the next sample. */
    reset(): void {
        this.old.fill(0);
    }
}

/** From `ratio` times a low rate down to that rate, without aliases. */
export class Downsampler {
    /** Samples of the lower rate by which the output lags: 13, at 8 kHz 1.625 ms. */
    readonly delaySamples = REACH - 1;
    private readonly taps: Float32Array;
    /** The last samples. */
    private readonly old: Int16Array;
    /** Samples taken since the last one that completed an output. */
    private taken = 0;

    /** `ratio` is a whole number from 2 to 6; anything else is a RangeError. */
    constructor(readonly ratio: number) {
        this.taps = tapsOf(ratio).down;
        this.old = new Int16Array(SPAN * ratio - 2);
    }

    /** Samples that `process` would write for `count` more: one for each `ratio` that are complete. */
    outputCount(count: number): number {
        return Math.floor((this.taken + count) / this.ratio);
    }

    /** Writes to the beginning of `out` and returns the number of samples; errors as in `Upsampler`. */
    process(pcm: Int16Array, out: Int16Array): number {
        checkRoom(out, this.outputCount(pcm.length));
        const blockSamples = MAX_BLOCK * this.ratio;
        let written = 0;
        for (let start = 0; start < pcm.length; start += blockSamples) {
            const lowered = this.resample(pcm.subarray(start, start + blockSamples));
            out.set(lowered, written);
            written += lowered.length;
        }
        return written;
    }

    /** Back to the initial state: silence is assumed before the next sample. */
    reset(): void {
        this.old.fill(0);
        this.taken = 0;
    }

    /** Valid until any audio is resampled. */
    private resample(pcm: Int16Array): Int16Array {
        const { old, ratio, taken } = this;
        const { samples, output } = fir();
        // The sample that completes the first output is then the last one under the filter.
        const start = FIRST_SAMPLE - (ratio - 1 - taken);
        samples.set(old, start);
        samples.set(pcm, start + old.length);
        const count = this.outputCount(pcm.length);
        fir().down(count, ratio, this.taps);
        keepLast(old, samples, start + pcm.length);
        this.taken = (taken + pcm.length) % ratio;
        return output.subarray(0, count);
    }
}

/**
 * A whole clip at another rate: delay taken off, length exact (rounded up downwards). `fromHz` and `toHz` are a whole
 * multiple of each other, at most 6-fold; anything else is a RangeError. Equal rates give back `pcm` itself.
 */
export function resampleClip(pcm: Int16Array, fromHz: number, toHz: number): Int16Array {
    if (fromHz === toHz) return pcm;
    return toHz > fromHz ? raisedClip(pcm, toHz / fromHz) : loweredClip(pcm, fromHz / toHz);
}

function raisedClip(pcm: Int16Array, ratio: number): Int16Array {
    const up = new Upsampler(ratio);
    const padded = new Int16Array(pcm.length + REACH);
    padded.set(pcm);
    const out = new Int16Array(padded.length * ratio);
    up.process(padded, out);
    return out.slice(up.delaySamples);
}

function loweredClip(pcm: Int16Array, ratio: number): Int16Array {
    const down = new Downsampler(ratio);
    const padded = new Int16Array((Math.ceil(pcm.length / ratio) + down.delaySamples) * ratio);
    padded.set(pcm);
    const out = new Int16Array(padded.length / ratio);
    down.process(padded, out);
    return out.slice(down.delaySamples);
}

/** Keeps what lies in the samples from `start` on. */
function keepLast(old: Int16Array, samples: Int16Array, start: number): void {
    for (let i = 0; i < old.length; i++) old[i] = samples[start + i] ?? 0;
}

interface Taps {
    readonly up: Float32Array;
    readonly down: Float32Array;
}

/** The taps of each ratio, for all resamplers of the process. */
const TAPS = new Map<number, Taps>();

function tapsOf(ratio: number): Taps {
    checkRatio(ratio);
    const known = TAPS.get(ratio);
    if (known !== undefined) return known;
    const taps = { up: interpolatingTaps(ratio), down: decimatingTaps(ratio) };
    TAPS.set(ratio, taps);
    return taps;
}

/** The branches 1 … ⌊ratio / 2⌋ (the others mirror them): oldest sample first, unity gain at 0 Hz so that none is louder than another. */
function interpolatingTaps(ratio: number): Float32Array {
    const branches = Array.from({ length: ratio >> 1 }, (_, index) => {
        const taps = Array.from({ length: SPAN }, (_tap, k) =>
            prototypeTap(Math.abs(index + 1 - (k - REACH + 1) * ratio), ratio),
        );
        return normalized(taps);
    });
    return Float32Array.from(branches.flat());
}

/** Unity gain at 0 Hz, sorted by phase, oldest sample first. Of the last phase only the centre is not zero. */
function decimatingTaps(ratio: number): Float32Array {
    const half = REACH * ratio - 1;
    const taps = normalized(Array.from({ length: 2 * half + 1 }, (_, at) => prototypeTap(Math.abs(at - half), ratio)));
    const phases = Array.from({ length: ratio - 1 }, (_, phase) => taps.filter((_tap, at) => at % ratio === phase));
    return Float32Array.from([...phases.flat(), taps[half] ?? 0]);
}

function normalized(taps: readonly number[]): number[] {
    const sum = taps.reduce((total, tap) => total + tap, 0);
    return taps.map((tap) => tap / sum);
}

function prototypeTap(distance: number, ratio: number): number {
    if (distance === 0) return 1;
    if (distance % ratio === 0) return 0;
    const angle = (Math.PI * distance) / ratio;
    const edge = distance / (REACH * ratio);
    return ((Math.sin(angle) / angle) * bessel(KAISER_BETA * Math.sqrt(1 - edge * edge))) / bessel(KAISER_BETA);
}

/** The modified Bessel function of order 0, by its power series. */
function bessel(x: number): number {
    let sum = 1;
    for (let k = 1, term = 1; k < 40; k++) {
        term *= (x / 2 / k) ** 2;
        sum += term;
    }
    return sum;
}

function checkRatio(ratio: number): void {
    if (Number.isInteger(ratio) && ratio >= 2 && ratio <= MAX_RATIO) return;
    throw new RangeError(`A ratio of ${ratio} cannot be resampled: 2 to ${MAX_RATIO}, whole.`);
}

function checkRoom(out: Int16Array, needed: number): void {
    if (out.length < needed) throw new RangeError(`No room for ${needed} samples in an array of ${out.length}.`);
}
