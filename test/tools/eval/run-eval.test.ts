import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CALM_MS } from '../../../src/services/profiles/store';
import { readCliOptions } from '../../../tools/eval/cli-options';
import type { JobsOptions } from '../../../tools/eval/jobs';
import type { RunResult } from '../../../tools/eval/result';
import type { CaseToRun } from '../../../tools/eval/run-case';
import { runEval } from '../../../tools/eval/run-eval';
import { FakeClock } from '../../support/fake-clock';
import { resultFor } from './results';

/** The command in a folder of its own; a case fails when its name says so. */
class EvalBench {
    readonly directory = mkdtempSync(join(tmpdir(), 'eval-run-'));
    readonly clock = new FakeClock();
    readonly stop = new AbortController();
    readonly printed: string[] = [];
    readonly complained: string[] = [];
    readonly ran: { cases: readonly CaseToRun[]; options: JobsOptions }[] = [];
    /** Tells the watch that something has changed in the folder. */
    touch: () => void = () => undefined;
    isTerminal = false;
    readonly progress: string[] = [];
    env: Record<string, string> = {};

    constructor() {
        mkdirSync(join(this.directory, 'bots'));
        for (const bot of ['billing', 'reception'])
            this.write(`${bot}.json`, JSON.stringify({ instructions: `You are ${bot}.` }));
    }

    write(name: string, text: string): void {
        writeFileSync(join(this.directory, 'bots', name), text);
    }

    cases(bot: string, ...names: string[]): void {
        this.write(
            `${bot}.eval.yaml`,
            JSON.stringify({ cases: names.map((name) => ({ name, script: [], expect: {} })) }),
        );
    }

    run(...args: string[]): Promise<number> {
        return runEval(['--folder', 'bots', ...args], {
            env: this.env,
            directory: this.directory,
            print: (text) => this.printed.push(text),
            complain: (text) => this.complained.push(text),
            progress: this.isTerminal ? (text) => this.progress.push(text) : undefined,
            stop: this.stop.signal,
            clock: this.clock,
            version: '9.9.9',
            runJobs: this.runJobs,
            watchFolder: (_, onChange) => {
                this.touch = onChange;
                return { close: () => undefined };
            },
        });
    }

    /** Names of the cases of each run. */
    get names(): string[][] {
        return this.ran.map(({ cases }) => cases.map(({ evalCase, seed }) => `${evalCase.name} ${seed}`));
    }

    /** An edit, and the calm after it. */
    async change(): Promise<void> {
        this.touch();
        this.clock.advance(CALM_MS);
        await new Promise((resolve) => setImmediate(resolve));
    }

    remove(): void {
        rmSync(this.directory, { recursive: true, force: true });
    }

    private readonly runJobs = (cases: readonly CaseToRun[], options: JobsOptions): Promise<RunResult[]> => {
        this.ran.push({ cases, options });
        const results = cases.map((each) => {
            options.onBegun?.(each);
            const failed = ['fails', `fails ${each.run}`].includes(each.evalCase.name);
            const result = resultFor(
                each,
                failed ? { verdict: 'failed', failures: [{ of: 'end', why: 'It did not end.' }] } : {},
            );
            options.onResult?.(result);
            return result;
        });
        return Promise.resolve(results);
    };
}

let bench: EvalBench;

beforeEach(() => {
    bench = new EvalBench();
});

afterEach(() => {
    bench.remove();
});

