import type { CallOutcome } from '../../../bench/chaos/good-call';
import { breachesIn, GROWTH_LIMITS, type FaultRecord } from '../../../bench/chaos/invariants';
import type { Census } from '../../../bench/chaos/probe';
import { tableHead, tableRows } from '../../../bench/chaos/report';

const CENSUS: Census = { sockets: 0, descriptors: 27, timers: 2, heapKib: 22_000, rssKib: 200_000 };

function call(changes: Partial<CallOutcome> = {}): CallOutcome {
    return {
        session: 'a',
        dialledMs: 0,
        refusedWith: undefined,
        end: 'hung up',
        worstSilenceMs: 2500,
        worstSilenceFromMs: 100,
        answers: 2,
        cutAnswers: 0,
        foreignBlocks: 0,
        misplacedBlocks: 0,
        unheardMs: undefined,
        breaches: [],
        rateBreaches: 0,
        ...changes,
    };
}

function record(changes: Partial<FaultRecord> = {}): FaultRecord {
    return {
        fault: 'a fault',
        seconds: 10,
        calls: [call()],
        badCalls: ['b'],
        ends: new Map([
            ['a', ['client_end']],
            ['b', ['socket_lost']],
        ]),
        droppedLines: 0,
        internalFaults: [],
        deaths: [],
        standInFaults: [],
        before: CENSUS,
        after: CENSUS,
        lateMs: 30,
        recoveredAfterMs: 2000,
        complaints: [],
        permits: {},
        ...changes,
    };
}

/** Names of what is broken, once each. */
function broken(changes: Partial<FaultRecord>): string[] {
    return [...new Set(breachesIn(record(changes)).map(({ invariant }) => invariant))];
}

describe('the invariants', () => {
    it('hold for a record in which all is well', () => {
        expect(breachesIn(record())).toEqual([]);
    });

    it.each<[string, Partial<FaultRecord>, string]>([
        ['a call without an end', { ends: new Map([['a', ['client_end']]]) }, 'endReasons'],
        [
            'a call with two ends',
            { ends: new Map([['a', ['client_end', 'client_end']], ['b', ['x']]]) }, // prettier-ignore
            'endReasons',
        ],
        ['an end without a reason', { ends: new Map([['a', ['']], ['b', ['x']]]) }, 'endReasons'], // prettier-ignore
        ['a process that ended', { deaths: ['a process ended with SIGABRT.'] }, 'alive'],
        ['a fault of the program', { internalFaults: ['{"code":"ERR_INTERNAL"}'] }, 'alive'],
        ['a socket that is left', { after: { ...CENSUS, sockets: 1 } }, 'growth'],
        ['files that are left', { after: { ...CENSUS, descriptors: 29 } }, 'growth'],
        ['timers that are left', { after: { ...CENSUS, timers: 5 } }, 'growth'],
        ['a heap that has grown', { after: { ...CENSUS, heapKib: 22_001 + GROWTH_LIMITS.heapKib } }, 'growth'],
        ['a long silence', { calls: [call({ worstSilenceMs: 6600 })] }, 'silence'],
        ['a sentence that was not heard', { calls: [call({ end: 'x', unheardMs: 400 })], permits: { ends: ['x'] } }, 'sentences'], // prettier-ignore
        ['an answer cut by an end of the server', { calls: [call({ end: 'x', unheardMs: 0, cutAnswers: 1 })], permits: { ends: ['x'] } }, 'sentences'], // prettier-ignore
        ['an answer that broke off', { calls: [call({ cutAnswers: 1 })] }, 'others'],
        ['another call’s answer', { calls: [call({ foreignBlocks: 1 })] }, 'others'],
        ['an answer out of its place', { calls: [call({ misplacedBlocks: 1 })] }, 'others'],
        ['a broken rule of the protocol', { calls: [call({ breaches: ['numbering: 3 follows 1'] })] }, 'others'],
        ['too many messages', { calls: [call({ rateBreaches: 1 })] }, 'others'],
        ['a call that was refused', { calls: [call({ refusedWith: 503, end: 'cut' })] }, 'others'],
        ['a call that was cut', { calls: [call({ end: 'cut' })] }, 'others'],
        ['an end that the fault does not permit', { calls: [call({ end: 'bot_failed' })] }, 'others'],
        ['a frame that OpenAI would refuse', { standInFaults: ['session.update: unknown_parameter'] }, 'others'],
        ['what the fault itself found', { complaints: ['the old server had not ended'] }, 'others'],
        ['a model that does not come back', { recoveredAfterMs: undefined }, 'recovery'],
    ])('%s is a breach', (_what, changes, invariant) => {
        expect(broken(changes)).toEqual([invariant]);
    });

    it('permit what the fault may do', () => {
        const permits = { cutAnswers: true, ends: ['transfer'] };
        expect(broken({ calls: [call({ cutAnswers: 1, end: 'transfer', unheardMs: 0 })], permits })).toEqual([]);
    });

    it('take this program’s own lateness off a silence, and judge no rates when it is great', () => {
        expect(broken({ calls: [call({ worstSilenceMs: 6600, rateBreaches: 1 })], lateMs: 400 })).toEqual([]);
    });

    it('do not miss an end that was dropped from the log, but one that was not', () => {
        const ends = new Map([['a', ['client_end']]]);
        expect(broken({ ends, droppedLines: 1 })).toEqual([]);
        expect(broken({ ends, droppedLines: 1, badCalls: ['b', 'c'] })).toEqual(['endReasons']);
    });

    it('say nothing about ends where the log cannot be read', () => {
        expect(broken({ ends: undefined })).toEqual([]);
    });
});

describe('the table', () => {
    it('marks a fault that went well, and shows why one did not', () => {
        expect(tableHead()).toContain('silence / limit, s');
        expect(tableRows(record())).toEqual([
            expect.stringMatching(/^✓ a fault .* 2\.5 \/ 6\.5 .*client_end 1, socket_lost 1$/),
        ]);
        const rows = tableRows(record({ deaths: ['a process ended with code 1.'] }));
        expect(rows).toEqual([
            expect.stringMatching(/^✗ a fault/),
            expect.stringContaining('a process ended with code 1.'),
        ]);
    });
});
