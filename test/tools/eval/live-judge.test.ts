import { ChatModel } from '../../../tools/eval/chat-model';
import { judgeBy, noJudge } from '../../../tools/eval/judge';
import { judgeCall, type CallEvidence } from '../../../tools/eval/expectations';
import type { CallOutcome } from '../../../tools/eval/result';
import { AnswerStandIn } from '../../speech/chat/answer-stand-in';
import { json } from './live-bench';

const TEXT = 'Bot: You owe ninety euros.\nCaller: Thank you.';

let chat: AnswerStandIn;
let model: ChatModel;

beforeEach(async () => {
    chat = await AnswerStandIn.start();
    model = new ChatModel(restOf(chat.baseURL), 'm', 3);
});

afterEach(async () => {
    await chat.close();
    expect(chat.breaches).toEqual([]);
});

function restOf(baseURL: string) {
    const models = { chatModel: undefined, speechModel: 's', transcriptionModel: 't', voice: 'v' };
    return { apiKey: 'sk-the-key', baseURL, headers: {}, ...models };
}

describe('the judge', () => {
    it('says yes where its quote stands in the text, whatever its capitals and punctuation', async () => {
        chat.plan(json({ verdict: 'yes', why: 'It names it.', quote: 'you owe NINETY euros' }));
        expect(await judgeBy(model)('Is an amount named?', TEXT)).toEqual({ isYes: true, why: 'It names it.' });
        expect(chat.requests[0]?.messages.at(-1)?.content).toContain(TEXT);
    });

    it('says no without a quote', async () => {
        chat.plan(json({ verdict: 'no', why: 'It does not.', quote: '' }));
        expect(await judgeBy(model)('Is the bot rude?', TEXT)).toEqual({ isYes: false, why: 'It does not.' });
    });

    it.each([
        ['made up', json({ verdict: 'yes', why: '', quote: 'You owe nothing' })],
        ['empty', json({ verdict: 'yes', why: '', quote: ' … ' })],
        ['no JSON', 'Yes!'],
    ])('is asked once more where the quote is %s, and has no verdict the second time', async (_what, answer) => {
        chat.plan(answer, answer);
        const { isYes, why } = await judgeBy(model)('Is it free?', TEXT);
        expect(isYes).toBeUndefined();
        expect(why).toMatch(/^not judged: It /);
        expect(chat.requests).toHaveLength(2);
        expect(chat.requests[1]?.messages.at(-1)?.content).toContain('That cannot be used');
    });

    it('may be right the second time', async () => {
        chat.plan(
            json({ verdict: 'yes', why: '', quote: 'no such words' }),
            json({ verdict: 'no', why: 'No.', quote: '' }),
        );
        expect(await judgeBy(model)('Is it free?', TEXT)).toEqual({ isYes: false, why: 'No.' });
    });

    it.each([
        ['a wrong key', { status: 401 }, 'ERR_OPENAI_KEY'],
        ['a broken service', { status: 500 }, 'ERR_CHAT_FAILED'],
        ['a lost connection', 'hang up', 'ERR_CHAT_FAILED'],
    ] as const)('has no verdict with %s', async (_what, plan, code) => {
        chat.plan(plan);
        const { isYes, why } = await judgeBy(model)('Is it free?', TEXT);
        expect(isYes).toBeUndefined();
        expect(why).toContain(code);
        expect(why).not.toContain('sk-the-key');
    });

    it('asks a model that takes no temperature without one, from then on', async () => {
        chat.plan({ status: 400, code: 'unsupported_value', param: 'temperature' });
        chat.plan(json({ verdict: 'no', why: 'No.', quote: '' }), json({ verdict: 'no', why: 'No.', quote: '' }));
        await judgeBy(model)('Is it free?', TEXT);
        await judgeBy(model)('Is it dear?', TEXT);
        expect(chat.requests.map(({ temperature, seed }) => [temperature, seed])).toEqual([
            [0, 3],
            [undefined, 3],
            [undefined, 3],
        ]);
        expect(model.used).toEqual({ model: 'm', requests: 3, inputTokens: 200, outputTokens: 20 });
    });
});

describe('a call that a model judges too', () => {
    const outcome: CallOutcome = {
        answers: [
            { turn: 1, fromMs: 0, toMs: 900, generated: 'You owe ninety euros.', heard: 'You owe ninety euros.' },
        ],
        ...{ functions: [], done: [], outputs: {}, end: 'completed', durationMs: 1000, record: undefined, events: [] },
    };
    const evidence: CallEvidence = {
        ...{
            outcome,
            breaches: [],
            wrongFrames: [],
            missing: [],
            heardPositions: [],
            sentences: [],
            unset: new Map(),
            generated: [],
            places: [],
        },
        ...{ languages: { heard: undefined, spoken: [] }, longestSilence: { ms: 0, atMs: 0 }, hasFaults: false },
    };
    const expectations = { end: 'caller', judge: 'Is an amount named?' } as const;

    it('fails where the code finds a failure, whatever the model says', async () => {
        chat.plan(json({ verdict: 'yes', why: 'All is well.', quote: 'ninety euros' }));
        const { failures } = await judgeCall(evidence, expectations, judgeBy(model));
        expect(failures.map(({ of }) => of)).toEqual(['end']);
    });

    it('fails where the model says no, and tells its reason', async () => {
        chat.plan(json({ verdict: 'no', why: 'No amount.', quote: '' }));
        const { failures } = await judgeCall(evidence, { judge: 'Is an amount named?' }, judgeBy(model));
        expect(failures).toEqual([{ of: 'judge', why: '“Is an amount named?”: no. No amount.' }]);
    });

    it('is neither passed nor failed where the model cannot be asked', async () => {
        const { failures, notJudged } = await judgeCall(evidence, { judge: 'Is it?' }, noJudge('there is none'));
        expect({ failures, notJudged }).toEqual({ failures: [], notJudged: ['Is it? (not judged: there is none)'] });
    });
});
