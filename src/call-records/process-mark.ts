import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isFields, textIn } from '../support/json';

const PREFIX = '.process-';
const ID = /^[0-9a-f]{16}$/;
/** The mark of a process that has ended and left journals. */
const ENDED = '{"ended":true}';
/** A process of another machine whose mark is so old, ms, is gone. */
const MARK_EXPIRES_MS = 60_000;

/** How a process is known on its own machine: by its number and the time of its start, which no later process has. */
interface Identity {
    readonly pid: number;
    /** In the system's own count; undefined: the system does not tell. */
    readonly started: string | undefined;
    /** In which the number counts: the machine since its start, and the container. undefined: it is not known. */
    readonly space: string | undefined;
}

/**
 * The mark of a process in a folder that several processes may write to, on several machines: a small file that is written anew while the
 * process lives. Whether a process of this machine is there, the system tells at once; one of another machine counts as gone when it
 * has not written its mark for a minute.
 */
export class ProcessMark {
    /** Names the process in its journals. */
    readonly id = randomBytes(8).toString('hex');
    private readonly path: string;
    private isWritten = false;

    constructor(private readonly folder: string) {
        this.path = join(folder, PREFIX + this.id);
    }

    /** Writes the mark. Rejects with the system's error. */
    async renew(): Promise<void> {
        await mkdir(this.folder, { recursive: true, mode: 0o700 });
        await writeFile(this.path, JSON.stringify(identityOf(process.pid)), { mode: 0o600 });
        this.isWritten = true;
    }

    /** Writes the mark, unless it was written before: nothing may stand in the folder that names a process without one. */
    async ensure(): Promise<void> {
        if (!this.isWritten) await this.renew();
    }

    /** The process writes no more. `hasLeft`: there are journals for others, whom the mark tells of them; else it is removed. */
    async end(hasLeft: boolean): Promise<void> {
        if (hasLeft) await writeFile(this.path, ENDED, { mode: 0o600 });
        else await rm(this.path, { force: true });
    }

    /** Whether the process of this mark is alive, itself included. One without a mark has ended. */
    async isAlive(id: string): Promise<boolean> {
        if (id === this.id) return true;
        const path = join(this.folder, PREFIX + id);
        try {
            const isThere = isRunning(await readFile(path, 'utf8'));
            if (isThere !== undefined) return isThere;
            // Compared with the time of the own mark, which the same file system has written.
            const [own, other] = [await stat(this.path), await stat(path)];
            return own.mtimeMs - other.mtimeMs <= MARK_EXPIRES_MS;
        } catch (fault) {
            return !isMissing(fault);
        }
    }

    /** The marks of processes that are gone. */
    async dead(): Promise<string[]> {
        const dead: string[] = [];
        for (const name of await readdir(this.folder)) {
            const id = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : '';
            if (ID.test(id) && !(await this.isAlive(id))) dead.push(id);
        }
        return dead;
    }

    /** Removes the marks of these processes. */
    async forget(ids: readonly string[]): Promise<void> {
        for (const id of ids) await rm(join(this.folder, PREFIX + id), { force: true });
    }
}

/** Whether a process runs here; undefined: it may run elsewhere. */
function isRunning(text: string): boolean | undefined {
    const mark = parsed(text);
    if (!isFields(mark)) return undefined;
    if (mark['ended'] === true) return false;
    if (typeof mark['pid'] !== 'number') return undefined;
    const { pid, started, space } = mark;
    const own = identityOf(process.pid);
    if (own.space === undefined || space !== own.space) return undefined;
    const now = identityOf(pid);
    return now.started !== undefined && now.started === started;
}

function identityOf(pid: number): Identity {
    return { pid, started: startOf(pid), space: spaceOfProcesses() };
}

/** From /proc; undefined: there is no such process, or no /proc. */
function startOf(pid: number): string | undefined {
    try {
        // The name of the program, in brackets, may hold blanks; the time of the start is the 20th field after it.
        const [, fields = ''] = /\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
        const [state, started] = [fields.split(' ')[0], fields.split(' ')[19]];
        return state === 'Z' ? undefined : started;
    } catch {
        return undefined;
    }
}

function spaceOfProcesses(): string | undefined {
    try {
        const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
        return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
    } catch {
        return undefined;
    }
}

/** A mark that is just being written is empty. */
function parsed(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}

/** The system's name of a fault, such as ENOSPC; undefined: it has none. */
export function systemErrorOf(fault: unknown): string | undefined {
    return isFields(fault) ? textIn(fault, 'code') : undefined;
}

/** The system says that a file is not there. */
export function isMissing(fault: unknown): boolean {
    return systemErrorOf(fault) === 'ENOENT';
}