describe('npm run eval', () => {
    it('ends with 0 when all pass', async () => {
        bench.cases('billing', 'a', 'b');
        expect(await bench.run()).toBe(0);
        expect(bench.printed.join('\n')).toContain('2 cases: 2 passed, 0 failed');
        expect(bench.ran[0]?.options).toMatchObject({ bail: false, limitMs: 120_000 });
    });

    it('ends with 1 when one fails, and explains it', async () => {
        bench.cases('billing', 'a', 'fails');
        expect(await bench.run()).toBe(1);
        expect(bench.printed.join('\n')).toContain('    end: It did not end.');
    });

    it('ends with 2 when a file is broken, and runs nothing', async () => {
        bench.cases('billing', 'a');
        bench.write('reception.eval.yaml', 'cases: 5');
        expect(await bench.run()).toBe(2);
        expect(bench.complained).toEqual(['bots/reception.eval.yaml:1:8: `cases` must be a list']);
        expect(bench.ran).toEqual([]);
    });

    it('writes the reports of a file that is broken, too', async () => {
        bench.write('reception.eval.yaml', 'cases: 5');
        expect(await bench.run('--junit', 'a.xml', '--json', 'a.json', '--html', 'a.html')).toBe(2);
        const read = (name: string): string => readFileSync(join(bench.directory, name), 'utf8');
        const mistake = 'bots/reception.eval.yaml:1:8: `cases` must be a list';
        expect(read('a.xml')).toContain(`<error type="file" message="${mistake}">`);
        expect(JSON.parse(read('a.json'))).toMatchObject({ mistakes: [mistake], cases: [] });
        expect(read('a.html')).toContain(`<li>${mistake}</li>`);
    });

    it('warns of what has no effect, and runs', async () => {
        bench.write('billing.eval.yaml', 'cases: [{ name: a, script: [], input: { x: y }, expect: {} }]');
        expect(await bench.run()).toBe(0);
        expect(bench.complained).toEqual([
            'bots/billing.eval.yaml:1:41: `x` has no effect: the profile declares no `inputVariables`',
        ]);
    });

    it('ends with 2 when nothing is to be run, and names what there is', async () => {
        bench.cases('billing', 'a');
        expect(await bench.run('reception')).toBe(2);
        expect(await bench.run('billing', 'zzz')).toBe(2);
        expect(bench.complained).toEqual([
            'There is no case of the bot reception to be run. There are cases of billing.',
            'There is no case of the bot billing whose name holds "zzz" to be run. There are cases of billing.',
        ]);
        expect(await bench.run('--folder', 'absent')).toBe(2);
        expect(bench.complained.at(-1)).toContain('ENOENT');
    });

    it.each([
        [['a', 'b', 'c'], 'A bot and a part'],
        [['--jobs', '0'], '--jobs must be a whole number from 1 to 256; "0" is not.'],
        [['--runs', 'x'], '--runs must be'],
        [['--seed', '-1'], 'argument'],
        [['--min-pass', '1.5'], '--min-pass must be a share from 0 to 1'],
        [['--html', ''], '--html needs a name'],
        [['--watch', '--list'], '--list runs nothing'],
        [['--nothing'], "Unknown option '--nothing'"],
        [['--live'], '--live calls OpenAI, and needs OPENAI_API_KEY'],
    ])('ends with 2 for %j', async (args, why) => {
        bench.cases('billing', 'a');
        expect(await bench.run(...args)).toBe(2);
        expect(bench.complained.join('\n')).toContain(why);
    });

    it('runs each case so often, with one seed after the other; a smaller share of them may be enough', async () => {
        bench.cases('billing', 'a', 'fails 2');
        expect(await bench.run('--runs', '3', '--seed', '7', '--min-pass', '0.6')).toBe(0);
        expect(bench.names).toEqual([['a 7', 'a 8', 'a 9', 'fails 2 7', 'fails 2 8', 'fails 2 9']]);
        expect(bench.printed.join('\n')).toContain('billing: fails 2: 2 of 3 passed');
        expect(await bench.run('--runs', '3')).toBe(1);
    });

    it('runs with OpenAI, with the key of .env and more time', async () => {
        bench.cases('billing', 'a');
        writeFileSync(join(bench.directory, '.env'), 'OPENAI_API_KEY=made-up');
        expect(await bench.run('--live')).toBe(0);
        expect(bench.ran[0]).toMatchObject({
            cases: [{ live: true }],
            options: { limitMs: 900_000, env: { OPENAI_API_KEY: 'made-up' } },
        });
        expect([...bench.printed, ...bench.complained].join()).not.toContain('made-up');
    });

    it('says which cases need another mode, and does not call it a failure', async () => {
        bench.write('billing.eval.yaml', 'cases: [{ name: a, script: [], only: live, expect: {} }]');
        expect(await bench.run()).toBe(0);
        expect(bench.complained[0]).toBe('1 case left out: they need --live.');
    });

    it('lists the cases', async () => {
        bench.cases('billing', 'a', 'b');
        bench.cases('reception', 'c');
        expect(await bench.run('--list')).toBe(0);
        expect(bench.printed).toEqual(['billing: a\nbilling: b\nreception: c']);
        expect(bench.ran).toEqual([]);
    });

    it('writes the reports', async () => {
        bench.cases('billing', 'a');
        expect(await bench.run('--junit', 'a.xml', '--json', 'a.json', '--html', 'a.html')).toBe(0);
        const read = (name: string): string => readFileSync(join(bench.directory, name), 'utf8');
        expect(read('a.xml')).toContain('<testcase name="a"');
        expect(JSON.parse(read('a.json'))).toMatchObject({ version: '9.9.9', cases: [{ name: 'a' }] });
        expect(read('a.html')).toContain('billing: a');
    });

    it('ends with 2 when a report cannot be written, and writes the others', async () => {
        bench.cases('billing', 'a');
        writeFileSync(join(bench.directory, 'taken'), 'a file, and no folder');
        expect(await bench.run('--junit', 'taken/a.xml', '--json', 'new/a.json')).toBe(2);
        expect(bench.complained).toEqual(['taken/a.xml cannot be written (EEXIST).']);
        expect(existsSync(join(bench.directory, 'new', 'a.json'))).toBe(true);
    });

    it('shows its progress on a terminal only', async () => {
        bench.cases('billing', 'a', 'fails');
        await bench.run();
        expect(bench.progress).toEqual([]);
        bench.isTerminal = true;
        await bench.run();
        expect(bench.progress[0]).toBe('  0 of 2 done, 0 failed; now billing: a');
        expect(bench.progress.at(-1)).toBe('  2 of 2 done, 1 failed');
    });
});

