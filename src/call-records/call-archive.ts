import type { CallObserver, ObserveCall, OpeningCall } from '../services/call-observer';
import type { Clock } from '../support/clock';
import { overWithin } from '../support/deadline';
import { CodedError } from '../support/errors';
import { faultFields, type Logger } from '../support/logger';
import { loggedFault, TimerSet } from '../support/timer-set';
import { CallHistory, type JournalLine } from './call-history';
import type { CallStore } from './call-store';
import type { Disk } from './disk/disk';
import type { CallDocument } from './document';
import { Journals, type CallJournal } from './journal';
import { Outage } from './outage';

/** Is told of the record of each call that is over, once it is complete; it may not be stored yet. */
export type DocumentListener = (document: CallDocument) => void;

/** What is added to the record of a call after its end. */
export interface Addition {
    /** Parts of the document. */
    readonly fields: Partial<Pick<CallDocument, 'recording' | 'flight' | 'extracted'>>;
    /** A file of this machine that is stored beside the record; the store moves it, or copies and removes it. */
    readonly file?: { readonly name: string; readonly path: string };
}

/** Something that follows a call and adds to its record when it is over: a recording, what a model is asked about it. */
export interface CallAttachment {
    readonly observer?: CallObserver;
    /** The call is over: comes once, after the observer's `end`, with the record so far. Rejects: nothing is added, which is logged. */
    finish(document: CallDocument): Promise<Addition | undefined>;
}

/** Begins to follow a call that opens; undefined: it adds nothing to this one. */
export type AttachToCall = (call: OpeningCall) => CallAttachment | undefined;

/** Finds what was to be added to the record of a call whose process has died; undefined: nothing is left. Rejects: nothing is added, which is logged. */
export type Recover = (document: CallDocument) => Promise<Addition | undefined>;

export interface CallArchiveOptions {
    readonly mode: 'metadata' | 'full';
    /** Mask personal data. */
    readonly masks: boolean;
    readonly store: CallStore;
    /** Folder of the journals of the calls that run. */
    readonly journalFolder: string;
    readonly attachments?: readonly AttachToCall[];
    /** What is added to the record of a call whose process has died, from what that has left on the disk. */
    readonly recoveries?: readonly Recover[];
    /** Writes the journals, and what attachments write of calls that run. The archive closes it at its end. */
    readonly disk: Disk;
    readonly clock: Clock;
    readonly logger: Logger;
}

/** For the metrics. */
export interface ArchiveFigures {
    /** The store takes nothing now. */
    readonly isDown: boolean;
    /** Records that wait to be stored. */
    readonly waiting: number;
    readonly stored: number;
    /** Records that were given up: neither stored nor in a journal. */
    readonly dropped: number;
}

/** Records that are stored at the same time. */
const AT_ONCE = 4;
/** Records, and events of them all, that wait in memory; of more the oldest are left to their journals. */
const MAX_WAITING = 500;
const MAX_WAITING_EVENTS = 100_000;
/** How often storing a record is tried before it is left to its journal. */
const MAX_ATTEMPTS = 8;
/** How long the store may take for one record, and what is added to one, ms. */
const PUT_MS = 45_000;
const FINISH_MS = 60_000;
/** While the store takes nothing it is asked again after this time, which doubles up to the second, ms. */
const RETRY_MS = 1000;
const MAX_RETRY_MS = 60_000;
/** How often what is too old is removed, ms. */
const TIDY_MS = 3_600_000;
/** What the end of the server waits for records to be stored, and for the store to close, ms. */
const STOP_MS = 5000;

/** A call that runs, or whose record is being completed. */
interface OpenCall {
    readonly attachments: CallAttachment[];
}

/** A record that waits to be stored, with the files beside it that are not stored yet. */
interface Job {
    document: CallDocument;
    files: { readonly name: string; readonly path: string }[];
    attempts: number;
    readonly journal: CallJournal | undefined;
    /** For the journal of a dead process. */
    readonly done: ((fault?: CodedError) => void) | undefined;
}

/**
 * Makes the records of all calls of this process and has them stored. No call waits for it, and none notices when records cannot be stored:
 * they are tried again, then left to their journals on the disk, and where these could not be written either they are dropped and counted.
 */
