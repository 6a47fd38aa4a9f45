/**
 * The yardstick: an FIR of 121 taps written down as the textbook has it. Upwards, zeros are stuffed between the samples
 * and every tap is multiplied for every output, zeros included; downwards, every tap for every output that is kept.
 * Single precision, a window per call, no table and no trick.
 */
export const PLAIN_TAPS = 121;

const RATIO = 3;
const BRANCH_TAPS = Math.ceil(PLAIN_TAPS / RATIO);
const CUTOFF_HZ = 3780;
const RATE_HZ = 24_000;

export class PlainUpsampler {
    private readonly taps = plainTaps(RATIO);
    private history = new Float32Array(PLAIN_TAPS - 1);

    process(samples: Float32Array): Float32Array {
        const stuffed = new Float32Array(PLAIN_TAPS - 1 + samples.length * RATIO);
        stuffed.set(this.history);
        for (let i = 0; i < samples.length; i++) stuffed[PLAIN_TAPS - 1 + i * RATIO] = samples[i] ?? 0;
        const out = new Float32Array(samples.length * RATIO);
        for (let i = 0; i < out.length; i++) out[i] = convolve(stuffed, this.taps, i);
        this.history = stuffed.slice(stuffed.length - PLAIN_TAPS + 1);
        return out;
    }
}

/** Takes a multiple of three samples at a time. */
export class PlainDownsampler {
    private readonly taps = plainTaps(1);
    private history = new Float32Array(PLAIN_TAPS - 1);

    process(samples: Float32Array): Float32Array {
        const window = new Float32Array(PLAIN_TAPS - 1 + samples.length);
        window.set(this.history);
        window.set(samples, PLAIN_TAPS - 1);
        const out = new Float32Array(samples.length / RATIO);
        for (let i = 0; i < out.length; i++) out[i] = convolve(window, this.taps, i * RATIO);
        this.history = window.slice(samples.length);
        return out;
    }
}

/** The stricter yardstick: 121 taps again, but without the multiplications by stuffed zeros, all phases in one pass. */
export class PlainPolyphaseUpsampler {
    private readonly branches = [0, 1, 2].map((phase) => polyphaseBranch(phase));
    private history = new Float32Array(BRANCH_TAPS - 1);

    process(samples: Float32Array): Float32Array {
        const window = new Float32Array(this.history.length + samples.length);
        window.set(this.history);
        window.set(samples, this.history.length);
        const out = new Float32Array(samples.length * RATIO);
        for (let i = 0; i < samples.length; i++) this.threeOutputs(window, i, out);
        this.history = window.slice(samples.length);
        return out;
    }

    private threeOutputs(window: Float32Array, at: number, out: Float32Array): void {
        const [first, second, third] = this.branches;
        if (first === undefined || second === undefined || third === undefined) return;
        let [a, b, c] = [0, 0, 0];
        for (let k = 0; k < BRANCH_TAPS; k++) {
            const sample = window[at + k] ?? 0;
            a += sample * (first[k] ?? 0);
            b += sample * (second[k] ?? 0);
            c += sample * (third[k] ?? 0);
        }
        out[at * RATIO] = a;
        out[at * RATIO + 1] = b;
        out[at * RATIO + 2] = c;
    }
}

/** The taps of one phase, the last one filled up with zeros, oldest sample first. */
function polyphaseBranch(phase: number): Float32Array {
    const taps = plainTaps(RATIO);
    return Float32Array.from({ length: BRANCH_TAPS }, (_, k) => taps[(BRANCH_TAPS - 1 - k) * RATIO + phase] ?? 0);
}

function convolve(window: Float32Array, taps: Float32Array, at: number): number {
    let sum = 0;
    for (let k = 0; k < taps.length; k++) sum += (window[at + k] ?? 0) * (taps[k] ?? 0);
    return sum;
}

/** A Hann-windowed sinc: what the taps are makes no difference to their cost. */
function plainTaps(gain: number): Float32Array {
    const middle = (PLAIN_TAPS - 1) / 2;
    return Float32Array.from({ length: PLAIN_TAPS }, (_, tap) => {
        const x = (2 * CUTOFF_HZ * (tap - middle)) / RATE_HZ;
        const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
        const hann = 0.5 + 0.5 * Math.cos((Math.PI * (tap - middle)) / (middle + 1));
        return gain * ((2 * CUTOFF_HZ) / RATE_HZ) * sinc * hann;
    });
}
