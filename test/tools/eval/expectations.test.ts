import type { Expectation } from '../../../tools/eval/case-schema';
import { judgeCall, type CallEvidence } from '../../../tools/eval/expectations';
import type { CallOutcome } from '../../../tools/eval/result';

const OUTCOME: CallOutcome = {
    answers: [
        { turn: 1, fromMs: 400, toMs: 3000, generated: 'Hello, how can I help?', heard: 'Hello, how can I help?' },
        {
            turn: 2,
            fromMs: 6000,
            toMs: 7500,
            generated: 'You owe 84 euros and 20 cents. Goodbye.',
            heard: 'You owe 84 euros',
            waitedMs: 800,
        },
    ],
    functions: [
        {
            atMs: 5000,
            name: 'read_balance',
            arguments: { customer: '83920175', deep: { a: 1, b: 2 } },
            outcome: 'ok',
            ms: 100,
        },
    ],
    done: [{ atMs: 4000, toMs: 5200, what: 'say', text: 'What do I owe?' }],
    outputs: { balance: '84.20', end_reason: 'transfer', cost_usd: '0.0500', fallback_used: '' },
    end: 'completed',
    durationMs: 9000,
    record: undefined,
    events: [],
};

const EVIDENCE: CallEvidence = {
    outcome: OUTCOME,
    breaches: [],
    wrongFrames: [],
    missing: [],
    heardPositions: [{ atMs: 7500, text: 'You owe 84 euros and 20 cents. Goodbye.', toldMs: 1490, heardMs: 1500 }],
    sentences: [
        { atMs: 400, text: 'Hello, how can I help?' },
        { atMs: 6000, text: 'You owe 84 euros' },
    ],
    unset: new Map([['never', 'function read_balance was not called']]),
    generated: ['Hello, how can I help?', 'You owe 84 euros and 20 cents. Goodbye.'],
    places: [{ name: 'the log', text: '{"entry":"length 4","other":"14711"}' }],
    languages: { heard: 'de', spoken: ['de-DE'] },
    longestSilence: { ms: 800, atMs: 5200 },
    hasFaults: false,
};

async function failuresOf(expect: Expectation, evidence: Partial<CallEvidence> = {}): Promise<string[]> {
    const { failures } = await judgeCall({ ...EVIDENCE, ...evidence }, expect, undefined);
    return failures.map(({ of }) => of);
}

/** What holds, and what does not, of the same call. */
const PAIRS: readonly [string, Expectation, Expectation][] = [
    ['end', { end: 'completed' }, { end: 'caller' }],
    ['end_reason', { end_reason: '/^trans/' }, { end_reason: 'trans' }],
    ['outputs', { outputs: { balance: '84.20' } }, { outputs: { balance: '84.2' } }],
    ['outputs', { outputs: { never: null, balance: '/^84/' } }, { outputs: { never: 'x' } }],
    ['outputs', { outputs: { never: null } }, { outputs: { balance: null } }],
    ['calls', { calls: { read_balance: 1 } }, { calls: { read_balance: 2 } }],
    ['calls', { calls: { read_balance: { times: { at_most: 1 } } } }, { calls: { read_balance: 0 } }],
    ['calls', { calls: {}, only_these_calls: false }, { calls: {} }],
    [
        'calls',
        { calls: { read_balance: { arguments: { customer: '/^[0-9]{8}$/', deep: { b: 2 } } } } },
        { calls: { read_balance: { arguments: { deep: { b: 3 } } } } },
    ],
    ['calls', { calls: { read_balance: { outcome: 'ok' } } }, { calls: { read_balance: { outcome: 'timeout' } } }],
    ['calls', { calls: { read_balance: { refused: 0 } } }, { calls: { read_balance: { refused: 1 } } }],
    ['heard', { heard: 'you owe 84 EUROS!' }, { heard: 'Goodbye' }],
    ['heard', { heard: { exact: 'hello how can I help', turn: 1 } }, { heard: { exact: 'hello', turn: 1 } }],
    ['heard', { heard: { matches: '^you owe \\d+', turn: 2 } }, { heard: { contains: 'hello', turn: 2 } }],
    ['heard', { heard: [] }, { heard: { contains: 'hello', turn: 3 } }],
    ['not_heard', { not_heard: 'goodbye' }, { not_heard: ['nothing', 'how can I'] }],
    ['not_generated', { not_generated: 'password' }, { not_generated: 'goodbye' }],
    ['within_ms', { within_ms: 800 }, { within_ms: 799 }],
    ['within_ms', { within_ms: [{ turn: 2, ms: 900 }] }, { within_ms: [{ turn: 3, ms: 900 }] }],
    ['max_silence_ms', { max_silence_ms: 800 }, { max_silence_ms: 700 }],
    ['cost_below_usd', { cost_below_usd: 0.051 }, { cost_below_usd: 0.05 }],
    ['turns_at_most', { turns_at_most: 2 }, { turns_at_most: 1 }],
    ['duration_below_ms', { duration_below_ms: 9001 }, { duration_below_ms: 9000 }],
    ['fallback', { fallback: false }, { fallback: true }],
    ['fallback', { fallback: [] }, { fallback: ['local'] }],
    ['language', { language: 'de' }, { language: 'en' }],
    ['interrupted', { interrupted: 0 }, { interrupted: 1 }],
    ['private_digits', { private_digits: '4711' }, { private_digits: '14711' }],
];

