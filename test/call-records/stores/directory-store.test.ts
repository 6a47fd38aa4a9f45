import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
    existsSync,
    mkdirSync,
    readdirSync,
    readFileSync,
    renameSync,
    rmSync,
    statSync,
    symlinkSync,
    writeFileSync,
} from 'node:fs';
import fs from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { CallQuery, StoredCall } from '../../../src/call-records/call-store';
import type { CallDocument } from '../../../src/call-records/document';
import type * as DirectoryStoreModule from '../../../src/call-records/stores/directory-store';
import { storedCallOf } from '../../../src/call-records/stores/stored-call';
import { manyCalls, writeCalls } from '../../support/many-calls';
import { StoreBench } from './store-bench';

const ALL: CallQuery = { limit: 500 };

let bench: StoreBench;

beforeEach(() => {
    bench = new StoreBench();
});

afterEach(async () => {
    jest.restoreAllMocks();
    await bench.end();
});

function fileOf({ startedAt, sessionId }: CallDocument): string {
    return join(bench.path, startedAt.slice(0, 10), `${sessionId}.json`);
}

function newestFirst(documents: readonly CallDocument[]): string[] {
    return [...documents].reverse().map(({ sessionId }) => sessionId);
}

function first<T>(items: readonly T[]): T {
    const [item] = items;
    if (item === undefined) throw new Error('there is none');
    return item;
}

async function listed(store: { list(query: CallQuery): Promise<{ calls: readonly StoredCall[] }> }): Promise<string[]> {
    return (await store.list(ALL)).calls.map(({ sessionId }) => sessionId);
}

function systemFault(code: string): Error {
    return Object.assign(new Error(`${code}: of a test`), { code });
}

describe('a record', () => {
    it('is given back as it was put, by its session id and by its conversation', async () => {
        const store = bench.open();
        const documents = manyCalls(1, 10);
        for (const document of documents) await store.put(document);
        const document = first(documents.slice(3));
        expect(await store.get(document.sessionId)).toEqual(document);
        const newest = documents.filter(({ conversationId }) => conversationId === document.conversationId).at(-1);
        expect(await store.get(document.conversationId)).toEqual(newest);
        expect(await store.get('d7934305-0972-4844-938e-9060eef73d06')).toBeUndefined();
        expect(await store.get('no id at all')).toBeUndefined();
    });

    it('of 5,000 events is written to JSON in parts, and is the same', async () => {
        const [document] = manyCalls(2, 1);
        if (document === undefined) throw new Error('no document');
        const events = Array.from({ length: 5000 }, (_, atMs) => ({ atMs, kind: 'fault' as const, code: 'ERR_X' }));
        const store = bench.open();
        await store.put({ ...document, events });
        expect(await store.get(document.sessionId)).toEqual({ ...document, events });
        expect((await store.list(ALL)).calls[0]?.faults).toBe(5000);
    });

    it('without events is JSON too', async () => {
        const document = { ...first(manyCalls(2, 1)), events: [] };
        const store = bench.open();
        await store.put(document);
        expect(await store.get(document.sessionId)).toEqual(document);
    });

    it('lies in the folder of its day, for the user of the process alone, and nothing else is left', async () => {
        const store = bench.open();
        const document = first(manyCalls(3, 1));
        await store.put(document);
        await store.list(ALL);
        expect(statSync(fileOf(document)).mode & 0o777).toBe(0o600);
        expect(statSync(join(bench.path, document.startedAt.slice(0, 10))).mode & 0o777).toBe(0o700);
        expect(statSync(bench.path).mode & 0o777).toBe(0o700);
        for (const name of readdirSync(bench.path).filter((each) => each.startsWith('index.db')))
            expect([name, statSync(join(bench.path, name)).mode & 0o777]).toEqual([name, 0o600]);
        expect(readdirSync(join(bench.path, document.startedAt.slice(0, 10)))).toEqual([`${document.sessionId}.json`]);
    });

    it('that is put again takes the place of the first', async () => {
        const store = bench.open();
        const document = first(manyCalls(4, 1));
        await store.put(document);
        const changed = { ...document, endReason: 'transfer', extracted: { topic: 'bill' } };
        await store.put(changed);
        expect(await store.get(document.sessionId)).toEqual(changed);
        expect(await store.list(ALL)).toEqual({ calls: [storedCallOf(changed)], total: 1 });
    });
});

