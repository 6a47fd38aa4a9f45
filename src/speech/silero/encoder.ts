/**
 * The four convolutions of Silero's encoder (kernel 3, padding 1, ReLU; 129 → 128 → 64 → 64 → 128 channels; 4 → 4 → 2 →
 * 1 → 1 frames). With so few frames most of a general loop would be the test of its edges, so each layer is written out
 * for its number of frames: all its outputs are summed in one pass over the weights, each in a sum of its own.
 * A layer's channels lie one after another, the frames of a channel side by side.
 */
import { SPECTRUM_BINS } from './spectrum';
import type { SileroWeights } from './silero-weights';

const TAPS = 3;
/** Numbers that describe one window to the decoder. */
export const ENCODED_SIZE = 128;

type Layer = readonly [inputs: number, outputs: number, weights: Float32Array, bias: Float32Array];

/** Keeps only scratch memory: one serves any number of calls. */
export class Encoder {
    private readonly first: Layer;
    private readonly second: Layer;
    private readonly third: Layer;
    private readonly fourth: Layer;
    private readonly afterFirst = new Float32Array(128 * 4);
    private readonly afterSecond = new Float32Array(64 * 2);
    private readonly afterThird = new Float32Array(64);

    constructor(weights: SileroWeights) {
        const at = (index: 0 | 1 | 2 | 3, part: 'weight' | 'bias'): Float32Array =>
            weights[`encoder.${index}.reparam_conv.${part}`];
        this.first = [SPECTRUM_BINS, 128, at(0, 'weight'), at(0, 'bias')];
        this.second = [128, 64, at(1, 'weight'), at(1, 'bias')];
        // The outer taps of the last layers only ever meet padding: they are left out.
        this.third = [64, 64, keepTaps(at(2, 'weight'), [1, 2]), at(2, 'bias')];
        this.fourth = [64, ENCODED_SIZE, keepTaps(at(3, 'weight'), [1]), at(3, 'bias')];
    }

    /** 129 bins of four frames in, 128 numbers out, at the beginning of `out`. */
    encode(magnitudes: Float32Array, out: Float32Array): void {
        fourToFour(magnitudes, this.first, this.afterFirst);
        fourToTwo(this.afterFirst, this.second, this.afterSecond);
        toOne(this.afterSecond, 2, this.third, this.afterThird);
        toOne(this.afterThird, 1, this.fourth, out);
    }
}

function fourToFour(input: Float32Array, [inputs, outputs, weights, bias]: Layer, out: Float32Array): void {
    for (let o = 0, w = 0; o < outputs; o++) {
        let y0 = bias[o] ?? 0;
        let y1 = y0;
        let y2 = y0;
        let y3 = y0;
        for (let i = 0, x = 0; i < inputs; i++, x += 4, w += TAPS) {
            const before = weights[w] ?? 0;
            const here = weights[w + 1] ?? 0;
            const after = weights[w + 2] ?? 0;
            const x0 = input[x] ?? 0;
            const x1 = input[x + 1] ?? 0;
            const x2 = input[x + 2] ?? 0;
            const x3 = input[x + 3] ?? 0;
            y0 += here * x0 + after * x1;
            y1 += before * x0 + here * x1 + after * x2;
            y2 += before * x1 + here * x2 + after * x3;
            y3 += before * x2 + here * x3;
        }
        out[4 * o] = y0 > 0 ? y0 : 0;
        out[4 * o + 1] = y1 > 0 ? y1 : 0;
        out[4 * o + 2] = y2 > 0 ? y2 : 0;
        out[4 * o + 3] = y3 > 0 ? y3 : 0;
    }
}

function fourToTwo(input: Float32Array, [inputs, outputs, weights, bias]: Layer, out: Float32Array): void {
    for (let o = 0, w = 0; o < outputs; o++) {
        let y0 = bias[o] ?? 0;
        let y1 = y0;
        for (let i = 0, x = 0; i < inputs; i++, x += 4, w += TAPS) {
            const before = weights[w] ?? 0;
            const here = weights[w + 1] ?? 0;
            const after = weights[w + 2] ?? 0;
            const x1 = input[x + 1] ?? 0;
            y0 += here * (input[x] ?? 0) + after * x1;
            y1 += before * x1 + here * (input[x + 2] ?? 0) + after * (input[x + 3] ?? 0);
        }
        out[2 * o] = y0 > 0 ? y0 : 0;
        out[2 * o + 1] = y1 > 0 ? y1 : 0;
    }
}

/** One frame out of one or two: a plain product, because exactly the taps that meet a frame were kept. */
function toOne(input: Float32Array, frames: number, [inputs, outputs, weights, bias]: Layer, out: Float32Array): void {
    const count = inputs * frames;
    for (let o = 0, w = 0; o < outputs; o++) {
        let even = bias[o] ?? 0;
        let odd = 0;
        for (let i = 0; i < count; i += 2, w += 2) {
            even += (weights[w] ?? 0) * (input[i] ?? 0);
            odd += (weights[w + 1] ?? 0) * (input[i + 1] ?? 0);
        }
        out[o] = even + odd > 0 ? even + odd : 0;
    }
}

function keepTaps(weights: Float32Array, taps: readonly number[]): Float32Array {
    const kept = new Float32Array((weights.length / TAPS) * taps.length);
    for (let row = 0; row < weights.length / TAPS; row++) {
        taps.forEach((tap, place) => (kept[row * taps.length + place] = weights[row * TAPS + tap] ?? 0));
    }
    return kept;
}