describe('what a case expects', () => {
    it.each(PAIRS)('%s: %j holds, and %j does not', async (name, right, wrong) => {
        expect(await failuresOf(right)).toEqual([]);
        expect([...new Set(await failuresOf(wrong))]).toEqual([name]);
    });

    it('says that a sentence was cut off before the words were heard, and where', async () => {
        const { failures } = await judgeCall(EVIDENCE, { heard: 'Goodbye' }, undefined);
        expect(failures).toEqual([
            {
                of: 'heard',
                why: 'The caller should hear “Goodbye”; it was cut off before that was heard.',
                atMs: 6000,
                sentence: 'You owe 84 euros and 20 cents. Goodbye.',
            },
        ]);
    });

    it.each<[string, Expectation, object]>([
        [
            'in no answer: the nearest sentence, with its moment and answer',
            { heard: 'You owe 48 euros' },
            {
                of: 'heard',
                why: 'The caller should hear “You owe 48 euros”; it was not heard; the nearest that was heard is “You owe 84 euros”, at 0:06.0 in answer 2.',
                atMs: 6000,
                sentence: 'You owe 84 euros',
            },
        ],
        [
            'in another answer',
            { heard: { contains: 'how can I help', turn: 2 } },
            {
                of: 'heard',
                why: 'The caller should hear “how can I help” in answer 2; they heard “You owe 84 euros”; the nearest that was heard is “Hello, how can I help?”, at 0:00.4 in answer 1.',
                atMs: 400,
                sentence: 'Hello, how can I help?',
            },
        ],
        [
            'where nothing is like it: no sentence and no moment',
            { heard: 'Bye.' },
            { of: 'heard', why: 'The caller should hear “Bye.”; it was not heard.' },
        ],
        [
            'where nothing is like it in the answer that is meant: the end of that answer',
            { heard: { contains: 'Bye.', turn: 2 } },
            {
                of: 'heard',
                why: 'The caller should hear “Bye.” in answer 2; the last that they heard of it is “You owe 84 euros”.',
                atMs: 6000,
                sentence: 'You owe 84 euros',
            },
        ],
    ])('says of words that were not heard, %s', async (_what, expected, failure) => {
        expect((await judgeCall(EVIDENCE, expected, undefined)).failures).toEqual([failure]);
    });

    it('says that nothing was heard, and names no moment', async () => {
        const silent = { ...EVIDENCE, sentences: [], outcome: { ...OUTCOME, answers: [] } };
        expect((await judgeCall(silent, { heard: 'Hello' }, undefined)).failures).toEqual([
            { of: 'heard', why: 'The caller should hear “Hello”; nothing was heard.' },
        ]);
        const heardPositions = [{ text: 'You owe', toldMs: 2000, heardMs: 0 }];
        const [failure] = (await judgeCall({ ...EVIDENCE, heardPositions }, {}, undefined)).failures;
        expect(failure).not.toHaveProperty('atMs');
    });

    it('says of an end that was not set who ended the call', async () => {
        const why = async (evidence: Partial<CallEvidence>): Promise<(string | undefined)[]> => {
            const outcome = { ...OUTCOME, ...evidence.outcome, outputs: {} };
            const expected = { end: 'completed', end_reason: 'bot_ended' } as const;
            const { failures } = await judgeCall({ ...EVIDENCE, ...evidence, outcome }, expected, undefined);
            return failures.map((each) => each.why);
        };
        expect(await why({})).toEqual(['end_reason should be bot_ended, and was not set.']);
        const outcome = { ...OUTCOME, end: 'caller' };
        expect(await why({ outcome })).toEqual([
            'The call should end with completed, and ended with caller.',
            'end_reason should be bot_ended, and the caller hung up.',
        ]);
        const left = 'and the call ended because the caller hung up after the last step of the script.';
        expect(await why({ outcome, leftAfter: 'the last step of the script' })).toEqual([
            `The call should end with completed, ${left}`,
            `end_reason should be bot_ended, ${left}`,
        ]);
    });

    it('says why an output variable has no value', async () => {
        const why = async (evidence: CallEvidence, name = 'never'): Promise<string | undefined> =>
            (await judgeCall(evidence, { outputs: { [name]: 'x' } }, undefined)).failures[0]?.why;
        expect(await why(EVIDENCE)).toBe(
            'The output variable never should be x, and was not sent: function read_balance was not called.',
        );
        expect(await why({ ...EVIDENCE, outcome: { ...OUTCOME, end: 'caller' } })).toBe(
            'The output variable never should be x, and was not sent: the caller hung up first, and Architect gets nothing then.',
        );
        const unset = new Map([['balance', 'it was set']]);
        expect(await why({ ...EVIDENCE, unset }, 'balance')).toBe(
            'The output variable balance should be x, and is “84.20”.',
        );
    });

    it('finds digits that stand apart, and does not repeat them', async () => {
        const places = [{ name: 'the record of the call', text: 'I typed 4, 7, 1, 1.' }];
        const { failures } = await judgeCall({ ...EVIDENCE, places }, { private_digits: '4711' }, undefined);
        expect(failures.map(({ of }) => of)).toEqual(['private_digits']);
        expect(JSON.stringify(failures)).not.toMatch(/4\D{0,3}7\D{0,3}1/);
    });

    it('checks of every call: the protocol, the frames to the model, what is missing, and what the model was told was heard', async () => {
        const heardPositions = [{ atMs: 1, text: 'You owe', toldMs: 2000, heardMs: 1500 }];
        const check = { number: 1, name: 'x', rule: 'A rule.', section: '1' };
        const breaches = [{ check, severity: 'fail' as const, atMs: 1, detail: 'It was broken.' }] as never;
        const missing = [{ of: 'mocks', why: 'No mock.' }];
        expect(await failuresOf({}, { heardPositions })).toEqual(['heard_position']);
        expect(await failuresOf({}, { breaches, missing, wrongFrames: ['x: y'] })).toEqual([
            'mocks',
            'protocol',
            'protocol',
        ]);
        expect(await failuresOf({}, { outcome: { ...OUTCOME, outputs: { fallback_used: 'local' } } })).toEqual([
            'fallback',
        ]);
        expect(
            await failuresOf({}, { outcome: { ...OUTCOME, outputs: { fallback_used: 'local' } }, hasFaults: true }),
        ).toEqual([]);
    });

    it('asks the judge, and says what was not judged without one', async () => {
        const expectation = { judge: 'Was the bot friendly?', not_heard: { judge: 'Did it promise anything?' } };
        expect((await judgeCall(EVIDENCE, expectation, undefined)).notJudged).toHaveLength(2);
        const asked: string[] = [];
        const judge = (question: string, about: string) => {
            asked.push(about);
            return Promise.resolve({ isYes: question.startsWith('Did'), why: 'Because.' });
        };
        const { failures } = await judgeCall(EVIDENCE, expectation, judge);
        expect(failures.map(({ of }) => of)).toEqual(['not_heard', 'judge']);
        expect(asked[1]).toBe('Bot: Hello, how can I help?\nCaller: What do I owe?\nBot: You owe 84 euros');
    });
});
