import { setImmediate } from 'node:timers/promises';
import type { CallDocument } from '../document';
import type { CallPage, CallQuery, CallStore, StoredCall } from '../call-store';
import type { Clock } from '../../support/clock';
import { CodedError } from '../../support/errors';
import { faultFields, type Logger } from '../../support/logger';
import { CallFolder, readFault, writeFault } from './call-folder';
import { IndexFile } from './index-file';
import { tidied, type Limits } from './retention';
import {
    checkFileName,
    checkQuery,
    checkSessionId,
    dayOf,
    isSessionId,
    jsonOf,
    parsedDocument,
    storedCallOf,
} from './stored-call';

export interface DirectoryStoreOptions {
    readonly path: string;
    /** undefined: nothing is ever removed. */
    readonly limits: Limits | undefined;
    readonly logger: Logger;
    readonly clock: Clock;
}

/** How long long work goes on before others go first, ms. */
const SLICE_MS = 8;
/** Documents that enter the index as one change. */
const DOCUMENTS_AT_ONCE = 20;
/** A folder that changed so recently may change once more without another time of change, ms. */
const CLOCK_TICK_MS = 2000;
/** How long an index that took no change is left alone, ms. */
const TRY_AGAIN_MS = 5000;
const NO_CALLS: CallPage = { calls: [], total: 0 };

/**
 * Records in a folder of this machine, with an index for lists: docs/CALL-STORES.md. Its work with files and SQLite is synchronous, and
 * suits a tool; the server has it done by a thread (`StoreThread`). Several processes may use the same folder.
 *
 * The records are what counts: the index follows them. A list first looks which days changed since the index has read them.
 */
export class DirectoryStore implements CallStore {
    private readonly folder: CallFolder;
    private readonly index: IndexFile;
    /** The index is being brought up to what the folder has. */
    private reading: Promise<void> | undefined;
    /** Calls whose changes the index did not take. */
    private readonly late = new Set<string>();
    /** When the index may be changed again, by the clock. */
    private tryAgainMs = -Infinity;
    private isClosed = false;

    constructor(private readonly options: DirectoryStoreOptions) {
        this.folder = new CallFolder(options.path);
        this.index = new IndexFile(options.path, options.logger);
    }

    async put(document: CallDocument): Promise<void> {
        checkSessionId(document.sessionId);
        this.putJson(await jsonOf(document), storedCallOf(document));
    }

    /** `put`, of a document that is JSON already. @throws CodedError as `put` rejects */
    putJson(json: string, call: StoredCall): void {
        this.checkOpen();
        checkSessionId(call.sessionId);
        const [day, name] = [dayOf(call.startedAt), `${call.sessionId}.json`];
        try {
            // An index without the call is brought up to date, one with its earlier document is not: should the process end in between.
            if (this.folder.stat(day, name) !== undefined) this.unlist(call.sessionId);
            this.folder.write(day, name, json);
        } catch (fault) {
            throw writeFault(fault);
        }
        this.indexed(call.sessionId, (index) => {
            index.put(day, call);
        });
    }

    putFile(sessionId: string, name: string, path: string): Promise<void> {
        return this.attempt(() => {
            checkFileName(sessionId, name);
            const known = this.dayOfCall(sessionId);
            this.folder.take(known ?? dayOf(new Date(this.options.clock.epochMs()).toISOString()), name, path);
        }, writeFault);
    }

    async list(query: CallQuery): Promise<CallPage> {
        checkQuery(query);
        for (let attempt = 1; ; attempt += 1) {
            try {
                await this.upToDate();
                return this.isUnused() ? NO_CALLS : this.index.use((index) => index.list(query));
            } catch (fault) {
                // An index that failed is made again.
                if (attempt > 1 || this.index.isOpen) throw readFault(fault);
            }
        }
    }

    async get(id: string): Promise<CallDocument | undefined> {
        const found = isSessionId(id) ? this.document(id) : undefined;
        if (found !== undefined) return found;
        await this.upToDate();
        return this.attempt(() => {
            const sessionId = this.isUnused() ? undefined : this.index.use((index) => index.newestOfConversation(id));
            return sessionId === undefined ? undefined : this.document(sessionId);
        }, readFault);
    }

