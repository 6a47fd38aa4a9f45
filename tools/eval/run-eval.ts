import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { SHIPPED_BOTS } from '../../src/config/shipped-bots';
import type { WatchFolder } from '../../src/services/profiles/store';
import type { Clock } from '../../src/support/clock';
import { readEnvironment } from '../caller/credentials';
import { systemError } from '../doctor/finding';
import { readCases, type CasesRead } from './case-file';
import { HELP, readCliOptions, type EvalOptions } from './cli-options';
import { htmlReport } from './html';
import type { JobsOptions } from './jobs';
import { jsonReport } from './json';
import { junitReport } from './junit';
import { tallyCases } from './pass-k';
import type { RunResult } from './result';
import type { CaseToRun } from './run-case';
import { closingText, progressLine, runLine } from './table';
import { counted, type Report } from './words';
import { BotWatch, Changes } from './watch';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the command runs; handed in so that it can be tried without a terminal and without calls. */
export interface EvalSurroundings {
    readonly env: Environment;
    /** Where `.env` is looked for, and what relative files are relative to. */
    readonly directory: string;
    /** To standard output: one or more whole lines. */
    readonly print: (text: string) => void;
    /** To standard error. */
    readonly complain: (text: string) => void;
    /** Shows a line that the next line of any kind takes the place of; undefined: there is no terminal. */
    readonly progress: ((text: string) => void) | undefined;
    /** Ends all that runs. */
    readonly stop: AbortSignal;
    readonly clock: Clock;
    readonly version: string;
    readonly runJobs: (cases: readonly CaseToRun[], options: JobsOptions) => Promise<RunResult[]>;
    /** How a folder is watched. Default: as BotWatch does. */
    readonly watchFolder?: WatchFolder;
}

const LIMIT_MS = 120_000;
const LIVE_LIMIT_MS = 900_000;
const STOPPED = 130;

/** Runs the command. @returns its exit code: 0 all passed, 1 some failed, 2 wrong usage or a broken file, 130 ended by `stop` */
export async function runEval(args: readonly string[], around: EvalSurroundings): Promise<number> {
    const read = readCliOptions(args);
    if (!read.ok) {
        around.complain(`${read.why}\n\`npm run eval -- --help\` lists the options.`);
        return 2;
    }
    if (read.help) {
        around.print(HELP);
        return 0;
    }
    const env = readEnvironment(around.directory, around.env);
    if (read.options.live && (env['OPENAI_API_KEY'] ?? '').trim() === '') {
        around.complain('--live calls OpenAI, and needs OPENAI_API_KEY, in the environment or in .env.');
        return 2;
    }
    return new EvalRun(read.options, env, around).run();
}

/** One start of the command: one run of the cases, or many with `--watch`. */
class EvalRun {
    private readonly folder: string;

    constructor(
        private readonly options: EvalOptions,
        private readonly env: Environment,
        private readonly around: EvalSurroundings,
    ) {
        const given = (options.folder ?? env['BOTS_FOLDER'] ?? '').trim();
        this.folder = given === '' ? SHIPPED_BOTS : resolve(around.directory, given);
    }

    async run(): Promise<number> {
        if (!this.options.watch) return this.once(this.read(undefined));
        return this.again();
    }

    /** Runs again after each change, until it is stopped. */
    private async again(): Promise<number> {
        const { around } = this;
        const changes = new Changes(around.stop);
        let read = this.read(undefined);
        const watch = new BotWatch({
            folder: this.folder,
            clock: around.clock,
            watchFolder: around.watchFolder,
            botsOfFile: read?.botsOfFile ?? new Map(),
            onChange: (bots) => {
                changes.add(bots);
            },
            onFault: (fault) => {
                around.complain(`The folder of the bots cannot be watched: ${systemError(fault)}. It is tried again.`);
            },
        });
        for (;;) {
            await this.once(read);
            if (!around.stop.aborted) around.print('\nWaiting for a change; Ctrl-C ends it.');
            const change = await changes.next();
            if (change === undefined) break;
            const { bots } = change;
            read = this.read(bots);
            if (read !== undefined) watch.follow(read.botsOfFile);
            const what = bots === undefined ? 'the bots have changed' : `changed: ${[...bots].sort().join(', ')}`;
            around.print(`\n── ${new Date(around.clock.epochMs()).toTimeString().slice(0, 8)} ${what}`);
        }
        watch.close();
        return STOPPED;
    }

