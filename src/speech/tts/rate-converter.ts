/**
 * Brings speech of any rate (22,050 Hz is what many synthesizers make) down to 8 kHz, piece by piece, with the state kept
 * between pieces. The filter is a Kaiser-windowed sinc with its cut-off at 4 kHz, as in `audio/resampler`, whose whole ratios
 * are much cheaper: prefer it where it fits.
 */
const TARGET_HZ = 8000;
/** Samples of 8 kHz under the filter, on either side. */
const REACH = 14;
const KAISER_BETA = 6.5;
const MAX_PHASES = 1000;

export class RateConverter {
    private readonly filters: readonly Float64Array[];
    private readonly taps: number;
    /** Input samples per output sample, as the fraction `step` / `phases`. */
    private readonly step: number;
    private readonly phases: number;
    private readonly half: number;
    /** Input that is still under the filter, oldest sample first. */
    private window: Float64Array;
    /** Where the next output lies, in 1 / `phases` of an input sample from the beginning of `window`. */
    private position: number;

    /** `rateHz` is a whole number from 8,000 to 48,000 that shares a large divisor with 8,000; else a RangeError. */
    constructor(rateHz: number) {
        const divisor = greatestDivisor(rateHz, TARGET_HZ);
        this.step = rateHz / divisor;
        this.phases = TARGET_HZ / divisor;
        if (!Number.isInteger(rateHz) || rateHz < TARGET_HZ || rateHz > 48_000 || this.phases > MAX_PHASES)
            throw new RangeError(`Speech of ${rateHz} Hz cannot be brought to 8 kHz.`);
        const ratio = rateHz / TARGET_HZ;
        this.half = Math.ceil(REACH * ratio);
        this.taps = 2 * this.half;
        this.filters = Array.from({ length: this.phases }, (_, phase) =>
            filterAt(phase / this.phases, ratio, this.half),
        );
        this.window = new Float64Array(this.half - 1);
        this.position = (this.half - 1) * this.phases;
    }

    /** All outputs that are complete with these samples: a new array. The output lags by 14 of its samples, 1.75 ms. */
    process(pcm: Int16Array): Int16Array {
        const window = new Float64Array(this.window.length + pcm.length);
        window.set(this.window);
        window.set(pcm, this.window.length);
        const out = new Int16Array(this.outputCount(window.length));
        for (let i = 0; i < out.length; i++) out[i] = this.next(window);
        const keptFrom = Math.min(window.length, Math.floor(this.position / this.phases) - this.half + 1);
        this.window = window.slice(keptFrom);
        this.position -= keptFrom * this.phases;
        return out;
    }

    private outputCount(windowLength: number): number {
        const last = (windowLength - this.half) * this.phases - 1;
        return last < this.position ? 0 : Math.floor((last - this.position) / this.step) + 1;
    }

    private next(window: Float64Array): number {
        const phase = this.position % this.phases;
        const start = (this.position - phase) / this.phases - this.half + 1;
        const filter = this.filters[phase];
        let sum = 0;
        if (filter !== undefined)
            for (let k = 0; k < this.taps; k++) sum += (filter[k] ?? 0) * (window[start + k] ?? 0);
        this.position += this.step;
        return Math.max(-32_768, Math.min(32_767, Math.round(sum)));
    }
}

/** The taps for an output that lies `offset` (0 to 1) of an input sample behind tap `half - 1`; unity gain at 0 Hz. */
function filterAt(offset: number, ratio: number, half: number): Float64Array {
    const taps = new Float64Array(2 * half);
    for (let k = 0; k < taps.length; k++) taps[k] = tap((k - half + 1 - offset) / ratio);
    const sum = taps.reduce((total, value) => total + value, 0);
    return taps.map((value) => value / sum);
}

/** The windowed sinc, not scaled, at a distance in samples of 8 kHz. */
function tap(distance: number): number {
    const edge = distance / REACH;
    if (Math.abs(edge) >= 1) return 0;
    const angle = Math.PI * distance;
    const sinc = angle === 0 ? 1 : Math.sin(angle) / angle;
    return sinc * bessel(KAISER_BETA * Math.sqrt(1 - edge * edge));
}

/** The modified Bessel function of order 0, by its power series. */
function bessel(x: number): number {
    let sum = 1;
    for (let k = 1, term = 1; term > sum * 1e-9; k++) {
        const factor = x / 2 / k;
        term *= factor * factor;
        sum += term;
    }
    return sum;
}

function greatestDivisor(a: number, b: number): number {
    return b === 0 ? a : greatestDivisor(b, a % b);
}
