/**
 * `npm run bench:calls`: what the directory store costs: a record in the server's thread and in the store's, the index made again, and the first
 * page of a list in a process that has just started.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { CallIndex } from '../src/call-records/stores/call-index';
import { DirectoryStore } from '../src/call-records/stores/directory-store';
import { StoreThread } from '../src/call-records/stores/store-thread';
import { dayOf, storedCallOf } from '../src/call-records/stores/stored-call';
import { systemClock } from '../src/support/clock';
import { silentLogger } from '../src/support/logger';
import { callsOf, manyCalls, writeCalls } from '../test/support/many-calls';
import { answerHelp } from '../tools/usage';
import { percentile } from './turn-figures';

answerHelp(`What the store of call records costs, with 10,000 records in a folder.

  npm run bench:calls          no options; takes a minute`);

const RECORDS = 10_000;
const PUTS = 300;
const FIRST_PAGES = 5;
const SEED = 7;
/** An argument for the process that lists once. */
const LIST_ONCE = '--list-once';

function optionsOf(path: string): ConstructorParameters<typeof DirectoryStore>[0] {
    return { path, limits: { maxDays: 3000, maxMiB: 10_000 }, logger: silentLogger, clock: systemClock };
}

async function listOnce(path: string): Promise<void> {
    const beganMs = performance.now();
    const store = new DirectoryStore(optionsOf(path));
    const { total } = await store.list({ limit: 50 });
    console.log(`${performance.now() - beganMs} ${total}`);
    await store.close();
}

function ms(value: number): string {
    return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}

/** Median and 99th percentile. */
function say(what: string, timesMs: number[]): void {
    console.log(`${what.padEnd(66)} ${ms(percentile(timesMs, 0.5)).padStart(9)}  p99 ${ms(percentile(timesMs, 0.99))}`);
}

async function measured(work: () => unknown): Promise<number> {
    const beganMs = performance.now();
    await work();
    return performance.now() - beganMs;
}

async function puts(path: string): Promise<void> {
    const documents = manyCalls(SEED + 1, PUTS, { until: '2026-11-21T12:00:00Z', days: 1 });
    const store = new StoreThread(optionsOf(path));
    await store.list({ limit: 1 });
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const times: number[] = [];
    for (const document of documents) times.push(await measured(() => store.put(document)));
    delay.disable();
    say('a record, until it is on the disk (thread)', times);
    console.log(`${'the longest wait of the event loop meanwhile'.padEnd(66)} ${ms(delay.max / 1e6).padStart(9)}`);
    const begun = documents.map((document) => {
        const beganMs = performance.now();
        const put = store.put(document);
        return { put, ownMs: performance.now() - beganMs };
    });
    await Promise.all(begun.map(({ put }) => put));
    say(
        'of which in the thread of the calls',
        begun.map(({ ownMs }) => ownMs),
    );
    await store.close();

    const index = CallIndex.open(join(path, 'index.db'));
    const ofIndex: number[] = [];
    for (const document of documents)
        ofIndex.push(
            await measured(() => {
                index.put(dayOf(document.startedAt), storedCallOf(document));
            }),
        );
    index.close();
    say('of which the index', ofIndex);
}

async function main(): Promise<void> {
    const path = mkdtempSync(join(tmpdir(), 'bench-calls-'));
    try {
        writeCalls(path, callsOf(SEED, RECORDS));
        const delay = monitorEventLoopDelay({ resolution: 1 });
        const store = new DirectoryStore(optionsOf(path));
        delay.enable();
        const madeMs = await measured(() => store.list({ limit: 50 }));
        delay.disable();
        console.log(`${`the index of ${RECORDS} records, made from the files`.padEnd(66)} ${ms(madeMs).padStart(9)}`);
        console.log(`${'the longest step of it'.padEnd(66)} ${ms(delay.max / 1e6).padStart(9)}`);
        const pages: number[] = [];
        for (let at = 0; at < 20; at += 1) pages.push(await measured(() => store.list({ limit: 50, sort: 'worst' })));
        say('a page, with the store open', pages);
        await store.close();
        const firsts = Array.from({ length: FIRST_PAGES }, () => {
            const args = [...process.execArgv, __filename, LIST_ONCE, path];
            return Number(spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout.split(' ')[0]);
        });
        say('the first page of a process that has just started', firsts);
        await puts(path);
    } finally {
        rmSync(path, { recursive: true, force: true });
    }
}

const [flag, path] = process.argv.slice(2);
void (flag === LIST_ONCE && path !== undefined ? listOnce(path) : main());
