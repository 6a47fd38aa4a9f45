import type { Tool } from '../../../src/services/functions/tool';
import { expectedPcmu, preambleScene, type FakeOpenAIOptions } from '../../../tools/fake-openai/index';
import { Bench, GREETING } from './bench';
import { settle, until } from './support';

const FIRST = 'One moment, I am looking it up. Meanwhile: we are open from nine to five.';
const SECOND = 'Here it is: your order comes today.';

describe('two messages in one response, with a function between them', () => {
    let bench: Bench;

    beforeEach(() => {
        bench = new Bench();
    });

    afterEach(() => bench.close());

    const DELIVERIES: readonly [string, FakeOpenAIOptions, boolean][] = [
        ['one after the other', {}, false],
        ['in turn', {}, true],
        ['with the items’ ends in another order', { swapItemDone: true, emptyDeltas: true }, false],
        ['in deltas of any size', { deltas: { kind: 'random', minMs: 1, maxMs: 90 } }, true],
    ];

    it.each(
        [true, false].flatMap((marked) =>
            DELIVERIES.map(([how, options, interleave]) => ({ marked, how, options, interleave })),
        ),
    )(
        'every word is heard once and in order: phase $marked, delivered $how',
        async ({ marked, options, interleave }) => {
            const runs: unknown[] = [];
            const tool: Tool = {
                name: 'find_order',
                description: 'Finds an order.',
                parameters: { type: 'object' },
                run: (args) => {
                    runs.push(args);
                    return Promise.resolve({ output: { arrives: 'today' } });
                },
            };
            const scene = preambleScene({ name: 'find_order', arguments: { order: '7' } }, { marked, interleave });
            const { made, session } = await bench.call({ ...options, response: scene }, GREETING, { tools: [tool] });
            await until(() => made.responsesEnded.length === 2, 'both responses');
            await settle();

            const whole = Buffer.concat([expectedPcmu(1, 900), expectedPcmu(2, 1300), expectedPcmu(3, 700)]);
            expect(made.pcmu.equals(whole)).toBe(true);
            expect(new Set(made.audio.map(({ origin }) => origin.itemId)).size).toBe(3);
            expect(made.turns.map(({ text }) => text)).toEqual([FIRST, SECOND]);
            expect(runs).toEqual([{ order: '7' }]);
            expect(session.received('response.create')).toHaveLength(2);
            const heard = made.transcript.heard(20, 16_000);
            expect(
                heard
                    .filter(({ speaker }) => speaker === 'bot')
                    .map(({ text }) => text)
                    .join(' '),
            ).toBe(`${FIRST} ${SECOND}`);
            const phases = session.conversation.filter(({ role }) => role === 'assistant').map(({ phase }) => phase);
            expect(phases).toEqual(
                marked ? ['commentary', 'final_answer', 'final_answer'] : [undefined, undefined, undefined],
            );
        },
    );
});
