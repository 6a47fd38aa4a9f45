/**
 * SQLite in this process: Node's own (`node:sqlite`) where this Node has it without a flag, which is from 22.13 on, else the package
 * libsql. Both are synchronous and share the few methods that are declared here.
 */
import { createRequire } from 'node:module';
import { CodedError } from '../../support/errors';
import { finiteIn, isFields, textIn } from '../../support/json';

export type SqlValue = string | number | null;

export interface Statement {
    run(...values: readonly SqlValue[]): unknown;
    get(...values: readonly SqlValue[]): unknown;
    all(...values: readonly SqlValue[]): unknown[];
}

export interface Database {
    exec(sql: string): unknown;
    prepare(sql: string): Statement;
    close(): unknown;
}

type DatabaseClass = new (path: string) => Database;

let engine: DatabaseClass | undefined;

/**
 * Opens or creates a database.
 *
 * @param path `:memory:`: it ends with `close()`
 * @throws CodedError `ERR_CALL_STORE_SQLITE`: there is no SQLite. What SQLite itself throws is read by `sqliteFault`
 */
export function openDatabase(path: string): Database {
    engine ??= ofNode() ?? ofPackage();
    return new engine(path);
}

function ofNode(): DatabaseClass | undefined {
    // Node says that its module is new with a warning on stderr, which would stand in the middle of what a tool writes.
    const emitWarning = Object.getOwnPropertyDescriptor(process, 'emitWarning');
    process.emitWarning = () => undefined;
    try {
        const found = process.getBuiltinModule('node:sqlite') as { DatabaseSync?: DatabaseClass } | undefined;
        return found?.DatabaseSync;
    } catch {
        return undefined;
    } finally {
        if (emitWarning !== undefined) Object.defineProperty(process, 'emitWarning', emitWarning);
    }
}

function ofPackage(): DatabaseClass {
    try {
        return createRequire(__filename)('libsql') as DatabaseClass;
    } catch (fault) {
        throw new CodedError(
            'ERR_CALL_STORE_SQLITE',
            fault instanceof Error ? fault.message.split('\n')[0] : undefined,
        );
    }
}

/** What a fault of SQLite means for who uses the database. `broken`: it is none, is damaged or is made otherwise. `stuck`: it cannot be written. */
export type SqliteFault = 'locked' | 'broken' | 'stuck';

/** SQLite's result codes, of which the lowest byte counts. */
const LOCKED = [5, 6];
const BROKEN = [1, 11, 20, 24, 26];
const NAMES: Readonly<Record<string, number>> = {
    SQLITE_ERROR: 1,
    SQLITE_BUSY: 5,
    SQLITE_LOCKED: 6,
    SQLITE_CORRUPT: 11,
    SQLITE_MISMATCH: 20,
    SQLITE_NOTADB: 26,
};

export function sqliteFault(fault: unknown): SqliteFault {
    const fields = isFields(fault) ? fault : {};
    const byName = NAMES[/^SQLITE_[A-Z]+/.exec(textIn(fields, 'code') ?? '')?.[0] ?? ''];
    const code = (finiteIn(fields, 'errcode') ?? finiteIn(fields, 'rawCode') ?? byName ?? 0) & 0xff;
    if (LOCKED.includes(code)) return 'locked';
    return BROKEN.includes(code) ? 'broken' : 'stuck';
}
