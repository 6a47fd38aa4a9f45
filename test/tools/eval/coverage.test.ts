import type { BotProfile } from '../../../src/services/profiles/schema';
import { unreachedLines, unreachedOf } from '../../../tools/eval/coverage';
import type { RunResult } from '../../../tools/eval/result';

const PROFILE = {
    name: 'desk',
    outputVariables: { topic: {}, balance: {} },
    tools: [{ kind: 'end_call' }, { kind: 'collect_digits' }],
    dialog: {
        menus: {
            main: {
                choices: [
                    { label: 'hours', action: { do: 'say', text: 'We close at {{time}} today.' } },
                    {
                        label: 'agent',
                        action: {
                            do: 'transfer',
                            text: { none: 'Connecting.', closed: 'One moment.', open: 'I connect you.' },
                        },
                    },
                    { label: 'bye', action: { do: 'goodbye', text: 'Bye then.' } },
                ],
            },
        },
    },
} as unknown as BotProfile;

function result(outputs: Record<string, string>, names: string[], generated: string): RunResult {
    const functions = names.map((name) => ({ atMs: 0, name, arguments: {}, outcome: 'ok', ms: 0 }));
    const outcome = { outputs, functions, answers: [{ turn: 1, fromMs: 0, toMs: 1, generated, heard: '' }] };
    return { bot: 'desk', outcome } as unknown as RunResult;
}

describe('what of a bot no case has reached', () => {
    it('is every variable without a value, every function without a call, every choice whose words were not said', () => {
        const results = [
            result({ topic: 'x', balance: '' }, ['end_call'], 'We close at five today.'),
            { ...result({ balance: '1' }, ['collect_digits'], 'Bye then.'), bot: 'another' },
            result({}, [], 'Well. One moment.'),
        ];
        const unreached = unreachedOf(PROFILE, results);
        expect(unreached).toEqual({ variables: ['balance'], functions: ['collect_digits'], choices: ['main: bye'] });
        expect(unreachedLines(unreached)).toEqual([
            'output variables that no case sets: balance',
            'functions that no case calls: collect_digits',
            'choices of the dialog that no case takes: main: bye',
        ]);
    });

    it('is nothing where everything was reached', () => {
        const all = result(
            { topic: 'x', balance: '2' },
            ['end_call', 'collect_digits'],
            'We close at five today. Connecting. Bye then.',
        );
        expect(unreachedLines(unreachedOf(PROFILE, [all]))).toEqual([]);
    });
});
