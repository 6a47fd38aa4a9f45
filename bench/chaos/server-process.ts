import { fork, type ChildProcess } from 'node:child_process';
import { appendFileSync, closeSync, openSync } from 'node:fs';
import { freePort, isUp } from '../../tools/local-port';
import type { CallerKey } from '../measured-server';
import type { Census, ProbeAnswer, ProbeRequest } from './probe';
import { ServerLog } from './server-log';

/** How a server is started. */
export interface ServerLaunch {
    /** `dist/index.js`, and the compiled probe.ts. */
    entry: string;
    probe: string;
    key: CallerKey;
    env: Readonly<Record<string, string>>;
    /** The log goes to a device that is full: it cannot be read. */
    isDiskFull?: boolean;
    /** Its lines are added to this file, too. */
    logFile?: string | undefined;
}

/** How a process ended. */
export interface Exit {
    code: number | null;
    signal: NodeJS.Signals | null;
}

const START_LIMIT_MS = 20_000;
const ANSWER_LIMIT_MS = 20_000;
const SECOND_SIGNAL_MS = 3000;
const KILL_MS = 10_000;
const POLL_MS = 25;
const MAX_ERROR_CHARS = 2000;

/** The built server in a process of its own, with the probe in it; its log is read as it comes. */
export class ServerProcess {
    readonly log = new ServerLog();
    readonly exited: Promise<Exit>;
    /** How it ended; undefined: it runs. */
    exit: Exit | undefined;
    /** The end of what it printed to standard error. */
    errors = '';

    private constructor(
        readonly port: number,
        private readonly child: ChildProcess,
        readonly hasLog: boolean,
        logFile: string | undefined,
    ) {
        this.exited = new Promise((resolve) => {
            child.once('exit', (code, signal) => {
                this.exit = { code, signal };
                resolve(this.exit);
            });
        });
        child.on('error', () => undefined);
        child.stdout?.setEncoding('utf8').on('data', (text: string) => {
            this.log.add(text);
            if (logFile !== undefined) appendFileSync(logFile, text);
        });
        child.stderr?.setEncoding('utf8').on('data', (text: string) => {
            this.errors = (this.errors + text).slice(-MAX_ERROR_CHARS);
        });
    }

    /** Starts it and waits until it answers. */
    static async start({ entry, probe, key, env, logFile, isDiskFull = false }: ServerLaunch): Promise<ServerProcess> {
        const port = await freePort();
        const full = isDiskFull ? openSync('/dev/full', 'w') : undefined;
        const child = fork(entry, [], {
            execArgv: ['--expose-gc', '--require', probe],
            env: {
                PATH: process.env['PATH'],
                NODE_ENV: 'production',
                PORT: String(port),
                AUDIOHOOK_API_KEYS: JSON.stringify({ [key.apiKey]: key.clientSecret }),
                ADMISSION: 'off',
                LOG_LEVEL: 'info',
                ...env,
            },
            stdio: ['ignore', full ?? 'pipe', 'pipe', 'ipc'],
        });
        if (full !== undefined) closeSync(full);
        const started = new ServerProcess(port, child, !isDiskFull, logFile);
        const endMs = performance.now() + START_LIMIT_MS;
        while (!(await isUp(`http://127.0.0.1:${port}/health`))) {
            if (started.exit !== undefined || performance.now() > endMs) {
                await started.stop();
                throw new Error(`The server does not answer. ${started.errors}`);
            }
            await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        }
        return started;
    }

    async census(): Promise<Census> {
        const answer = await this.ask({ kind: 'census' });
        if (answer.kind === 'census') return answer.census;
        throw new Error('The probe does not answer.');
    }

    /** The wall clock of the server is so much ahead of the machine's, ms; negative: behind. */
    async shiftClock(shiftMs: number): Promise<void> {
        await this.ask({ kind: 'clock', shiftMs });
    }

    /** Reads the log, or stops reading it, so that the pipe fills up. */
    setReadingLog(isReading: boolean): void {
        if (isReading) this.child.stdout?.resume();
        else this.child.stdout?.pause();
    }

    terminate(): void {
        if (this.exit === undefined) this.child.kill('SIGTERM');
    }

    /** Ends it: a second signal ends the calls that are left, and SIGKILL what does not end then. */
    async stop(): Promise<void> {
        this.setReadingLog(true);
        this.terminate();
        const timers = [
            setTimeout(() => {
                this.terminate();
            }, SECOND_SIGNAL_MS),
            setTimeout(() => this.child.kill('SIGKILL'), KILL_MS),
        ];
        if (this.exit === undefined) await this.exited;
        for (const timer of timers) clearTimeout(timer);
    }

    private ask(request: ProbeRequest): Promise<ProbeAnswer> {
        return new Promise((resolve, reject) => {
            const settle = (): void => {
                clearTimeout(timer);
                this.child.off('message', hear);
                this.child.off('exit', leave);
            };
            const leave = (): void => {
                settle();
                reject(new Error('The server does not answer the probe.'));
            };
            const hear = (answer: unknown): void => {
                settle();
                resolve(answer as ProbeAnswer);
            };
            const timer = setTimeout(leave, ANSWER_LIMIT_MS);
            this.child.on('message', hear);
            this.child.on('exit', leave);
            if (this.exit !== undefined) leave();
            else this.child.send(request);
        });
    }
}
