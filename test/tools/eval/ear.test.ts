import { encodeMulaw } from '../../../src/audio/mulaw';
import { answersOf, heardPieces } from '../../../tools/eval/ear';
import type { Sound } from '../../../tools/eval/voice';

const SILENCE = 0xff;

/** A sound that is like no other one: noise from a seed, `ms` long. */
function sound(text: string, seed: number, ms = 1000): Sound {
    let state = seed;
    const samples = Int16Array.from({ length: ms * 8 }, () => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        return ((state >>> 16) % 20_000) - 10_000;
    });
    return { text, pcmu: encodeMulaw(samples) };
}

function trackOf(lengthMs: number, ...parts: readonly (readonly [atMs: number, pcmu: Uint8Array])[]): Uint8Array {
    const track = new Uint8Array(lengthMs * 8).fill(SILENCE);
    for (const [atMs, pcmu] of parts) track.set(pcmu, atMs * 8);
    return track;
}

describe('what the caller heard', () => {
    const hello = sound('Hello and welcome to the desk', 1);
    const bye = sound('Goodbye', 2);

    it('is found to the sample, whole and cut off, in its order; what was not played is not in it', () => {
        const track = trackOf(6000, [400, bye.pcmu], [2500, hello.pcmu.subarray(0, 4000)]);
        expect(heardPieces(track, [hello, bye, sound('Never', 3)])).toEqual([
            { text: 'Goodbye', fromMs: 400, toMs: 1400, wholeMs: 1000, heardMs: 1000, heard: 'Goodbye', isWhole: true },
            {
                text: hello.text,
                fromMs: 2500,
                toMs: 3000,
                wholeMs: 1000,
                heardMs: 500,
                heard: 'Hello and',
                isWhole: false,
            },
        ]);
    });

    it('finds a sentence each time that it is said', () => {
        const track = trackOf(6000, [0, bye.pcmu], [3000, bye.pcmu]);
        expect(heardPieces(track, [bye]).map(({ fromMs }) => fromMs)).toEqual([0, 3000]);
    });

    it('takes a sentence that goes on after a stop for one', () => {
        const track = trackOf(6000, [100, hello.pcmu.subarray(0, 4000)], [3000, hello.pcmu.subarray(4000)]);
        const [piece] = heardPieces(track, [hello]);
        expect(piece).toMatchObject({ fromMs: 100, toMs: 3500, heardMs: 1000, heard: hello.text });
    });

    it('does not find the beginning of a longer sentence as a sentence of its own', () => {
        const part = { text: 'Hello', pcmu: hello.pcmu.subarray(0, 2000) };
        expect(heardPieces(trackOf(3000, [0, hello.pcmu]), [part, hello]).map(({ text }) => text)).toEqual([
            hello.text,
        ]);
    });

    it('becomes answers: after each turn of the caller, and after a long pause', () => {
        const pieces = heardPieces(
            trackOf(20_000, [500, hello.pcmu], [1600, bye.pcmu], [4000, hello.pcmu], [12_000, bye.pcmu]),
            [hello, bye],
        );
        const acts = [
            { atMs: 2700, toMs: 3400, isTurn: true },
            // A short sound over the bot is no turn.
            { atMs: 4300, toMs: 4500, isTurn: false },
        ];
        const answers = answersOf(pieces, acts);
        expect(answers.map(({ turn, fromMs, waitedMs }) => [turn, fromMs, waitedMs])).toEqual([
            [1, 500, undefined],
            [2, 4000, 600],
            [3, 12_000, undefined],
        ]);
        expect(answers[0]?.heard).toBe('Hello and welcome to the desk Goodbye');
    });
});
