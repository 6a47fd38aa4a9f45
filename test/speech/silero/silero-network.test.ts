import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SileroNetwork, SileroState, STEP_SAMPLES } from '../../../src/speech/silero/silero-network';
import { defaultWeightsPath, readSileroWeights } from '../../../src/speech/silero/silero-weights';
import { SPECTRUM_BINS, Spectrum } from '../../../src/speech/silero/spectrum';
import { probabilities as reference } from './silero-reference.json';
import { noise, raised, sample } from '../vad/support';

const WEIGHTS_ERROR = expect.objectContaining({ code: 'ERR_VAD_WEIGHTS' }) as Error;

const network = new SileroNetwork(readSileroWeights());

function listen(samples: Float32Array, state = new SileroState()): number[] {
    const probabilities: number[] = [];
    for (let at = 0; at + STEP_SAMPLES <= samples.length; at += STEP_SAMPLES) {
        probabilities.push(network.probability(state, samples.subarray(at, at + STEP_SAMPLES)));
    }
    return probabilities;
}

describe('Silero’s network', () => {
    const heard = listen(raised(sample('librivox_0890')));

    it('hears what its makers’ own model hears, as far as half floats can', () => {
        expect(heard).toHaveLength(reference.length);
        const errors = heard.map((probability, index) => Math.abs(probability - (reference[index] ?? NaN)));
        expect(Math.max(...errors)).toBeLessThan(0.01);
    });

    it('decides as it does, in every step', () => {
        const decisions = (probabilities: number[]): boolean[] =>
            probabilities.map((probability) => probability >= 0.5);
        expect(decisions(heard)).toEqual(decisions(reference));
        expect(new Set(decisions(reference)).size).toBe(2);
    });

    it('keeps calls apart that it serves in turn', () => {
        const speech = raised(sample('librivox_0880'));
        const hiss = Float32Array.from(noise(speech.length, 8000), (value) => value / 32_768);
        const [first, second] = [new SileroState(), new SileroState()];
        const mixed: number[] = [];
        for (let at = 0; at + STEP_SAMPLES <= speech.length; at += STEP_SAMPLES) {
            mixed.push(network.probability(first, speech.subarray(at, at + STEP_SAMPLES)));
            network.probability(second, hiss.subarray(at, at + STEP_SAMPLES));
        }
        expect(mixed).toEqual(listen(speech));
    });
});

describe('its weights', () => {
    let folder: string;
    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), 'weights-'));
    });
    afterEach(() => {
        rmSync(folder, { recursive: true });
    });

    it('are refused when a single bit is another', () => {
        const path = join(folder, 'weights.f16');
        const bytes = readFileSync(defaultWeightsPath());
        bytes.writeUInt8(bytes.readUInt8(1000) ^ 1, 1000);
        writeFileSync(path, bytes);
        expect(() => readSileroWeights(path)).toThrow(WEIGHTS_ERROR);
    });

    it('are missed when they are not there', () => {
        expect(() => readSileroWeights(join(folder, 'none'))).toThrow(WEIGHTS_ERROR);
    });

    it('come with their licence', () => {
        const licence = readFileSync(join(defaultWeightsPath(), '..', 'LICENSE'), 'utf8');
        expect(licence).toContain('MIT License');
        expect(licence).toContain('Silero Team');
    });
});

describe('the spectrum', () => {
    it('is that of the definition', () => {
        const window = Float32Array.from(noise(640, 30_000), (value) => value / 32_768);
        const magnitudes = new Float32Array(SPECTRUM_BINS * 4);
        new Spectrum().magnitudes(window, magnitudes);
        const errors: number[] = [];
        for (let bin = 0; bin < SPECTRUM_BINS; bin++) {
            for (let frame = 0; frame < 4; frame++) {
                errors.push(Math.abs((magnitudes[4 * bin + frame] ?? NaN) - magnitudeOf(window, frame, bin)));
            }
        }
        expect(Math.max(...errors)).toBeLessThan(1e-5);
    });

    function magnitudeOf(window: Float32Array, frame: number, bin: number): number {
        let [re, im] = [0, 0];
        for (let n = 0; n < 256; n++) {
            const value = (0.5 - 0.5 * Math.cos((2 * Math.PI * n) / 256)) * (window[128 * frame + n] ?? 0);
            re += value * Math.cos((2 * Math.PI * bin * n) / 256);
            im -= value * Math.sin((2 * Math.PI * bin * n) / 256);
        }
        return Math.hypot(re, im);
    }
});