    file(sessionId: string, name: string): Promise<Uint8Array | undefined> {
        return this.attempt(() => {
            checkFileName(sessionId, name);
            const day = this.folder.dayWith(name);
            return day === undefined ? undefined : this.folder.read(day, name);
        }, readFault);
    }

    /**
     * Removes the record of a call and all files beside it, for good: also from the index. The journal of a call that runs stays.
     *
     * @returns whether there was anything
     */
    remove(sessionId: string): Promise<boolean> {
        return this.attempt(() => {
            checkSessionId(sessionId);
            const isRemoved = this.folder.days().map((day) => this.removeFrom(day, sessionId));
            this.unlist(sessionId);
            this.indexed(sessionId, (index) => {
                index.clean();
            });
            return isRemoved.includes(true);
        }, writeFault);
    }

    async tidy(): Promise<number> {
        this.index.retry();
        const { limits, clock } = this.options;
        if (limits === undefined) return 0;
        const work = tidied(this.folder, limits, clock.epochMs(), (sessionId) => {
            this.unlist(sessionId);
        });
        try {
            return (await this.inSlices(work)) ?? 0;
        } catch (fault) {
            throw writeFault(fault);
        }
    }

    /** Brings the index up to what the folder has, unless it is. Rejects as `list` does. */
    upToDate(): Promise<void> {
        this.reading ??= this.inSlices(this.reconciled())
            .then(() => undefined)
            .catch((fault: unknown) => {
                throw readFault(fault);
            })
            .finally(() => {
                this.reading = undefined;
            });
        return this.reading;
    }

    async close(): Promise<void> {
        this.isClosed = true;
        await this.reading?.catch(() => undefined);
        this.index.close();
    }

    /** There is no record, and no index either: none is made of nothing, and no folder at a path that may be a mistake. */
    private isUnused(): boolean {
        return !this.index.isOpen && this.folder.days().length === 0;
    }

    private checkOpen(): void {
        if (this.isClosed) throw new CodedError('ERR_CALL_STORE_CLOSED');
    }

    private attempt<T>(work: () => T, coded: (fault: unknown) => CodedError): Promise<T> {
        try {
            this.checkOpen();
            return Promise.resolve(work());
        } catch (fault) {
            return Promise.reject(coded(fault));
        }
    }

    /** Works in slices between which others go first. @returns undefined: the store was closed meanwhile */
    private async inSlices<T>(work: Generator<void, T>): Promise<T | undefined> {
        const { clock } = this.options;
        let untilMs = clock.nowMs() + SLICE_MS;
        for (;;) {
            this.checkOpen();
            const step = work.next();
            if (step.done === true) return step.value;
            if (clock.nowMs() < untilMs) continue;
            await setImmediate();
            untilMs = clock.nowMs() + SLICE_MS;
        }
    }

    /**
     * A change of the index after a change of the record of a call. What the index does not take now it is given by `upToDate`; so that no record
     * waits for a lock each time, it is left alone for a while then.
     */
    private indexed(sessionId: string, change: Parameters<IndexFile['use']>[0]): void {
        const { logger, clock } = this.options;
        if (this.isUnused()) return;
        try {
            if (clock.nowMs() >= this.tryAgainMs) this.index.use(change);
            else this.late.add(sessionId);
        } catch (fault) {
            logger.warn(faultFields(fault), 'Changes of records are not in the index yet.');
            this.late.add(sessionId);
            this.tryAgainMs = clock.nowMs() + TRY_AGAIN_MS;
        }
    }

    private unlist(sessionId: string): void {
        this.indexed(sessionId, (index) => {
            index.remove(sessionId);
        });
    }

    /** The record goes last: as long as it is there, the call can be removed again. */
    private removeFrom(day: string, sessionId: string): boolean {
        const files = this.folder.filesOf(day).filter((file) => file.sessionId === sessionId);
        const record = files.filter(({ ending }) => ending === '.json');
        const beside = files.filter(({ ending }) => ending !== '.json' && ending !== '.open.jsonl');
        const isRemoved = [...beside, ...record].map(({ name }) => this.folder.remove(day, name));
        this.folder.removeIfEmpty(day);
        return isRemoved.includes(true);
    }

