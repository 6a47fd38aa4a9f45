import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCases, type CasesRead, type CasesWanted } from '../../../tools/eval/case-file';

let folder: string;

const PROFILE = {
    instructions: 'You are a bot on the telephone.',
    inputVariables: { customer_name: {}, city: {} },
    outputVariables: { a: {}, b: {}, c: {}, balance: {} },
    tools: [
        { kind: 'end_call' },
        {
            kind: 'http',
            name: 'read_balance',
            description: 'Reads the balance.',
            url: 'https://example.com/balance',
            allowedHosts: ['example.com'],
        },
    ],
};

beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'eval-cases-')), 'bots');
    mkdirSync(folder);
    write('billing.json', JSON.stringify(PROFILE));
});

afterEach(() => {
    rmSync(join(folder, '..'), { recursive: true, force: true });
});

function write(name: string, text: string): void {
    writeFileSync(join(folder, name), text);
}

function read(changes: Partial<CasesWanted> = {}): CasesRead {
    return readCases({ folder, directory: join(folder, '..'), live: false, selection: {}, ...changes });
}

function mistakesOf(text: string): readonly string[] {
    write('billing.eval.yaml', text);
    const { mistakes, cases } = read();
    expect(cases).toEqual([]);
    return mistakes.map((each) => each.replace(/^bots\/billing\.eval\.yaml:/, ''));
}

