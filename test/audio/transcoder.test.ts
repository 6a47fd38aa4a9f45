import fc from 'fast-check';
import { decodeMulaw, encodeMulaw } from '../../src/audio/mulaw';
import { Downsampler, Upsampler } from '../../src/audio/resampler';
import { createTranscoder, MAX_FRAME_MS, type Transcoder } from '../../src/audio/transcoder';
import { cut, sine } from './signals';

const anyLengths = fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1, maxLength: 8 });

function toCaller(transcoder: Transcoder, pieces: readonly Uint8Array[]): Buffer {
    return Buffer.concat(pieces.map((piece) => transcoder.toCaller(piece)));
}

function answer(frequencyHz: number, samples: number): Uint8Array {
    return new Uint8Array(sine(frequencyHz, 24_000, samples).buffer);
}

describe('a transcoder for pcmu', () => {
    it('passes every byte, both ways', () => {
        const transcoder = createTranscoder('pcmu');
        const codes = Uint8Array.from({ length: 256 }, (_, code) => code);
        transcoder.reset();
        transcoder.resetDownlink();
        expect(transcoder.toBot(codes)).toBe(codes);
        expect(transcoder.toCaller(codes)).toBe(codes);
    });
});

describe('a transcoder for pcm16', () => {
    it('gives the bot the raised samples, low byte first', () => {
        const pcmu = encodeMulaw(sine(440, 8000, 500));
        const expected = new Int16Array(1500);
        new Upsampler(3).process(decodeMulaw(pcmu), expected);
        const bytes = Buffer.from(createTranscoder('pcm16').toBot(pcmu));
        expect(bytes).toHaveLength(3000);
        expect(Array.from({ length: 1500 }, (_, i) => bytes.readInt16LE(2 * i))).toEqual([...expected]);
    });

    it('gives the caller the lowered samples as PCMU', () => {
        const pcm = sine(440, 24_000, 1500);
        const expected = new Int16Array(500);
        new Downsampler(3).process(pcm, expected);
        expect(createTranscoder('pcm16').toCaller(new Uint8Array(pcm.buffer))).toEqual(encodeMulaw(expected));
    });

    it('gives the bot the same bytes however the caller’s audio is cut', () => {
        fc.assert(
            fc.property(fc.uint8Array({ minLength: 1, maxLength: 5000 }), anyLengths, (pcmu, lengths) => {
                const transcoder = createTranscoder('pcm16');
                const pieces = cut(pcmu, lengths).map((piece) => transcoder.toBot(piece));
                expect(Buffer.concat(pieces).equals(createTranscoder('pcm16').toBot(pcmu))).toBe(true);
            }),
        );
    });

    it('gives the bot’s audio as base64 in a text frame, of every length, beside other calls', () => {
        const [before, after] = [Buffer.from('{"audio":"'), Buffer.from('"}')];
        const audioOf = (frame: Uint8Array): string => {
            const text = Buffer.from(frame).toString();
            expect([text.slice(0, before.length), text.slice(-after.length)]).toEqual([
                before.toString(),
                after.toString(),
            ]);
            return text.slice(before.length, -after.length);
        };
        fc.assert(
            fc.property(fc.uint8Array({ minLength: 1, maxLength: 5000 }), anyLengths, (pcmu, lengths) => {
                const [transcoder, other, plain] = [
                    createTranscoder('pcm16'),
                    createTranscoder('pcm16'),
                    createTranscoder('pcmu'),
                ];
                const pieces = cut(
                    pcmu,
                    lengths.map((length) => Math.min(length, 2048)),
                ).map((piece) => {
                    const base64 = audioOf(transcoder.toBotFrame(piece, before, after));
                    other.toBot(pcmu);
                    expect(audioOf(plain.toBotFrame(piece, before, after))).toBe(Buffer.from(piece).toString('base64'));
                    expect(base64).toBe(Buffer.from(base64, 'base64').toString('base64'));
                    return Buffer.from(base64, 'base64');
                });
                expect(Buffer.concat(pieces).equals(createTranscoder('pcm16').toBot(pcmu))).toBe(true);
            }),
        );
    });

    it.each(['pcmu', 'pcm16'] as const)('refuses a frame that is too long for the memory of %s', (format) => {
        const nothing = new Uint8Array(0);
        const frame = new Uint8Array(8 * MAX_FRAME_MS + 1);
        expect(() => createTranscoder(format).toBotFrame(frame, nothing, nothing)).toThrow(RangeError);
    });

    it('gives the caller the same bytes however the response is cut, in the middle of samples too', () => {
        fc.assert(
            fc.property(fc.uint8Array({ minLength: 1, maxLength: 12_000 }), anyLengths, (bytes, lengths) => {
                const whole = createTranscoder('pcm16').toCaller(bytes);
                expect(toCaller(createTranscoder('pcm16'), cut(bytes, lengths)).equals(whole)).toBe(true);
            }),
        );
    });

    it('gives the caller the same bytes when the response comes byte by byte', () => {
        const bytes = answer(600, 700);
        const whole = createTranscoder('pcm16').toCaller(bytes);
        expect(toCaller(createTranscoder('pcm16'), cut(bytes, [1])).equals(whole)).toBe(true);
    });

    it('reads bytes that lie at an odd place in memory', () => {
        const bytes = answer(600, 700);
        const shifted = new Uint8Array(bytes.length + 1);
        shifted.set(bytes, 1);
        expect(createTranscoder('pcm16').toCaller(shifted.subarray(1))).toEqual(
            createTranscoder('pcm16').toCaller(bytes),
        );
    });

    it('makes 30 s of 30 s, and never has given more than it got', () => {
        const transcoder = createTranscoder('pcm16');
        let [given, got] = [0, 0];
        for (const piece of cut(answer(500, 30 * 24_000), [4801, 9600, 1, 333])) {
            got += piece.length;
            given += transcoder.toCaller(piece).length;
            expect(given).toBe(Math.floor(Math.floor(got / 2) / 3));
        }
        expect(given).toBe(30 * 8000);
    });

    it('keeps nothing of an interrupted response, neither its tail nor its odd byte', () => {
        const transcoder = createTranscoder('pcm16');
        transcoder.toCaller(answer(600, 700).subarray(0, 1201));
        transcoder.resetDownlink();
        const next = answer(900, 600);
        expect(transcoder.toCaller(next)).toEqual(createTranscoder('pcm16').toCaller(next));
    });

    it('leaves the caller’s direction alone when a new response begins', () => {
        const [first, second] = [encodeMulaw(sine(440, 8000, 160)), encodeMulaw(sine(440, 8000, 160, 20_000, 1))];
        const [disturbed, undisturbed] = [createTranscoder('pcm16'), createTranscoder('pcm16')];
        disturbed.toBot(first);
        undisturbed.toBot(first);
        disturbed.resetDownlink();
        expect(disturbed.toBot(second)).toEqual(undisturbed.toBot(second));
    });

    it('is as new after a reset', () => {
        const transcoder = createTranscoder('pcm16');
        const pcmu = encodeMulaw(sine(440, 8000, 161));
        transcoder.toBot(pcmu);
        transcoder.toCaller(answer(440, 301).subarray(0, 601));
        transcoder.reset();
        expect(transcoder.toBot(pcmu)).toEqual(createTranscoder('pcm16').toBot(pcmu));
        expect(transcoder.toCaller(answer(440, 300))).toEqual(createTranscoder('pcm16').toCaller(answer(440, 300)));
    });

    it('does not write again to what it has handed over', () => {
        const transcoder = createTranscoder('pcm16');
        const [up, down] = [transcoder.toBot(encodeMulaw(sine(440, 8000, 160))), transcoder.toCaller(answer(440, 480))];
        const [upBefore, downBefore] = [up.slice(), down.slice()];
        transcoder.toBot(encodeMulaw(sine(990, 8000, 160)));
        transcoder.toCaller(answer(990, 480));
        expect(up).toEqual(upBefore);
        expect(down).toEqual(downBefore);
    });

    it('takes nothing and gives nothing', () => {
        const transcoder = createTranscoder('pcm16');
        expect(transcoder.toBot(new Uint8Array(0))).toHaveLength(0);
        expect(transcoder.toCaller(new Uint8Array(0))).toHaveLength(0);
        expect(transcoder.toCaller(Uint8Array.of(1))).toHaveLength(0);
    });
});
