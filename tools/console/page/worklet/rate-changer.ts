/** Samples of the lower rate on either side of an output sample. */
const REACH = 16;
/** Kaiser’s β: about 67 dB of stop band. */
const KAISER_BETA = 6.5;
/** The pass band ends a little below half of the lower rate, so that the slope lies below the aliases of speech. */
const PASS = 0.94;

/**
 * Changes the sample rate by any ratio of whole numbers, with the state kept between blocks of any size: browsers run at 44.1 or
 * 48 kHz or another rate of the sound card, the telephone at 8. A windowed sinc, its taps computed once for each position that
 * an output can have between two inputs; how the sound is cut never changes a bit, and nothing drifts.
 */
export class RateChanger {
    /** Outputs for each `inputs`, in lowest terms. */
    private readonly outputs: number;
    private readonly inputs: number;
    private readonly reach: number;
    /** Row `phase`: the taps for an output that lies `phase / outputs` behind an input. */
    private readonly rows: readonly Float32Array[];
    private window: Float32Array;
    /** Samples in `window`. */
    private filled: number;
    /** The input behind which the next output lies, in `window`, and how far. */
    private at: number;
    private phase = 0;

    constructor(fromHz: number, toHz: number) {
        const divisor = greatestDivisor(fromHz, toHz);
        this.outputs = toHz / divisor;
        this.inputs = fromHz / divisor;
        const ratio = Math.min(1, toHz / fromHz);
        this.reach = Math.ceil(REACH / ratio);
        this.rows = Array.from({ length: this.outputs }, (_, phase) =>
            makeRow(this.reach, phase / this.outputs, ratio * PASS),
        );
        this.window = new Float32Array(4 * this.reach + 4096);
        // Silence came before: the first output needs something on its left.
        this.filled = this.reach - 1;
        this.at = this.reach - 1;
    }

    /** Outputs that `count` further inputs can bring at most. */
    mostFor(count: number): number {
        return Math.ceil(((count + 1) * this.outputs) / this.inputs) + 1;
    }

    /** Takes all of `input`; writes what can be computed by now to the beginning of `out` and returns how much that is. */
    process(input: Float32Array, out: Float32Array): number {
        this.append(input);
        let written = 0;
        while (this.at + this.reach < this.filled && written < out.length) {
            out[written++] = this.sum();
            this.phase += this.inputs;
            this.at += Math.floor(this.phase / this.outputs);
            this.phase %= this.outputs;
        }
        this.forget();
        return written;
    }

    private append(input: Float32Array): void {
        if (this.filled + input.length > this.window.length) {
            const larger = new Float32Array(2 * (this.filled + input.length));
            larger.set(this.window.subarray(0, this.filled));
            this.window = larger;
        }
        this.window.set(input, this.filled);
        this.filled += input.length;
    }

    private sum(): number {
        const { window } = this;
        const row = this.rows[this.phase];
        if (row === undefined) return 0;
        const first = this.at - this.reach + 1;
        let sum = 0;
        for (let tap = 0; tap < row.length; tap++) sum += (row[tap] ?? 0) * (window[first + tap] ?? 0);
        return sum;
    }

    private forget(): void {
        const unneeded = this.at - this.reach + 1;
        if (unneeded < this.reach) return;
        this.window.copyWithin(0, unneeded, this.filled);
        this.filled -= unneeded;
        this.at -= unneeded;
    }
}

/** Taps for the inputs from `reach - 1` before the output to `reach` behind it; `cut` relative to half of the input rate. */
function makeRow(reach: number, offset: number, cut: number): Float32Array {
    return Float32Array.from({ length: 2 * reach }, (_, tap) => {
        const distance = Math.abs(tap - (reach - 1) - offset);
        return distance >= reach ? 0 : cut * sinc(distance * cut) * kaiser(distance / reach);
    });
}

function greatestDivisor(a: number, b: number): number {
    return b === 0 ? a : greatestDivisor(b, a % b);
}

function sinc(x: number): number {
    return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function kaiser(x: number): number {
    return besselI0(KAISER_BETA * Math.sqrt(Math.max(0, 1 - x * x))) / besselI0(KAISER_BETA);
}

/** Modified Bessel function of the first kind, order 0, by its series. */
function besselI0(x: number): number {
    let sum = 1;
    let term = 1;
    for (let k = 1; k < 40; k++) {
        term *= (x / (2 * k)) ** 2;
        sum += term;
    }
    return sum;
}
