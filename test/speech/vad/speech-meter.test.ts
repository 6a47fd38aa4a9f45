import { dtmfPcmu, silencePcmu } from '../../../src/audio/tone';
import { loadSileroNetwork, SileroSpeechMeter } from '../../../src/speech/vad/speech-meter';
import { heldBytes } from '../../support/held-bytes';
import { sample } from './support';

const network = loadSileroNetwork();
const meter = new SileroSpeechMeter(network);
const STEP_BYTES = 256;

beforeEach(() => {
    meter.reset();
});

function measure(pcmu: Uint8Array): number[] {
    const found: number[] = [];
    for (let at = 0; at + STEP_BYTES <= pcmu.length; at += STEP_BYTES)
        found.push(meter.probability(pcmu.subarray(at, at + STEP_BYTES)));
    return found;
}

describe('the speech meter', () => {
    it('is sure of a reader, and of silence', () => {
        const found = measure(sample('librivox_0890'));
        expect(found.filter((probability) => probability > 0.9).length).toBeGreaterThan(0.6 * found.length);
        expect(measure(silencePcmu(3200))).toEqual(Array.from({ length: 100 }, () => 0));
    });

    it('takes keys for no speech', () => {
        for (const key of '147*0#') expect(Math.max(...measure(dtmfPcmu(key, 320)))).toBeLessThan(0.5);
    });

    it('measures the same again after a reset', () => {
        const first = measure(sample('librivox_0880'));
        meter.reset();
        expect(measure(sample('librivox_0880'))).toEqual(first);
    });

    it('holds memory of the call only from the first sound until the reset', () => {
        const held = (): number => heldBytes(meter, [network]);
        expect(held()).toBe(0);
        measure(sample('librivox_0880'));
        const hearing = held();
        meter.reset();
        expect([held(), hearing > 0, hearing < 2048]).toEqual([0, true, true]);
    });
});
