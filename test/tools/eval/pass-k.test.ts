import { passPower, tallyCases, wilsonInterval } from '../../../tools/eval/pass-k';
import type { RunResult } from '../../../tools/eval/result';
import { runResult } from './results';

function runs(verdicts: readonly RunResult['verdict'][]): RunResult[] {
    return verdicts.map((verdict, at) => runResult({ verdict, run: at + 1, seed: at + 1 }));
}

describe('the estimate of k passes in a row', () => {
    it('is the share of all choices of k runs in which all passed', () => {
        // Of 5 runs, 3 passed: of 10 pairs 3 are of passed ones, of 10 triples 1.
        expect([1, 2, 3, 4, 5].map((k) => passPower(3, 5, k))).toEqual([
            0.6,
            expect.closeTo(0.3),
            expect.closeTo(0.1),
            0,
            0,
        ]);
        expect([passPower(5, 5, 5), passPower(0, 5, 1)]).toEqual([1, 0]);
    });

    it('is right by counting all choices', () => {
        for (let n = 1; n <= 8; n++)
            for (let c = 0; c <= n; c++)
                for (let k = 1; k <= n; k++) {
                    const choices = Array.from({ length: 2 ** n }, (_, bits) => bits).filter(
                        (bits) => ones(bits) === k,
                    );
                    const passing = choices.filter((bits) => bits < 2 ** c);
                    expect(passPower(c, n, k)).toBeCloseTo(passing.length / choices.length, 12);
                }
    });
});

function ones(bits: number): number {
    return bits.toString(2).replaceAll('0', '').length;
}

describe('the interval of the pass rate', () => {
    it('is that of Wilson: its ends are the rates from which the share lies 1.96 deviations away', () => {
        for (const [passes, n] of [
            [8, 10],
            [1, 3],
            [50, 100],
        ] as const)
            for (const end of wilsonInterval(passes, n))
                expect(Math.abs(passes / n - end) / Math.sqrt((end * (1 - end)) / n)).toBeCloseTo(1.959964, 4);
    });

    it('stays between 0 and 1', () => {
        expect(wilsonInterval(0, 2)).toEqual([0, expect.closeTo(0.6576, 3)]);
        expect(wilsonInterval(5, 5)).toEqual([expect.closeTo(0.5655, 3), 1]);
    });
});

describe('the runs of a case', () => {
    it('pass only together, unless a smaller share is enough', () => {
        const results = runs(['passed', 'passed', 'passed', 'failed', 'passed']);
        expect(tallyCases(results, 1)[0]).toMatchObject({ verdict: 'failed', passes: 4, judged: 5, rate: 0.8 });
        expect(tallyCases(results, 0.8)[0]?.verdict).toBe('passed');
        expect(tallyCases(results, 0.81)[0]?.verdict).toBe('failed');
    });

    it('that could not be judged are not failed, and no part of the rate', () => {
        expect(tallyCases(runs(['passed', 'unknown']), 1)[0]).toMatchObject({ verdict: 'unknown', judged: 1, rate: 1 });
        const [none] = tallyCases(runs(['unknown']), 1);
        expect(none).toMatchObject({ verdict: 'unknown', rate: undefined, interval: undefined, passPower: [] });
    });

    it('are told apart by bot, file and name, and keep their order', () => {
        const results = [runResult({ name: 'b' }), runResult({ name: 'a', run: 2 }), runResult({ name: 'a', run: 1 })];
        const tallies = tallyCases([...results, runResult({ bot: 'echo', name: 'a' })], 1);
        expect(tallies.map(({ bot, name, results: each }) => [bot, name, each.map(({ run }) => run)])).toEqual([
            ['billing', 'b', [1]],
            ['billing', 'a', [1, 2]],
            ['echo', 'a', [1]],
        ]);
    });
});