describe('files beside a record', () => {
    it('are moved beside it, and can be read', async () => {
        const store = bench.open();
        const document = first(manyCalls(5, 1));
        const [name, path] = [`${document.sessionId}.wav`, join(bench.root, 'made.wav')];
        await store.put(document);
        writeFileSync(path, 'RIFF');
        await store.putFile(document.sessionId, name, path);
        expect(existsSync(path)).toBe(false);
        expect(Buffer.from((await store.file(document.sessionId, name)) ?? []).toString()).toBe('RIFF');
        const target = join(bench.path, document.startedAt.slice(0, 10), name);
        expect(statSync(target).mode & 0o777).toBe(0o600);
        // It was written in its place from the beginning.
        await store.putFile(document.sessionId, name, target);
        expect(readFileSync(target, 'utf8')).toBe('RIFF');
        expect(await store.file(document.sessionId, `${document.sessionId}.flight`)).toBeUndefined();
    });

    it('are copied from another disk, and removed there', async () => {
        const store = bench.open();
        const document = first(manyCalls(5, 1));
        const [name, path] = [`${document.sessionId}.wav`, join(bench.root, 'made.wav')];
        await store.put(document);
        writeFileSync(path, 'RIFF');
        const rename = fs.renameSync;
        jest.spyOn(fs, 'renameSync').mockImplementation((from, to) => {
            if (from === path) throw systemFault('EXDEV');
            rename(from, to);
        });
        await store.putFile(document.sessionId, name, path);
        expect(existsSync(path)).toBe(false);
        expect(Buffer.from((await store.file(document.sessionId, name)) ?? []).toString()).toBe('RIFF');
        expect(readdirSync(join(bench.path, document.startedAt.slice(0, 10))).length).toBe(2);
    });

    it('may come before the record, and are kept where they come from when that fails', async () => {
        const store = bench.open();
        const document = first(manyCalls(6, 1));
        const [name, path] = [`${document.sessionId}.flight`, join(bench.root, 'made')];
        writeFileSync(path, 'bytes');
        jest.spyOn(fs, 'renameSync').mockImplementationOnce(() => {
            throw systemFault('ENOSPC');
        });
        await expect(store.putFile(document.sessionId, name, path)).rejects.toMatchObject({
            code: 'ERR_CALL_STORE_FULL',
        });
        expect(readFileSync(path, 'utf8')).toBe('bytes');
        await store.putFile(document.sessionId, name, path);
        await store.put(document);
        expect(Buffer.from((await store.file(document.sessionId, name)) ?? []).toString()).toBe('bytes');
    });
});

