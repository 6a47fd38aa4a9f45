import { EndOfTurn } from '../../../src/speech/vad/end-of-turn';
import type { ExpectedAnswer } from '../../../src/services/asr-service';

const STEP_MS = 32;

/** Steps as characters: s speech, q quiet, ? in between. Returns the number of each step that changed something. */
function run(turn: EndOfTurn, steps: string): { started: number[]; stopped: number[] } {
    const changes = { started: [] as number[], stopped: [] as number[] };
    Array.from(steps).forEach((step, index) => {
        const change = turn.step(step === 's' ? 0.9 : step === '?' ? 0.4 : 0.1);
        if (change !== undefined) changes[change].push(index);
    });
    return changes;
}

describe('a turn', () => {
    it('begins with 90 ms of speech within 160 ms', () => {
        expect(run(new EndOfTurn(STEP_MS), 'qqsss').started).toEqual([4]);
        expect(run(new EndOfTurn(STEP_MS), 'qsqsqs').started).toEqual([5]);
    });

    it('does not begin with less, however often', () => {
        expect(run(new EndOfTurn(STEP_MS), 'ssqqq'.repeat(60)).started).toEqual([]);
    });

    it('does not begin with what may or may not be speech', () => {
        expect(run(new EndOfTurn(STEP_MS), '?'.repeat(100)).started).toEqual([]);
    });

    it.each<[ExpectedAnswer | undefined, number]>([
        ['yesno', 500],
        [undefined, 600],
        ['open', 700],
        ['digits', 1200],
    ])('that answers %s ends after %i ms of quiet', (answer, hangMs) => {
        const turn = new EndOfTurn(STEP_MS);
        turn.expect(answer);
        const { stopped } = run(turn, `sss${'q'.repeat(60)}`);
        expect(stopped).toEqual([2 + Math.ceil(hangMs / STEP_MS)]);
    });

    it('is not ended by a pause with a doubtful sound in it', () => {
        const turn = new EndOfTurn(STEP_MS);
        expect(run(turn, `sss${'q'.repeat(15)}?${'q'.repeat(15)}`).stopped).toEqual([]);
        expect(turn.talking).toBe(true);
    });

    it('takes a new expectation while it runs', () => {
        const turn = new EndOfTurn(STEP_MS);
        turn.expect('digits');
        expect(run(turn, `sss${'q'.repeat(25)}`).stopped).toEqual([]);
        turn.expect('yesno');
        expect(run(turn, 'q').stopped).toEqual([0]);
    });

    it('says how long ago its first and its last sound were', () => {
        const turn = new EndOfTurn(STEP_MS);
        run(turn, 'qsqss');
        expect(turn.onsetAgeMs).toBe(4 * STEP_MS);
        run(turn, 'qqq');
        expect(turn.silenceMs).toBe(3 * STEP_MS);
    });

    it('begins again after it ended, not before', () => {
        const { started, stopped } = run(new EndOfTurn(STEP_MS), `ssssss${'q'.repeat(20)}sss`);
        expect(started).toEqual([2, 28]);
        expect(stopped).toEqual([24]);
    });

    it('is forgotten by a reset', () => {
        const turn = new EndOfTurn(STEP_MS);
        run(turn, 'ssss');
        turn.reset();
        expect(turn.talking).toBe(false);
        expect(run(turn, 'ss').started).toEqual([]);
    });

    it('refuses a window that its speech does not fit into', () => {
        expect(() => new EndOfTurn(STEP_MS, { onsetMs: 200 })).toThrow(RangeError);
        expect(() => new EndOfTurn(1, { onsetWindowMs: 32 })).toThrow(RangeError);
    });
});
