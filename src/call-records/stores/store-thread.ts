import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { CallDocument } from '../document';
import type { CallPage, CallQuery, CallStore } from '../call-store';
import type { DirectoryStoreOptions } from './directory-store';
import type { StoreReply, StoreRequest, StoreSetup, Verb } from './store-messages';
import { jsonOf, storedCallOf } from './stored-call';
import { overWithin } from '../../support/deadline';
import { CodedError } from '../../support/errors';
import { loggedFault, TimerSet } from '../../support/timer-set';

/** How long an answer may take, ms. */
const ANSWER_MS = 30_000;
/** How long the removal of what is too old may take, ms. */
const TIDY_MS = 600_000;
/** How long the thread may take to end, ms. */
const END_MS = 2000;
/** A thread that ended unexpectedly is started again no more often, ms. */
const RESTART_MS = 5000;
/** Most that waits for a disk that takes nothing, in characters of JSON. */
const MAX_WAITING = 64 * 1024 * 1024;

interface Waiting {
    readonly size: number;
    readonly resolve: (value: unknown) => void;
    readonly reject: (fault: CodedError) => void;
    /** The time is over; the thread still has the request. */
    isGivenUp: boolean;
}

/**
 * A directory store that a thread of its own works for: a slow or hanging disk holds up neither calls nor the other threads of the process.
 * Rejects with `ERR_CALL_STORE_SLOW` what is not answered in time, and what would make too much wait. Docs: docs/CALL-STORES.md.
 */
export class StoreThread implements CallStore {
    private worker: Worker | undefined;
    private startedMs: number | undefined;
    private readonly waiting = new Map<number, Waiting>();
    private waitingSize = 0;
    private lastId = 0;
    private readonly timers: TimerSet;
    private isClosed = false;

    constructor(private readonly options: DirectoryStoreOptions) {
        this.timers = new TimerSet(options.clock, loggedFault(options.logger, 'A timer of the call store failed.'));
        this.worker = this.started();
    }

    async put(document: CallDocument): Promise<void> {
        const json = await jsonOf(document);
        await this.ask('putJson', [json, storedCallOf(document)], { size: json.length });
    }

    async putFile(sessionId: string, name: string, path: string): Promise<void> {
        await this.ask('putFile', [sessionId, name, path]);
    }

    async list(query: CallQuery): Promise<CallPage> {
        return (await this.ask('list', [query])) as CallPage;
    }

    async get(id: string): Promise<CallDocument | undefined> {
        return (await this.ask('get', [id])) as CallDocument | undefined;
    }

    async file(sessionId: string, name: string): Promise<Uint8Array | undefined> {
        return (await this.ask('file', [sessionId, name])) as Uint8Array | undefined;
    }

    /** As `DirectoryStore.remove`. */
    async remove(sessionId: string): Promise<boolean> {
        return (await this.ask('remove', [sessionId])) as boolean;
    }

    async tidy(): Promise<number> {
        return (await this.ask('tidy', [], { limitMs: TIDY_MS })) as number;
    }

    /** Waits for what is being written, for 30 s at most, and ends the thread. Never rejects. */
    async close(): Promise<void> {
        if (this.isClosed) return;
        const closed = this.ask('close', []).catch((fault: unknown) => fault);
        this.isClosed = true;
        const { worker } = this;
        await closed;
        if (worker === undefined) return;
        const ended = new Promise((resolve) => worker.once('exit', resolve));
        // The process does not end before the thread has.
        worker.ref();
        // A thread that hangs in a call of the system cannot be ended before that returns.
        if (!(await overWithin(this.options.clock, END_MS, ended))) void worker.terminate();
        this.timers.clear();
    }

    private ask(verb: Verb, values: readonly unknown[], { size = 0, limitMs = ANSWER_MS } = {}): Promise<unknown> {
        if (this.isClosed) return Promise.reject(new CodedError('ERR_CALL_STORE_CLOSED'));
        if (this.waitingSize + size > MAX_WAITING)
            return Promise.reject(new CodedError('ERR_CALL_STORE_SLOW', 'Too many records wait for the disk.'));
        try {
            this.worker ??= this.started();
        } catch (fault) {
            return Promise.reject(fault instanceof Error ? fault : new Error(String(fault)));
        }
        const { worker } = this;
        const id = (this.lastId += 1);
        return new Promise((resolve, reject) => {
            const waiting = { size, resolve, reject, isGivenUp: false };
            this.waiting.set(id, waiting);
            this.waitingSize += size;
            this.timers.set(String(id), limitMs, () => {
                waiting.isGivenUp = true;
                this.letGo();
                reject(new CodedError('ERR_CALL_STORE_SLOW', `No answer within ${limitMs / 1000} s.`));
            });
            // While something waits, the process does not end by itself.
            worker.ref();
            worker.postMessage({ id, verb, values } satisfies StoreRequest);
        });
    }

    /** @throws CodedError `ERR_CALL_STORE_THREAD`: it ended a moment ago */
    private started(): Worker {
        const { path, limits, clock } = this.options;
        const nowMs = clock.nowMs();
        if (this.startedMs !== undefined && nowMs - this.startedMs < RESTART_MS)
            throw new CodedError('ERR_CALL_STORE_THREAD', 'It is started again in a few seconds.');
        this.startedMs = nowMs;
        const extension = extname(__filename);
        const worker = new Worker(join(__dirname, `store-worker${extension}`), {
            workerData: { path, limits } satisfies StoreSetup,
            execArgv: extension === '.ts' ? ['--require', createRequire(__filename).resolve('tsx/cjs')] : [],
        });
        worker.on('message', (reply: StoreReply) => {
            this.take(reply);
        });
        worker.on('error', (fault: unknown) => {
            this.died(worker, fault instanceof Error ? fault.message : String(fault));
        });
        worker.on('exit', (exitCode) => {
            this.died(worker, `exit code ${exitCode}`);
        });
        worker.unref();
        return worker;
    }

    private take(reply: StoreReply): void {
        if (reply.kind === 'log') {
            this.options.logger[reply.level](reply.fields, reply.message);
            return;
        }
        const waiting = this.waiting.get(reply.id);
        if (waiting === undefined) return;
        this.forget(reply.id, waiting);
        if (reply.kind === 'done') waiting.resolve(reply.value);
        else waiting.reject(new CodedError(reply.code, reply.detail, reply.facts));
    }

    private forget(id: number, { size }: Waiting): void {
        this.timers.cancel(String(id));
        this.waiting.delete(id);
        this.waitingSize -= size;
        this.letGo();
    }

    private letGo(): void {
        if ([...this.waiting.values()].every((each) => each.isGivenUp)) this.worker?.unref();
    }

    private died(worker: Worker, why: string): void {
        if (this.worker !== worker) return;
        this.worker = undefined;
        const fault = new CodedError('ERR_CALL_STORE_THREAD', `${why}.`);
        if (!this.isClosed)
            this.options.logger.error({ code: fault.code, fault: fault.message }, 'The call store failed.');
        for (const [id, waiting] of [...this.waiting]) {
            this.forget(id, waiting);
            waiting.reject(fault);
        }
    }
}