describe('files of cases', () => {
    it('are right as docs/EVALS.md prints the first one, with its bot', () => {
        const guide = readFileSync(join(__dirname, '../../../docs/EVALS.md'), 'utf8');
        const [, profile = '', cases = ''] = /```json\n(.*?)```.*?```yaml\n(.*?)```/s.exec(guide) ?? [];
        write('desk.json', profile);
        write('desk.eval.yaml', cases);
        const { mistakes, warnings, cases: found } = read({ selection: { bot: 'desk' } });
        expect({ mistakes, warnings, count: found.length }).toEqual({ mistakes: [], warnings: [], count: 1 });
    });

    it('are read with what they say about every case: the case wins, and what has keys is merged by key', () => {
        write(
            'billing.eval.yaml',
            `
input: { customer_name: Ann, city: Bonn }
env: { LOG_LEVEL: debug }
mocks: { read_balance: { json: 1 } }
language: en-US
seed: 5
expect: { end: completed, outputs: { a: x, b: y }, calls: { end_call: 1 } }
cases:
  - name: one
    script: []
    expect: {}
  - name: two
    script: [{ say: hello }]
    input: { city: Ulm }
    mocks: { read_balance: { status: 500 } }
    seed: 9
    expect: { end: error, outputs: { b: z, c: null }, calls: { read_balance: { times: 2 } } }
`,
        );
        const { cases, mistakes, bots } = read();
        expect({ mistakes, bots }).toEqual({ mistakes: [], bots: ['billing'] });
        expect(cases.map(({ ownMocks }) => ownMocks)).toEqual([undefined, ['read_balance']]);
        expect(cases[0]).toEqual({
            bot: 'billing',
            file: 'bots/billing.eval.yaml',
            folder,
            botsFolder: folder,
            lines: { begins: 9, expect: { end: 7, outputs: 7, calls: 7 } },
            run: 1,
            seed: 5,
            live: false,
            evalCase: {
                name: 'one',
                script: [],
                seed: 5,
                input: { customer_name: 'Ann', city: 'Bonn' },
                env: { LOG_LEVEL: 'debug' },
                mocks: { read_balance: { json: 1 } },
                language: 'en-US',
                expect: { end: 'completed', outputs: { a: 'x', b: 'y' }, calls: { end_call: 1 } },
            },
        });
        expect(cases[1]?.lines).toEqual({ begins: 12, expect: { end: 17, outputs: 17, calls: 17 } });
        expect(cases[1]).toMatchObject({
            seed: 9,
            evalCase: { input: { customer_name: 'Ann', city: 'Ulm' }, mocks: { read_balance: { status: 500 } } },
        });
        expect(cases[1]?.evalCase.expect).toEqual({
            end: 'error',
            outputs: { a: 'x', b: 'z', c: null },
            calls: { end_call: 1, read_balance: { times: 2 } },
        });
    });

    it('are selected by bot, by a part of the name without regard to capitals, and by mode', () => {
        const one = (name: string, more = 'script: []'): string => `  - { name: ${name}, ${more}, expect: {} }\n`;
        write(
            'billing.eval.yaml',
            `cases:\n${one('Reads the Balance')}${one('says goodbye')}${one('real', 'script: [], only: live')}${one('played', 'persona: { goal: g }')}`,
        );
        write('other.eval.yaml', `bot: echo\ncases:\n${one('balance of echo', 'script: [], only: stand-in')}`);
        const names = (changes: Partial<CasesWanted>): string[] =>
            read(changes).cases.map(({ bot, evalCase }) => `${bot}: ${evalCase.name}`);
        expect(names({ selection: { bot: 'billing', part: 'bALANCE' } })).toEqual(['billing: Reads the Balance']);
        expect(names({ selection: { part: 'balance' } })).toEqual([
            'billing: Reads the Balance',
            'echo: balance of echo',
        ]);
        expect(names({ selection: { bots: new Set(['echo']) } })).toEqual(['echo: balance of echo']);
        expect(names({ live: true }).map((name) => name.split(': ')[1])).toEqual([
            'Reads the Balance',
            'says goodbye',
            'real',
            'played',
        ]);
        expect([...read().leftOut]).toEqual([['need --live', 2]]);
        expect(read({ seed: 77 }).cases.map(({ seed }) => seed)).toEqual([77, 77, 77]);
    });

    it('are left out with the real model where they need the stand-in, and it is said why', () => {
        const one = (name: string, more: string): string => `  - { name: ${name}, script: [], ${more}, expect: {} }\n`;
        write(
            'billing.eval.yaml',
            `cases:\n${one('a', 'seed: 1')}${one('b', 'faults: [{ openai: hangs }]')}${one('c', 'openai: false')}${one('d', 'openai: false')}${one('e', 'only: stand-in')}`,
        );
        const { cases, leftOut } = read({ live: true });
        expect(cases.map(({ evalCase }) => evalCase.name)).toEqual(['a']);
        expect(Object.fromEntries(leftOut)).toEqual({
            'have `faults`, which need the stand-in': 1,
            'have no model (`openai: false`)': 2,
            'belong to the stand-in (`only: stand-in`)': 1,
        });
    });

    it('may call what the bot does not have where the step says so: the record then has a call of `unknown`', () => {
        write(
            'billing.eval.yaml',
            `cases: [{ name: a, script: [], model: [{ calls: { nothing: {} }, unknown_calls: true }], expect: { calls: { unknown: { refused: 1 } } } }]`,
        );
        expect(read()).toMatchObject({ mistakes: [], cases: [{ bot: 'billing' }] });
    });

    it('are warned of input variables where the profile declares none; `bot` is read by the server', () => {
        write('billing.json', JSON.stringify({ ...PROFILE, inputVariables: {} }));
        write(
            'billing.eval.yaml',
            `input: { bot: billing, city: Bonn }
cases:
  - { name: a, script: [], input: { street: x }, expect: {} }
`,
        );
        const { warnings, mistakes, cases } = read();
        expect([mistakes, cases.length]).toEqual([[], 1]);
        expect(warnings).toEqual([
            'bots/billing.eval.yaml:1:24: `city` has no effect: the profile declares no `inputVariables`',
            'bots/billing.eval.yaml:3:37: `street` has no effect: the profile declares no `inputVariables`',
        ]);
    });

    it('of a bot without a profile may name any variable', () => {
        write(
            'more.eval.yaml',
            'bot: openai\ncases: [{ name: a, script: [], input: { x: y }, expect: { outputs: { z: null } } }]',
        );
        expect(read()).toMatchObject({ mistakes: [], warnings: [], cases: [{ bot: 'openai' }] });
    });

    it('are of the selected bots only: a broken file of another bot does no harm', () => {
        write('billing.eval.yaml', 'cases: [{ name: a, script: [], expect: {} }]');
        write('broken.eval.yaml', 'bot: echo\ncases: 5');
        expect(read({ selection: { bot: 'billing' } })).toMatchObject({ mistakes: [], cases: [{ bot: 'billing' }] });
        expect(read().mistakes).toEqual(['bots/broken.eval.yaml:2:8: `cases` must be a list']);
    });

    it('tell which files a bot is made of', () => {
        write('reception.md', 'You are a reception.');
        write('reception.json', JSON.stringify({ ...PROFILE, instructions: { file: 'reception.md' } }));
        write('more.eval.yaml', 'bot: reception\ncases: [{ name: a, script: [], expect: {} }]');
        expect(Object.fromEntries([...read().botsOfFile].map(([file, bots]) => [file, [...bots]]))).toEqual({
            'billing.json': ['billing'],
            'reception.json': ['reception'],
            'reception.md': ['reception'],
            'more.eval.yaml': ['reception'],
        });
    });
});

