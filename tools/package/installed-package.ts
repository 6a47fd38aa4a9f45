import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { freePort, isUp } from '../local-port';

const START_MS = 60_000;
const STOP_MS = 60_000;
const RUN_MS = 180_000;
const POLL_MS = 50;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** How a program ended, and what it printed. */
export interface Ended {
    readonly exitCode: number | null;
    readonly output: string;
}

/** What the packed package is: sizes in bytes. */
export interface Packed {
    readonly file: string;
    readonly size: number;
    readonly unpackedSize: number;
    readonly files: readonly string[];
}

/** Packs the package at `root` as `npm publish` does, into a folder. Builds it first. */
export async function pack(root: string, into: string): Promise<Packed> {
    const args = ['pack', '--json', '--silent', '--pack-destination', into];
    const { stdout } = await promisify(execFile)('npm', args, { cwd: root, maxBuffer: MAX_OUTPUT_BYTES });
    // What the scripts of the package print may stand before the list.
    const [packed] = JSON.parse(stdout.slice(stdout.search(/^\[/m))) as [PackedByNpm];
    const { filename, size, unpackedSize, files } = packed;
    return { file: join(into, filename), size, unpackedSize, files: files.map(({ path }) => path) };
}

interface PackedByNpm {
    filename: string;
    size: number;
    unpackedSize: number;
    files: { path: string }[];
}

/** An empty folder in which packages are installed, as a user of the package has it. Programs in it see no variable of this process but its paths. */
export class InstalledPackage {
    readonly folder = mkdtempSync(join(tmpdir(), 'installed-'));
    private readonly running = new Set<RunningProgram>();

    /** Installs packages: names with versions, or a packed file. Rejects with what npm says. */
    async install(...packages: string[]): Promise<void> {
        this.write('package.json', '{ "name": "user", "version": "1.0.0", "private": true }');
        const args = ['install', '--save-exact', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel', 'error'];
        await promisify(execFile)('npm', [...args, ...packages], { cwd: this.folder, maxBuffer: MAX_OUTPUT_BYTES });
    }

    write(path: string, text: string): void {
        const file = join(this.folder, path);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, text);
    }

    /** A command of an installed package. */
    command(name: string): string {
        return join(this.folder, 'node_modules', '.bin', name);
    }

    /** Runs a program to its end. It is ended by force after three minutes. */
    async run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
        const running = this.spawn(program, args, env);
        const limit = setTimeout(() => {
            running.kill('SIGKILL');
        }, RUN_MS);
        const exitCode = await running.exited;
        clearTimeout(limit);
        return { exitCode, output: running.output };
    }

    /** Starts a program and waits until it answers at `/health` of a free port, which is its PORT. Rejects with what it has printed. */
    async serve(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<RunningProgram> {
        const port = await freePort();
        const running = this.spawn(program, args, { PORT: String(port), ...env });
        running.port = port;
        await running.until(() => isUp(`http://127.0.0.1:${port}/health`));
        return running;
    }

    spawn(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): RunningProgram {
        const { PATH, HOME } = process.env;
        const child = spawn(program, args, {
            cwd: this.folder,
            env: { PATH, HOME, ...env },
            stdio: ['ignore', 'pipe', 'pipe'],
        });
        const running = new RunningProgram(child);
        this.running.add(running);
        void running.exited.then(() => this.running.delete(running));
        return running;
    }

    /** Ends what runs, and removes the folder. */
    async remove(): Promise<void> {
        for (const running of this.running) running.kill('SIGKILL');
        await Promise.all([...this.running].map(({ exited }) => exited));
        rmSync(this.folder, { recursive: true, force: true });
    }
}

/** A program that was started. */
export class RunningProgram {
    output = '';
    port = 0;
    readonly exited: Promise<number | null>;

    constructor(private readonly child: ChildProcess) {
        for (const stream of [child.stdout, child.stderr])
            stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
        this.exited = once(child, 'close').then(([exitCode]) => exitCode as number | null);
    }

    /** Waits until `isReached` says so, for a minute at most. Rejects with what the program has printed. */
    async until(isReached: () => boolean | Promise<boolean>): Promise<void> {
        const sinceMs = performance.now();
        while (!(await isReached())) {
            const isLate = performance.now() - sinceMs > START_MS;
            if (isLate || this.child.exitCode !== null) throw new Error(`It did not start:\n${this.output}`);
            await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        }
    }

    /** Asks it to end, as a process manager does; after a minute by force. @returns the exit code; null: by force */
    async stop(): Promise<number | null> {
        this.kill('SIGTERM');
        const limit = setTimeout(() => {
            this.kill('SIGKILL');
        }, STOP_MS);
        const exitCode = await this.exited;
        clearTimeout(limit);
        return exitCode;
    }

    kill(signal: 'SIGTERM' | 'SIGKILL'): void {
        this.child.kill(signal);
    }
}
