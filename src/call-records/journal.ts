import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../support/clock';
import { faultFields, type Logger } from '../support/logger';
import { loggedFault, TimerSet } from '../support/timer-set';
import { documentOf, endOfDeadCall, type CallEnd } from './call-document';
import type { JournalLine } from './call-history';
import type { Disk, TextFile, WriteFault } from './disk/disk';
import {
    callDocument,
    recordEvent,
    recordHead,
    type CallDocument,
    type RecordEvent,
    type RecordHead,
} from './document';
import { Outage } from './outage';
import { isMissing, ProcessMark } from './process-mark';

/** A line waits so long, ms, and is written with all that has come to its journal meanwhile. What waits is lost when the process is killed. */
const WRITE_AFTER_MS = 3500;
/** How often it is looked for what is due, ms: what is due at once is few of the calls, however many there are. */
const ROUND_MS = 500;
/** How often the mark of the process is renewed, and journals of others are looked for, ms. */
const RENEW_MS = 10_000;
const LOOK_MS = 30_000;
/** Most that waits to be written, characters of all calls together, about; what is beyond is not in the journals. */
const MAX_WAITING = 8_000_000;
/** What a line is reckoned at beside the texts in it, characters. */
const LINE = 150;
/** Longest journal that is read again, bytes. */
const MAX_READ = 64 * 1024 * 1024;

const JOURNAL = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\.([0-9a-f]{16}))?\.open\.jsonl$/i;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

const journalLine = z.union([
    z.object({ process: z.string() }),
    z.object({ head: recordHead }),
    z.object({ event: recordEvent }),
    z.object({
        output: z.object({
            callId: z.string(),
            argumentsJson: z.string().optional(),
            output: z.string().optional(),
        }),
    }),
    z.object({
        end: callDocument.pick({
            endedAt: true,
            durationMs: true,
            endReason: true,
            outputVariables: true,
            fallbackUsed: true,
            figures: true,
        }),
        cut: z.int().min(0),
    }),
]);

type FunctionLine = Extract<z.infer<typeof journalLine>, { output: unknown }>['output'];

/** The journal of one call that runs. */
export interface CallJournal {
    /** Adds a line. It becomes text when it is written, later: until then nothing may be taken from it; what is added to it is written too. */
    write(line: JournalLine): void;
    /** The record is stored, or given up: the journal is not needed any more. */
    remove(): void;
    /** No more lines come, and the record is not stored: it is made of the journal later. @returns whether the journal has all of it, as far as is known */
    leave(): boolean;
}

/** The first line of a journal names the process that writes it. */
type Line = JournalLine | { readonly process: string };

interface OpenJournal {
    readonly path: string;
    readonly file: TextFile;
    /** Lines that wait, and what they are reckoned at. */
    waiting: Line[];
    waitingLength: number;
    /** When the first of them came. */
    sinceMs: number;
    /** Every line was written, or waits. */
    isWhole: boolean;
    state: 'open' | 'leaving' | 'removing';
}

/** How a round ended for one journal. */
interface JournalEnd {
    readonly hasText: boolean;
    readonly fault?: WriteFault | undefined;
}

export interface JournalsOptions {
    readonly folder: string;
    readonly disk: Disk;
    readonly clock: Clock;
    readonly logger: Logger;
    /** A call of a process that is gone was closed: its record. Resolves when it is stored; rejects: it is tried again later. */
    readonly onRecovered: (document: CallDocument) => Promise<void>;
    /** No record can be stored now. */
    readonly isWaiting: () => boolean;
}

/**
 * The journals of the calls that run in this process: what is known of each call stands in `<date>/<session id>.open.jsonl` within four seconds, so
 * that it is not lost with the process. Calls of processes that are gone are closed: at the start, and when the mark of a process turns out to be
 * that of a dead one.
 *
 * Nothing waits for a journal. Where the folder cannot be written, records of calls are stored at their end all the same.
 */
export class Journals {
    private readonly mark: ProcessMark;
    private readonly open = new Set<OpenJournal>();
    /** Journals of this process that were left, and those that it took over and whose record is not stored yet. */
    private readonly left = new Set<string>();
    private readonly timers: TimerSet;
    private readonly outage: Outage;
    private waitingLength = 0;
    private writing: Promise<void> | undefined;
    private looking: Promise<void> | undefined;
    /** All dates are to be read: at the start, and until every journal of a dead process is closed. */
    private isLookDue = true;
    private isStopped = false;

    constructor(private readonly options: JournalsOptions) {
        const { clock, logger, folder } = options;
        this.mark = new ProcessMark(folder);
        this.timers = new TimerSet(clock, loggedFault(logger, 'The journals of the calls have failed.'));
        const message = 'The journals of calls can be written again.';
        this.outage = new Outage('ERR_CALL_JOURNAL', message, logger, () => clock.nowMs());
    }