describe('npm run eval -- --watch', () => {
    it('runs the cases of the bot that has changed, and survives a broken file', async () => {
        bench.cases('billing', 'a');
        bench.cases('reception', 'b');
        const exitCode = bench.run('--watch');
        await bench.change();
        expect(bench.names).toEqual([['a 1', 'b 1']]);

        bench.write('reception.json', JSON.stringify({ instructions: 'You are somewhat else.' }));
        await bench.change();
        expect(bench.names.at(-1)).toEqual(['b 1']);
        expect(bench.printed.some((text) => text.endsWith('changed: reception'))).toBe(true);

        bench.write('billing.eval.yaml', 'cases: [');
        await bench.change();
        expect(bench.names).toHaveLength(2);
        expect(bench.complained.join('\n')).toContain('bots/billing.eval.yaml:1:9: no YAML');

        bench.cases('billing', 'a', 'c');
        await bench.change();
        expect(bench.names.at(-1)).toEqual(['a 1', 'c 1']);

        bench.write('new.wav', 'x');
        await bench.change();
        expect(bench.names.at(-1)).toEqual(['a 1', 'c 1', 'b 1']);

        await bench.change();
        expect(bench.names).toHaveLength(4);

        bench.stop.abort();
        expect(await exitCode).toBe(130);
        expect(bench.clock.pendingCount).toBe(0);
    });
});

describe('the options', () => {
    it('are as documented when none is given', () => {
        expect(readCliOptions([])).toMatchObject({
            ok: true,
            options: { runs: 1, minPass: 1, seed: undefined, live: false },
        });
        expect(readCliOptions(['-h'])).toEqual({ ok: true, help: true });
    });
});
