/** The index of a directory store: a table of what lists show, in SQLite. It holds nothing that the records do not have, and no words. */
import type { CallPage, CallQuery, StoredCall } from '../call-store';
import { openDatabase, type Database, type SqlValue, type Statement } from './sqlite';

/** Another layout of the tables has another number; an index of another number is made again. */
const LAYOUT = 1;
/** How long a statement waits for another process that writes, ms. */
const WAIT_MS = 1000;

const TABLES = `
CREATE TABLE IF NOT EXISTS calls (
    session_id TEXT PRIMARY KEY,
    day TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    started_at TEXT NOT NULL,
    started_ms REAL NOT NULL,
    duration_ms REAL NOT NULL,
    bot TEXT NOT NULL,
    end_reason TEXT NOT NULL,
    worst_turn_ms REAL,
    fallback_used TEXT NOT NULL,
    cost_usd REAL,
    faults INTEGER NOT NULL,
    turns INTEGER NOT NULL,
    has_recording INTEGER NOT NULL,
    has_flight INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS calls_newest ON calls (started_ms DESC, session_id);
CREATE INDEX IF NOT EXISTS calls_worst ON calls (worst_turn_ms DESC, started_ms DESC, session_id);
CREATE INDEX IF NOT EXISTS calls_costliest ON calls (cost_usd DESC, started_ms DESC, session_id);
CREATE INDEX IF NOT EXISTS calls_of_conversation ON calls (conversation_id, started_ms DESC);
CREATE INDEX IF NOT EXISTS calls_of_day ON calls (day);
CREATE TABLE IF NOT EXISTS days (day TEXT PRIMARY KEY, changed_ms REAL NOT NULL) WITHOUT ROWID;
`;

/** NULL is the smallest value, and so the last. */
const ORDERS = {
    newest: 'started_ms DESC, session_id',
    worst: 'worst_turn_ms DESC, started_ms DESC, session_id',
    costliest: 'cost_usd DESC, started_ms DESC, session_id',
};

/** Greater than every other character: texts that begin with a prefix are at least the prefix and less than the prefix with it. */
const LAST_CHARACTER = '\u{10ffff}';

type Row = Readonly<Record<string, string | number | null>>;

/** All methods are synchronous, and throw what SQLite throws. */
export class CallIndex {
    private readonly insert: Statement;
    private readonly delete: Statement;
    private readonly ofDay: Statement;
    private readonly newestOf: Statement;
    private isChanging = false;

    private constructor(private readonly database: Database) {
        this.insert = database.prepare(
            'INSERT OR REPLACE INTO calls VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
        );
        this.delete = database.prepare('DELETE FROM calls WHERE session_id = ?');
        this.ofDay = database.prepare('SELECT session_id FROM calls WHERE day = ?');
        this.newestOf = database.prepare(
            'SELECT session_id FROM calls WHERE conversation_id = ? ORDER BY started_ms DESC, session_id LIMIT 1',
        );
    }

    /**
     * Opens the index of this file, or makes an empty one. Other processes may have it open, and read while this one writes.
     *
     * @param path `:memory:`: it is in no file
     */
    static open(path: string): CallIndex {
        const database = openDatabase(path);
        try {
            database.exec(`PRAGMA busy_timeout = ${WAIT_MS}`);
            // No fsync: what a crash of the machine may damage is checked below, and made again from the records.
            database.exec('PRAGMA journal_mode = WAL');
            database.exec('PRAGMA synchronous = OFF');
            database.exec('PRAGMA secure_delete = ON');
            prepareTables(database);
            return new CallIndex(database);
        } catch (fault) {
            database.close();
            throw fault;
        }
    }

    put(day: string, call: StoredCall): void {
        this.together(() => {
            this.insert.run(...valuesOf(day, call));
        });
    }

    remove(sessionId: string): void {
        this.together(() => {
            this.delete.run(sessionId);
        });
    }

    /**
     * Several changes as one, which is much faster. Also a single change is made so: when another process holds the lock, `BEGIN` fails,
     * and no statement is left in the middle, which libsql would not end.
     */
    together(changes: () => void): void {
        if (this.isChanging) {
            changes();
            return;
        }
        this.database.exec('BEGIN IMMEDIATE');
        this.isChanging = true;
        try {
            changes();
            this.database.exec('COMMIT');
        } catch (fault) {
            this.rollBack();
            throw fault;
        } finally {
            this.isChanging = false;
        }
    }

    private rollBack(): void {
        try {
            this.database.exec('ROLLBACK');
        } catch {
            // SQLite has done so itself, such as where the disk is full.
        }
    }

    /** @param query one that `checkQuery` takes */
    list(query: CallQuery): CallPage {
        const { where, values } = conditionsOf(query);
        const [counted] = this.database.prepare(`SELECT count(*) AS total FROM calls ${where}`).all(...values) as Row[];
        const order = ORDERS[query.sort ?? 'newest'];
        const rows = this.database
            .prepare(`SELECT * FROM calls ${where} ORDER BY ${order} LIMIT ? OFFSET ?`)
            .all(...values, query.limit, query.offset ?? 0) as Row[];
        return { calls: rows.map(callOf), total: Number(counted?.['total']) };
    }