    /** Resolves when journals can be written; meanwhile it begins to close the calls of processes that are gone. Never rejects. */
    async start(): Promise<void> {
        await this.renew();
        if (this.isStopped) return;
        void this.look();
        this.every('write', ROUND_MS, () => (this.open.size === 0 ? Promise.resolve() : this.write(WRITE_AFTER_MS)));
        this.every('renew', RENEW_MS, () => this.renew());
        this.every('look', LOOK_MS, () => this.look());
    }

    /** Writes what waits. Journals that are left are for the next start, or for another process. */
    async stop(): Promise<void> {
        this.isStopped = true;
        this.timers.clear();
        await this.looking;
        await this.writing;
        for (const journal of this.open) if (journal.state === 'open') journal.state = 'leaving';
        await this.write(0);
        await this.mark.end(this.left.size > 0).catch(() => undefined);
    }

    /** The journal of a call that opens. */
    begin(head: RecordHead): CallJournal {
        const date = head.startedAt.slice(0, 10);
        const path = join(this.options.folder, date, `${head.sessionId.toLowerCase()}.open.jsonl`);
        const file = this.options.disk.textFile(path);
        const journal: OpenJournal = {
            path,
            file,
            waiting: [],
            waitingLength: 0,
            sinceMs: 0,
            isWhole: true,
            state: 'open',
        };
        this.open.add(journal);
        this.append(journal, { process: this.mark.id });
        return {
            write: (line) => {
                this.append(journal, line);
            },
            remove: () => {
                if (journal.state !== 'leaving') journal.state = 'removing';
            },
            leave: () => {
                if (journal.state === 'open') journal.state = 'leaving';
                return journal.isWhole;
            },
        };
    }

    private append(journal: OpenJournal, line: Line): void {
        if (journal.state !== 'open') return;
        if (this.waitingLength > MAX_WAITING) {
            journal.isWhole = false;
            return;
        }
        if (journal.waiting.length === 0) journal.sinceMs = this.options.clock.nowMs();
        const length = lengthOf(line);
        journal.waiting.push(line);
        journal.waitingLength += length;
        this.waitingLength += length;
    }

    private every(name: string, ms: number, task: () => Promise<void>): void {
        this.timers.set(name, ms, () => {
            void task()
                .catch((fault: unknown) => {
                    this.outage.failed(fault);
                })
                .finally(() => {
                    this.every(name, ms, task);
                });
        });
    }

    private async renew(): Promise<void> {
        try {
            await this.mark.renew();
        } catch (fault) {
            this.outage.failed(fault);
        }
    }

    /** Writes what has waited for `leastMs`. */
    private write(leastMs: number): Promise<void> {
        this.writing ??= this.writeAll(leastMs).finally(() => {
            this.writing = undefined;
        });
        return this.writing;
    }

    /** All together: the disk has one thread, which is woken once for them. */
    private async writeAll(leastMs: number): Promise<void> {
        const beforeMs = this.options.clock.nowMs() - leastMs;
        const isDue = ({ waiting, sinceMs, state }: OpenJournal): boolean =>
            state !== 'open' || (waiting.length > 0 && sinceMs <= beforeMs);
        const due = [...this.open].filter(isDue);
        if (due.length === 0) return;
        const unmarked = await this.mark.ensure().catch((fault: unknown) => ({ fault }));
        const ends = await Promise.all(due.map((journal) => this.writeOne(journal, unmarked !== undefined)));
        const fault = unmarked?.fault ?? ends.find((end) => end.fault !== undefined)?.fault;
        if (fault !== undefined) this.outage.failed(fault);
        else if (ends.some(({ hasText }) => hasText)) this.outage.worked();
    }

    /** @param isUnmarked nothing may be written: the folder has no mark of this process */
    private async writeOne(journal: OpenJournal, isUnmarked: boolean): Promise<JournalEnd> {
        const { waiting, state, path, file } = journal;
        this.waitingLength -= journal.waitingLength;
        journal.waitingLength = 0;
        journal.waiting = [];
        if (state !== 'open') this.open.delete(journal);
        if (isUnmarked) {
            journal.isWhole = false;
            return { hasText: false };
        }
        const text = state === 'removing' ? '' : waiting.map((line) => `${JSON.stringify(line)}\n`).join('');
        const then = state === 'open' ? 'keep' : state === 'leaving' ? 'close' : 'remove';
        const { fault } = await file.write(text, then);
        if (fault !== undefined) journal.isWhole = false;
        else if (state === 'leaving') this.left.add(path);
        return { hasText: text !== '', fault };
    }

