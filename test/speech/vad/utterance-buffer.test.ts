import fc from 'fast-check';
import { UtteranceBuffer } from '../../../src/speech/vad/utterance-buffer';

const LIMITS = { preRollMs: 300, tailMs: 300, maxMs: 2000 };
const ONSET_MS = 160;

/** Bytes that count up from `from`, so that a cut in the wrong place shows. */
function counting(ms: number, from = 0): Uint8Array {
    return Uint8Array.from({ length: 8 * ms }, (_, index) => ((from * 8 + index) * 31) & 0xff);
}

describe('an utterance', () => {
    it('has the time before it and a little of the silence behind it', () => {
        const buffer = new UtteranceBuffer(ONSET_MS, LIMITS);
        buffer.append(counting(1000));
        buffer.open(100);
        buffer.append(counting(800, 1000));
        expect(buffer.soFar()).toEqual(counting(1200, 600));
        expect(buffer.close(500)).toEqual(counting(1000, 600));
    });

    it('has what there is when the call has just begun', () => {
        const buffer = new UtteranceBuffer(ONSET_MS, LIMITS);
        buffer.append(counting(100));
        buffer.open(96);
        expect(buffer.close(0)).toEqual(counting(100));
    });

    it('may begin in the silence that ended the one before', () => {
        const buffer = new UtteranceBuffer(ONSET_MS, LIMITS);
        buffer.append(counting(700));
        buffer.open(100);
        buffer.append(counting(700, 700));
        buffer.close(600);
        buffer.append(counting(96, 1400));
        buffer.open(96);
        expect(buffer.close(0)).toEqual(counting(396, 1100));
    });

    it('is not longer than it may be, and loses its end, not its beginning', () => {
        const buffer = new UtteranceBuffer(ONSET_MS, LIMITS);
        buffer.append(counting(500));
        buffer.open(0);
        for (let atMs = 500; atMs < 5500; atMs += 100) buffer.append(counting(100, atMs));
        expect(buffer.soFar()).toEqual(counting(2000, 200));
        expect(buffer.close(600)).toEqual(counting(2000, 200));
    });

    it('leaves no sound from before a gap to the next one', () => {
        const buffer = new UtteranceBuffer(ONSET_MS, LIMITS);
        buffer.open(0);
        buffer.append(counting(3000));
        buffer.close(0);
        buffer.append(counting(100, 3000));
        buffer.open(96);
        expect(buffer.close(0)).toEqual(counting(100, 3000));
    });

    it('is nothing between utterances, and after a reset', () => {
        const buffer = new UtteranceBuffer(ONSET_MS, LIMITS);
        expect(buffer.soFar()).toHaveLength(0);
        buffer.append(counting(500));
        buffer.open(0);
        buffer.reset();
        expect(buffer.soFar()).toHaveLength(0);
        buffer.open(96);
        expect(buffer.close(0)).toHaveLength(0);
    });

    it('is the same however the audio comes', () => {
        fc.assert(
            fc.property(fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 40 }), (lengths) => {
                const buffer = new UtteranceBuffer(ONSET_MS, LIMITS);
                const stream = counting(6000);
                let at = 0;
                for (const length of lengths) buffer.append(stream.subarray(at, (at += length)));
                buffer.open(100);
                const start = Math.max(0, at - 8 * 400);
                buffer.append(stream.subarray(at, at + 4000));
                expect(buffer.close(0)).toEqual(stream.subarray(start, at + 4000));
            }),
        );
    });
});
