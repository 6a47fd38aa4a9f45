import { runCallers, spreadOver } from '../../../bench/load/callers';
import { commonMs } from '../../../bench/load/common-clock';
import { answersDiffer } from '../../../bench/load/figures';
import { BareRelay } from '../../../bench/load/relay';
import { LoadStandIn, type ServiceSide } from '../../../bench/load/stand-in';
import { ANSWER_BYTES } from '../../../bench/load/script';
import type { CallerSide } from '../../../bench/load/load-call';
import { loadConfig } from '../../../src/config/config';
import { createLogger } from '../../../src/support/logger';
import { Server } from '../../../src/websocket/server';
import { newCallerKey } from '../../../bench/measured-server';

const CALLS = 3;
/** On a busy machine the end of the answer comes late: the callers wait for it before they hang up. */
const CLOSE_AFTER_MS = 5000;
const key = newCallerKey();
const standIn = new LoadStandIn();
let serviceUrl = '';

beforeAll(async () => {
    serviceUrl = await standIn.start();
});

afterAll(async () => {
    await standIn.stop();
});

async function call(port: number): Promise<{ callers: CallerSide[]; service: ServiceSide[] }> {
    const callers = await runCallers({
        ...key,
        url: `ws://127.0.0.1:${port}/`,
        firstCall: 7,
        frameMs: 200,
        comparesAnswers: true,
        closeAfterMs: CLOSE_AFTER_MS,
        fromMs: commonMs(),
        beginAfterMs: spreadOver(CALLS, 100),
        lasts: { ms: 6500 },
    });
    return { callers, service: standIn.take().calls };
}

function total(sides: readonly { givenBytes: number }[]): number {
    return sides.reduce((sum, { givenBytes }) => sum + givenBytes, 0);
}

function bytesOf(callers: readonly CallerSide[], way: 'sent' | 'heard'): number {
    return callers.reduce((sum, side) => sum + (side[way].bytes.at(-1) ?? 0), 0);
}

function expectWhole({ callers, service }: Awaited<ReturnType<typeof call>>): void {
    expect(callers.flatMap(({ faults }) => faults)).toEqual([]);
    expect(service.flatMap(({ faults }) => faults)).toEqual([]);
    expect(service.map((side) => side.call).sort()).toEqual([7, 8, 9]);
    expect(service.map(({ responses }) => responses)).toEqual([1, 1, 1]);
    expect(service.reduce((sum, { arrived }) => sum + (arrived.bytes.at(-1) ?? 0), 0)).toBe(bytesOf(callers, 'sent'));
    expect(total(service)).toBe(CALLS * ANSWER_BYTES);
    expect(bytesOf(callers, 'heard')).toBe(CALLS * ANSWER_BYTES);
    expect([...callers, ...service].reduce((sum, { misplacedBytes }) => sum + misplacedBytes, 0)).toBe(0);
}

describe('calls of the load bench', () => {
    it('pass every byte both ways through the bare relay', async () => {
        const relay = new BareRelay(serviceUrl);
        const port = await relay.start(0);
        const seen = await call(port);
        await relay.stop();
        expectWhole(seen);
    });

    it('give and hear the same answers through the server', async () => {
        const config = loadConfig({
            AUDIOHOOK_API_KEYS: JSON.stringify({ [key.apiKey]: key.clientSecret }),
            ADMISSION: 'off',
            OPENAI_API_KEY: 'sk-bench',
            OPENAI_REALTIME_URL: serviceUrl,
            OPENAI_AUDIO_FORMAT: 'pcmu',
            OPENAI_GREETING: 'off',
            OPENAI_INSTRUCTIONS: 'This is the call bench-call-7.',
        });
        const server = new Server({ config: { ...config, port: 0 }, logger: createLogger({ level: 'silent' }) });
        await server.start();
        const callers = await runCallers({
            ...key,
            url: `ws://127.0.0.1:${server.address?.port ?? 0}/?bot=openai`,
            firstCall: 7,
            frameMs: 20,
            comparesAnswers: true,
            closeAfterMs: CLOSE_AFTER_MS,
            fromMs: commonMs(),
            beginAfterMs: [0],
            lasts: { ms: 6500 },
        });
        await server.stop({ drain: false });
        const [side] = standIn.take().calls;
        expect(callers.flatMap(({ faults }) => faults)).toEqual([]);
        expect(side?.arrived.bytes.at(-1)).toBe(bytesOf(callers, 'sent'));
        const given = {
            responses: side?.responses ?? 0,
            givenMs: side?.givenBytes ?? 0,
            heardMs: bytesOf(callers, 'heard'),
        };
        expect(answersDiffer(given, { responses: 1, givenMs: ANSWER_BYTES, heardMs: ANSWER_BYTES })).toBeUndefined();
    });

    it('that are refused say the status and how long that took', async () => {
        const server = new Server({
            config: {
                ...loadConfig({ ADMISSION: 'off', AUDIOHOOK_API_KEYS: JSON.stringify({ other: key.clientSecret }) }),
                port: 0,
            },
            logger: createLogger({ level: 'silent' }),
        });
        await server.start();
        const { callers } = await call(server.address?.port ?? 0);
        await server.stop({ drain: false });
        expect(callers.map(({ refusedWith }) => refusedWith)).toEqual([401, 401, 401]);
        expect(callers.every(({ acceptedAfterMs }) => acceptedAfterMs !== undefined)).toBe(true);
    });
});
