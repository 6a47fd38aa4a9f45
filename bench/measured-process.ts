import { fork, type ChildProcess } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoopFigures, MemoryFigures, MeterMessage } from './loop-meter';

const START_LIMIT_MS = 15_000;
const STOP_LIMIT_MS = 15_000;
const POLL_MS = 20;
const LOG_FILE = 'log.ndjson';

/** How a process is started. */
export interface Launch {
    entry: string;
    /** Options of Node.js itself; one of them preloads the meter. */
    execArgv: readonly string[];
    env: Readonly<Record<string, string>>;
    /** Where it runs; default: a folder of its own, without an `.env`. */
    cwd?: string;
    /** Keeps what it prints in a file of that folder, see `log`; default: it goes to the terminal. */
    keepsLog?: boolean;
    /** Asked until it says yes. */
    isUp: () => Promise<boolean>;
}

type Message = MeterMessage | { kind: 'answer'; answered: unknown };

/** A process with the meter in it (loop-meter.ts). */
export class MeasuredProcess {
    private readonly folder = mkdtempSync(join(tmpdir(), 'bench-'));
    private readonly child: ChildProcess;
    private log_ = '';

    private constructor(launch: Launch) {
        const { entry, execArgv, env, cwd = this.folder, keepsLog = false } = launch;
        const logFile = keepsLog ? openSync(join(this.folder, LOG_FILE), 'a') : undefined;
        this.child = fork(entry, [], {
            cwd,
            execArgv: [...execArgv],
            env: { PATH: process.env['PATH'], ...env },
            serialization: 'advanced',
            stdio: ['ignore', logFile ?? 'inherit', 'inherit', 'ipc'],
        });
        if (logFile !== undefined) closeSync(logFile);
    }

    /** Starts it and waits until it is up. */
    static async start(launch: Launch): Promise<MeasuredProcess> {
        const started = new MeasuredProcess(launch);
        const endMs = performance.now() + START_LIMIT_MS;
        while (!(await launch.isUp())) {
            if (started.hasExited || performance.now() > endMs) {
                await started.stop();
                throw new Error(`${launch.entry} does not answer.`);
            }
            await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        }
        return started;
    }

    /** What it has printed, once it was stopped. */
    get log(): string {
        return this.log_;
    }

    private get hasExited(): boolean {
        return this.child.exitCode !== null || this.child.signalCode !== null;
    }

    /** The measurement begins. */
    begin(): void {
        this.child.send('begin');
    }

    /** It ends. */
    async end(): Promise<LoopFigures> {
        const message = await this.ask('end');
        if (message.kind === 'loop') return message.loop;
        throw new Error('The meter does not answer.');
    }

    /** Collects the garbage, where it may, and looks at what is left. */
    async memory(): Promise<MemoryFigures> {
        const message = await this.ask('memory');
        if (message.kind === 'memory') return message.memory;
        throw new Error('The meter does not answer.');
    }

    /** Asks the program itself, and waits for its answer; one question at a time. */
    async request(asked: unknown): Promise<unknown> {
        const message = await this.ask({ kind: 'request', asked }, 'answer');
        return message.kind === 'answer' ? message.answered : undefined;
    }

    /** Ends it with SIGTERM, and by force when that takes too long. */
    async stop(): Promise<void> {
        if (!this.hasExited) {
            const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_LIMIT_MS);
            const exited = new Promise((resolve) => this.child.once('exit', resolve));
            this.child.kill('SIGTERM');
            await exited;
            clearTimeout(timer);
        }
        try {
            this.log_ = readFileSync(join(this.folder, LOG_FILE), 'utf8');
        } catch {
            // It printed to the terminal.
        }
        rmSync(this.folder, { recursive: true, force: true });
    }

    private ask(
        question: object | string,
        kind: Message['kind'] = question === 'end' ? 'loop' : 'memory',
    ): Promise<Message> {
        return new Promise((resolve, reject) => {
            const settle = (): void => {
                this.child.off('message', hear);
                this.child.off('exit', leave);
            };
            const hear = (message: Message): void => {
                if (message.kind !== kind) return;
                settle();
                resolve(message);
            };
            const leave = (): void => {
                settle();
                reject(new Error('The process ended in the middle of a measurement.'));
            };
            this.child.on('message', hear as (message: unknown) => void);
            this.child.on('exit', leave);
            this.child.send(question);
        });
    }
}
