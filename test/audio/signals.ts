/** Signals and measurements for the tests of src/audio. */

/** A sine as 16-bit samples; `phase` in radians. */
export function sine(frequencyHz: number, rateHz: number, count: number, amplitude = 20_000, phase = 0): Int16Array {
    return Int16Array.from({ length: count }, (_, i) =>
        Math.round(amplitude * Math.sin((2 * Math.PI * frequencyHz * i) / rateHz + phase)),
    );
}

export function rmsOf(samples: ArrayLike<number>): number {
    let sum = 0;
    for (let i = 0; i < samples.length; i++) sum += (samples[i] ?? 0) ** 2;
    return Math.sqrt(sum / samples.length);
}

export function decibels(ratio: number): number {
    return 20 * Math.log10(ratio);
}

export interface ToneFit {
    /** Peak of the tone found. */
    amplitude: number;
    /** RMS of everything else: noise, images, aliases. */
    residualRms: number;
}

/** Finds the tone of a known frequency by least squares and takes it away. */
export function fitTone(samples: Int16Array, frequencyHz: number, rateHz: number): ToneFit {
    const step = (2 * Math.PI * frequencyHz) / rateHz;
    let [ss, cc, sc, xs, xc] = [0, 0, 0, 0, 0];
    samples.forEach((x, i) => {
        const [s, c] = [Math.sin(step * i), Math.cos(step * i)];
        ss += s * s;
        cc += c * c;
        sc += s * c;
        xs += x * s;
        xc += x * c;
    });
    const determinant = ss * cc - sc * sc;
    const a = (xs * cc - xc * sc) / determinant;
    const b = (xc * ss - xs * sc) / determinant;
    const rest = Float64Array.from(samples, (x, i) => x - a * Math.sin(step * i) - b * Math.cos(step * i));
    return { amplitude: Math.hypot(a, b), residualRms: rmsOf(rest) };
}

/** Cuts `bytes` at the given lengths, over and over, until nothing is left. */
export function cut<T extends Uint8Array | Int16Array>(samples: T, lengths: readonly number[]): T[] {
    const pieces: T[] = [];
    for (let at = 0, turn = 0; at < samples.length; turn++) {
        const length = Math.max(1, lengths[turn % lengths.length] ?? 1);
        pieces.push(samples.subarray(at, at + length) as T);
        at += length;
    }
    return pieces;
}
