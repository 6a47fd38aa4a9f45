import { decodeMulaw } from '../../src/audio/mulaw';
import { dtmfPcmu, tonePcmu } from '../../src/audio/tone';
import { isKeyTone } from '../../src/audio/key-tone';
import { noise, sample } from '../speech/vad/support';

const STEP_SAMPLES = 256;

function stepsOf(pcmu: Uint8Array): Int16Array[] {
    const pcm = decodeMulaw(pcmu);
    return Array.from({ length: Math.floor(pcm.length / STEP_SAMPLES) }, (_, index) =>
        pcm.subarray(index * STEP_SAMPLES, (index + 1) * STEP_SAMPLES),
    );
}

describe('a key', () => {
    it.each(Array.from('0123456789*#'))('%s is known, loud and soft', (key) => {
        for (const amplitude of [0.4, 0.02]) {
            const steps = stepsOf(dtmfPcmu(key, 160, amplitude));
            expect(steps.map(isKeyTone)).toEqual(steps.map(() => true));
        }
    });

    it('is known when it fills half of a step', () => {
        const pcm = new Int16Array(STEP_SAMPLES);
        pcm.set(decodeMulaw(dtmfPcmu('5', 16)));
        expect(isKeyTone(pcm)).toBe(true);
    });

    it('is neither speech nor noise nor silence nor a single tone', () => {
        const speech = ['librivox_0880', 'librivox_0890', 'librivox_0930'].flatMap((name) => stepsOf(sample(name)));
        expect(speech.filter(isKeyTone)).toHaveLength(0);
        expect(isKeyTone(noise(STEP_SAMPLES, 8000))).toBe(false);
        expect(isKeyTone(new Int16Array(STEP_SAMPLES))).toBe(false);
        expect(stepsOf(tonePcmu(770, 160)).some(isKeyTone)).toBe(false);
    });
});
