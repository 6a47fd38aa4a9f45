import {
    answersDiffer,
    callsUntil,
    medianFigures,
    mistakesOf,
    spreadOf,
    type Figures,
} from '../../../bench/load/figures';

const NOTHING = { lost: 0, doubled: 0, misplaced: 0 };
const SPREAD = { p50: 1, p99: 2, max: 3 };

function figures(changes: Partial<Figures> = {}): Figures {
    return {
        cpuMsPerCallMinute: 20,
        busyShare: 0.1,
        rssKibPerCall: 60,
        heapKibPerCall: 40,
        frameToModelMs: SPREAD,
        firstAudioMs: SPREAD,
        loopDelayMs: SPREAD,
        openedAfterMs: SPREAD,
        callersLateMs: 1,
        standInLateMs: 1,
        answers: { responses: 3, givenMs: 8400, heardMs: 8400 },
        toModel: NOTHING,
        toCaller: NOTHING,
        overLimit: 0,
        bargeIns: 0,
        refused: 0,
        faults: new Map(),
        ...changes,
    };
}

describe('figures of the load bench', () => {
    it('are percentiles by nearest rank, and NaN without values', () => {
        expect(spreadOf([5, 1, 4, 2, 3])).toEqual({ p50: 3, p99: 5, max: 5 });
        expect(spreadOf([])).toEqual({ p50: NaN, p99: NaN, max: NaN });
    });

    it('are the medians of the rounds, and what must be 0 is added up', () => {
        const rounds = [10, 40, 20].map((cpu, round) =>
            figures({
                cpuMsPerCallMinute: cpu,
                toModel: { ...NOTHING, lost: round },
                faults: new Map([['disconnect', 1]]),
            }),
        );
        const [first, ...more] = rounds;
        const median = medianFigures([first ?? figures(), ...more]);
        expect(median.cpuMsPerCallMinute).toBe(20);
        expect(median.frameToModelMs).toEqual(SPREAD);
        expect(median.toModel.lost).toBe(3);
        expect(median.faults).toEqual(new Map([['disconnect', 3]]));
        expect(median.answers).toEqual({ responses: 9, givenMs: 25_200, heardMs: 25_200 });
    });

    it('say how the answers of two targets differ, and nothing when they do not', () => {
        const given = { responses: 3, givenMs: 8400, heardMs: 8400 };
        expect(answersDiffer(given, { ...given })).toBeUndefined();
        expect(answersDiffer({ ...given, heardMs: 8200 }, given)).toBe('heard 8200 against 8400 ms');
        expect(answersDiffer({ responses: 2, givenMs: 5600, heardMs: 5600 }, given)).toContain('responses 2 against 3');
    });

    it('name each mistake with its count, and none where nothing is wrong', () => {
        expect(mistakesOf(figures())).toEqual([]);
        const wrong = figures({ toCaller: { lost: 8, doubled: 0, misplaced: 160 }, faults: new Map([['ERR_X', 2]]) });
        expect(mistakesOf(wrong)).toEqual([
            'bytes lost on the way to the caller: 8',
            'bytes misplaced on the way to the caller: 160',
            'ERR_X: 2',
        ]);
    });
});

describe('calls until the limit', () => {
    const points = [
        { calls: 500, value: 30 },
        { calls: 200, value: 10 },
        { calls: 1000, value: 110 },
    ];

    it('lie on the straight line between the steps around it', () => {
        expect(callsUntil(points, 50)).toEqual({ calls: 625, is: 'passed' });
    });

    it('are more than was measured where it is never passed, and fewer where it always is', () => {
        expect(callsUntil(points, 200)).toEqual({ calls: 1000, is: 'never' });
        expect(callsUntil(points, 5)).toEqual({ calls: 200, is: 'always' });
    });

    it('end before a step without any figure', () => {
        expect(callsUntil([...points.slice(0, 2), { calls: 1000, value: NaN }], 50)).toEqual({
            calls: 500,
            is: 'passed',
        });
    });
});
