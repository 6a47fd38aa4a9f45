import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { createStore, openStore } from '../../../src/call-records/stores/create-store';
import { StoreThread } from '../../../src/call-records/stores/store-thread';
import { storedCallOf } from '../../../src/call-records/stores/stored-call';
import { FakeClock } from '../../support/fake-clock';
import { manyCalls, writeCalls } from '../../support/many-calls';
import { StoreBench } from './store-bench';

let bench: StoreBench;

beforeEach(() => {
    bench = new StoreBench();
});

afterEach(() => bench.end());

it('does all that a store does, in a thread of its own', async () => {
    const [one, two] = manyCalls(1, 2);
    if (one === undefined || two === undefined) throw new Error('no documents');
    const store = bench.closing(
        createStore({ kind: 'directory', path: bench.path }, { maxDays: 3000, maxMiB: 1024 }, bench.log),
    );
    await Promise.all([store.put(one), store.put(two)]);
    expect(await store.list({ limit: 5 })).toEqual({ calls: [two, one].map(storedCallOf), total: 2 });
    expect(await store.get(one.sessionId)).toEqual(one);
    const path = join(bench.root, 'made');
    writeFileSync(path, 'RIFF');
    await store.putFile(one.sessionId, `${one.sessionId}.wav`, path);
    expect(Buffer.from((await store.file(one.sessionId, `${one.sessionId}.wav`)) ?? []).toString()).toBe('RIFF');
    expect(await store.tidy()).toBe(0);
    expect(await store.remove(one.sessionId)).toBe(true);
    expect(await store.get(one.sessionId)).toBeUndefined();
    // A tool reads the same folder meanwhile.
    const tool = bench.closing(openStore({ kind: 'directory', path: bench.path }, bench.log));
    expect((await tool.list({ limit: 5 })).calls).toEqual([storedCallOf(two)]);
});

it('rejects with the codes of the store, and logs what it says', async () => {
    const documents = manyCalls(2, 2);
    const [one] = documents;
    if (one === undefined) throw new Error('no document');
    writeCalls(bench.path, documents);
    writeFileSync(join(bench.path, one.startedAt.slice(0, 10), `${one.sessionId}.json`), 'no record');
    const store = bench.closing(new StoreThread(bench.options()));
    await expect(store.list({ limit: 0 })).rejects.toMatchObject({ code: 'ERR_CALL_STORE_QUERY' });
    await expect(store.get(one.sessionId)).rejects.toMatchObject({ code: 'ERR_CALL_STORE_RECORD' });
    await expect(store.remove('..')).rejects.toMatchObject({ code: 'ERR_CALL_STORE_ID' });
    expect((await store.list({ limit: 5 })).total).toBe(1);
    expect(bench.log.codes).toContain('ERR_CALL_STORE_RECORD');
});

it('rejects what is not answered in time, and answers the next', async () => {
    const clock = new FakeClock();
    const store = bench.closing(new StoreThread(bench.options({ clock })));
    const list = store.list({ limit: 5 });
    clock.advance(30_001);
    await expect(list).rejects.toMatchObject({ code: 'ERR_CALL_STORE_SLOW' });
    expect(await store.list({ limit: 5 })).toEqual({ calls: [], total: 0 });
    await store.close();
    expect(clock.pendingCount).toBe(0);
});

it('takes no more than fits when the disk takes nothing', async () => {
    const [document] = manyCalls(3, 1);
    if (document === undefined) throw new Error('no document');
    const store = bench.closing(new StoreThread(bench.options()));
    const huge = { ...document, outputVariables: { text: 'x'.repeat(40 * 1024 * 1024) } };
    const [one, two] = await Promise.allSettled([store.put(huge), store.put(huge)]);
    expect(one.status).toBe('fulfilled');
    expect(two).toMatchObject({ reason: { code: 'ERR_CALL_STORE_SLOW' } });
    await store.put(document);
    expect(await store.get(document.sessionId)).toEqual(document);
});

it('is started again after its thread has ended, and not at once', async () => {
    const clock = new FakeClock();
    const [document] = manyCalls(4, 1);
    if (document === undefined) throw new Error('no document');
    const store = bench.closing(new StoreThread(bench.options({ clock })));
    const list = store.list({ limit: 5 });
    await (Reflect.get(store, 'worker') as Worker).terminate();
    await expect(list).rejects.toMatchObject({ code: 'ERR_CALL_STORE_THREAD' });
    expect(bench.log.codes).toEqual(['ERR_CALL_STORE_THREAD']);
    await expect(store.put(document)).rejects.toMatchObject({ code: 'ERR_CALL_STORE_THREAD' });
    clock.advance(5001);
    await store.put(document);
    expect(await store.get(document.sessionId)).toEqual(document);
});

it('ends with what is being written, and refuses everything afterwards', async () => {
    const documents = manyCalls(5, 30);
    const store = new StoreThread(bench.options());
    const puts = documents.map((document) => store.put(document));
    await new Promise((resolve) => setImmediate(resolve));
    await store.close();
    await Promise.all(puts);
    await expect(store.list({ limit: 5 })).rejects.toMatchObject({ code: 'ERR_CALL_STORE_CLOSED' });
    await store.close();
    expect((await bench.open().list({ limit: 50 })).total).toBe(30);
});

it('does not let the process end before a record is written', () => {
    const module = (name: string): string => JSON.stringify(join(__dirname, '../../..', name));
    const script = `
        const { StoreThread } = require(${module('src/call-records/stores/store-thread')});
        const { manyCalls } = require(${module('test/support/many-calls')});
        const { silentLogger } = require(${module('src/support/logger')});
        const { systemClock } = require(${module('src/support/clock')});
        const limits = { maxDays: 30, maxMiB: 10 };
        const store = new StoreThread({ path: ${JSON.stringify(bench.path)}, limits, logger: silentLogger, clock: systemClock });
        void store.put(manyCalls(6, 1)[0]).then(() => console.log('stored'));
    `;
    const { stdout, stderr } = spawnSync(process.execPath, ['--require', require.resolve('tsx/cjs'), '-e', script], {
        encoding: 'utf8',
        cwd: join(__dirname, '../../..'),
    });
    expect({ stdout, stderr }).toEqual({ stdout: 'stored\n', stderr: '' });
    expect(existsSync(bench.path)).toBe(true);
    expect(readdirSync(bench.path, { recursive: true }).filter((name) => String(name).endsWith('.json')).length).toBe(
        1,
    );
});
