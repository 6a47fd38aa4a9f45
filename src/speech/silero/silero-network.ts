import { ENCODED_SIZE, Encoder } from './encoder';
import type { SileroWeights } from './silero-weights';
import { SPECTRUM_BINS, SPECTRUM_FRAMES, Spectrum, WINDOW_SAMPLES } from './spectrum';

/** Samples that the network takes at a time: 32 ms at 16 kHz. */
export const STEP_SAMPLES = 512;
/** Samples of the step before that it sees again. */
const CONTEXT_SAMPLES = 64;
const CELLS = 128;
const GATES = 4;

// Looked up once: inside a sandbox every `Math.exp` is a search for `Math`.
const { exp, tanh } = Math;

/** What the network remembers of one call: 1.3 KB. */
export class SileroState {
    readonly context = new Float32Array(CONTEXT_SAMPLES);
    readonly hidden = new Float32Array(CELLS);
    readonly cell = new Float32Array(CELLS);
}

/**
 * Silero VAD v6 for 16 kHz: how probably 32 ms of sound are speech, computed in plain TypeScript. One serves all calls of the process, as
 * what it knows of a call is in the call's `SileroState`. Allocates nothing.
 */
export class SileroNetwork {
    private readonly spectrum = new Spectrum();
    private readonly encoder: Encoder;
    /** For each cell and each of the 128 inputs and 128 hidden values: the weights of the four gates side by side. */
    private readonly gateWeights: Float32Array;
    private readonly gateBias: Float32Array;
    private readonly outputWeights: Float32Array;
    private readonly outputBias: number;
    private readonly window = new Float32Array(WINDOW_SAMPLES);
    private readonly magnitudes = new Float32Array(SPECTRUM_BINS * SPECTRUM_FRAMES);
    /** What the encoder made of the window, then the hidden state: one vector, as the gates take both alike. */
    private readonly gateInput = new Float32Array(ENCODED_SIZE + CELLS);

    constructor(weights: SileroWeights) {
        this.encoder = new Encoder(weights);
        this.gateWeights = interleaveGates(weights['decoder.rnn.weight_ih'], weights['decoder.rnn.weight_hh']);
        this.gateBias = sumByCell(weights['decoder.rnn.bias_ih'], weights['decoder.rnn.bias_hh']);
        this.outputWeights = weights['decoder.decoder.2.weight'];
        this.outputBias = weights['decoder.decoder.2.bias'][0] ?? 0;
    }

    /** The probability, 0 to 1, that 512 samples (16 kHz, full scale 1) are speech, after all that `state` has heard. */
    probability(state: SileroState, samples: Float32Array): number {
        this.fillWindow(state.context, samples);
        this.spectrum.magnitudes(this.window, this.magnitudes);
        this.encoder.encode(this.magnitudes, this.gateInput);
        this.gateInput.set(state.hidden, ENCODED_SIZE);
        return this.remember(state);
    }

    /** 64 samples of before, 512 new ones, and the last 64 mirrored at the last but one. */
    private fillWindow(context: Float32Array, samples: Float32Array): void {
        const { window } = this;
        const end = CONTEXT_SAMPLES + STEP_SAMPLES;
        window.set(context);
        window.set(samples, CONTEXT_SAMPLES);
        for (let i = 0; i < WINDOW_SAMPLES - end; i++) window[end + i] = window[end - 2 - i] ?? 0;
        for (let i = 0; i < CONTEXT_SAMPLES; i++) context[i] = samples[STEP_SAMPLES - CONTEXT_SAMPLES + i] ?? 0;
    }

    /** One step of the LSTM, then the output neuron. */
    private remember({ hidden, cell }: SileroState): number {
        const { gateWeights, gateBias, gateInput, outputWeights } = this;
        let sum = this.outputBias;
        for (let j = 0, w = 0; j < CELLS; j++) {
            let input = gateBias[GATES * j] ?? 0;
            let forget = gateBias[GATES * j + 1] ?? 0;
            let candidate = gateBias[GATES * j + 2] ?? 0;
            let output = gateBias[GATES * j + 3] ?? 0;
            for (let i = 0; i < ENCODED_SIZE + CELLS; i++, w += GATES) {
                const x = gateInput[i] ?? 0;
                input += (gateWeights[w] ?? 0) * x;
                forget += (gateWeights[w + 1] ?? 0) * x;
                candidate += (gateWeights[w + 2] ?? 0) * x;
                output += (gateWeights[w + 3] ?? 0) * x;
            }
            const kept = sigmoid(forget) * (cell[j] ?? 0) + sigmoid(input) * tanh(candidate);
            const said = sigmoid(output) * tanh(kept);
            cell[j] = kept;
            hidden[j] = said;
            if (said > 0) sum += said * (outputWeights[j] ?? 0);
        }
        return sigmoid(sum);
    }
}

function sigmoid(x: number): number {
    return 1 / (1 + exp(-x));
}

/** From [gate][cell][input] twice to [cell][input and hidden][gate]. */
function interleaveGates(ofInput: Float32Array, ofHidden: Float32Array): Float32Array {
    const width = ENCODED_SIZE + CELLS;
    const mixed = new Float32Array(GATES * CELLS * width);
    for (let row = 0; row < GATES * CELLS; row++) {
        const target = (row % CELLS) * width * GATES + Math.floor(row / CELLS);
        for (let i = 0; i < ENCODED_SIZE; i++) mixed[target + i * GATES] = ofInput[row * ENCODED_SIZE + i] ?? 0;
        for (let i = 0; i < CELLS; i++) mixed[target + (ENCODED_SIZE + i) * GATES] = ofHidden[row * CELLS + i] ?? 0;
    }
    return mixed;
}

function sumByCell(first: Float32Array, second: Float32Array): Float32Array {
    const sums = new Float32Array(GATES * CELLS);
    for (let row = 0; row < GATES * CELLS; row++) {
        sums[(row % CELLS) * GATES + Math.floor(row / CELLS)] = (first[row] ?? 0) + (second[row] ?? 0);
    }
    return sums;
}
