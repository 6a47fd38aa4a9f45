import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { callDocument } from '../../../src/call-records/document';
import { StoreBench } from './store-bench';

const ROOT = join(__dirname, '../../..');

let bench: StoreBench;
const children: ChildProcess[] = [];

beforeEach(() => {
    bench = new StoreBench();
});

afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    await bench.end();
});

/** A process that puts so many records, made from the seed, and writes a point to its output after each. */
function writer(seed: number, count: number): ChildProcess {
    const module = (name: string): string => JSON.stringify(join(ROOT, name));
    const script = `
        const { StoreThread } = require(${module('src/call-records/stores/store-thread')});
        const { callsOf } = require(${module('test/support/many-calls')});
        const { silentLogger } = require(${module('src/support/logger')});
        const { systemClock } = require(${module('src/support/clock')});
        const limits = { maxDays: 3000, maxMiB: 1000 };
        const path = ${JSON.stringify(bench.path)};
        const store = new StoreThread({ path, limits, logger: silentLogger, clock: systemClock });
        const main = async () => {
            for (const document of callsOf(${seed}, ${count}, { days: 2 })) {
                await store.put(document);
                process.stdout.write('.');
            }
            await store.close();
        };
        void main();
    `;
    const child = spawn(process.execPath, ['--require', require.resolve('tsx/cjs'), '-e', script], {
        cwd: ROOT,
        stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    return child;
}

function records(): string[] {
    return readdirSync(bench.path, { recursive: true })
        .map(String)
        .filter((name) => name.endsWith('.json'));
}

it('write into one folder at the same time, and another one reads: no record and no entry is lost', async () => {
    const writers = [writer(1, 80), writer(2, 80)];
    const ended = Promise.all(writers.map((child) => once(child, 'exit')));
    const reader = bench.open();
    const totals: number[] = [];
    while (writers.some((child) => child.exitCode === null && child.signalCode === null)) {
        totals.push((await reader.list({ limit: 1 })).total);
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect((await ended).map(([code]: unknown[]) => code)).toEqual([0, 0]);
    expect((await reader.list({ limit: 1 })).total).toBe(160);
    expect(totals).toEqual([...totals].sort((a, b) => a - b));
    expect((await bench.open().list({ limit: 500 })).calls.length).toBe(160);
    expect(bench.log.lines).toEqual([]);
});

it('that are killed while they write leave whole records, and a list that has each of them', async () => {
    const child = writer(3, 10_000);
    if (child.stdout === null) throw new Error('no output');
    const ended = once(child, 'exit');
    let written = 0;
    for await (const points of child.stdout as AsyncIterable<Buffer>) {
        written += points.length;
        if (written >= 40) child.kill('SIGKILL');
    }
    await ended;
    const found = records();
    expect(found.length).toBeGreaterThanOrEqual(written);
    for (const name of found)
        expect(callDocument.safeParse(JSON.parse(readFileSync(join(bench.path, name), 'utf8'))).success).toBe(true);
    expect((await bench.open().list({ limit: 1 })).total).toBe(found.length);
});
