import type { CallerAct, HeardPiece } from '../../../tools/eval/ear';
import { longestSilence } from '../../../tools/eval/silence';

/** A sentence that was heard from the one moment to the other, ms. */
function heard(fromMs: number, toMs: number): HeardPiece {
    const ms = toMs - fromMs;
    return { text: 'Hello', fromMs, toMs, wholeMs: ms, heardMs: ms, heard: 'Hello', isWhole: true };
}

/** The same, and it should have gone on. */
function broken(fromMs: number, toMs: number): HeardPiece {
    return { ...heard(fromMs, toMs), wholeMs: toMs - fromMs + 3000, heard: '', isWhole: false };
}

/** Words or keys of the caller that the bot is to answer. */
function turn(atMs: number, toMs = atMs + 1000): CallerAct {
    return { atMs, toMs, isTurn: true };
}

describe('the longest silence of the bot', () => {
    it('is counted from the beginning of the call to its first sound', () => {
        expect(longestSilence([heard(700, 2000)], [], 2100)).toEqual({ ms: 700, atMs: 0 });
    });

    it('is the whole call where nothing is heard at all', () => {
        expect(longestSilence([], [], 9000)).toEqual({ ms: 9000, atMs: 0 });
    });

    it('is none where the bot speaks all the time', () => {
        expect(longestSilence([heard(0, 5000)], [], 5000)).toEqual({ ms: 0, atMs: 0 });
    });

    it('is counted from the end of what the caller said to the answer, and not from its beginning', () => {
        const pieces = [heard(100, 1000), heard(4500, 6000)];
        expect(longestSilence(pieces, [turn(2000, 3000)], 6000)).toEqual({ ms: 1500, atMs: 3000 });
    });

    it('is none after words of the caller over which the bot goes on', () => {
        const pieces = [heard(100, 6000), heard(6100, 8000)];
        expect(longestSilence(pieces, [turn(2000, 3000)], 8000)).toEqual({ ms: 100, atMs: 0 });
    });

    it('ends where the caller takes another turn, and is counted anew from the end of that', () => {
        const pieces = [heard(100, 1000), heard(9000, 9900)];
        const acts = [turn(2000, 3000), turn(5500, 6500)];
        expect(longestSilence(pieces, acts, 9900)).toEqual({ ms: 2500, atMs: 3000 });
        expect(longestSilence(pieces, [turn(2000, 3000), turn(4500, 5500)], 9900)).toEqual({ ms: 3500, atMs: 5500 });
    });

    it('lasts to the end of the call where no answer comes', () => {
        expect(longestSilence([heard(100, 1000)], [turn(2000, 3000)], 12_000)).toEqual({ ms: 9000, atMs: 3000 });
    });

    it('is none after words in whose middle the call ended', () => {
        expect(longestSilence([heard(100, 1000)], [turn(2000, 3000)], 2500)).toEqual({ ms: 100, atMs: 0 });
    });

    it('is not the time in which the bot waits for the caller', () => {
        const pieces = [heard(100, 1000), heard(12_000, 13_000)];
        expect(longestSilence(pieces, [turn(11_000, 11_500)], 13_000)).toEqual({ ms: 500, atMs: 11_500 });
        // It asks a silent caller again.
        expect(longestSilence(pieces, [], 13_000)).toEqual({ ms: 100, atMs: 0 });
    });

    it('is a pause of four seconds at most in the middle of what the bot says', () => {
        const pieces = [heard(100, 1000), heard(4900, 6000)];
        expect(longestSilence(pieces, [], 6000)).toEqual({ ms: 3900, atMs: 1000 });
        expect(longestSilence([heard(100, 1000), heard(5000, 6000)], [], 6000)).toEqual({ ms: 4000, atMs: 1000 });
        expect(longestSilence([heard(100, 1000), heard(5001, 6000)], [], 6000)).toEqual({ ms: 100, atMs: 0 });
    });

    it('is not the time from the last words of the bot to the end of the call', () => {
        expect(longestSilence([heard(100, 1000)], [], 4000)).toEqual({ ms: 100, atMs: 0 });
    });

    it('is counted from a sentence that broke off, however long', () => {
        const pieces = [broken(100, 1000), heard(8000, 9000)];
        expect(longestSilence(pieces, [], 9000)).toEqual({ ms: 7000, atMs: 1000 });
        expect(longestSilence([broken(100, 1000)], [], 9000)).toEqual({ ms: 8000, atMs: 1000 });
    });

    it('is not counted from a sentence that the caller interrupted, but from the end of their words', () => {
        const pieces = [broken(100, 2000), heard(5500, 6000)];
        expect(longestSilence(pieces, [turn(1500, 4000)], 6000)).toEqual({ ms: 1500, atMs: 4000 });
        // By a key: what stops the sentence is heard a little later than its last sound.
        expect(longestSilence(pieces, [turn(2090, 2090)], 6000)).toEqual({ ms: 3410, atMs: 2090 });
        expect(longestSilence(pieces, [turn(2101, 2101)], 6000)).toEqual({ ms: 3399, atMs: 2101 });
    });

    it('is counted from a key, which takes no time, and from the last of several', () => {
        const pieces = [heard(100, 1000), heard(9000, 9500)];
        expect(longestSilence(pieces, [turn(3000, 3000)], 9500)).toEqual({ ms: 6000, atMs: 3000 });
        expect(longestSilence(pieces, [turn(3000, 3000), turn(3000, 3000)], 9500)).toEqual({ ms: 6000, atMs: 3000 });
        expect(longestSilence(pieces, [turn(3000, 3000), turn(7000, 7000)], 9500)).toEqual({ ms: 4000, atMs: 3000 });
    });

    it('is counted from a sentence that broke off before the caller spoke', () => {
        const pieces = [broken(100, 2000), heard(9000, 9500)];
        expect(longestSilence(pieces, [turn(7000, 8000)], 9500)).toEqual({ ms: 5000, atMs: 2000 });
    });

    it('is not interrupted by a sound of the caller that is no turn', () => {
        const pieces = [broken(100, 2000), heard(9000, 9500)];
        const mhm = { atMs: 1500, toMs: 1800, isTurn: false };
        expect(longestSilence(pieces, [mhm], 9500)).toEqual({ ms: 7000, atMs: 2000 });
    });

    it('is not the time that the caller takes to answer, at fractions of a millisecond too', () => {
        for (let at = 0; at < 200; at++) {
            const endOfWordsMs = 400.125 + at * 7.375;
            const turnMs = endOfWordsMs + 1200 + at / 3;
            const pieces = [heard(100, endOfWordsMs), heard(turnMs + 1500, turnMs + 3000)];
            const { ms, atMs } = longestSilence(pieces, [turn(turnMs)], turnMs + 3000);
            expect([Math.round(ms), atMs]).toEqual([500, turnMs + 1000]);
        }
    });

    it('is not the time in which the caller still speaks after a sentence of the bot over which they began', () => {
        const pieces = [heard(100, 2000), heard(5200, 6000)];
        expect(longestSilence(pieces, [turn(1900, 4800)], 6000)).toEqual({ ms: 400, atMs: 4800 });
    });

    it('is the first one where two are equally long', () => {
        const pieces = [heard(500, 1000), heard(1500, 2000)];
        expect(longestSilence(pieces, [], 2000)).toEqual({ ms: 500, atMs: 0 });
    });
});
