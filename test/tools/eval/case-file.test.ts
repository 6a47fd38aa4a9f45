import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCases, type CasesRead, type CasesWanted } from '../../../tools/eval/case-file';

let folder: string;

const PROFILE = {
    instructions: 'You are a bot on the telephone.',
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
        expect(cases[0]).toEqual({
            bot: 'billing',
            file: 'bots/billing.eval.yaml',
            folder,
            botsFolder: folder,
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
        expect(read().leftOut).toBe(2);
        expect(read({ seed: 77 }).cases.map(({ seed }) => seed)).toEqual([77, 77, 77]);
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
            '4:9: must be `say: …` or `keys: …` or `interrupt: …` or `mhm: …` or `silent_ms: …` or `wait_for_bot: …` or `language: …` or `hang_up: …`',
            '5:15: `keys` must be a text: write it in quotation marks',
            '7:19: `after_ms` is wrong: expected number to be >=0',
            '8:9: must be a map of keys and values',
            '9:20: `end` must be completed or error or caller',
            '9:54: `turn` is wrong: expected number to be >=1',
            '9:59: must be a text or `contains: …` or `exact: …` or `matches: …` or `judge: …`',
            '9:88: must be a number or a map of keys and values',
            '10:5: there is no `outputs` here',
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
    expect: { outputs: { x: "/+/" }, calls: { end_call: { arguments: { name: "/)/" } } } }
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
});
