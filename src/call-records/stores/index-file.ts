import { closeSync, lstatSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError } from '../../support/errors';
import { faultFields, type Logger } from '../../support/logger';
import { CallIndex } from './call-index';
import { systemErrorOf } from './call-folder';
import { sqliteFault } from './sqlite';

const NAME = 'index.db';
const FILE_MODE = 0o600;

/**
 * The index of a folder, as long as it can be used. An index that is broken, or that another version made, is removed and made anew, empty.
 * Where its file cannot be written, the index is kept in memory.
 */
export class IndexFile {
    private readonly path: string;
    private index: CallIndex | undefined;
    /** Which file the open index is; undefined: it is in memory. */
    private inode: number | undefined;
    private isInMemory = false;

    constructor(
        folder: string,
        private readonly logger: Logger,
    ) {
        this.path = join(folder, NAME);
    }

    /** An index is open, and its file is the one that was opened: it was not removed meanwhile. */
    get isOpen(): boolean {
        return this.index !== undefined && (this.isInMemory || this.inode === inodeOf(this.path));
    }

    /**
     * Opens the index if it is not open, and works with it.
     *
     * @throws CodedError `ERR_CALL_STORE_INDEX`: it is locked, or was broken and is empty now: `isOpen` tells which
     * @throws CodedError `ERR_CALL_STORE_SQLITE`
     */
    use<T>(work: (index: CallIndex) => T): T {
        if (!this.isOpen) this.close();
        try {
            this.index ??= this.open();
            return work(this.index);
        } catch (fault) {
            if (fault instanceof CodedError) throw fault;
            const kind = sqliteFault(fault);
            const words = fault instanceof Error ? fault.message : String(fault);
            if (kind !== 'locked') this.giveUp(kind, words);
            throw new CodedError('ERR_CALL_STORE_INDEX', `${this.path}: ${words}.`, {
                systemError: systemErrorOf(fault),
            });
        }
    }

    /** Tries the file again where the index is in memory, such as when the disk was full. */
    retry(): void {
        if (this.isInMemory) this.close();
        this.isInMemory = false;
    }

    close(): void {
        const { index } = this;
        this.index = undefined;
        try {
            index?.close();
        } catch (fault) {
            this.logger.debug(faultFields(fault), 'The index of the call records could not be closed.');
        }
    }

    private open(): CallIndex {
        if (this.isInMemory) return CallIndex.open(':memory:');
        try {
            // SQLite gives its other files the same mode.
            closeSync(openSync(this.path, 'a', FILE_MODE));
            if (!lstatSync(this.path).isFile())
                throw new CodedError('ERR_CALL_STORE_INDEX', `${this.path} is no file.`);
        } catch (fault) {
            return this.inMemory(fault);
        }
        const index = this.openSound();
        this.inode = inodeOf(this.path);
        return index;
    }

    private openSound(): CallIndex {
        try {
            const index = CallIndex.open(this.path);
            if (index.isSound()) return index;
            index.close();
        } catch (fault) {
            const kind = fault instanceof CodedError ? 'locked' : sqliteFault(fault);
            if (kind === 'locked') throw fault;
            if (kind === 'stuck') return this.inMemory(fault);
        }
        this.logger.warn({ code: 'ERR_CALL_STORE_INDEX', file: this.path }, 'The index is broken and is made again.');
        this.removeFiles();
        closeSync(openSync(this.path, 'a', FILE_MODE));
        return CallIndex.open(this.path);
    }

    private inMemory(fault: unknown): CallIndex {
        this.isInMemory = true;
        this.inode = undefined;
        const fields = { ...faultFields(fault), code: 'ERR_CALL_STORE_INDEX', file: this.path };
        this.logger.warn(fields, 'The file of the index cannot be used: it is kept in memory.');
        return CallIndex.open(':memory:');
    }

    private giveUp(kind: 'broken' | 'stuck', words: string): void {
        this.close();
        const fields = { code: 'ERR_CALL_STORE_INDEX', file: this.path, fault: words };
        this.logger.warn(fields, 'The index failed and is made again.');
        if (kind === 'stuck') this.isInMemory = true;
        else this.removeFiles();
    }

    private removeFiles(): void {
        for (const ending of ['', '-wal', '-shm', '-journal']) {
            try {
                rmSync(`${this.path}${ending}`, { force: true });
            } catch (fault) {
                this.isInMemory = true;
                this.logger.debug(faultFields(fault), 'A broken index could not be removed.');
            }
        }
    }
}

function inodeOf(path: string): number | undefined {
    try {
        const stat = lstatSync(path);
        return stat.isFile() ? stat.ino : undefined;
    } catch {
        return undefined;
    }
}
