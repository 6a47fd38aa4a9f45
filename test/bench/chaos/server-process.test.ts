import { buildSync } from 'esbuild';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerProcess } from '../../../bench/chaos/server-process';
import { newCallerKey } from '../../../bench/measured-server';
import { until } from '../../support/test-bench';

/** A server that leaks when it is asked to, prints a line for each request, and says its time. */
const PROGRAM = `
const { createServer } = require('node:http');
const { connect } = require('node:net');
const leaked = [];
const acts = {
    '/timers': () => { for (let i = 0; i < 10; i++) leaked.push(setTimeout(() => undefined, 1e6).unref()); },
    '/clear': () => { for (const each of leaked.splice(0)) clearTimeout(each); },
    '/socket': () => { leaked.push(connect(process.env.PORT, '127.0.0.1')); },
    '/heap': () => { leaked.push(Array.from({ length: 4e6 }, (_, i) => i + 0.5)); },
    '/die': () => { process.exit(3); },
};
createServer((request, response) => {
    acts[request.url]?.();
    console.log(JSON.stringify({ session: request.url, endReason: 'x', msg: 'call ended' }));
    response.setHeader('Connection', 'close').end(String(Date.now()));
}).listen(process.env.PORT, '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
`;

describe('a server in a process of its own', () => {
    const folder = mkdtempSync(join(tmpdir(), 'chaos-test-'));
    const entry = join(folder, 'server.js');
    const probe = join(folder, 'probe.js');
    let server: ServerProcess;

    beforeAll(() => {
        writeFileSync(entry, PROGRAM);
        const entryPoints = [join(__dirname, '../../../bench/chaos/probe.ts')];
        buildSync({ entryPoints, outfile: probe, platform: 'node', target: 'node20', bundle: true });
    });

    beforeEach(async () => {
        server = await ServerProcess.start({ entry, probe, key: newCallerKey(), env: {} });
    });

    afterEach(async () => {
        await server.stop();
    });

    afterAll(() => {
        rmSync(folder, { recursive: true, force: true });
    });

    async function ask(path: string): Promise<string> {
        return (await fetch(`http://127.0.0.1:${server.port}${path}`)).text();
    }

    it('is counted: a timer, a socket or a heap that stays is seen, and one that is freed is not', async () => {
        const before = await server.census();
        await ask('/timers');
        expect((await server.census()).timers - before.timers).toBeGreaterThanOrEqual(10);
        await ask('/clear');
        expect((await server.census()).timers - before.timers).toBeLessThan(10);
        await ask('/socket');
        await ask('/heap');
        const after = await server.census();
        // Both ends of it are in this process.
        expect(after.sockets - before.sockets).toBeGreaterThanOrEqual(1);
        expect(after.descriptors - before.descriptors).toBeGreaterThanOrEqual(1);
        expect(after.heapKib - before.heapKib).toBeGreaterThan(16 * 1024);
    });

    it('has a wall clock that can be moved, forth and back', async () => {
        const hourMs = 3_600_000;
        await server.shiftClock(hourMs);
        expect(Number(await ask('/')) - Date.now()).toBeGreaterThan(hourMs - 60_000);
        await server.shiftClock(0);
        expect(Math.abs(Number(await ask('/')) - Date.now())).toBeLessThan(60_000);
    });

    it('has a log that is read as it comes, and not while its reader hangs', async () => {
        await ask('/one');
        await until('the line is read', () => server.log.ends.has('/one'));
        server.setReadingLog(false);
        for (let times = 0; times < 3; times++) await ask(`/hung${times}`);
        const inTheWay = server.log.ends.size;
        server.setReadingLog(true);
        await until('the lines are read', () => server.log.ends.has('/hung2'));
        expect(inTheWay).toBeLessThanOrEqual(server.log.ends.size);
    });

    it('tells how it ended', async () => {
        await ask('/die').catch(() => undefined);
        expect(await server.exited).toEqual({ code: 3, signal: null });
        await expect(server.census()).rejects.toThrow('The server does not answer the probe.');
    });

    it('is not taken for one that runs when it does not start', async () => {
        const broken = join(folder, 'broken.js');
        writeFileSync(broken, 'throw new Error("no such thing");');
        const start = ServerProcess.start({ entry: broken, probe, key: newCallerKey(), env: {} });
        await expect(start).rejects.toThrow(/does not answer.*no such thing/s);
    });
});