    /** The session id of the newest call of a conversation; undefined: there is none. */
    newestOfConversation(conversationId: string): string | undefined {
        const row = this.newestOf.get(conversationId) as Row | undefined;
        return row === undefined ? undefined : String(row['session_id']);
    }

    sessionsOfDay(day: string): Set<string> {
        return new Set((this.ofDay.all(day) as Row[]).map((row) => String(row['session_id'])));
    }

    /** The days that the index knows, with the time at which the folder was last changed when it was read, in ms since 1970. */
    days(): Map<string, number> {
        const rows = this.database.prepare('SELECT day, changed_ms FROM days').all() as Row[];
        return new Map(rows.map((row) => [String(row['day']), Number(row['changed_ms'])]));
    }

    /** Remembers that the index has all of this day. */
    dayRead(day: string, changedMs: number): void {
        this.together(() => {
            this.database.prepare('INSERT OR REPLACE INTO days VALUES (?, ?)').run(day, changedMs);
        });
    }

    removeDay(day: string): void {
        this.together(() => {
            this.database.prepare('DELETE FROM calls WHERE day = ?').run(day);
            this.database.prepare('DELETE FROM days WHERE day = ?').run(day);
        });
    }

    /** Whether SQLite finds its own tables in order. Takes about 10 ms for 10,000 calls. */
    isSound(): boolean {
        const [row] = this.database.prepare('PRAGMA quick_check(1)').all() as Row[];
        return row?.['quick_check'] === 'ok';
    }

    /** Takes out of the files what was removed. */
    clean(): void {
        this.database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all();
    }

    /** With libsql the file is closed when its statements are collected. */
    close(): void {
        this.database.close();
    }
}

function valuesOf(day: string, call: StoredCall): SqlValue[] {
    return [
        call.sessionId,
        day,
        call.conversationId,
        call.startedAt,
        Date.parse(call.startedAt),
        call.durationMs,
        call.bot,
        call.endReason,
        call.worstTurnMs ?? null,
        call.fallbackUsed,
        call.costUsd ?? null,
        call.faults,
        call.turns,
        Number(call.hasRecording),
        Number(call.hasFlight),
    ];
}

function prepareTables(database: Database): void {
    const layoutOf = (): number => Number((database.prepare('PRAGMA user_version').get() as Row)['user_version']);
    const layout = layoutOf();
    if (layout === LAYOUT) return;
    database.exec('BEGIN IMMEDIATE');
    // Another process may have made the tables meanwhile.
    if (layoutOf() !== LAYOUT) {
        if (layout !== 0) database.exec('DROP TABLE IF EXISTS calls; DROP TABLE IF EXISTS days;');
        database.exec(`${TABLES} PRAGMA user_version = ${LAYOUT};`);
    }
    database.exec('COMMIT');
}

function conditionsOf(query: CallQuery): { where: string; values: SqlValue[] } {
    const conditions: string[] = [];
    const values: SqlValue[] = [];
    const must = (condition: string, ...given: SqlValue[]): void => {
        conditions.push(condition);
        values.push(...given);
    };
    const { id, bot, endReason, withFallback, withFaults, minWorstTurnMs, minCostUsd, from, until } = query;
    if (id !== undefined && id !== '') {
        const after = `${id}${LAST_CHARACTER}`;
        must(
            '((session_id >= ? AND session_id < ?) OR (conversation_id >= ? AND conversation_id < ?))',
            id,
            after,
            id,
            after,
        );
    }
    if (bot !== undefined) must('bot = ?', bot);
    if (endReason !== undefined) must('end_reason = ?', endReason);
    if (withFallback !== undefined) must(withFallback ? "fallback_used <> ''" : "fallback_used = ''");
    if (withFaults !== undefined) must(withFaults ? 'faults > 0' : 'faults = 0');
    if (minWorstTurnMs !== undefined) must('worst_turn_ms >= ?', minWorstTurnMs);
    if (minCostUsd !== undefined) must('cost_usd >= ?', minCostUsd);
    if (from !== undefined) must('started_ms >= ?', Date.parse(from));
    if (until !== undefined) must('started_ms < ?', Date.parse(until));
    return { where: conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`, values };
}

function callOf(row: Row): StoredCall {
    const figure = (name: string): number | undefined => (typeof row[name] === 'number' ? row[name] : undefined);
    return {
        sessionId: String(row['session_id']),
        conversationId: String(row['conversation_id']),
        startedAt: String(row['started_at']),
        durationMs: Number(row['duration_ms']),
        bot: String(row['bot']),
        endReason: String(row['end_reason']),
        worstTurnMs: figure('worst_turn_ms'),
        fallbackUsed: String(row['fallback_used']),
        costUsd: figure('cost_usd'),
        faults: Number(row['faults']),
        turns: Number(row['turns']),
        hasRecording: row['has_recording'] === 1,
        hasFlight: row['has_flight'] === 1,
    };
}
