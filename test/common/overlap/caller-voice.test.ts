import { encodeMulaw } from '../../../src/audio/mulaw';
import { dtmfPcmu, silencePcmu, tonePcmu } from '../../../src/audio/tone';
import { CallerVoice, type SpeechRun } from '../../../src/common/overlap/caller-voice';
import { noise } from '../../speech/vad/support';

const STEP_MS = 32;
/** A tone that a closed mouth might make, and one that it does not. */
const HUM_HZ = 160;
const VOWEL_HZ = 900;

/** Takes what is at least so loud for voice. */
class FakeMeter {
    asked = 0;
    isDeaf = false;

    probability(pcmu: Uint8Array): number {
        this.asked++;
        return !this.isDeaf && pcmu.some((code) => (code & 0x7f) < 0x60) ? 0.9 : 0.1;
    }

    reset(): void {
        this.asked = 0;
    }
}

const meter = new FakeMeter();
let voice = new CallerVoice(meter);

beforeEach(() => {
    meter.reset();
    meter.isDeaf = false;
    voice = new CallerVoice(meter);
});

const steps = (count: number, hz = VOWEL_HZ, amplitude = 0.25): Uint8Array => tonePcmu(hz, count * STEP_MS, amplitude);
const quiet = (count: number): Uint8Array => silencePcmu(count * STEP_MS);
const lineNoise = (ms: number, amplitude: number): Uint8Array => encodeMulaw(noise(8 * ms, amplitude));

function hear(...parts: Uint8Array[]): SpeechRun {
    voice.hear(Buffer.concat(parts), () => undefined);
    return voice.run;
}

describe('a quiet line', () => {
    it.each([
        ['digital silence', quiet(300)],
        ['noise', lineNoise(10_000, 100)],
    ])('costs no question to the speech meter: %s', (_name, line) => {
        hear(line);
        expect(meter.asked).toBe(0);
        expect(voice.run).toMatchObject({ soundMs: 0, voicedMs: 0, spanMs: 0 });
    });

    it('costs none after speech either, a quarter of a second later', () => {
        hear(quiet(10), steps(4), quiet(300));
        // Three steps before the sound, four of it, eight after it.
        expect(meter.asked).toBe(15);
    });

    it('costs none while the bot is silent', () => {
        voice.hearTurn(steps(100));
        expect(meter.asked).toBe(0);
        expect(voice.run.voicedMs).toBe(0);
    });
});