describe('ids and names', () => {
    const id = 'd7934305-0972-4844-938e-9060eef73d06';

    it.each(['../../etc/passwd', '', '..', `${id}/../x`, `${id}\0`, 'index.db'])(
        'never become a path when they are no UUID: %j',
        async (sessionId) => {
            const store = bench.open();
            const document = { ...first(manyCalls(7, 1)), sessionId };
            await expect(store.put(document)).rejects.toMatchObject({ code: 'ERR_CALL_STORE_ID' });
            await expect(store.file(sessionId, `${sessionId}.wav`)).rejects.toMatchObject({
                code: 'ERR_CALL_STORE_ID',
            });
            await expect(store.remove(sessionId)).rejects.toMatchObject({ code: 'ERR_CALL_STORE_ID' });
            expect(await store.get(sessionId)).toBeUndefined();
            expect(existsSync(bench.path)).toBe(false);
        },
    );

    it.each([`${id}.json`, `${id}.open.jsonl`, `${id}/../x.wav`, 'x.wav', id, `${id}.`, `${id}.WAV`, `${id}.a.b.c`])(
        'of files are the session id and an ending of their own: not %j',
        async (name) => {
            const store = bench.open();
            const path = join(bench.root, 'made');
            writeFileSync(path, 'bytes');
            await expect(store.putFile(id, name, path)).rejects.toMatchObject({ code: 'ERR_CALL_STORE_ID' });
            await expect(store.file(id, name)).rejects.toMatchObject({ code: 'ERR_CALL_STORE_ID' });
            expect(readFileSync(path, 'utf8')).toBe('bytes');
        },
    );

    it('lead through no symbolic link: of a day, of a record, of a file', async () => {
        const [document, other] = manyCalls(8, 2, { days: 0 });
        if (document === undefined || other === undefined) throw new Error('no documents');
        const outside = join(bench.root, 'outside');
        writeCalls(outside, [document, other]);
        const day = document.startedAt.slice(0, 10);
        mkdirSync(bench.path);
        symlinkSync(join(outside, day), join(bench.path, day));
        const store = bench.open();
        expect(await listed(store)).toEqual([]);
        expect(await store.get(document.sessionId)).toBeUndefined();
        await expect(store.put(document)).rejects.toMatchObject({ code: 'ERR_CALL_STORE_WRITE' });
        rmSync(join(bench.path, day));
        mkdirSync(join(bench.path, day));
        symlinkSync(join(outside, day, `${other.sessionId}.json`), fileOf(other));
        symlinkSync('/etc/passwd', join(bench.path, day, `${document.sessionId}.wav`));
        await store.put(document);
        expect(await listed(store)).toEqual([document.sessionId]);
        expect(await store.get(other.sessionId)).toBeUndefined();
        expect(await store.file(document.sessionId, `${document.sessionId}.wav`)).toBeUndefined();
        expect(await store.remove(other.sessionId)).toBe(false);
        expect(existsSync(join(outside, day, `${other.sessionId}.json`))).toBe(true);
    });
});