export class CallArchive {
    /** Is told of each finished document, recovered ones too. */
    readonly listeners: DocumentListener[] = [];
    private readonly journals: Journals;
    private readonly open = new WeakMap<OpeningCall, OpenCall>();
    private readonly queue: Job[] = [];
    private readonly running = new Set<Job>();
    /** Records to which something is still added. */
    private readonly finishing = new Set<Promise<void>>();
    private readonly timers: TimerSet;
    private readonly outage: Outage;
    private retryMs = RETRY_MS;
    private stored = 0;
    private dropped = 0;
    private isStopped = false;
    private idle: (() => void) | undefined;
    /** Those that follow each call: its record first, then what is added to it. */
    readonly observers: readonly ObserveCall[];

    constructor(private readonly options: CallArchiveOptions) {
        const { clock, logger, disk, journalFolder: folder, attachments = [] } = options;
        this.timers = new TimerSet(clock, loggedFault(logger, 'The archive of the calls has failed.'));
        const message = 'Records of calls are stored again.';
        this.outage = new Outage('ERR_INTERNAL', message, logger, () => clock.nowMs());
        this.journals = new Journals({
            folder,
            disk,
            clock,
            logger,
            onRecovered: (document) => this.recovered(document),
            isWaiting: () => this.outage.isOn || this.isStopped,
        });
        const adding = attachments.map((attach) => (call: OpeningCall) => this.attached(call, attach));
        this.observers = [this.observe, ...adding];
    }

    get figures(): ArchiveFigures {
        const { outage, queue, running, stored, dropped } = this;
        return { isDown: outage.isOn, waiting: queue.length + running.size, stored, dropped };
    }

    /** Begins; calls of processes that have died are closed in the background. Never rejects. */
    async start(): Promise<void> {
        await this.journals.start();
        this.tidy();
    }

    /** Stores what is left, for 5 s at most; what is left then stays in its journal for the next start. Never rejects. */
    async stop(): Promise<void> {
        const { clock, store, disk } = this.options;
        await overWithin(clock, STOP_MS, this.emptied());
        this.isStopped = true;
        this.timers.clear();
        for (const job of this.queue.splice(0)) this.leave(job);
        await overWithin(clock, STOP_MS, this.journals.stop());
        await disk.close();
        await overWithin(clock, STOP_MS, store.close()).catch(() => undefined);
    }

    private readonly observe: ObserveCall = (call) => {
        const opened: OpenCall = { attachments: [] };
        this.open.set(call, opened);
        let journal: CallJournal | undefined;
        const onLine = (line: JournalLine): void => {
            if (journal === undefined && 'head' in line) journal = this.journals.begin(line.head);
            journal?.write(line);
        };
        const { mode, masks } = this.options;
        const onEnd = (document: CallDocument): void => {
            this.open.delete(call);
            const finished = this.finish(document, opened.attachments, journal).finally(() => {
                this.finishing.delete(finished);
                this.settle();
            });
            this.finishing.add(finished);
        };
        return new CallHistory(call, { mode, masks, onLine, onEnd });
    };

    private attached(call: OpeningCall, attach: AttachToCall): CallObserver | undefined {
        const opened = this.open.get(call);
        const attachment = opened === undefined ? undefined : attach(call);
        if (attachment !== undefined) opened?.attachments.push(attachment);
        return attachment?.observer;
    }

    private async finish(
        document: CallDocument,
        attachments: readonly CallAttachment[],
        journal: CallJournal | undefined,
    ): Promise<void> {
        // The observers of what is added hear of the end after this one.
        await new Promise((resolve) => setImmediate(resolve));
        let whole = document;
        const files: Job['files'] = [];
        for (const attachment of attachments) {
            const addition = await this.additionOf((each) => attachment.finish(each), whole);
            whole = { ...whole, ...addition?.fields };
            if (addition?.file !== undefined) files.push(addition.file);
        }
        this.tell(whole);
        this.add({ document: whole, files, attempts: 0, journal, done: undefined });
    }

    private async additionOf(finish: Recover, document: CallDocument): Promise<Addition | undefined> {
        const { clock, logger } = this.options;
        let addition: Addition | undefined;
        const finished = finish(document).then((result) => {
            addition = result;
        });
        try {
            if (!(await overWithin(clock, FINISH_MS, finished))) throw new Error('It took too long.');
        } catch (fault) {
            const fields = { session: document.sessionId, conversation: document.conversationId };
            logger.warn({ ...faultFields(fault), ...fields }, 'The record of a call lacks a part.');
        }
        return addition;
    }

