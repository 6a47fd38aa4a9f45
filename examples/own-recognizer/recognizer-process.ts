import { fork, type ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What a recognizer's process reports. */
export interface ProcessEvents {
    onMessage(message: unknown): void;
    /** It ended without `kill`, or could not be started. Called at most once. */
    onDeath(why: string): void;
}

/**
 * A program of this package in a Node process of its own. It learns nothing of the server's environment but where to find
 * programs and libraries: no key, no secret.
 *
 * A TypeScript file is loaded through tsx, so that the same works from src, from dist and in tests.
 */
export class RecognizerProcess {
    private readonly child: ChildProcess;
    private isOver = false;

    constructor(program: string, args: readonly string[], events: ProcessEvents) {
        this.child = fork(program, args, {
            execArgv: extname(program) === '.ts' ? ['--import', pathToFileURL(requireTsx()).href] : [],
            serialization: 'advanced',
            stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
            env: inheritedEnvironment(),
        });
        const died = (why: string): void => {
            if (this.isOver) return;
            this.isOver = true;
            events.onDeath(why);
        };
        this.child.on('message', (message: unknown) => {
            if (!this.isOver) events.onMessage(message);
        });
        this.child.on('error', (fault) => {
            died(fault.message);
        });
        this.child.on('exit', (exitCode, signal) => {
            died(signal === null ? `exit code ${exitCode ?? 0}` : `signal ${signal}`);
        });
        this.hold(false);
    }

    /** Sends a message; an error of the channel shows as the death of the process. */
    send(message: object): void {
        this.child.send(message, () => undefined);
    }

    /** Whether this server waits for it: only then does it keep the server alive. */
    hold(isHeld: boolean): void {
        if (isHeld) {
            this.child.ref();
            this.child.channel?.ref();
        } else {
            this.child.unref();
            this.child.channel?.unref();
        }
    }

    /** Ends it at once, also in the middle of an utterance. */
    kill(): void {
        this.isOver = true;
        this.child.kill('SIGKILL');
    }
}

function requireTsx(): string {
    return createRequire(__filename).resolve('tsx');
}

function inheritedEnvironment(): NodeJS.ProcessEnv {
    const names = ['PATH', 'HOME', 'TMPDIR', 'LD_LIBRARY_PATH'];
    return Object.fromEntries(
        names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
    );
}
