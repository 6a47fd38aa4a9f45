import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CallDocument } from '../../../src/call-records/document';
import { FakeClock } from '../../support/fake-clock';
import { manyCalls, writeCalls } from '../../support/many-calls';
import { StoreBench } from './store-bench';

const NOW = '2026-11-20T18:00:00.000Z';
const DAY_MS = 86_400_000;

let bench: StoreBench;

beforeEach(() => {
    bench = new StoreBench();
});

afterEach(() => bench.end());

function clockAt(iso: string): FakeClock {
    return new FakeClock(Date.parse(iso));
}

function folderOf(document: CallDocument): string {
    return join(bench.path, document.startedAt.slice(0, 10));
}

/** Documents on disk, each written when its call ended, with a recording of `bytes` beside it. */
function stored(documents: readonly CallDocument[], bytes: number): void {
    writeCalls(bench.path, documents);
    for (const document of documents) {
        const [record, recording] = ['json', 'wav'].map((ending) =>
            join(folderOf(document), `${document.sessionId}.${ending}`),
        );
        if (record === undefined || recording === undefined) throw new Error('no paths');
        writeFileSync(recording, Buffer.alloc(bytes));
        const seconds = Date.parse(document.endedAt) / 1000;
        for (const path of [record, recording]) utimesSync(path, seconds, seconds);
    }
}

async function sessions(store: {
    list(query: { limit: number }): Promise<{ calls: readonly { sessionId: string }[] }>;
}): Promise<string[]> {
    return (await store.list({ limit: 500 })).calls.map(({ sessionId }) => sessionId).sort();
}

function idsOf(documents: readonly CallDocument[]): string[] {
    return documents.map(({ sessionId }) => sessionId).sort();
}

it('removes the calls of days that are too old, with the files beside them, and the empty folders', async () => {
    const documents = manyCalls(1, 40, { until: NOW, days: 20 });
    stored(documents, 10);
    const store = bench.open({ limits: { maxDays: 7, maxMiB: 1024 }, clock: clockAt(NOW) });
    expect((await sessions(store)).length).toBe(40);
    const young = documents.filter(({ startedAt }) => startedAt.slice(0, 10) >= '2026-11-13');
    expect(young.length).toBeGreaterThan(5);
    expect(await store.tidy()).toBe(40 - young.length);
    expect(await sessions(store)).toEqual(idsOf(young));
    const left = readdirSync(bench.path).filter((name) => !name.startsWith('index'));
    expect(left.sort()).toEqual([...new Set(young.map(({ startedAt }) => startedAt.slice(0, 10)))].sort());
    expect(await store.tidy()).toBe(0);
});

it('keeps a call for at least so many days, and one day more at most', async () => {
    const [document] = manyCalls(2, 1, { until: '2026-11-10T23:59:00.000Z', days: 0 });
    if (document === undefined) throw new Error('no document');
    stored([document], 10);
    const limits = { maxDays: 2, maxMiB: 1024 };
    const keeps = async (iso: string): Promise<boolean> =>
        (await bench.open({ limits, clock: clockAt(iso) }).tidy()) === 0;
    expect(await keeps('2026-11-12T23:59:30.000Z')).toBe(true);
    expect(await keeps('2026-11-13T00:00:30.000Z')).toBe(false);
});

it('removes the oldest beyond the size, also within a day', async () => {
    const documents = manyCalls(3, 10, { until: NOW, days: 0.1 });
    stored(documents, 512 * 1024);
    const store = bench.open({ limits: { maxDays: 30, maxMiB: 3 }, clock: clockAt(NOW) });
    expect(await store.tidy()).toBe(5);
    const oldestFirst = [...documents].sort((a, b) => Date.parse(a.endedAt) - Date.parse(b.endedAt));
    expect(await sessions(store)).toEqual(idsOf(oldestFirst.slice(5)));
});

it('touches no file that it does not know, and no journal of a call that runs', async () => {
    const documents = manyCalls(4, 2, { until: '2026-10-01T00:00:00.000Z', days: 0 });
    const [one] = documents;
    if (one === undefined) throw new Error('no document');
    stored(documents, 10);
    const folder = folderOf(one);
    const running = 'd7934305-0972-4844-938e-9060eef73d06.open.jsonl';
    for (const name of ['notes.txt', 'backup.json', running]) writeFileSync(join(folder, name), 'x');
    mkdirSync(join(bench.path, 'exports'));
    writeFileSync(join(bench.path, 'exports', `${one.sessionId}.json`), 'x');
    const store = bench.open({ clock: clockAt(NOW) });
    expect(await store.tidy()).toBe(2);
    expect(readdirSync(folder).sort()).toEqual([running, 'backup.json', 'notes.txt'].sort());
    expect(existsSync(join(bench.path, 'exports', `${one.sessionId}.json`))).toBe(true);
});

it('keeps all files of a call that runs, and removes a journal that was given up', async () => {
    const documents = manyCalls(7, 2, { until: '2026-10-01T00:00:00.000Z', days: 0 });
    const [running, ended] = documents;
    if (running === undefined || ended === undefined) throw new Error('no documents');
    stored(documents, 2 * 1024 * 1024);
    const journals = documents.map(({ sessionId }) => join(folderOf(running), `${sessionId}.open.jsonl`));
    for (const path of journals) writeFileSync(path, 'x');
    const nowSeconds = Date.parse(NOW) / 1000;
    utimesSync(journals[0] ?? '', nowSeconds - 60, nowSeconds - 60);
    utimesSync(journals[1] ?? '', nowSeconds - 100_000, nowSeconds - 100_000);
    const store = bench.open({ limits: { maxDays: 30, maxMiB: 1 }, clock: clockAt(NOW) });
    expect(await store.tidy()).toBe(1);
    const left = ['json', 'open.jsonl', 'wav'].map((ending) => `${running.sessionId}.${ending}`);
    expect(readdirSync(folderOf(running)).sort()).toEqual(left);
});

it('removes what a process that ended has left half written, and not what is written now', async () => {
    const [document] = manyCalls(5, 1, { until: NOW, days: 0 });
    if (document === undefined) throw new Error('no document');
    stored([document], 10);
    const [old, young] = ['aa', 'bb'].map((mark) => join(folderOf(document), `${document.sessionId}.json.tmp-${mark}`));
    if (old === undefined || young === undefined) throw new Error('no paths');
    for (const path of [old, young]) writeFileSync(path, 'half');
    const nowSeconds = Date.parse(NOW) / 1000;
    utimesSync(old, nowSeconds - 7200, nowSeconds - 7200);
    utimesSync(young, nowSeconds - 60, nowSeconds - 60);
    const store = bench.open({ clock: clockAt(NOW) });
    expect(await store.tidy()).toBe(0);
    expect([existsSync(old), existsSync(young)]).toEqual([false, true]);
    expect(await sessions(store)).toEqual([document.sessionId]);
});

it('ends without a fault when another process removes the same files', async () => {
    const documents = manyCalls(6, 60, { until: NOW, days: 60 });
    stored(documents, 10);
    const stores = [bench.open({ clock: clockAt(NOW) }), bench.open({ clock: clockAt(NOW) })];
    await Promise.all(stores.map((store) => store.tidy()));
    const kept = documents.filter(
        ({ startedAt }) => startedAt >= new Date(Date.parse(NOW) - 30 * DAY_MS).toISOString().slice(0, 10),
    );
    for (const store of stores) expect(await sessions(store)).toEqual(idsOf(kept));
});
