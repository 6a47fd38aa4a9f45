/**
 * Changes the sample rate by a whole ratio (8 kHz ↔ 24 kHz on a call; 16, 32, 40, 48 kHz for files), sample by sample,
 * with the state kept between frames of any size. How the audio is cut never changes a bit of the result.
 *
 * The filter is a Kaiser-windowed sinc with its cut-off at exactly half of the lower rate. Seen at the lower rate it
 * reaches `REACH` samples to either side; every tap that falls on another low-rate sample is zero, so that upwards each
 * sample passes through unchanged and only those between are computed. Figures and choice: docs/AUDIO.md.
 */

/** Low-rate samples on either side of an output: more is a steeper filter, a longer delay and more work. */
const REACH = 14;
/** Low-rate samples under the filter. */
const SPAN = 2 * REACH;
/** Kaiser’s β: 67 dB of stop band at this reach. */
const KAISER_BETA = 6.5;
/** Most input samples that the window takes at a time; longer input goes through in blocks. */
const BLOCK_SAMPLES = 1024;
const MAX_RATIO = 6;
/** The filter overshoots full scale by a fraction; no sum of it comes near this. */
const ABOVE_ANY_SUM = 1 << 20;

/** From a low rate to `ratio` times that rate. */
export class Upsampler {
    /** Samples of the higher rate by which the output lags: 42 at ratio 3, 1.75 ms. */
    readonly delaySamples: number;
    private readonly window = new Float64Array(SPAN - 1 + BLOCK_SAMPLES);
    private readonly branches: readonly Float64Array[];

    /** `ratio` is a whole number from 2 to 6; anything else is a RangeError. */
    constructor(readonly ratio: number) {
        checkRatio(ratio);
        this.delaySamples = REACH * ratio;
        this.branches = interpolatingBranches(ratio);
    }

    /**
     * Writes `ratio` samples for each one of `pcm` to the beginning of `out` and returns their number. Allocates
     * nothing. Throws RangeError if `out` is too short.
     */
    process(pcm: Int16Array, out: Int16Array): number {
        const total = pcm.length * this.ratio;
        checkRoom(out, total);
        for (let start = 0; start < pcm.length; start += BLOCK_SAMPLES) {
            const count = Math.min(BLOCK_SAMPLES, pcm.length - start);
            fill(this.window, SPAN - 1, pcm, start, count);
            this.interpolate(count, out, start * this.ratio);
            this.window.copyWithin(0, count, count + SPAN - 1);
        }
        return total;
    }

    /** Back to the initial state: silence is assumed before the next sample. */
    reset(): void {
        this.window.fill(0);
    }

    private interpolate(count: number, out: Int16Array, at: number): void {
        const { window, ratio, branches } = this;
        for (let i = 0; i < count; i++) out[at + i * ratio] = window[i + REACH - 1] ?? 0;
        // The branches p and ratio - p are mirror images: one pass over the taps serves both.
        for (let p = 1; 2 * p <= ratio; p++) {
            const taps = branches[p - 1];
            if (taps !== undefined) mirroredBranches(window, taps, count, out, at + p, at + ratio - p, ratio);
        }
    }
}

/** From `ratio` times a low rate down to that rate, without aliases. */
export class Downsampler {
    /** Samples of the lower rate by which the output lags: 13, at 8 kHz 1.625 ms. */
    readonly delaySamples = REACH - 1;
    private readonly half: number;
    private readonly window: Float64Array;
    private readonly taps: Float64Array;
    /** Samples taken since the last one that completed an output. */
    private taken = 0;

    /** `ratio` is a whole number from 2 to 6; anything else is a RangeError. */
    constructor(readonly ratio: number) {
        checkRatio(ratio);
        this.half = REACH * ratio - 1;
        this.window = new Float64Array(2 * this.half + BLOCK_SAMPLES);
        this.taps = decimatingTaps(ratio);
    }

    /** Samples that `process` would write for `count` more: one for each `ratio` that are complete. */
    outputCount(count: number): number {
        return Math.floor((this.taken + count) / this.ratio);
    }