describe('a list', () => {
    const documents = manyCalls(9, 150);
    const calls = documents.map(storedCallOf);
    const figures = (pick: (call: StoredCall) => number | undefined): number[] =>
        calls.flatMap((call) => pick(call) ?? []);

    const queries = fc.record(
        {
            id: fc.oneof(
                fc.constantFrom(...calls.flatMap((call) => [call.sessionId, call.conversationId])),
                fc.constantFrom(...calls).map(({ conversationId }) => conversationId.slice(0, 1)),
                fc.constantFrom('', '%', '_', "'", 'zz'),
            ),
            bot: fc.constantFrom('support', 'billing', '', 'none of these'),
            endReason: fc.constantFrom('completed', 'transfer', 'x'),
            withFallback: fc.boolean(),
            withFaults: fc.boolean(),
            minWorstTurnMs: fc.constantFrom(0, ...figures((call) => call.worstTurnMs).slice(0, 20)),
            minCostUsd: fc.constantFrom(0, ...figures((call) => call.costUsd).slice(0, 20)),
            from: fc.constantFrom(...calls).map(({ startedAt }) => startedAt),
            until: fc.constantFrom(...calls).map(({ startedAt }) => startedAt.replace(/\.\d+Z$/, 'Z')),
            sort: fc.constantFrom('newest' as const, 'worst' as const, 'costliest' as const),
            offset: fc.integer({ min: 0, max: 200 }),
        },
        { requiredKeys: [] },
    );

    /** The same by plain words. */
    function plainly(query: CallQuery): StoredCall[] {
        const wanted = calls.filter((call) => {
            if (
                query.id !== undefined &&
                ![call.sessionId, call.conversationId].some((id) => id.startsWith(query.id ?? ''))
            )
                return false;
            if (query.bot !== undefined && call.bot !== query.bot) return false;
            if (query.endReason !== undefined && call.endReason !== query.endReason) return false;
            if (query.withFallback === true && call.fallbackUsed === '') return false;
            if (query.withFallback === false && call.fallbackUsed !== '') return false;
            if (query.withFaults === true && call.faults === 0) return false;
            if (query.withFaults === false && call.faults !== 0) return false;
            if (query.minWorstTurnMs !== undefined && !((call.worstTurnMs ?? NaN) >= query.minWorstTurnMs))
                return false;
            if (query.minCostUsd !== undefined && !((call.costUsd ?? NaN) >= query.minCostUsd)) return false;
            const startedMs = Date.parse(call.startedAt);
            if (query.from !== undefined && startedMs < Date.parse(query.from)) return false;
            return query.until === undefined || startedMs < Date.parse(query.until);
        });
        const by = (call: StoredCall): number => {
            if (query.sort === 'worst') return call.worstTurnMs ?? -1;
            return query.sort === 'costliest' ? (call.costUsd ?? -1) : 0;
        };
        const startOf = (call: StoredCall): number => Date.parse(call.startedAt);
        return wanted.sort(
            (a, b) => by(b) - by(a) || startOf(b) - startOf(a) || a.sessionId.localeCompare(b.sessionId, 'en'),
        );
    }

    it('has what a plain filter over all documents has, in its order', async () => {
        writeCalls(bench.path, documents);
        const store = bench.open();
        await fc.assert(
            fc.asyncProperty(queries, fc.integer({ min: 1, max: 500 }), async (query, limit) => {
                const { offset = 0 } = query;
                const wanted = plainly({ ...query, limit });
                expect(await store.list({ ...query, limit })).toEqual({
                    calls: wanted.slice(offset, offset + limit),
                    total: wanted.length,
                });
            }),
            { numRuns: 300 },
        );
    });

    it.each<Partial<CallQuery>>([
        { limit: 0 },
        { limit: 501 },
        { limit: 1.5 },
        { limit: NaN },
        { offset: -1 },
        { offset: 0.5 },
        { from: 'yesterday' },
        { until: '' },
    ])('is refused for %j', async (query) => {
        await expect(bench.open().list({ ...ALL, ...query })).rejects.toMatchObject({ code: 'ERR_CALL_STORE_QUERY' });
    });

    it('of a folder that is not there is empty, and makes none', async () => {
        const store = bench.open();
        expect(await store.list(ALL)).toEqual({ calls: [], total: 0 });
        expect(await store.tidy()).toBe(0);
        expect(await store.remove('d7934305-0972-4844-938e-9060eef73d06')).toBe(false);
        expect(existsSync(bench.path)).toBe(false);
        expect(bench.log.lines).toEqual([]);
    });

    it('follows another process that writes, and files that are added and removed by hand', async () => {
        const [writer, reader] = [bench.open(), bench.open()];
        const [one, two, three] = manyCalls(10, 3);
        if (one === undefined || two === undefined || three === undefined) throw new Error('no documents');
        await writer.put(one);
        expect(await listed(reader)).toEqual([one.sessionId]);
        await writer.put(two);
        expect(await listed(reader)).toEqual(newestFirst([one, two]));
        writeCalls(bench.path, [three]);
        expect(await listed(writer)).toEqual(newestFirst([one, two, three]));
        rmSync(fileOf(two));
        expect(await listed(reader)).toEqual(newestFirst([one, three]));
        rmSync(join(bench.path, one.startedAt.slice(0, 10)), { recursive: true });
        expect(await listed(writer)).toEqual([three.sessionId]);
    });
});