describe('a mistake in a file of cases', () => {
    it('of the form is named at its place, and the form that was meant is spoken of', () => {
        expect(
            mistakesOf(`cases:
  - name: first
    script:
      - sayy: hello
      - keys: 12
      - say: x
        after_ms: -1
      - 17
    expect: { end: foo, heard: [{ contains: x, turn: 0 }, { contain: y }], calls: { a: x } }
    outputs: {}
  - expect: {}
`),
        ).toEqual([
            '4:9: must be `say: …` or `keys: …` or `interrupt: …` or `mhm: …` or `silent_ms: …` or `wait_for_bot: …` or `language: …` or `hang_up: …`; there is no `sayy`: did you mean say?',
            '5:15: `keys` must be a text: write it in quotation marks',
            '7:19: `after_ms` is wrong: expected number to be >=0',
            '8:9: must be a map of keys and values',
            '9:20: `end` must be completed or error or caller',
            '9:54: `turn` is wrong: expected number to be >=1',
            '9:59: must be a text or `contains: …` or `exact: …` or `matches: …` or `judge: …`; there is no `contain`: did you mean contains?',
            '9:88: must be a number or a map of keys and values',
            '10:5: there is no `outputs` here; right here: input, language, env, mocks, recognizer, seed, limit_ms, openai, model, persona, faults, only',
            '11:5: `name` is missing',
        ]);
    });

    it('of YAML is named at its place', () => {
        expect(mistakesOf('cases:\n  - name: a\n    name: b\n')).toEqual(['3:5: no YAML: Map keys must be unique']);
        expect(mistakesOf('')).toEqual(['1:1: must be a map of keys and values']);
        expect(mistakesOf('a: &a [1]\nb: [*nothing]')[0]).toMatch(/no YAML.*nothing/);
    });

    it('that makes a value endless is refused', () => {
        const lines = Array.from({ length: 12 }, (_, at) => `a${at}: &a${at} [${`*a${at - 1},`.repeat(9)}]`);
        expect(mistakesOf(['a: &a-1 [x]', ...lines].join('\n'))[0]).toMatch(/no YAML that can be used/);
    });

    it('inside what an alias stands for is named where it is written', () => {
        expect(
            mistakesOf(`expect: &e { end: foo }
cases:
  - { name: a, script: [], expect: *e }
`),
        ).toEqual(['1:19: `end` must be completed or error or caller']);
    });

    it('of names and expressions is named at its place', () => {
        expect(
            mistakesOf(`mocks:
  nothing: { json: 1 }
  end_call: { json: 1 }
cases:
  - name: first
    expect: { end_reason: "/a(/", heard: [{ matches: "[" }], calls: { a: 1 } }
  - name: first
    script: [{ say: x, wav: no.wav }]
    expect: { outputs: { a: "/+/" }, calls: { end_call: { arguments: { name: "/)/" } } } }
`),
        ).toEqual([
            '2:3: the bot has no function `nothing`: it has read_balance',
            '3:3: `end_call` asks no service of yours: there is nothing to mock',
            '5:5: the case "first" needs a `script` or a `persona`',
            '6:27: no regular expression: /a(/i: Unterminated group',
            '6:54: no regular expression: /[/i: Unterminated character class',
            '6:71: the bot has no function `a`: it has end_call, read_balance',
            '7:11: "first" is already the name of case 1',
            '8:29: there is no file no.wav beside this one',
            '9:29: no regular expression: /+/i: Nothing to repeat',
            "9:78: no regular expression: /)/i: Unmatched ')'",
        ]);
    });

    it('of a key names the right ones, and the one that was meant', () => {
        expect(
            mistakesOf(`cases:
  - name: a
    mokcs: {}
    script: [{ say: x, afer_ms: 1 }, { keys: "1", wav: x.wav }]
    model: [{ says: x, call: {} }]
    mocks: { read_balance: [{ jsn: 1 }] }
    faults: [{ lose_openai: cut, turn: 1, afterms: 5 }]
    persona: { goal: x, mood: y }
    expect: { calls: { end_call: { time: 1 } }, heard: [{ contains: x, tun: 1 }], within_ms: [{ turn: 1, ms: 1, s: 2 }] }
`),
        ).toEqual([
            '3:5: there is no `mokcs` here: did you mean mocks?; right here: input, language, env, recognizer, seed, limit_ms, openai, only',
            '4:24: there is no `afer_ms` here: did you mean after_ms?; right here: wav, after_ms, optional',
            '4:51: there is no `wav` here; right here: after_ms, answer, optional',
            '5:24: there is no `call` here: did you mean calls?; right here: calls, unknown_calls, after_ms, fails, output_tokens, times',
            '6:31: there is no `jsn` here: did you mean json?; right here: status, json, text, after_ms, fails',
            '7:43: there is no `afterms` here: did you mean after_ms?; right here: after_ms, comes_back',
            '8:25: there is no `mood` here; right here: manner, language, knows, max_turns',
            '9:36: there is no `time` here: did you mean times?; right here: times, arguments, outcome, refused',
            '9:72: there is no `tun` here: did you mean turn?; right here: turn',
            '9:113: there is no `s` here: did you mean ms?',
        ]);
    });

    it('of a name is refused with what the bot has, and the one that was meant', () => {
        const ofServer =
            'summary, call_link, end_reason, bot, turns, fallback_used, worst_turn_ms, cost_usd, error_code, fallback_reason, failure, transfer_reason, transfer_summary, transfer_queue';
        expect(
            mistakesOf(`input: { city: Bonn, costumer_name: Ann }
cases:
  - name: a
    script: []
    model:
      - calls: { read_balanec: {} }
      - calls: [{ end_call: {} }, { hang_up: {} }]
    expect: { outputs: { end_reason: x, balanse: 1 } }
`),
        ).toEqual([
            '1:22: the bot has no input variable `costumer_name`: did you mean customer_name? it has customer_name, city',
            '6:18: the bot has no function `read_balanec`: did you mean read_balance? it has end_call, read_balance (`unknown_calls: true` in this step allows it)',
            '7:37: the bot has no function `hang_up`: it has end_call, read_balance (`unknown_calls: true` in this step allows it)',
            `8:41: the bot has no output variable \`balanse\`: did you mean balance? it has a, b, c, balance, ${ofServer}`,
        ]);
    });

    it('is a number that is read as another one than is written', () => {
        expect(
            mistakesOf(`cases:
  - name: a
    script: []
    mocks: { read_balance: { json: { id: 007, amount: 84.20 } } }
    model: [{ calls: { read_balance: { n: 0123 } } }]
    limit_ms: 0500
    expect:
      outputs: { a: 0123, b: 84.20, c: 12, balance: 1e3 }
      calls: { read_balance: { arguments: { n: -08, m: 0.5 } } }
`),
        ).toEqual([
            '4:42: 007 is read as the number 7: write it in quotation marks',
            '5:43: 0123 is read as the number 123: write it in quotation marks',
            '8:21: 0123 is read as the number 123: write it in quotation marks',
            '8:30: 84.20 is read as the number 84.2: write it in quotation marks',
            '8:53: 1e3 is read as the number 1000: write it in quotation marks',
            '9:48: -08 is read as the number -8: write it in quotation marks',
        ]);
    });

    it('is a bot that is not there, a name that two files have, and a broken profile', () => {
        write('absent.eval.yaml', 'cases: [{ name: a, script: [], expect: {} }]');
        write('billing.eval.yaml', 'cases: [{ name: a, script: [], expect: {} }]');
        write('more.eval.yaml', 'bot: billing\ncases: [{ name: a, script: [], expect: {} }]');
        write('broken.json', '{"tools": 5}');
        write('broken.eval.yaml', 'cases: [{ name: a, script: [], expect: {} }]');
        expect(read().mistakes).toEqual([
            expect.stringMatching(/^bots\/absent\.eval\.yaml:1:1: there is no bot absent .* billing/),
            expect.stringMatching(/^bots\/broken\.json: tools: /),
            'bots/more.eval.yaml:1:1: bots/billing.eval.yaml has a case "a" of the bot billing too',
        ]);
    });

    it('is a file that is no text', () => {
        writeFileSync(join(folder, 'billing.eval.yaml'), Buffer.from([0xff, 0xfe, 0x00]));
        expect(read().mistakes[0]).toMatch(/^bots\/billing\.eval\.yaml:1:1: must be a readable file of UTF-8 text/);
    });

    const minimal = (more: string): string => `cases:\n  - name: a\n    script: []\n${more}`;

    it('refuses what belongs to the model where there is none', () => {
        const text = '    openai: false\n    model: [Hello.]\n    faults: [{ openai: hangs }]\n    expect: {}\n';
        const why = 'with `openai: false`, which is a server without a key: leave one of the two out';
        expect(mistakesOf(minimal(text))).toEqual([
            `5:5: the \`model\` is never asked ${why}`,
            `6:5: the \`faults\` of the model never come ${why}`,
        ]);
    });

    it('refuses outcomes and ends that the server does not give, and takes patterns, codes and those of a dialog', () => {
        const expected = (reason: string): string =>
            minimal(`    expect: { end_reason: ${reason}, calls: { end_call: { outcome: ok } } }\n`);
        expect(mistakesOf(expected('bot_endet'))).toEqual([
            expect.stringMatching(
                /^4:27: the server gives no `end_reason` `bot_endet`: did you mean bot_ended\? there are bot_ended, transfer, .*, error, and the codes of docs\/ERRORS.md$/,
            ),
        ]);
        expect(mistakesOf(minimal('    expect: { calls: { end_call: { outcome: success } } }\n'))).toEqual([
            '4:45: a call of a function never ends with `success`: there are ok, error, timeout, aborted, refused',
        ]);
        for (const reason of ['/^bot/', 'ERR_BOT_STALLED', 'error', 'dead_air']) {
            write('billing.eval.yaml', expected(reason));
            expect(read().mistakes).toEqual([]);
        }
    });

    it('says of a sentence with a colon that it needs quotation marks, and of a tab nothing else', () => {
        const quotes = 'is read as a key and its value, because of the colon: put the sentence in quotation marks';
        expect(
            mistakesOf(minimal('    model:\n      - Listen: two pizzas\n    expect: { heard: [You owe: 84] }\n')),
        ).toEqual([`5:9: \`Listen: …\` ${quotes}`, `6:23: \`You owe: …\` ${quotes}`]);
        expect(mistakesOf('cases:\n  - name: a\n    script:\n      - say: Listen: two\n')[0]).toMatch(
            /quotation marks/,
        );
        expect(mistakesOf('cases:\n  - name: a\n    script:\n\t- say: x\n')).toEqual([
            '4:1: no YAML: Tabs are not allowed as indentation: write spaces instead',
        ]);
    });
});
