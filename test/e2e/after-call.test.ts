import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { CallDocument } from '../../src/call-records/document';
import type { Caller } from '../../tools/caller/client';
import { readFlight } from '../../tools/replay/flight-reader';
import { replay } from '../../tools/replay/replay-call';
import { AnswerStandIn } from '../speech/chat/answer-stand-in';
import { TestBench, until } from '../support/test-bench';

const CARD = '4111222233335678';
const NUMBER = '4711330815';
const PROFILE = {
    instructions: 'You are the desk.',
    greeting: 'Say hello.',
    tools: [{ kind: 'collect_digits' }, { kind: 'transfer_to_agent' }],
    extract: { topic: { type: 'enum', values: ['card', 'other'], description: 'What is the call about?' } },
};

/** Every run of digits that is long enough to harm. */
function traces(text: string, digits: string): string[] {
    const runs = Array.from({ length: digits.length - 5 }, (_, at) => digits.slice(at, at + 6));
    return runs.filter((run) => text.includes(run) || text.includes(Array.from(run).join(' ')));
}

function everyFileBelow(folder: string): string {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .map((name) => join(folder, name))
        .filter((path) => statSync(path).isFile())
        .map((path) => readFileSync(path, 'latin1'))
        .join('\n');
}

function outputsOf(caller: Caller): Record<string, string> {
    for (const event of caller.events) {
        if (event.kind !== 'received' || !event.text.includes('"type":"disconnect"')) continue;
        const { parameters } = JSON.parse(event.text) as { parameters: { outputVariables?: Record<string, string> } };
        return parameters.outputVariables ?? {};
    }
    return {};
}

