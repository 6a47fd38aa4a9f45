import { RateChanger } from '../../../../tools/console/page/worklet/rate-changer';

function sine(rateHz: number, hz: number, seconds: number): Float32Array {
    return Float32Array.from({ length: rateHz * seconds }, (_, i) => 0.5 * Math.sin((2 * Math.PI * hz * i) / rateHz));
}

function change(fromHz: number, toHz: number, input: Float32Array, block = input.length): Float32Array {
    const changer = new RateChanger(fromHz, toHz);
    const whole = new Float32Array(changer.mostFor(input.length));
    let length = 0;
    for (let at = 0; at < input.length; at += block) {
        const piece = input.subarray(at, at + block);
        length += changer.process(piece, whole.subarray(length));
    }
    return whole.subarray(0, length);
}

/** Loudness of one frequency in the middle of samples, dB of the tone that `sine` makes. */
function levelDb(samples: Float32Array, rateHz: number, hz: number): number {
    const middle = samples.subarray(Math.floor(samples.length / 4), Math.floor((samples.length * 3) / 4));
    let real = 0;
    let imaginary = 0;
    middle.forEach((sample, i) => {
        const window = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / middle.length);
        real += sample * window * Math.cos((2 * Math.PI * hz * i) / rateHz);
        imaginary += sample * window * Math.sin((2 * Math.PI * hz * i) / rateHz);
    });
    return 20 * Math.log10((Math.hypot(real, imaginary) * 8) / middle.length + 1e-12);
}

describe.each([44_100, 48_000, 16_000])('RateChanger between %i Hz and the telephone', (rateHz) => {
    it.each([300, 1000, 3000])('passes %i Hz within 0.1 dB, down and up', (hz) => {
        expect(Math.abs(levelDb(change(rateHz, 8000, sine(rateHz, hz, 1)), 8000, hz))).toBeLessThan(0.1);
        expect(Math.abs(levelDb(change(8000, rateHz, sine(8000, hz, 1)), rateHz, hz))).toBeLessThan(0.1);
    });

    it('folds nothing above 4.5 kHz back into speech: 60 dB down', () => {
        for (const hz of [4500, 5000, 7000])
            expect(levelDb(change(rateHz, 8000, sine(rateHz, hz, 1)), 8000, 8000 - hz)).toBeLessThan(-60);
    });

    it('makes no image above the telephone band on the way up: 60 dB down', () => {
        expect(levelDb(change(8000, rateHz, sine(8000, 1000, 1)), rateHz, 7000)).toBeLessThan(-60);
    });

    it('gives the same for blocks of any size, and as much as the ratio says', () => {
        const input = sine(rateHz, 440, 0.5);
        const whole = change(rateHz, 8000, input);
        expect(change(rateHz, 8000, input, 128)).toEqual(whole);
        expect(Math.abs(whole.length - 4000)).toBeLessThan(20);
    });
});
