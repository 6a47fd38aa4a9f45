import type { FaultOfCase } from '../../../tools/eval/case-schema';
import { arm } from '../../../tools/eval/faults';

/** What is told of `faults` after a call in which the bot gave so many answers, the last one heard for so long. */
async function toldOf(faults: readonly FaultOfCase[], answers: number, heardOfAnswerMs: number, sessions = 1) {
    const caller = {
        answers,
        heardOfAnswerMs,
        isPatient: false,
        until: (holds: () => boolean) => Promise.resolve(holds()),
    };
    let cuts = 0;
    const open = Array.from({ length: sessions }, () => ({ closed: undefined, cut: () => cuts++ }));
    const tell = arm(faults, { sessions: open, plan: () => undefined } as never, caller);
    await Promise.resolve();
    return { told: tell(), cuts };
}

describe('a fault in mid-call', () => {
    it('that came is not spoken of', async () => {
        expect(await toldOf([{ lose_openai: 'cut', turn: 2 }], 2, 600)).toEqual({ told: [], cuts: 1 });
    });

    it.each<[string, FaultOfCase, number, number, number, string]>([
        [
            'its turn',
            { lose_openai: 'cut', turn: 9 },
            3,
            5000,
            1,
            '`lose_openai: cut` with `turn: 9` never came: the call had 3 turns, the greeting included.',
        ],
        [
            'its time in the last answer',
            { lose_openai: 'freeze', turn: 3, after_ms: 8000 },
            3,
            5000,
            1,
            '`lose_openai: freeze` with `turn: 3` never came: answer 3 was heard for less than 8000 ms (`after_ms`).',
        ],
        [
            'a connection that can be lost',
            { lose_openai: 'cut', turn: 1 },
            1,
            5000,
            0,
            '`lose_openai: cut` with `turn: 1` never came: at its time there was no connection to the model.',
        ],
    ])('is told where the call did not have %s', async (_what, fault, answers, heardMs, sessions, told) => {
        expect(await toldOf([fault], answers, heardMs, sessions)).toEqual({ told: [told], cuts: 0 });
    });
});