    /** Writes to the beginning of `out` and returns the number of samples; errors and costs as in `Upsampler`. */
    process(pcm: Int16Array, out: Int16Array): number {
        checkRoom(out, this.outputCount(pcm.length));
        let written = 0;
        for (let start = 0; start < pcm.length; start += BLOCK_SAMPLES) {
            const count = Math.min(BLOCK_SAMPLES, pcm.length - start);
            fill(this.window, 2 * this.half, pcm, start, count);
            written = this.decimate(count, out, written);
            this.window.copyWithin(0, count, count + 2 * this.half);
            this.taken = (this.taken + count) % this.ratio;
        }
        return written;
    }

    /** Back to the initial state: silence is assumed before the next sample. */
    reset(): void {
        this.window.fill(0);
        this.taken = 0;
    }

    private decimate(count: number, out: Int16Array, written: number): number {
        const { window, taps, half, ratio } = this;
        const end = half + count;
        let at = written;
        for (let centre = half + ratio - 1 - this.taken; centre < end; centre += ratio) {
            out[at++] = toSample(folded(window, taps, centre, ratio));
        }
        return at;
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

function mirroredBranches(
    window: Float64Array,
    taps: Float64Array,
    count: number,
    out: Int16Array,
    firstAt: number,
    secondAt: number,
    step: number,
): void {
    for (let i = 0; i < count; i++) {
        const last = i + SPAN - 1;
        // Even and odd taps in sums of their own: an addition need not wait for the one before it.
        let firstEven = 0;
        let firstOdd = 0;
        let secondEven = 0;
        let secondOdd = 0;
        for (let k = 0; k < SPAN; k += 2) {
            const even = taps[k] ?? 0;
            const odd = taps[k + 1] ?? 0;
            firstEven += even * (window[i + k] ?? 0);
            secondEven += even * (window[last - k] ?? 0);
            firstOdd += odd * (window[i + k + 1] ?? 0);
            secondOdd += odd * (window[last - k - 1] ?? 0);
        }
        out[firstAt + i * step] = toSample(firstEven + firstOdd);
        out[secondAt + i * step] = toSample(secondEven + secondOdd);
    }
}

/** One output of the symmetric filter: each tap serves the samples on both sides, the taps of value 0 are left out. */
function folded(window: Float64Array, taps: Float64Array, centre: number, ratio: number): number {
    const length = taps.length;
    let sum = (taps[0] ?? 0) * (window[centre] ?? 0);
    for (let first = 1; first < ratio; first++) {
        for (let k = first; k < length; k += ratio) {
            sum += (taps[k] ?? 0) * ((window[centre - k] ?? 0) + (window[centre + k] ?? 0));
        }
    }
    return sum;
}

function fill(window: Float64Array, at: number, pcm: Int16Array, start: number, count: number): void {
    for (let i = 0; i < count; i++) window[at + i] = pcm[start + i] ?? 0;
}

/** Rounds, half upwards, and holds the result at full scale. */
function toSample(value: number): number {
    // Cutting off the fraction rounds down only above zero: so it is done there, and undone.
    const rounded = ((value + ABOVE_ANY_SUM + 0.5) | 0) - ABOVE_ANY_SUM;
    if (rounded > 32_767) return 32_767;
    return rounded < -32_768 ? -32_768 : rounded;
}

/** The taps of branch p (1 … ratio - 1): oldest sample first, unity gain at 0 Hz so that none is louder than another. */
function interpolatingBranches(ratio: number): Float64Array[] {
    return Array.from({ length: ratio - 1 }, (_, index) => {
        const taps = new Float64Array(SPAN);
        for (let k = 0; k < SPAN; k++) taps[k] = prototypeTap(Math.abs(index + 1 - (k - REACH + 1) * ratio), ratio);
        return normalized(
            taps,
            taps.reduce((sum, tap) => sum + tap, 0),
        );
    });
}

/** The right half of the filter, from its centre outwards, unity gain at 0 Hz. */
function decimatingTaps(ratio: number): Float64Array {
    const taps = new Float64Array(REACH * ratio);
    for (let distance = 0; distance < taps.length; distance++) taps[distance] = prototypeTap(distance, ratio);
    return normalized(taps, 2 * taps.reduce((sum, tap) => sum + tap, 0) - prototypeTap(0, ratio));
}

function normalized(taps: Float64Array, sum: number): Float64Array {
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