    /** undefined: the folder cannot be read, and that was said. */
    private read(bots: ReadonlySet<string> | undefined): CasesRead | undefined {
        const { bot, part, live, seed } = this.options;
        const selection = { bot, part, bots };
        try {
            return readCases({ folder: this.folder, directory: this.around.directory, live, seed, selection });
        } catch (fault) {
            this.around.complain(`The folder of the bots cannot be read: ${this.folder} (${systemError(fault)}).`);
            return undefined;
        }
    }

    /** Runs what was read. @returns the exit code */
    private async once(read: CasesRead | undefined): Promise<number> {
        if (read === undefined) return 2;
        const { around, options } = this;
        if (read.mistakes.length > 0) {
            around.complain(read.mistakes.join('\n'));
            this.writeReports(this.report({ beganMs: around.clock.nowMs(), mistakes: read.mistakes }));
            return 2;
        }
        if (read.warnings.length > 0) around.complain(read.warnings.join('\n'));
        for (const [why, count] of read.leftOut) around.complain(`${counted(count, 'case')} left out: they ${why}.`);
        if (read.cases.length === 0) {
            around.complain(this.noCases(read));
            return read.leftOut.size > 0 ? 0 : 2;
        }
        if (options.list) {
            around.print(read.cases.map(({ bot, evalCase }) => `${bot}: ${evalCase.name}`).join('\n'));
            return 0;
        }
        return this.runAll(read.cases);
    }

    private noCases({ bots }: CasesRead): string {
        const { bot, part } = this.options;
        const named = bot === undefined ? '' : ` of the bot ${bot}`;
        const holding = part === undefined ? '' : ` whose name holds "${part}"`;
        const there = bots.length === 0 ? `${this.folder} has no *.eval.yaml` : `There are cases of ${bots.join(', ')}`;
        return `There is no case${named}${holding} to be run. ${there}.`;
    }

    private async runAll(cases: readonly CaseToRun[]): Promise<number> {
        const { around, options } = this;
        const { runs, jobs, bail, live, minPass } = options;
        const toRun = cases.flatMap((each) =>
            Array.from({ length: runs }, (_, at) => ({ ...each, run: at + 1, seed: each.seed + at })),
        );
        const beganMs = around.clock.nowMs();
        const running = new Set<string>();
        const keyOf = (bot: string, name: string, run: number): string =>
            `${bot}: ${name}${runs > 1 ? ` (${run})` : ''}`;
        let [done, failed] = [0, 0];
        const showProgress = (): void => around.progress?.(progressLine(done, toRun.length, failed, [...running]));
        const results = await around.runJobs(toRun, {
            jobs,
            bail,
            clock: around.clock,
            limitMs: live ? LIVE_LIMIT_MS : LIMIT_MS,
            env: live ? this.env : around.env,
            stop: around.stop,
            onBegun: ({ bot, evalCase, run }) => {
                running.add(keyOf(bot, evalCase.name, run));
                showProgress();
            },
            onResult: (result) => {
                done++;
                if (result.verdict === 'failed') failed++;
                running.delete(keyOf(result.bot, result.name, result.run));
                around.print(runLine(result, runs));
                showProgress();
            },
        });
        const notRun = toRun.length - results.length;
        const report = this.report({ beganMs, notRun, tallies: tallyCases(results, minPass) });
        around.print(closingText(report));
        const isWritten = this.writeReports(report);
        if (around.stop.aborted) return STOPPED;
        if (!isWritten) return 2;
        return report.tallies.some(({ verdict }) => verdict === 'failed') ? 1 : 0;
    }

    /** `beganMs`: of the run, as `Clock.nowMs` has it. */
    private report({ beganMs, ...found }: { beganMs: number } & Partial<Report>): Report {
        const { clock, version } = this.around;
        const { live, runs, minPass, seed } = this.options;
        const tookMs = clock.nowMs() - beganMs;
        return {
            startedAt: new Date(clock.epochMs() - tookMs).toISOString(),
            tookMs: Math.round(tookMs),
            version,
            options: { live, runs, minPass, ...(seed === undefined ? {} : { seed }) },
            notRun: 0,
            tallies: [],
            mistakes: [],
            ...found,
        };
    }

    private writeReports(report: Report): boolean {
        const { junit, json, html } = this.options;
        const files = [
            [junit, junitReport],
            [json, jsonReport],
            [html, htmlReport],
        ] as const;
        return files
            .map(([file, make]) => {
                if (file === undefined) return true;
                try {
                    const path = resolve(this.around.directory, file);
                    mkdirSync(dirname(path), { recursive: true });
                    writeFileSync(path, make(report));
                    return true;
                } catch (fault) {
                    this.around.complain(`${file} cannot be written (${systemError(fault)}).`);
                    return false;
                }
            })
            .every(Boolean);
    }
}