describe('after a call that is handed over', () => {
    let folder: string;
    let chat: AnswerStandIn;
    let receiver: Server;
    let port: number;
    let bodies: string[];
    let bench: TestBench;

    beforeEach(async () => {
        folder = mkdtempSync(join(tmpdir(), 'after-call-'));
        mkdirSync(join(folder, 'bots'));
        writeFileSync(join(folder, 'bots', 'desk.json'), JSON.stringify(PROFILE));
        chat = await AnswerStandIn.start();
        bodies = [];
        await listenAgain(0);
        port = (receiver.address() as AddressInfo).port;
    });

    afterEach(async () => {
        await bench.stop();
        await chat.close();
        receiver.close();
        receiver.closeAllConnections();
        rmSync(folder, { recursive: true });
        expect(chat.breaches).toEqual([]);
    });

    async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
        let body = '';
        for await (const piece of request) body += String(piece);
        bodies.push(body);
        response.writeHead(204).end();
    }

    /** At the address that it had. */
    async function listenAgain(port: number): Promise<void> {
        receiver = createServer((request, response) => void take(request, response)).listen(port, '127.0.0.1');
        await once(receiver, 'listening');
    }

    async function start(secure: boolean, env: Record<string, string> = {}): Promise<void> {
        const collect = { name: 'collect_digits', arguments: { name: 'card', max_digits: 16, secure } };
        const transfer = {
            name: 'transfer_to_agent',
            arguments: { reason: 'a lost card', summary: `The caller has lost a card. Their number is ${NUMBER}.` },
        };
        bench = await TestBench.start({
            openai: {
                vad: 'off',
                response: [
                    { functionCalls: [collect] },
                    { functionCalls: [transfer] },
                    { text: 'Goodbye.', audioMs: 400 },
                ],
            },
            env: {
                LOG_LEVEL: 'debug',
                BOTS_FOLDER: join(folder, 'bots'),
                DEFAULT_BOT: 'desk',
                OPENAI_BASE_URL: chat.baseURL,
                CALL_RECORD: 'full',
                CALL_RECORD_STORE: join(folder, 'calls'),
                HANDOVER_SUMMARY: 'rules',
                CALL_LINK_URL: 'http://127.0.0.1',
                CALL_LINK_SECRET: 'a-secret-of-more-than-32-characters',
                CALL_WEBHOOK_URL: `http://127.0.0.1:${port}/calls`,
                CALL_WEBHOOK_SECRET: 'a-secret-of-the-webhook',
                ...env,
            },
        });
    }

    it.each([
        ['the digits of a secure entry are nowhere', true],
        ['the digits of an open entry are masked where an agent sees them', false],
    ])('agent, record and receiver have it, and %s', async (_what, secure) => {
        await start(secure);
        chat.plan('{"topic":"card"}', '{"topic":"card"}');
        const caller = bench.caller();
        await caller.dial();
        const session = await bench.fake.nextSession();
        await session.waitForSent('response.done');
        await new Promise((resolve) => setTimeout(resolve, 50));
        caller.dtmf(CARD);
        await until('the call is handed over', () => outputsOf(caller)['end_reason'] !== undefined);
        const outputs = outputsOf(caller);
        expect(outputs).toMatchObject({ end_reason: 'transfer', transfer_reason: 'a lost card' });
        expect(outputs['summary']).toBe(
            'The caller has lost a card. Their number is ***. No function was used. The bot handed the caller to an agent: a lost card.',
        );

        const path = new URL(outputs['call_link'] ?? '').pathname;
        const address = `${bench.url.replace('ws', 'http')}${path}`;
        const early = await fetch(address);
        expect([early.status, early.headers.get('cache-control')]).toEqual([200, 'no-store']);
        await caller.ended;
        await until('the record is delivered', () => bodies.length > 0);
        const [body = ''] = bodies;
        const { document } = JSON.parse(body) as { document: CallDocument };
        expect(document).toMatchObject({ endReason: 'transfer', extracted: { topic: 'card' } });
        const page = await (await fetch(address)).text();
        expect(page).toContain('transfer_to_agent: ok');

        const pages = [await early.text(), page, outputs['summary'] ?? ''].join('\n');
        expect([traces(pages, CARD), traces(pages, NUMBER)]).toEqual([[], []]);
        const kept = [
            everyFileBelow(join(folder, 'calls')),
            ...bodies,
            JSON.stringify(chat.requests),
            bench.logs.text,
        ].join('\n');
        expect(traces(kept, CARD)).toEqual([]);
        const token = path.slice('/call/'.length);
        expect(kept).not.toContain(token);
    });

    it('can be replayed, with what the agent was told and without their link', async () => {
        await start(true, { RECORD_FLIGHT: '1' });
        chat.plan('{"topic":"card"}', '{"topic":"card"}');
        const caller = bench.caller();
        await caller.dial();
        const session = await bench.fake.nextSession();
        await session.waitForSent('response.done');
        await new Promise((resolve) => setTimeout(resolve, 50));
        caller.dtmf(CARD);
        await caller.ended;
        await until('the record is delivered', () => bodies.length > 0);
        const { document } = JSON.parse(bodies[0] ?? '') as { document: CallDocument };
        const { flight, startedAt } = document;
        const file = join(folder, 'calls', startedAt.slice(0, 10), flight?.name ?? '');
        expect(statSync(file).size).toBe(flight?.bytes);
        const text = gunzipSync(readFileSync(file)).toString();
        const link = outputsOf(caller)['call_link'] ?? '';
        expect(link).toContain('/call/');
        expect([text.includes(link), traces(text, CARD)]).toEqual([false, []]);
        expect(text).toContain('The bot handed the caller to an agent');
        expect((await replay(readFlight(file))).difference).toBeUndefined();
    });

    it('delivers after its next start the records of calls that ended while the receiver was down', async () => {
        receiver.close();
        await once(receiver, 'close');
        await start(true);
        chat.plan('{"topic":"other"}', '{"topic":"other"}');
        const callers = [bench.caller(), bench.caller()];
        for (const caller of callers) {
            await caller.dial();
            await (await bench.fake.nextSession()).waitForSent('response.done');
            caller.hangUp();
            await caller.ended;
        }
        await until('both wait', () => bench.logs.codes.includes('ERR_CALL_WEBHOOK') && waitingCount() === 2);
        await bench.stop();
        expect([waitingCount(), bodies]).toEqual([2, []]);

        await listenAgain(port);
        await start(true);
        await until('both are delivered', () => bodies.length === 2 && waitingCount() === 0);
        const ids = bodies.map((body) => (JSON.parse(body) as { id: string }).id);
        expect(new Set(ids).size).toBe(2);
        expect(bench.logs.codes).not.toContain('ERR_CALL_WEBHOOK');
    });

    function waitingCount(): number {
        return readdirSync(join(folder, 'calls', 'outbox')).filter((name) => name.endsWith('.json')).length;
    }
});
