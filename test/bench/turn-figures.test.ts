import { INTERRUPTION_PLANS, KeyTurns, readSpeech, SpokenTurns } from '../../bench/interruptions';
import { planRound } from '../../bench/rounds';
import { percentile, TurnFigures, verdictsOf } from '../../bench/turn-figures';
import { seededRandom } from '../../tools/fake-openai/signal';

function good(): TurnFigures {
    const figures = new TurnFigures();
    figures.errorsMs.push(1, 2, 3);
    figures.delaysMs.push(1, 1, 2);
    return figures;
}

function broken(figures: TurnFigures): number {
    return verdictsOf(figures, INTERRUPTION_PLANS.instant.delay).filter((verdict) => !verdict.good).length;
}

describe('figures of turn-taking', () => {
    it('takes percentiles by nearest rank', () => {
        const values = Array.from({ length: 200 }, (_, index) => 200 - index);
        expect(percentile(values, 0.5)).toBe(100);
        expect(percentile(values, 0.99)).toBe(198);
        expect(percentile(values, 1)).toBe(200);
    });

    it('is content with a good run, and not with one in which nothing was measured', () => {
        expect(broken(good())).toBe(0);
        expect(broken(new TurnFigures())).toBe(3);
    });

    it.each([
        ['the position is off', (f: TurnFigures) => f.errorsMs.push(61)],
        [
            'half of the positions are off by more than 20 ms',
            (f: TurnFigures) => f.errorsMs.push(...new Array<number>(9).fill(21)),
        ],
        ['barge_in is late', (f: TurnFigures) => f.delaysMs.push(21)],
        ['a cancelled response goes on', (f: TurnFigures) => (f.cancelledBytes = 1)],
        ['a byte is lost', (f: TurnFigures) => (f.lostBytes = 1)],
        ['a byte is strange', (f: TurnFigures) => (f.strayBytes = 1)],
        ['messages come too fast', (f: TurnFigures) => (f.rateBreaches = 1)],
        ['the playback runs dry', (f: TurnFigures) => (f.starvations = 1)],
        ['an interruption has no barge_in', (f: TurnFigures) => (f.missedBargeIns = 1)],
        ['an item that was cut off is not corrected', (f: TurnFigures) => (f.missingCorrections = 1)],
        ['an item that was heard out is corrected', (f: TurnFigures) => (f.needlessCorrections = 1)],
        ['a turn is given no response', (f: TurnFigures) => (f.missingResponses = 1)],
        ['a turn is given two responses', (f: TurnFigures) => (f.doubledResponses = 1)],
        ['an item is corrected twice', (f: TurnFigures) => (f.repeatedCorrections = 1)],
        ['a protocol rule is broken', (f: TurnFigures) => f.faults.push('rule numbering')],
    ])('breaks one bar when %s', (_what, spoil) => {
        const figures = good();
        spoil(figures);
        expect(broken(figures)).toBe(1);
        const sum = new TurnFigures();
        sum.add(good());
        sum.add(figures);
        expect(broken(sum)).toBe(1);
    });

    it('looks at the 95th percentile of the time from the voice to barge_in, which may take 650 ms', () => {
        const { delay } = INTERRUPTION_PLANS.smart;
        const delayed = (count: number, of = 100): TurnFigures => {
            const figures = good();
            figures.delaysMs.splice(
                0,
                3,
                ...new Array<number>(of - count).fill(650),
                ...new Array<number>(count).fill(651),
            );
            return figures;
        };
        const isBroken = (figures: TurnFigures): boolean => verdictsOf(figures, delay).some((verdict) => !verdict.good);
        expect(isBroken(delayed(5))).toBe(false);
        expect(isBroken(delayed(6))).toBe(true);
        // Too few to be judged.
        expect(isBroken(delayed(49, 49))).toBe(false);
        expect(isBroken(delayed(50, 50))).toBe(true);
    });

    it('plans responses that are heard out and interruptions at every part of one, inside of it', () => {
        const random = seededRandom(11);
        const rounds = Array.from({ length: 500 }, () => planRound(random, 8));
        const shares = rounds.flatMap(({ itemsMs, interruptAtMs }) => {
            const wholeMs = itemsMs.reduce((sum, ms) => sum + ms, 0);
            return interruptAtMs === undefined ? [] : [interruptAtMs / wholeMs];
        });
        expect(shares.length).toBeGreaterThan(300);
        expect(shares.length).toBeLessThan(450);
        expect(Math.min(...shares)).toBeLessThan(0.05);
        expect(Math.max(...shares)).toBeGreaterThan(0.9);
        expect(Math.max(...shares)).toBeLessThan(1);
        expect(rounds.some(({ itemsMs }) => itemsMs.length === 2)).toBe(true);
    });
});

describe('callers who interrupt', () => {
    it('say loud interruptions of at least 1.8 s, one after the other, from this moment of their line on', () => {
        const placed: { atMs: number; pcmu: Uint8Array; words: string }[] = [];
        const line = {
            place: (atMs: number, pcmu: Uint8Array, _sound: unknown, words: string) =>
                placed.push({ atMs, pcmu, words }),
        };
        const speech = readSpeech();
        const turns = new SpokenTurns(line, 0, speech);
        const spokenMs = [turns.interrupt(), turns.interrupt(), turns.ask()];
        expect(spokenMs).toEqual(placed.map(({ pcmu }) => pcmu.length / 8));
        expect(Math.min(...speech.interruptions.map(({ pcmu }) => pcmu.length / 8))).toBeGreaterThanOrEqual(1800);
        expect(placed.map(({ words }) => words)).toEqual([
            ...speech.interruptions.slice(0, 2).map(({ words }) => words),
            'can I ask you something',
        ]);
    });

    it('press a key, and end the entry with #', () => {
        const pressed: string[] = [];
        const reported: string[] = [];
        const turns = new KeyTurns(
            { speechStarted: () => reported.push('started'), speechStopped: () => reported.push('stopped') },
            { dtmf: (digits) => pressed.push(digits) },
        );
        turns.ask();
        expect(reported).toEqual(['started', 'stopped']);
        expect(pressed).toEqual([]);
        turns.interrupt();
        turns.endTurn();
        expect(reported).toHaveLength(2);
        expect(pressed).toEqual(['1', '#']);
    });
});