    /** The record of a journal that was left. One that was stored before its journal could be removed stays as it is: it may have more parts. */
    private async recovered(document: CallDocument): Promise<void> {
        if ((await this.options.store.get(document.sessionId)) !== undefined) return;
        let whole = document;
        const files: Job['files'] = [];
        for (const recover of this.options.recoveries ?? []) {
            const addition = await this.additionOf(recover, whole);
            whole = { ...whole, ...addition?.fields };
            if (addition?.file !== undefined) files.push(addition.file);
        }
        await new Promise<void>((resolve, reject) => {
            const done = (fault?: CodedError): void => {
                if (fault === undefined) resolve();
                else reject(fault);
            };
            this.add({ document: whole, files, attempts: 0, journal: undefined, done });
        });
    }

    private tell(document: CallDocument): void {
        for (const listener of this.listeners) {
            try {
                listener(document);
            } catch (fault) {
                this.options.logger.error(faultFields(fault), 'What is done with the record of a call has failed.');
            }
        }
    }

    private add(job: Job): void {
        this.queue.push(job);
        let events = this.queue.reduce((sum, each) => sum + each.document.events.length, 0);
        while (this.queue.length > MAX_WAITING || (events > MAX_WAITING_EVENTS && this.queue.length > 1)) {
            const oldest = this.queue.shift();
            if (oldest === undefined) break;
            events -= oldest.document.events.length;
            this.leave(oldest);
        }
        if (!this.outage.isOn) this.work();
    }

    /** The record is not stored now: its journal has it, or it is lost. */
    private leave({ journal, done }: Job): void {
        done?.(new CodedError('ERR_CALL_JOURNAL'));
        if (done === undefined && journal?.leave() !== true) this.dropped += 1;
    }

    private work(): void {
        while (this.running.size < AT_ONCE && !this.isStopped) {
            const job = this.queue.shift();
            if (job === undefined) break;
            this.running.add(job);
            void this.store(job).finally(() => {
                this.running.delete(job);
                this.settle();
            });
            // While it takes nothing, one is tried at a time.
            if (this.outage.isOn) return;
        }
    }

    private async store(job: Job): Promise<void> {
        try {
            if (!(await overWithin(this.options.clock, PUT_MS, this.put(job))))
                throw new CodedError('ERR_CALL_STORE_SLOW');
        } catch (fault) {
            this.failed(job, fault);
            return;
        }
        this.stored += 1;
        this.retryMs = RETRY_MS;
        job.journal?.remove();
        this.outage.worked({ waiting: this.queue.length, dropped: this.dropped });
        if (job.done !== undefined) this.tell(job.document);
        job.done?.();
        this.work();
    }

    private async put(job: Job): Promise<void> {
        const { store } = this.options;
        const { sessionId } = job.document;
        for (const file of [...job.files]) {
            await store.putFile(sessionId, file.name, file.path);
            job.files = job.files.filter((each) => each !== file);
        }
        await store.put(job.document);
    }

    private failed(job: Job, fault: unknown): void {
        this.outage.failed(fault);
        job.attempts += 1;
        if (job.done !== undefined || this.isStopped || job.attempts >= MAX_ATTEMPTS) this.leave(job);
        else this.queue.push(job);
        if (this.timers.isSet('retry')) return;
        this.timers.set('retry', this.retryMs, () => {
            this.work();
        });
        this.retryMs = Math.min(MAX_RETRY_MS, this.retryMs * 2);
    }

    private tidy(): void {
        const { store, logger } = this.options;
        store.tidy().catch((fault: unknown) => {
            if (!this.isStopped) logger.warn(faultFields(fault), 'Old records of calls cannot be removed.');
        });
        this.timers.set('tidy', TIDY_MS, () => {
            this.tidy();
        });
    }

    /** Resolves when nothing waits, or when the store takes nothing. */
    private emptied(): Promise<void> {
        return new Promise((resolve) => {
            this.idle = resolve;
            this.settle();
        });
    }

    private settle(): void {
        const isEmpty = this.queue.length === 0 && this.running.size === 0;
        if (this.finishing.size === 0 && (isEmpty || this.outage.isOn)) this.idle?.();
    }
}