describe('an index', () => {
    const documents = manyCalls(11, 60);
    const index = (): string => join(bench.path, 'index.db');

    async function storeWithIndex(): Promise<void> {
        writeCalls(bench.path, documents);
        const store = bench.open();
        expect(await listed(store)).toEqual(newestFirst(documents));
        await store.close();
    }

    /** The first so many bytes of the index, and others; without what SQLite has in files beside it. */
    function overwrite(kept: number, others: Buffer): void {
        const bytes = readFileSync(index());
        removeIndex();
        writeFileSync(index(), Buffer.concat([bytes.subarray(0, kept), others]));
    }

    function removeIndex(): void {
        for (const ending of ['', '-wal', '-shm']) rmSync(`${index()}${ending}`, { force: true });
    }

    it.each<[string, () => unknown]>([
        ['that is missing', removeIndex],
        [
            'that is no database',
            () => {
                overwrite(0, Buffer.from('not a database, but long enough to be looked at'.repeat(100)));
            },
        ],
        [
            'that is cut off',
            () => {
                overwrite(6000, Buffer.alloc(0));
            },
        ],
        [
            'that is overwritten in the middle',
            () => {
                overwrite(4096, Buffer.alloc(20_000, 7));
            },
        ],
        [
            'that is a folder',
            () => {
                removeIndex();
                mkdirSync(index());
            },
        ],
        ['of another layout', () => another('DROP TABLE calls; CREATE TABLE calls (x); PRAGMA user_version = 99;')],
        ['whose tables are others', () => another('DROP TABLE calls;')],
    ])('%s is made again from the records', async (_, harm) => {
        await storeWithIndex();
        await harm();
        const store = bench.open();
        expect(await listed(store)).toEqual(newestFirst(documents));
        await store.put(first(manyCalls(12, 1, { until: '2026-11-21T00:00:00Z' })));
        expect((await listed(store)).length).toBe(61);
    });

    /** Another process that works with the index: it runs the statements, and ends when `end` is called. */
    async function another(sql: string): Promise<void> {
        await (
            await holding(sql)
        )();
    }

    async function holding(sql: string): Promise<() => Promise<void>> {
        const module = JSON.stringify(join(__dirname, '../../../src/call-records/stores/sqlite'));
        const script = `
            const database = require(${module}).openDatabase(${JSON.stringify(index())});
            database.exec(${JSON.stringify(sql)});
            process.stdout.write('ready');
            process.stdin.on('end', () => process.exit()).resume();
        `;
        const child = spawn(process.execPath, ['--require', require.resolve('tsx/cjs'), '-e', script], {
            stdio: ['pipe', 'pipe', 'inherit'],
        });
        const [words] = (await once(child.stdout, 'data')) as [Buffer];
        expect(words.toString()).toBe('ready');
        return async () => {
            const ended = once(child, 'exit');
            child.stdin.end();
            await ended;
        };
    }

    it('that is removed, or breaks, while the store is open is made again', async () => {
        await storeWithIndex();
        const store = bench.open();
        await listed(store);
        removeIndex();
        expect(await listed(store)).toEqual(newestFirst(documents));
        await another('DROP TABLE calls;');
        expect(await listed(store)).toEqual(newestFirst(documents));
        await another('DROP TABLE calls;');
        await store.put(first(manyCalls(12, 1, { until: '2026-11-21T00:00:00Z' })));
        expect((await listed(store)).length).toBe(61);
    });

    it('that another program has locked holds up no record, and is right afterwards', async () => {
        await storeWithIndex();
        const store = bench.open();
        await listed(store);
        const release = await holding('BEGIN EXCLUSIVE; DELETE FROM calls;');
        const document = first(manyCalls(12, 1, { until: '2026-11-21T00:00:00Z' }));
        await store.put(document);
        expect(await store.get(document.sessionId)).toEqual(document);
        // The second does not wait for the lock once more, and changes a call that the index has.
        const changed = { ...first(documents), endReason: 'changed' };
        await store.put(changed);
        expect(bench.log.codes).toEqual(['ERR_CALL_STORE_INDEX']);
        await release();
        expect(await listed(store)).toEqual([document.sessionId, ...newestFirst(documents)]);
        expect((await store.list({ limit: 5, endReason: 'changed' })).calls).toEqual([storedCallOf(changed)]);
    });

    it('that is locked for readers too rejects a list, and the next one is right', async () => {
        writeCalls(bench.path, documents);
        const release = await holding('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE x (x);');
        const store = bench.open();
        await expect(store.list(ALL)).rejects.toMatchObject({ code: 'ERR_CALL_STORE_INDEX' });
        await release();
        expect(await listed(store)).toEqual(newestFirst(documents));
    });

    it('is kept in memory where its file cannot be written', async () => {
        writeCalls(bench.path, documents);
        const open = fs.openSync;
        jest.spyOn(fs, 'openSync').mockImplementation((path, ...rest) => {
            if (String(path).endsWith('index.db')) throw systemFault('EROFS');
            return open(path, ...rest);
        });
        const store = bench.open({ limits: { maxDays: 3000, maxMiB: 1024 } });
        expect(await listed(store)).toEqual(newestFirst(documents));
        expect(existsSync(index())).toBe(false);
        expect(bench.log.codes).toEqual(['ERR_CALL_STORE_INDEX']);
        // The disk takes writes again.
        jest.restoreAllMocks();
        await store.tidy();
        expect(await listed(store)).toEqual(newestFirst(documents));
        expect(existsSync(index())).toBe(true);
    });

    it('lets others go first while it is made', async () => {
        writeCalls(bench.path, manyCalls(13, 400));
        const store = bench.open();
        let turns = 0;
        let isOver = false;
        const count = (): void => {
            turns += 1;
            if (!isOver) setImmediate(count);
        };
        setImmediate(count);
        const list = store.list(ALL);
        // A record that comes meanwhile is in it.
        await store.put(first(manyCalls(12, 1, { until: '2026-11-21T00:00:00Z' })));
        expect((await list).total).toBe(401);
        isOver = true;
        expect(turns).toBeGreaterThan(2);
    });
});