describe('an utterance', () => {
    it('is measured in steps of 32 ms, with the quiet after it', () => {
        expect(hear(quiet(5), steps(10), quiet(7))).toMatchObject({
            soundMs: 320,
            voicedMs: 320,
            spanMs: 320,
            stretchMs: 320,
            quietMs: 224,
        });
    });

    it('calls back after each step', () => {
        const quietMs: number[] = [];
        voice.hear(Buffer.concat([steps(2), quiet(3)]), () => quietMs.push(voice.run.quietMs));
        expect(quietMs).toEqual([0, 0, 32, 64, 96]);
    });

    it.each([1, 160, 255, 1600])('is the same in frames of %i bytes', (frameBytes) => {
        const line = Buffer.concat([quiet(3), steps(9), quiet(3), steps(5), quiet(4)]);
        for (let at = 0; at < line.length; at += frameBytes) hear(line.subarray(at, at + frameBytes));
        expect(voice.run).toMatchObject({ voicedMs: 448, spanMs: 544, stretchMs: 544, quietMs: 128 });
    });

    it('bridges a short pause, and counts anew after one of 200 ms', () => {
        expect(hear(steps(6), quiet(6), steps(4))).toMatchObject({ voicedMs: 320, spanMs: 512, stretchMs: 512 });
        expect(hear(quiet(7), steps(3))).toMatchObject({ voicedMs: 416, spanMs: 832, stretchMs: 96 });
    });

    it('begins with the sound before the meter is sure of a voice, at most 96 ms of it', () => {
        meter.isDeaf = true;
        hear(quiet(3), steps(2));
        meter.isDeaf = false;
        expect(hear(steps(4))).toMatchObject({ voicedMs: 128, spanMs: 192, stretchMs: 192 });
        voice.endRun();
        meter.isDeaf = true;
        hear(quiet(3), steps(20));
        meter.isDeaf = false;
        expect(hear(steps(4))).toMatchObject({ voicedMs: 128, spanMs: 224 });
    });

    it('without a voice is sound, and quiet after it', () => {
        meter.isDeaf = true;
        expect(hear(steps(20))).toMatchObject({ soundMs: 640, voicedMs: 0, spanMs: 0, quietMs: 0 });
        expect(hear(quiet(5))).toMatchObject({ soundMs: 640, quietMs: 160 });
    });

    it('is forgotten when it is dealt with', () => {
        hear(steps(20));
        voice.endRun();
        expect(voice.run).toMatchObject({ soundMs: 0, voicedMs: 0, spanMs: 0, stretchMs: 0, quietMs: 0, fadedDb: 0 });
        expect(hear(steps(2))).toMatchObject({ voicedMs: 64 });
    });

    it('is a hum when nothing of it lies above 500 Hz, also on a noisy line', () => {
        expect(hear(steps(10, HUM_HZ)).humMs).toBe(320);
        voice.endRun();
        expect(hear(steps(10)).humMs).toBe(0);
        voice.endRun();
        hear(lineNoise(2000, 100));
        const hum = noise(8 * 320, 100).map((sample, i) => sample + 600 * Math.sin((2 * Math.PI * HUM_HZ * i) / 8000));
        expect(hear(encodeMulaw(hum)).humMs).toBeGreaterThan(250);
    });

    it('fades when its last step is softer than its loudest', () => {
        expect(hear(steps(5)).fadedDb).toBe(0);
        expect(hear(steps(3, VOWEL_HZ, 0.125)).fadedDb).toBeCloseTo(6, 0);
        expect(hear(steps(1)).fadedDb).toBeCloseTo(0, 0);
    });
});

describe('the usual level of a caller', () => {
    it('is not known before a third of a second of their turns', () => {
        expect(hear(steps(5)).belowUsualDb).toBeUndefined();
        voice.hearTurn(steps(9));
        expect(hear(steps(5)).belowUsualDb).toBeUndefined();
        voice.hearTurn(steps(1));
        expect(hear(steps(5)).belowUsualDb).toBeCloseTo(0, 0);
    });

    it('is compared with the peak of what they utter over the bot', () => {
        voice.hearTurn(Buffer.concat([quiet(50), steps(60, VOWEL_HZ, 0.5), quiet(50)]));
        expect(hear(steps(5, VOWEL_HZ, 0.2)).belowUsualDb).toBeCloseTo(8, 0);
        expect(hear(steps(1, VOWEL_HZ, 0.5)).belowUsualDb).toBeCloseTo(0, 0);
    });

    it('stays known from one response of the bot to the next', () => {
        voice.hearTurn(steps(60, VOWEL_HZ, 0.5));
        voice.begin();
        expect(hear(steps(5, VOWEL_HZ, 0.25)).belowUsualDb).toBeCloseTo(6, 0);
    });

    it('is not raised by keys, nor by a short bang', () => {
        voice.hearTurn(steps(200, VOWEL_HZ, 0.125));
        for (const key of '4711#') voice.hearTurn(dtmfPcmu(key, 640, 0.4));
        voice.hearTurn(lineNoise(128, 32_000));
        expect(hear(steps(5, VOWEL_HZ, 0.125)).belowUsualDb).toBeCloseTo(0, 0);
    });

    it('is not lowered by the noise of the line', () => {
        voice.hearTurn(lineNoise(2000, 100));
        voice.hearTurn(steps(60));
        voice.hearTurn(lineNoise(60_000, 100));
        expect(hear(steps(5)).belowUsualDb).toBeCloseTo(0, 0);
    });

    it('follows a caller who has become softer', () => {
        voice.hearTurn(steps(600, VOWEL_HZ, 0.5));
        for (let turn = 0; turn < 50; turn++) voice.hearTurn(steps(100, VOWEL_HZ, 0.125));
        expect(hear(steps(5, VOWEL_HZ, 0.125)).belowUsualDb).toBeCloseTo(0, 0);
    });
});
