import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { seededRandom } from '../../tools/fake-openai/signal';
import { until } from '../support/test-bench';
import { AttackBench, socketCount } from './attack/attack-bench';
import { BINARY, frame, type RawClient } from './attack/raw-client';
import { StandInProcess } from './attack/stand-in-process';

const CALLS = 1000;
const CUT_CALLS = 200;
const BATCH = 100;
const SPEED_UP = 5;
/** What one call may leave on the heap, in bytes: a fraction of the least that it needs while it lasts. */
const MAX_LEFT_BYTES = 4000;
/** No call that is cut lasts longer than this, in ms. */
const LONGEST_MS = 60;
const SPEECH = frame(BINARY, Buffer.alloc(1600, 0x55));

setFlagsFromString('--expose-gc');
const gc: unknown = runInNewContext('gc');

let standIn: StandInProcess;
let attack: AttackBench;

beforeAll(async () => {
    standIn = await StandInProcess.start();
});

afterAll(async () => {
    await standIn.stop();
});

beforeEach(async () => {
    const env = { OPENAI_API_KEY: 'sk-test', OPENAI_REALTIME_URL: standIn.url };
    attack = await AttackBench.start({ speedUp: SPEED_UP, env });
});

afterEach(async () => {
    await attack.stop();
});

function isTask(value: unknown): value is () => void {
    return typeof value === 'function';
}

async function batches(count: number, play: () => Promise<void>): Promise<void> {
    for (let done = 0; done < count; done += BATCH) await Promise.all(Array.from({ length: BATCH }, play));
}

/** What is in use when all that can go is gone. */
async function settle(): Promise<{ heapBytes: number; sockets: number }> {
    await attack.untilCalls(0);
    await until('every timer is freed', () => attack.clock.pendingCount === 0);
    await until('every socket is closed', () => socketCount() === 0);
    attack.bench.logs.lines.length = 0;
    for (let round = 0; round < 3; round += 1) {
        await sleep(10);
        if (isTask(gc)) gc();
    }
    return { heapBytes: process.memoryUsage().heapUsed, sockets: socketCount() };
}

/** Open, some speech, the greeting of the bot, close. */
async function completeCall(): Promise<void> {
    const client = await attack.join();
    await client.open();
    client.write(SPEECH);
    await client.when(() => client.audioBytes > 0);
    client.send('close', { reason: 'end' });
    await client.when(() => client.has('closed'));
    expect([client.types()[0], client.types().at(-1)]).toEqual(['opened', 'closed']);
    client.closeSocket();
    await client.when(() => false);
}

describe(`${CALLS} calls, ${BATCH} at a time`, () => {
    it('leave no socket, no timer, no session and no memory behind', async () => {
        await batches(CALLS / 2, completeCall);
        const before = await settle();
        await batches(CALLS / 2, completeCall);
        const after = await settle();
        expect(after.sockets).toBe(before.sockets);
        expect((after.heapBytes - before.heapBytes) / (CALLS / 2)).toBeLessThan(MAX_LEFT_BYTES);
        expect(attack.bench.logs.codes).toEqual([]);
    });
});

describe(`${CUT_CALLS} calls that are cut`, () => {
    const ways: ((client: RawClient) => void)[] = [
        (client) => client.socket.destroy(),
        (client) => client.socket.resetAndDestroy(),
        (client) => client.socket.end(),
        (client) => {
            client.closeSocket();
        },
    ];

    it('at any moment, in any way, leave nothing behind either', async () => {
        const random = seededRandom(7);
        await batches(CUT_CALLS, async () => {
            const way = ways[Math.floor(random() * ways.length)];
            const client = await attack.join();
            const cutAfterMs = random() * LONGEST_MS;
            client.send('open', client.openParameters());
            client.write(SPEECH);
            await sleep(cutAfterMs);
            way?.(client);
            await client.when(() => false);
        });
        await settle();
        expect(attack.bench.logs.codes).not.toContain('ERR_INTERNAL');
    });
});
