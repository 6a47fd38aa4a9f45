import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { MULAW_SILENCE } from '../../audio/mulaw';
import type { Clock } from '../../support/clock';
import { overWithin } from '../../support/deadline';
import {
    NOT_BEGUN,
    type AppendWork,
    type CloseWork,
    type Disk,
    type DiskFile,
    type Piece,
    type TextFile,
    type TextWork,
    type Then,
    type Work,
    type WriteReply,
    type Written,
} from './disk';

/** How long the thread may take to end, ms. */
const END_MS = 2000;
/** A thread that ended unexpectedly is started again no more often, ms. */
const RESTART_MS = 5000;
/** Memory of the thread for what lives shortly, MiB. */
const YOUNG_MIB = 2;

/** What the thread finds in `workerData`. */
export interface WriteSetup {
    /** Of which silence is made. */
    readonly silentByte: number;
}

/** Work that waits for the thread, or that it does. */
interface Job {
    readonly work: Work;
    readonly done: (written: Written) => void;
}

/**
 * A disk that a thread of its own writes to: where it is slow or hangs, it holds up neither calls nor the threads in which Node looks up names. The
 * thread is started with the first recording, or the first text, and gets all that is due in one message; the next message waits for the answer to it. So a disk that hangs
 * holds the memory of one message, and all else can be given up.
 *
 * When the thread dies, all work ends with a fault. The next file starts it again, not more often than every 5 s.
 */
export class WriteThread implements Disk {
    private worker: Worker | undefined;
    private startedMs: number | undefined;
    private lastFile = 0;
    /** What the thread does not have yet. */
    private queue: Job[] = [];
    /** What the thread has, and has not answered. */
    private sent: readonly Job[] = [];
    /** Work for which the process does not end by itself. */
    private readonly awaited = new Set<Job>();
    private isSending = false;
    private isClosed = false;

    constructor(private readonly clock: Clock) {}

    file(path: string): DiskFile {
        const file = (this.lastFile += 1);
        // It has time to start until the first sound is due.
        this.ready();
        const giveUp = (): void => {
            this.giveUp(file);
        };
        return {
            append: (at: number, pieces: readonly Piece[], header?: Uint8Array) =>
                this.ask({ do: 'append', file, path, at, pieces, header } satisfies AppendWork),
            close: (bytes: number, header: Uint8Array) =>
                this.ask({ do: 'close', file, path, bytes, header } satisfies CloseWork),
            giveUp,
        };
    }

    textFile(path: string): TextFile {
        const file = (this.lastFile += 1);
        return {
            write: (text: string, then: Then) => this.ask({ do: 'text', file, path, text, then } satisfies TextWork),
        };
    }

    async close(): Promise<void> {
        if (this.isClosed) return;
        this.isClosed = true;
        const { worker } = this;
        if (worker === undefined) {
            this.failAll('The server stops.');
            return;
        }
        const ended = new Promise((resolve) => worker.once('exit', resolve));
        // The process does not end before the thread has.
        worker.ref();
        this.post(worker);
        worker.postMessage('end');
        // A thread that hangs in a call of the system cannot be ended before that returns.
        if (await overWithin(this.clock, END_MS, ended)) return;
        void worker.terminate();
        worker.unref();
    }

    private ask(work: Work): Promise<Written> {
        if (this.isClosed) return Promise.resolve(failed('The server stops.', NOT_BEGUN));
        return new Promise((done) => {
            const job = { work, done };
            this.queue.push(job);
            this.awaited.add(job);
            if (this.awaited.size === 1) this.holdProcess();
            this.sendSoon();
        });
    }

    /** With all else that comes in this turn of the event loop. */
    private sendSoon(): void {
        if (this.isSending) return;
        this.isSending = true;
        setImmediate(() => {
            this.isSending = false;
            if (this.sent.length > 0 || this.queue.length === 0 || this.isClosed) return;
            const worker = this.ready();
            if (worker === undefined)
                this.failAll(
                    'The thread that writes the files of calls has ended. It is started again in a few seconds.',
                );
            else this.post(worker);
        });
    }

    private post(worker: Worker): void {
        if (this.queue.length === 0) return;
        const jobs = this.queue;
        this.queue = [];
        this.sent = [...this.sent, ...jobs];
        worker.postMessage(jobs.map(({ work }) => work));
    }

    /** undefined: it ended a moment ago, or cannot be started. */
    private ready(): Worker | undefined {
        if (this.worker !== undefined || this.isClosed) return this.worker;
        const nowMs = this.clock.nowMs();
        if (this.startedMs !== undefined && nowMs - this.startedMs < RESTART_MS) return undefined;
        this.startedMs = nowMs;
        try {
            this.worker = this.started();
        } catch {
            // The system has no thread left. It is tried again.
        }
        return this.worker;
    }

    private started(): Worker {
        const extension = extname(__filename);
        const worker = new Worker(join(__dirname, `write-worker${extension}`), {
            workerData: { silentByte: MULAW_SILENCE } satisfies WriteSetup,
            // Its garbage names shared memory, of whose size the garbage collection knows nothing: it must not wait for much of it.
            resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
            execArgv: extension === '.ts' ? ['--require', createRequire(__filename).resolve('tsx/cjs')] : [],
        });
        let why: string | undefined;
        worker.on('message', (reply: WriteReply) => {
            this.take(reply);
        });
        worker.on('error', (fault: unknown) => {
            why = fault instanceof Error ? fault.message : String(fault);
        });
        // Only now it touches no memory any more.
        worker.on('exit', (exitCode) => {
            if (this.worker === worker) this.worker = undefined;
            this.failAll(`The thread that writes the files of calls has ended: ${why ?? `exit code ${exitCode}`}.`);
        });
        // After the listeners: each of them would tie the process to the thread again.
        worker.unref();
        this.holdProcess(worker);
        return worker;
    }

    private take(reply: WriteReply): void {
        const { sent } = this;
        this.sent = sent.slice(reply.length);
        for (const [index, written] of reply.entries()) {
            const job = sent[index];
            if (job !== undefined) this.end(job, written);
        }
        if (this.queue.length > 0) this.sendSoon();
    }

    private giveUp(file: number): void {
        for (const job of this.sent) if (job.work.file === file) this.awaited.delete(job);
        const left = this.queue.filter(({ work }) => work.file === file);
        if (left.length > 0) this.queue = this.queue.filter((job) => !left.includes(job));
        for (const job of left) this.end(job, failed('It was given up.', NOT_BEGUN));
        this.holdProcess();
    }

    private failAll(message: string): void {
        const all = [...this.sent, ...this.queue];
        this.sent = [];
        this.queue = [];
        for (const job of all) this.end(job, failed(message));
    }

    private end(job: Job, written: Written): void {
        this.awaited.delete(job);
        if (this.awaited.size === 0) this.holdProcess();
        job.done(written);
    }

    /** While it is awaited what the thread does, the process does not end by itself. */
    private holdProcess(worker = this.worker): void {
        if (this.isClosed) return;
        if (this.awaited.size > 0) worker?.ref();
        else worker?.unref();
    }
}

function failed(message: string, code?: string): Written {
    return { bytes: 0, fault: { message, code } };
}
