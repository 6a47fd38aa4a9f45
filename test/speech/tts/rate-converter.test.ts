import fc from 'fast-check';
import { RateConverter } from '../../../src/speech/tts/rate-converter';

const RATES = [8000, 11_025, 16_000, 22_050, 48_000];

function tone(rateHz: number, frequencyHz: number, seconds: number): Int16Array {
    const count = Math.round(rateHz * seconds);
    return Int16Array.from({ length: count }, (_, i) =>
        Math.round(10_000 * Math.sin((2 * Math.PI * frequencyHz * i) / rateHz)),
    );
}

/** Amplitude of a frequency in 8 kHz audio, the first and last tenth of a second left out. */
function amplitude(pcm: Int16Array, frequencyHz: number): number {
    const middle = pcm.subarray(800, 800 + Math.floor((pcm.length - 1600) / 80) * 80);
    let real = 0;
    let imaginary = 0;
    middle.forEach((sample, i) => {
        real += sample * Math.cos((2 * Math.PI * frequencyHz * i) / 8000);
        imaginary += sample * Math.sin((2 * Math.PI * frequencyHz * i) / 8000);
    });
    return (2 * Math.hypot(real, imaginary)) / middle.length;
}

function rms(pcm: Int16Array): number {
    const middle = pcm.subarray(800, -800);
    return Math.sqrt(middle.reduce((sum, sample) => sum + sample * sample, 0) / middle.length);
}

describe('RateConverter', () => {
    it.each(RATES)('keeps tones of 300 to 3,400 Hz within 0.5 dB, from %d Hz', (rateHz) => {
        for (const frequencyHz of [300, 1000, 2500, 3400]) {
            const out = new RateConverter(rateHz).process(tone(rateHz, frequencyHz, 0.5));
            expect(Math.abs(20 * Math.log10(amplitude(out, frequencyHz) / 10_000))).toBeLessThan(0.5);
        }
    });

    it.each(RATES.filter((rateHz) => rateHz > 11_025))('lets no tone above 4.6 kHz through, from %d Hz', (rateHz) => {
        for (const frequencyHz of [4600, 5000, 7000]) {
            const out = new RateConverter(rateHz).process(tone(rateHz, frequencyHz, 0.5));
            expect(20 * Math.log10(Math.max(1, rms(out)) / 7071)).toBeLessThan(-60);
        }
    });

    it('keeps time: only the half filter that lies ahead is missing', () => {
        for (const rateHz of RATES) {
            const converter = new RateConverter(rateHz);
            let count = 0;
            for (let second = 0; second < 4; second++) count += converter.process(new Int16Array(rateHz)).length;
            expect(Math.abs(count - 32_000)).toBeLessThanOrEqual(15);
        }
    });

    it('gives the same bits however the samples are cut', () => {
        const input = tone(22_050, 700, 0.1);
        const whole = new RateConverter(22_050).process(input);
        fc.assert(
            fc.property(fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 12 }), (lengths) => {
                const converter = new RateConverter(22_050);
                const parts: number[] = [];
                let at = 0;
                for (const length of [...lengths, input.length]) {
                    parts.push(...converter.process(input.subarray(at, at + length)));
                    at += length;
                }
                expect(parts).toEqual([...whole]);
            }),
        );
    });

    it('refuses rates that it cannot serve', () => {
        for (const rateHz of [0, 7999, 8001, 22_050.5, 96_000, Number.NaN, Infinity])
            expect(() => new RateConverter(rateHz)).toThrow(RangeError);
    });
});