    private look(): Promise<void> {
        this.looking ??= this.recoverAll()
            .catch((fault: unknown) => {
                this.options.logger.debug(faultFields(fault), 'Journals of calls cannot be looked for.');
            })
            .finally(() => {
                this.looking = undefined;
            });
        return this.looking;
    }

    /** All dates are read at the start, and when a process has died: folders of many days may have many files. */
    private async recoverAll(): Promise<void> {
        const { folder, isWaiting } = this.options;
        for (const path of [...this.left]) if (!this.isStopped && !isWaiting()) await this.closeCall(path);
        const dead = await this.mark.dead();
        if (dead.length > 0) this.isLookDue = true;
        if (!this.isLookDue || isWaiting()) return;
        let areClosed = true;
        for (const date of (await readdir(folder)).filter((name) => DATE.test(name)))
            for (const name of (await readdir(join(folder, date))).filter((each) => JOURNAL.test(each))) {
                if (this.isStopped) return;
                if (!(await this.takeOver(join(folder, date), name))) areClosed = false;
            }
        if (!areClosed) return;
        this.isLookDue = false;
        await this.mark.forget(dead);
    }

    /**
     * Closes the call of one journal, if its process is gone. Of several processes that look at it, the one that can rename it does.
     *
     * @returns whether there is nothing left to do about it
     */
    private async takeOver(folder: string, name: string): Promise<boolean> {
        const [, sessionId = '', claimedBy] = JOURNAL.exec(name) ?? [];
        const path = join(folder, name);
        const claimed = join(folder, `${sessionId}.${this.mark.id}.open.jsonl`);
        try {
            const owner = claimedBy ?? (await ownerOf(path));
            if (owner !== undefined && (await this.mark.isAlive(owner))) return true;
            await rename(path, claimed);
        } catch (fault) {
            if (isMissing(fault)) return true;
            throw fault;
        }
        this.left.add(claimed);
        return this.closeCall(claimed);
    }

    /** Makes the record of a journal that nothing writes to any more. @returns whether it is stored */
    private async closeCall(path: string): Promise<boolean> {
        try {
            const document = await readJournal(path);
            if (document !== undefined) await this.options.onRecovered(document);
            await rm(path, { force: true });
        } catch (fault) {
            this.options.logger.debug(faultFields(fault), 'A journal of a call is closed later.');
            if (!isMissing(fault)) return false;
        }
        this.left.delete(path);
        return true;
    }
}

/** About how long the line is as text. */
function lengthOf(line: Line): number {
    if ('event' in line) {
        const { event } = line;
        if (event.kind === 'words') return LINE + (event.text ?? '').length;
        if (event.kind === 'turn') return LINE + (event.heard ?? '').length;
        return event.kind === 'tool' ? LINE + contentLength(event) : LINE;
    }
    return 'output' in line ? LINE + contentLength(line.output) : LINE;
}

function contentLength({
    argumentsJson = '',
    output = '',
}: {
    readonly argumentsJson?: string | undefined;
    readonly output?: string | undefined;
}): number {
    return argumentsJson.length + output.length;
}

/** The process that its first line names; undefined: it names none. */
async function ownerOf(path: string): Promise<string | undefined> {
    const file = await open(path, 'r');
    try {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(256), 0, 256, 0);
        return /^\{"process":"([0-9a-f]{16})"\}/.exec(buffer.toString('utf8', 0, bytesRead))?.[1];
    } finally {
        await file.close();
    }
}

/** The record of a call by its journal; undefined: it does not even say which call it was. A line that was cut off is left out. */
export async function readJournal(path: string): Promise<CallDocument | undefined> {
    const text = (await readFile(path, 'utf8')).slice(0, MAX_READ);
    let head: RecordHead | undefined;
    let end: CallEnd | undefined;
    let cut = 0;
    const events: RecordEvent[] = [];
    for (const line of text.split('\n').flatMap(lineOf)) {
        if ('head' in line) head = line.head;
        else if ('event' in line) events.push(line.event);
        else if ('output' in line) addContent(events, line.output);
        else if ('end' in line) ({ end, cut } = line);
    }
    return head === undefined ? undefined : documentOf(head, events, cut, end ?? endOfDeadCall(head, events));
}

function lineOf(text: string): z.infer<typeof journalLine>[] {
    try {
        return [journalLine.parse(JSON.parse(text))];
    } catch {
        return [];
    }
}

function addContent(events: readonly RecordEvent[], { callId, ...content }: FunctionLine): void {
    const event = events.findLast((each) => each.kind === 'tool' && each.callId === callId);
    if (event !== undefined) Object.assign(event, content);
}
