import { fork, type ChildProcess } from 'node:child_process';
import { extname, join } from 'node:path';
import type { Clock } from '../../src/support/clock';
import type { RunResult } from './result';
import type { CaseToRun } from './run-case';

export interface CaseWorkerOptions {
    readonly clock: Clock;
    /** Real time that one case may take, ms. */
    readonly limitMs: number;
    readonly env: Readonly<Record<string, string | undefined>>;
    /** The program. Default: worker, beside this file. */
    readonly program?: string | undefined;
    /** Options of node for it. Default: those of this process, so that it reads TypeScript where this one does. */
    readonly execArgv?: readonly string[] | undefined;
}

const PROGRAM = join(__dirname, `worker${extname(__filename)}`);
const LAST_LINES = 12;
/** So many last lines are looked through for an error. */
const MOST_LINES = 40;
const ERROR_LINE = /^\w*Error\b/;
const MOST_STDERR_CHARACTERS = 8000;
/** After its end a process may have written more than has been read. */
const STDERR_GRACE_MS = 1000;

/** A child process that runs cases, one at a time. It is started with its first case. */
export class CaseWorker {
    private child: ChildProcess | undefined;
    private stderr = '';

    constructor(private readonly options: CaseWorkerOptions) {}

    /** Runs a case. Never rejects: a process that dies or takes too long makes the case fail, and the next case has a new one. */
    async run(toRun: CaseToRun): Promise<RunResult> {
        const { clock, limitMs } = this.options;
        const beganMs = clock.nowMs();
        const result = await this.ask(toRun);
        if (typeof result !== 'string') return result;
        const { bot, file, evalCase, run, seed } = toRun;
        const tookMs = Math.round(clock.nowMs() - beganMs);
        const why = result === '' ? `It took longer than ${limitMs / 1000} s of real time, and was ended.` : result;
        const failures = [{ of: 'case', why }];
        return { bot, file, name: evalCase.name, run, seed, verdict: 'failed', failures, notJudged: [], tookMs };
    }

    /** Ends the process. Resolves when it is gone; may be called twice. */
    async close(): Promise<void> {
        const child = this.child;
        if (child === undefined) return;
        await new Promise<void>((resolve) => {
            child.once('close', () => {
                resolve();
            });
            child.kill('SIGKILL');
        });
    }

    /** The result; or why there is none, as a sentence, empty when the time is over. */
    private ask(toRun: CaseToRun): Promise<RunResult | string> {
        return new Promise((resolve) => {
            const child = this.child ?? this.start();
            this.stderr = '';
            const settle = (result: RunResult | string): void => {
                limit.cancel();
                child.removeAllListeners('message');
                child.removeListener('close', onClose);
                resolve(result);
            };
            const onClose = (code: number | null, signal: string | null): void => {
                settle(this.lastWords(signal ?? `exit code ${code ?? '?'}`));
            };
            child.on('message', (message) => {
                settle(message as RunResult);
            });
            child.once('close', onClose);
            const limit = this.options.clock.after(this.options.limitMs, () => {
                this.child = undefined;
                child.kill('SIGKILL');
                settle('');
            });
            // A failure to send is followed by the end of the process, which says more.
            child.send(toRun, () => undefined);
        });
    }

    private start(): ChildProcess {
        const { program = PROGRAM, execArgv = process.execArgv, env } = this.options;
        const child = fork(program, [], {
            execArgv: [...execArgv],
            env,
            stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
        });
        this.child = child;
        child.stderr?.setEncoding('utf8').on('data', (text: string) => {
            this.stderr = (this.stderr + text).slice(-MOST_STDERR_CHARACTERS);
        });
        // Told of a process that could not be started, or not be ended; `close` follows.
        child.on('error', (fault) => {
            this.stderr += `\n${fault.message}`;
            if (child.pid === undefined) child.emit('close', null, 'not started');
        });
        child.once('exit', () => {
            if (this.child === child) this.child = undefined;
            // A process of its own that still lives keeps the stream open.
            this.options.clock.after(STDERR_GRACE_MS, () => child.stderr?.destroy());
        });
        return child;
    }

    private lastWords(end: string): string {
        const lines = this.stderr.trim().split('\n').slice(-MOST_LINES);
        // Of an error that ended it the first line says most; how many lines follow depends on the version of Node.
        const errorAt = lines.findLastIndex((line) => ERROR_LINE.test(line));
        const shown = (errorAt < 0 ? lines.slice(-LAST_LINES) : lines.slice(errorAt, errorAt + LAST_LINES)).join('\n');
        return `The process that ran it ended (${end})${shown === '' ? '.' : `:\n${shown}`}`;
    }
}