    /** The day of a call's record, else of another file of it. */
    private dayOfCall(sessionId: string): string | undefined {
        const names = ['.json', '.open.jsonl', '.wav', '.flight'].map((ending) => `${sessionId}${ending}`);
        for (const name of names) {
            const day = this.folder.dayWith(name);
            if (day !== undefined) return day;
        }
        return undefined;
    }

    /** @throws CodedError `ERR_CALL_STORE_RECORD`, `ERR_CALL_STORE_READ` */
    private document(sessionId: string): CallDocument | undefined {
        this.checkOpen();
        try {
            const day = this.folder.dayWith(`${sessionId}.json`);
            return day === undefined ? undefined : this.parsed(day, sessionId);
        } catch (fault) {
            throw readFault(fault);
        }
    }

    /** undefined: there is no such file. @throws CodedError `ERR_CALL_STORE_RECORD` */
    private parsed(day: string, sessionId: string): CallDocument | undefined {
        const name = `${sessionId}.json`;
        const bytes = this.folder.read(day, name);
        return bytes === undefined ? undefined : parsedDocument(bytes.toString(), sessionId, `${day}/${name}`);
    }

    /** Reads the days that changed since the index has read them. */
    private *reconciled(): Generator<void> {
        const days = this.folder.days();
        if (this.isUnused()) return;
        this.caughtUp();
        const known = this.index.use((index) => index.days());
        for (const day of days) {
            const changedMs = this.folder.changedMs(day);
            if (changedMs === undefined || known.get(day) === changedMs) continue;
            yield* this.dayReconciled(day);
            const isSettled = this.options.clock.epochMs() - changedMs > CLOCK_TICK_MS;
            this.index.use((index) => {
                index.dayRead(day, isSettled ? changedMs : 0);
            });
            yield;
        }
        for (const day of known.keys()) {
            if (days.includes(day)) continue;
            this.index.use((index) => {
                index.removeDay(day);
            });
        }
    }

    /** Takes out the calls whose changes are missing: their days have changed, and so they are read again. */
    private caughtUp(): void {
        if (this.late.size === 0) return;
        this.index.use((index) => {
            index.together(() => {
                for (const sessionId of this.late) index.remove(sessionId);
            });
        });
        this.late.clear();
        this.tryAgainMs = -Infinity;
    }

    private *dayReconciled(day: string): Generator<void> {
        // The index first: a call that is put meanwhile is in both, or is read once more.
        const listed = this.index.use((index) => index.sessionsOfDay(day));
        const files = this.folder.filesOf(day).filter((file) => file.ending === '.json' && !file.isIncomplete);
        const there = new Set(files.map((file) => file.sessionId));
        const gone = [...listed].filter((sessionId) => !there.has(sessionId));
        this.index.use((index) => {
            index.together(() => {
                for (const sessionId of gone) index.remove(sessionId);
            });
        });
        const missing = files.filter((file) => !listed.has(file.sessionId));
        for (let at = 0; at < missing.length; at += DOCUMENTS_AT_ONCE) {
            const calls: StoredCall[] = [];
            for (const { sessionId } of missing.slice(at, at + DOCUMENTS_AT_ONCE)) {
                const call = this.callIn(day, sessionId);
                if (call !== undefined) calls.push(call);
                yield;
            }
            this.index.use((index) => {
                index.together(() => {
                    for (const call of calls) index.put(day, call);
                });
            });
        }
    }

    /** undefined: there is no such file, or no record in it. */
    private callIn(day: string, sessionId: string): StoredCall | undefined {
        try {
            const document = this.parsed(day, sessionId);
            return document === undefined ? undefined : storedCallOf(document);
        } catch (fault) {
            this.options.logger.warn(faultFields(fault), 'A record cannot be read, and is in no list.');
            return undefined;
        }
    }
}
