import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';

/** A worker thread, as its owner sees it. */
export interface Thread {
    post(message: unknown): void;
    /** Ends it at once, also in the middle of a sentence. Nothing is reported afterwards. Never rejects. */
    terminate(): Promise<void>;
}

/** What a thread reports to its owner. */
export interface ThreadEvents {
    onMessage(message: unknown): void;
    /** It ended without `end()`, such as by a fault. Called at most once. */
    onDeath(why: string): void;
}

export type StartThread = (events: ThreadEvents) => Thread;

/**
 * Starts the worker file `name` of this folder. It never keeps the process alive.
 *
 * The same code runs from dist as .js and from src as .ts, under tsx and in tests; a TypeScript file is loaded through tsx.
 *
 * @param workerData what the thread finds in `workerData`
 */
export function startThread(name: string, workerData: unknown, events: ThreadEvents): Thread {
    const extension = extname(__filename);
    const worker = new Worker(join(__dirname, `${name}${extension}`), {
        workerData,
        execArgv: extension === '.ts' ? ['--require', createRequire(__filename).resolve('tsx/cjs')] : [],
    });
    const thread = new WorkerThread(worker, events);
    // After the listeners: each of them would tie the process to the thread again.
    worker.unref();
    return thread;
}

class WorkerThread implements Thread {
    private isOver = false;

    constructor(
        private readonly worker: Worker,
        private readonly events: ThreadEvents,
    ) {
        worker.on('message', (message: unknown) => {
            if (!this.isOver) events.onMessage(message);
        });
        worker.on('error', (fault: unknown) => {
            this.died(fault instanceof Error ? fault.message : String(fault));
        });
        worker.on('exit', (exitCode) => {
            this.died(`exit code ${exitCode}`);
        });
    }

    post(message: unknown): void {
        this.worker.postMessage(message);
    }

    async terminate(): Promise<void> {
        this.isOver = true;
        await this.worker.terminate();
    }

    private died(why: string): void {
        if (this.isOver) return;
        this.isOver = true;
        this.events.onDeath(why);
    }
}
