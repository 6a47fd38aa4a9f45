/**
 * The files of a directory store: `<folder>/<YYYY-MM-DD>/<session id><ending>`. Everything here is synchronous: the server runs it in a
 * thread of its own (`StoreThread`). Symbolic links below the folder are never followed, and only regular files are read.
 */
import { randomBytes } from 'node:crypto';
import {
    chmodSync,
    closeSync,
    constants,
    copyFileSync,
    fstatSync,
    fsyncSync,
    lstatSync,
    mkdirSync,
    openSync,
    readdirSync,
    readFileSync,
    renameSync,
    rmdirSync,
    rmSync,
    writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { CodedError } from '../../support/errors';
import { isFields, textIn } from '../../support/json';
import { isSessionId } from './stored-call';

/** Files are for the user of this process alone, and so are folders. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const SESSION_ID_CHARACTERS = 36;
/** After the session id: an ending, and for a file that is not complete yet a mark. */
const REST_OF_NAME = /^((?:\.[a-z0-9]{1,16}){1,2})(\.tmp-[0-9a-f]+)?$/;
/** Windows has neither. */
const OF_UNIX: Partial<typeof constants> = constants;
const READ = constants.O_RDONLY | (OF_UNIX.O_NOFOLLOW ?? 0) | (OF_UNIX.O_NONBLOCK ?? 0);

/** A file that belongs to a call. */
export interface CallFile {
    readonly name: string;
    readonly sessionId: string;
    /** Such as `.json`, `.wav` or `.open.jsonl`. */
    readonly ending: string;
    /** It was being written when a process ended, or is right now. */
    readonly isIncomplete: boolean;
}

/** Methods throw the faults of the system (`ENOENT` and others), unless they say otherwise. */
export class CallFolder {
    constructor(readonly path: string) {}

    /** The days that have a folder, the newest first; none: there is no folder yet. */
    days(): string[] {
        const entries = readIfThere(() => readdirSync(this.path, { withFileTypes: true }), ['ENOENT']) ?? [];
        return entries
            .filter((entry) => entry.isDirectory() && DAY.test(entry.name))
            .map((entry) => entry.name)
            .sort()
            .reverse();
    }

    /** When a file of this day was last added or removed, in ms since 1970; undefined: the day has no folder. */
    changedMs(day: string): number | undefined {
        const stat = readIfThere(() => lstatSync(join(this.path, day)));
        return stat?.isDirectory() === true ? stat.mtimeMs : undefined;
    }

    /** The files of the calls of this day. Files of other kinds and with other names are left out. */
    filesOf(day: string): CallFile[] {
        if (this.changedMs(day) === undefined) return [];
        const entries = readIfThere(() => readdirSync(join(this.path, day), { withFileTypes: true })) ?? [];
        return entries.filter((entry) => entry.isFile()).flatMap((entry) => callFile(entry.name) ?? []);
    }

    /** The newest day that has this file; undefined: none. */
    dayWith(name: string): string | undefined {
        return this.days().find((day) => this.stat(day, name) !== undefined);
    }

    /** Size in bytes and time of the last change, ms since 1970. undefined: there is no such file. */
    stat(day: string, name: string): { bytes: number; changedMs: number } | undefined {
        const stat = readIfThere(() => lstatSync(join(this.path, day, name)));
        return stat?.isFile() === true ? { bytes: stat.size, changedMs: stat.mtimeMs } : undefined;
    }

    /** The bytes of a regular file; undefined: there is none. */
    read(day: string, name: string): Buffer | undefined {
        if (this.changedMs(day) === undefined) return undefined;
        const file = readIfThere(() => openSync(join(this.path, day, name), READ));
        if (file === undefined) return undefined;
        try {
            return fstatSync(file).isFile() ? readFileSync(file) : undefined;
        } finally {
            closeSync(file);
        }
    }

    /** Writes a file as a whole: after a crash there is the old one, or the new one. */
    write(day: string, name: string, text: string): void {
        againIfGone(() => {
            this.replace(day, name, (path) => {
                writeFileSync(path, text, { mode: FILE_MODE, flag: 'wx', flush: true });
            });
        });
    }

    /** Takes a file of this machine as a file of this day: moves it, or copies and removes it where it is on another disk. */
    take(day: string, name: string, path: string): void {
        if (!lstatSync(path).isFile()) throw new CodedError('ERR_CALL_STORE_WRITE', `${path} is no regular file.`);
        chmodSync(path, FILE_MODE);
        const target = join(this.folderFor(day), name);
        if (resolve(path) === resolve(target)) return;
        try {
            sync(path);
            renameSync(path, target);
            sync(dirname(target));
        } catch (fault) {
            if (systemErrorOf(fault) !== 'EXDEV') throw fault;
            this.replace(day, name, (temporary) => {
                copyFileSync(path, temporary, constants.COPYFILE_EXCL);
                sync(temporary);
            });
            rmSync(path, { force: true });
        }
    }

    /** @returns whether it was there */
    remove(day: string, name: string): boolean {
        if (this.changedMs(day) === undefined || this.stat(day, name) === undefined) return false;
        rmSync(join(this.path, day, name), { force: true });
        return true;
    }

    /** Removes the folder of a day if nothing is in it. */
    removeIfEmpty(day: string): void {
        try {
            rmdirSync(join(this.path, day));
        } catch {
            // Something is in it, or it has gone already.
        }
    }

    /** Makes the folder itself. */
    make(): void {
        mkdirSync(this.path, { recursive: true, mode: FOLDER_MODE });
    }

    private replace(day: string, name: string, write: (path: string) => void): void {
        const folder = this.folderFor(day);
        const temporary = join(folder, `${name}.tmp-${randomBytes(6).toString('hex')}`);
        try {
            write(temporary);
            renameSync(temporary, join(folder, name));
        } catch (fault) {
            rmSync(temporary, { force: true });
            throw fault;
        }
        sync(folder);
    }

    private folderFor(day: string): string {
        const folder = join(this.path, day);
        mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
        if (!lstatSync(folder).isDirectory()) throw new CodedError('ERR_CALL_STORE_WRITE', `${folder} is no folder.`);
        return folder;
    }
}

/** Another process may remove the folder of a day, empty, just before this one writes into it. */
function againIfGone(write: () => void): void {
    try {
        write();
    } catch (fault) {
        if (systemErrorOf(fault) !== 'ENOENT') throw fault;
        write();
    }
}

/** undefined: the file belongs to no call. */
function callFile(name: string): CallFile | undefined {
    const sessionId = name.slice(0, SESSION_ID_CHARACTERS);
    const [, ending, mark] = REST_OF_NAME.exec(name.slice(SESSION_ID_CHARACTERS)) ?? [];
    if (ending === undefined || !isSessionId(sessionId)) return undefined;
    return { name, sessionId, ending, isIncomplete: mark !== undefined };
}

/** Has the disk take what was written, also of a folder: a new name in it. */
function sync(path: string): void {
    const file = openSync(path, constants.O_RDONLY);
    try {
        fsyncSync(file);
    } catch (fault) {
        // Some systems cannot sync a folder.
        if (!['EINVAL', 'EPERM', 'EISDIR'].includes(systemErrorOf(fault) ?? '')) throw fault;
    } finally {
        closeSync(file);
    }
}

/** What says that no regular file or folder stands there. */
const NOT_THERE = ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'];

/** undefined: it is not there. */
function readIfThere<T>(read: () => T, notThere = NOT_THERE): T | undefined {
    try {
        return read();
    } catch (fault) {
        if (notThere.includes(systemErrorOf(fault) ?? '')) return undefined;
        throw fault;
    }
}

/** The system's name of a fault, such as ENOSPC. */
export function systemErrorOf(fault: unknown): string | undefined {
    return isFields(fault) ? textIn(fault, 'code') : undefined;
}

/** A fault of writing, coded. */
export function writeFault(fault: unknown): CodedError {
    if (fault instanceof CodedError) return fault;
    const systemError = systemErrorOf(fault);
    const isFull = systemError === 'ENOSPC' || systemError === 'EDQUOT';
    return new CodedError(isFull ? 'ERR_CALL_STORE_FULL' : 'ERR_CALL_STORE_WRITE', wordsOf(fault), { systemError });
}

/** A fault of reading, coded. */
export function readFault(fault: unknown): CodedError {
    if (fault instanceof CodedError) return fault;
    return new CodedError('ERR_CALL_STORE_READ', wordsOf(fault), { systemError: systemErrorOf(fault) });
}

function wordsOf(fault: unknown): string {
    return `${fault instanceof Error ? fault.message : String(fault)}.`;
}
