import { closeVoice } from '../../../tools/eval/run-case';
import type { EvalCase } from '../../../tools/eval/case-schema';
import { json, LiveBench } from './live-bench';

const LONG_MS = 90_000;
const KEY = 'sk-the-key-of-the-user';
const TRANSFER = { reason: 'bill', queue: 'Billing', summary: 'A bill.' };

let bench: LiveBench;

async function begin(...responses: Parameters<typeof LiveBench.start>[0]): Promise<void> {
    bench = await LiveBench.start(responses);
}

afterEach(() => bench.close());
afterAll(() => closeVoice());

describe('a case with --live', () => {
    it(
        'talks with the model of the environment in real time, and knows what the caller heard by its samples',
        async () => {
            await begin(
                { text: 'Brightwater Energy, hello.', audioMs: 900 },
                { text: 'We are open from nine to five on every day of the week but Sunday.', audioMs: 6000 },
                {
                    text: 'I connect you.',
                    audioMs: 800,
                    functionCalls: [{ name: 'transfer_to_agent', arguments: TRANSFER }],
                },
            );
            const result = await bench.run({
                name: 'asks, and interrupts',
                model: ['what the case says here is not used'],
                script: [
                    { say: 'When are you open?' },
                    { interrupt: 'I have a question about my bill.', after_ms: 1200 },
                ],
                expect: {
                    end: 'completed',
                    end_reason: 'transfer',
                    calls: { transfer_to_agent: { times: 1, arguments: { queue: 'Billing' } } },
                    heard: [
                        { exact: 'Brightwater Energy, hello.', turn: 1 },
                        { contains: 'We are open', turn: 2 },
                    ],
                    not_heard: 'but Sunday',
                    interrupted: 1,
                    within_ms: 10_000,
                },
            });
            expect(result).toMatchObject({ failures: [], notJudged: [], verdict: 'passed' });
            expect(result.outcome?.answers[1]?.generated).toContain('but Sunday');
            expect(result.asked).toBeUndefined();
            expect(bench.realtime.connections[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
            expect(bench.realtime.faults.filter(({ benign }) => !benign)).toEqual([]);
            expect(JSON.stringify(result)).not.toContain(KEY);
        },
        LONG_MS,
    );

    it(
        'a chat model plays the caller to their goal, and judges',
        async () => {
            await begin(
                { text: 'Hello. How can I help?', audioMs: 900 },
                { text: 'Please type your number.', audioMs: 900 },
                { text: 'Thank you, one moment.', audioMs: 700 },
                {
                    text: 'I connect you with billing.',
                    audioMs: 900,
                    functionCalls: [{ name: 'transfer_to_agent', arguments: TRANSFER }],
                },
            );
            bench.chat.plan(
                json({ does: 'say', words: 'My bill is wrong.' }),
                json({ does: 'keys', words: 'twelve' }),
                json({ does: 'say', words: 'One two.' }),
                json({ does: 'say', words: 'Thank you.' }),
                json({ verdict: 'no', why: 'It is friendly.', quote: '' }),
                json({ verdict: 'yes', why: 'They are.', quote: 'I connect you with billing' }),
            );
            const result = await bench.run({
                name: 'wants billing',
                persona: {
                    goal: 'Be put through to billing.',
                    manner: 'in a hurry',
                    knows: { number: 12 },
                    max_turns: 5,
                },
                expect: {
                    end_reason: 'transfer',
                    calls: { transfer_to_agent: 1 },
                    judge: 'Is the caller put through to billing?',
                    not_heard: { judge: 'Is the bot rude?' },
                },
            });
            expect(result).toMatchObject({ failures: [], notJudged: [], verdict: 'passed' });
            const said = result.outcome?.done.map(({ what, text }) => `${what} ${text}`);
            expect(said).toEqual(['say My bill is wrong.', 'say One two.', 'say Thank you.']);
            expect(bench.chat.breaches).toEqual([]);
            const [first, , third, , rude] = bench.chat.requests.map(({ messages }) => messages);
            expect(first?.[0]?.content).toContain('Be put through to billing.');
            expect(first?.[1]?.content).toContain('Bot: Hello. How can I help?');
            // The keys were no keys: it was told so, and asked once more.
            expect(third?.at(-1)?.content).toContain('Keys are 0 to 9');
            expect(rude?.at(-1)?.content).toMatch(/Caller: |Hello/);
            expect(
                bench.chat.requests.every(
                    ({ model, temperature, seed }) => model === 'm' && temperature === 0 && seed === 5,
                ),
            ).toBe(true);
            expect(result.asked).toEqual({ model: 'm', requests: 6, inputTokens: 600, outputTokens: 60 });
        },
        LONG_MS,
    );

    it(
        'says in a sentence that the key is wrong, and does not show it',
        async () => {
            await begin();
            process.env['OPENAI_API_KEY'] = 'sk-bad';
            const result = await bench.run({ name: 'wrong key', script: [{ hang_up: true }], expect: {} });
            expect(result.verdict).toBe('failed');
            expect(result.failures[0]).toMatchObject({
                of: 'case',
                why: expect.stringMatching(/OpenAI.*key/i) as string,
            });
            expect(JSON.stringify(result.failures)).not.toContain('sk-bad');
        },
        LONG_MS,
    );

    it(
        'says that OpenAI refuses the upgrade, and with what status',
        async () => {
            await begin();
            bench.realtime.plan({ httpStatus: 401 }, 'every');
            const result = await bench.run({ name: 'refused', script: [{ hang_up: true }], expect: {} });
            expect(result.failures[0]?.why).toMatch(/HTTP status 401: OPENAI_API_KEY is wrong/);
        },
        LONG_MS,
    );

    it.each<[string, Partial<EvalCase>, boolean, RegExp]>([
        ['only: stand-in', { only: 'stand-in', script: [] }, true, /only: stand-in/],
        ['faults', { faults: [{ openai: 'hangs' }], script: [] }, true, /`faults` need the stand-in/],
        ['openai: false', { openai: false, script: [] }, true, /openai: false/],
        ['only: live', { only: 'live', script: [] }, false, /needs --live/],
        ['a persona alone', { persona: { goal: 'x' } }, false, /needs --live/],
    ])('a case with %s is not run with the other model, and says so', async (_what, part, live, why) => {
        await begin();
        const result = await bench.run({ name: 'other', expect: {}, ...part }, live);
        expect(result).toMatchObject({ verdict: 'unknown', failures: [] });
        expect(result.notJudged).toEqual([expect.stringMatching(why)]);
        expect(result.outcome).toBeUndefined();
        expect(bench.realtime.connections).toEqual([]);
    });

    it('without a key the case cannot be run, and says what is missing', async () => {
        await begin();
        delete process.env['OPENAI_API_KEY'];
        const result = await bench.run({ name: 'no key', script: [], expect: {} });
        expect(result.failures).toEqual([
            { of: 'case', why: expect.stringMatching(/OPENAI_API_KEY must be set/) as string },
        ]);
    });

    it(
        'a chat model that cannot be reached plays no caller: nothing is said about the bot',
        async () => {
            await begin({ text: 'Hello.', audioMs: 500 });
            bench.chat.plan({ status: 500 });
            const result = await bench.run({
                name: 'lost',
                persona: { goal: 'x' },
                expect: { end_reason: 'transfer' },
            });
            expect(result).toMatchObject({ verdict: 'unknown', failures: [] });
            expect(result.notJudged).toEqual([
                expect.stringMatching(/^The caller could not be played: .*ERR_CHAT_FAILED/),
            ]);
        },
        LONG_MS,
    );
});