describe('without SQLite', () => {
    it('records are kept and found, and lists say what to install', async () => {
        jest.resetModules();
        jest.doMock('libsql', () => {
            throw new Error('Cannot find module');
        });
        const builtIn = jest.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined);
        const isolated = jest.requireActual<typeof DirectoryStoreModule>(
            '../../../src/call-records/stores/directory-store',
        );
        const store = bench.closing(new isolated.DirectoryStore(bench.options()));
        const document = first(manyCalls(21, 1));
        await store.put(document);
        expect(await store.get(document.sessionId)).toEqual(document);
        await expect(store.list(ALL)).rejects.toMatchObject({ code: 'ERR_CALL_STORE_SQLITE' });
        expect(await store.remove(document.sessionId)).toBe(true);
        expect(builtIn).toHaveBeenCalled();
        jest.dontMock('libsql');
        jest.resetModules();
    });
});

describe('faults', () => {
    it('of one file leave the others alone: no JSON, another version, another call', async () => {
        const documents = manyCalls(14, 5);
        writeCalls(bench.path, documents);
        const [one, two, three, four, five] = documents;
        if (one === undefined || two === undefined || three === undefined || four === undefined || five === undefined)
            throw new Error('no documents');
        writeFileSync(fileOf(one), '{"version":1,');
        writeFileSync(fileOf(two), JSON.stringify({ ...two, version: 2 }));
        writeFileSync(fileOf(three), JSON.stringify(four));
        const store = bench.open();
        expect(await listed(store)).toEqual([five.sessionId, four.sessionId]);
        const broken = bench.log.lines.filter(({ fields }) => fields['code'] === 'ERR_CALL_STORE_RECORD');
        expect(broken.length).toBe(3);
        for (const document of [one, two, three]) {
            expect(bench.log.text).toContain(`${document.sessionId}.json`);
            await expect(store.get(document.sessionId)).rejects.toMatchObject({ code: 'ERR_CALL_STORE_RECORD' });
        }
        expect(bench.log.text).not.toContain('version":1');
        expect(await store.get(four.sessionId)).toEqual(four);
        // A broken record can be removed too.
        expect(await store.remove(one.sessionId)).toBe(true);
        expect(existsSync(fileOf(one))).toBe(false);
    });

    it.each([
        ['ENOSPC', 'ERR_CALL_STORE_FULL'],
        ['EDQUOT', 'ERR_CALL_STORE_FULL'],
        ['EROFS', 'ERR_CALL_STORE_WRITE'],
        ['EACCES', 'ERR_CALL_STORE_WRITE'],
        ['EIO', 'ERR_CALL_STORE_WRITE'],
    ])('of the disk are coded, and leave nothing behind: %s', async (systemError, code) => {
        const [one, two] = manyCalls(15, 2);
        if (one === undefined || two === undefined) throw new Error('no documents');
        const store = bench.open();
        await store.put(one);
        const write = fs.writeFileSync;
        jest.spyOn(fs, 'writeFileSync').mockImplementationOnce((path, _, options) => {
            write(path, 'half', options);
            throw systemFault(systemError);
        });
        await expect(store.put(two)).rejects.toMatchObject({ code, facts: { systemError } });
        expect(readdirSync(bench.path, { recursive: true }).filter((name) => String(name).includes('tmp'))).toEqual([]);
        expect(await listed(store)).toEqual([one.sessionId]);
        await store.put(two);
        expect(await listed(store)).toEqual(newestFirst([one, two]));
    });

    it('of a record that is put again leave the earlier one', async () => {
        const document = first(manyCalls(16, 1));
        const store = bench.open();
        await store.put(document);
        jest.spyOn(fs, 'writeFileSync').mockImplementationOnce(() => {
            throw systemFault('ENOSPC');
        });
        await expect(store.put({ ...document, endReason: 'x' })).rejects.toMatchObject({ code: 'ERR_CALL_STORE_FULL' });
        expect(await store.get(document.sessionId)).toEqual(document);
        expect(await store.list(ALL)).toEqual({ calls: [storedCallOf(document)], total: 1 });
    });

    it('a folder that vanishes is made again with the next record', async () => {
        const [one, two] = manyCalls(17, 2);
        if (one === undefined || two === undefined) throw new Error('no documents');
        const store = bench.open();
        await store.put(one);
        await listed(store);
        renameSync(bench.path, join(bench.root, 'elsewhere'));
        expect(await listed(store)).toEqual([]);
        await store.put(two);
        expect(await listed(store)).toEqual([two.sessionId]);
        expect(await store.get(one.sessionId)).toBeUndefined();
    });

    it('a file where the folder should be is named', async () => {
        writeFileSync(bench.path, '');
        const store = bench.open();
        const fault = { code: 'ERR_CALL_STORE_WRITE', facts: { systemError: 'ENOTDIR' } };
        await expect(store.put(first(manyCalls(18, 1)))).rejects.toMatchObject(fault);
        await expect(store.list(ALL)).rejects.toMatchObject({ code: 'ERR_CALL_STORE_READ' });
    });

    it('after the end everything is refused', async () => {
        const store = bench.open();
        const document = first(manyCalls(19, 1));
        await store.put(document);
        await store.close();
        await store.close();
        const closed = { code: 'ERR_CALL_STORE_CLOSED' };
        await expect(store.put(document)).rejects.toMatchObject(closed);
        await expect(store.list(ALL)).rejects.toMatchObject(closed);
        await expect(store.get(document.sessionId)).rejects.toMatchObject(closed);
        await expect(store.tidy()).rejects.toMatchObject(closed);
        await expect(store.remove(document.sessionId)).rejects.toMatchObject(closed);
    });
});

describe('the removal of a call', () => {
    it('takes the record, the files beside it and the entry of the index, and nothing else', async () => {
        const [one, two] = manyCalls(20, 2, { days: 0 });
        if (one === undefined || two === undefined) throw new Error('no documents');
        const store = bench.open();
        for (const document of [one, two]) await store.put(document);
        const path = join(bench.root, 'made');
        writeFileSync(path, 'RIFF');
        await store.putFile(one.sessionId, `${one.sessionId}.wav`, path);
        expect(await store.remove(one.sessionId)).toBe(true);
        expect(await store.remove(one.sessionId)).toBe(false);
        expect(await listed(store)).toEqual([two.sessionId]);
        const left = readdirSync(bench.path, { recursive: true, withFileTypes: true }).filter((entry) =>
            entry.isFile(),
        );
        expect(left.filter(({ name }) => name.includes(one.sessionId))).toEqual([]);
        for (const { parentPath, name } of left)
            expect(readFileSync(join(parentPath, name)).includes(one.sessionId)).toBe(false);
    });
});
