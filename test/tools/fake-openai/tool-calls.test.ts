import { INSTANT } from '../../../tools/fake-openai';
import { callsWithTurns, readToolCall } from '../../../tools/fake-openai/tool-calls';
import { Bench, pcmuUpdate } from './test-client';

const bench = new Bench();
afterEach(() => bench.end());

describe('--call-tool', () => {
    it('lets the stand-in call the functions that are named, one with each turn, and then answer as ever', async () => {
        const calls = ['find_order={"number":"A1"}', 'end_call'].map(readToolCall);
        const fake = await bench.fake({ ...INSTANT, response: callsWithTurns(calls) });
        const { client, session } = await bench.ready(fake, pcmuUpdate());
        client.send({ type: 'response.create' });
        await client.next('response.done');
        const made: unknown[] = [];
        for (let turn = 0; turn < 3; turn += 1) {
            session.speechStarted();
            session.speechStopped();
            const { response } = (await client.next('response.done')) as { response: { output: Output[] } };
            made.push(...response.output.map(({ type, name, arguments: given }) => [type, name, given]));
        }
        expect(made).toEqual([
            ['function_call', 'find_order', '{"number":"A1"}'],
            ['function_call', 'end_call', '{}'],
            ['message', undefined, undefined],
        ]);
        expect(fake.faults).toEqual([]);
    });

    it.each([
        ['find order={}', 'neither'],
        ['find_order={number:1}', "single quotes: --call-tool find_order='{"],
        ['find_order=[1]', 'no JSON object'],
    ])('says what is wrong with %s', (text, words) => {
        expect(() => readToolCall(text)).toThrow(words);
    });
});

interface Output {
    type: string;
    name?: string;
    arguments?: string;
}
