import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallDocument } from '../../../src/call-records/document';
import { CallWebhook, type CallWebhookOptions } from '../../../src/call-records/webhook/call-webhook';
import { CodedError } from '../../../src/support/errors';
import { until } from '../../services/realtime/support';
import { FakeClock } from '../../support/fake-clock';
import { LogRecorder } from '../../support/log-recorder';
import { SAMPLE_CONVERSATION, sampleCall } from '../sample-call';

const SECRET = 'a secret of the webhook';
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** The disk and the network of a machine with other work. */
const LONG_MS = 20_000;

interface Received {
    id: string;
    attempt: string;
    signature: string;
    body: string;
}

type Answer = (response: ServerResponse, received: Received) => unknown;

const ACCEPT: Answer = (to) => to.writeHead(204).end();
const FAIL: Answer = (to) => to.writeHead(500).end();

function sessionOf(number: number): string {
    return `7d0b3c9e-6a54-4c1b-9c0e-${String(number).padStart(12, '0')}`;
}

/** A call with a higher number ended later. */
function call(number: number, conversationId: string = sessionOf(number)): CallDocument {
    const endedAt = new Date(Date.UTC(2026, 10, 22, 11, 0, number)).toISOString();
    return sampleCall({ sessionId: sessionOf(number), conversationId, endedAt });
}

describe('CallWebhook', () => {
    let folder: string;
    let receiver: Server;
    let port: number;
    let received: Received[];
    let answer: Answer;
    let documents: Map<string, CallDocument>;
    let storeFault: Error | undefined;
    let clock: FakeClock;
    let log: LogRecorder;
    let webhooks: CallWebhook[];

    beforeEach(async () => {
        folder = mkdtempSync(join(tmpdir(), 'call-webhook-'));
        received = [];
        answer = ACCEPT;
        documents = new Map();
        storeFault = undefined;
        clock = new FakeClock();
        log = new LogRecorder();
        webhooks = [];
        await listen(0);
    });

    afterEach(async () => {
        await Promise.all(webhooks.map((webhook) => webhook.stop()));
        expect(clock.pendingCount).toBe(0);
        await silence();
        rmSync(folder, { recursive: true });
    });

    async function listen(at: number): Promise<void> {
        receiver = createServer((request, response) => {
            void take(request, response);
        }).listen(at, '127.0.0.1');
        await once(receiver, 'listening');
        port = (receiver.address() as AddressInfo).port;
    }

    async function silence(): Promise<void> {
        if (!receiver.listening) return;
        const closed = once(receiver, 'close');
        receiver.close();
        receiver.closeAllConnections();
        await closed;
    }

    async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
        let body = '';
        for await (const piece of request) body += String(piece);
        const { headers } = request;
        const one = {
            id: String(headers['x-audioconnector-delivery']),
            attempt: String(headers['x-audioconnector-attempt']),
            signature: String(headers['x-audioconnector-signature']),
            body,
        };
        received.push(one);
        answer(response, one);
    }

    function webhook(changes: Partial<CallWebhookOptions> = {}): CallWebhook {
        const made = new CallWebhook({
            url: new URL(`http://127.0.0.1:${port}/hook`),
            secret: SECRET,
            outbox: join(folder, 'outbox'),
            maxDays: 30,
            store: {
                get: (id) =>
                    storeFault === undefined ? Promise.resolve(documents.get(id)) : Promise.reject(storeFault),
            },
            clock,
            logger: log,
            random: () => 1,
            ...changes,
        });
        webhooks.push(made);
        made.start();
        return made;
    }

    /** The call is over and its document is stored. */
    async function end(to: CallWebhook, document: CallDocument): Promise<void> {
        await to.take(document);
        documents.set(document.sessionId, document);
        to.stored(document.sessionId);
    }

    const waitingFiles = (): string[] => readdirSync(join(folder, 'outbox'));
    const ids = (): number[] => received.map(({ id }) => Number(id.slice(-12)));

    /** Lets time pass until it is so, and none while a request is under way: disk and network need real time. */
    async function passUntil(isTrue: () => boolean, what: string, stepMs = 250): Promise<void> {
        const deadline = performance.now() + LONG_MS;
        while (!isTrue()) {
            if (performance.now() > deadline) throw new Error(`Waited in vain for: ${what}`);
            if (webhooks.every(({ requestCount }) => requestCount === 0)) clock.advance(stepMs);
            await new Promise((resolve) => setTimeout(resolve, 2));
        }
    }

    it('posts the document with its id and a signature over time and body, and forgets it when it is accepted', async () => {
        const hook = webhook();
        await end(hook, call(1));
        await until(() => hook.waitingCount === 0, 'delivery', LONG_MS);
        const [{ id, attempt, signature, body } = { id: '', attempt: '', signature: '', body: '' }] = received;
        expect([id, attempt]).toEqual([sessionOf(1), '1']);
        expect(JSON.parse(body)).toEqual({ version: 1, type: 'call.ended', id: sessionOf(1), document: call(1) });
        const [, seconds = '', hex = ''] = /^t=(\d+),v1=([\da-f]{64})$/.exec(signature) ?? [];
        expect(Number(seconds)).toBe(Math.floor(clock.epochMs() / 1000));
        expect(hex).toBe(createHmac('sha256', SECRET).update(`${seconds}.${body}`).digest('hex'));
        expect(waitingFiles()).toEqual([]);
        expect(log.text).not.toContain(SECRET);
    });

    it('keeps one small private file for each delivery, which names the document and holds none of it', async () => {
        await silence();
        const hook = webhook();
        await end(hook, call(1));
        const [name = ''] = waitingFiles();
        const path = join(folder, 'outbox', name);
        expect(name).toBe(`20261122110001000-${sessionOf(1)}.json`);
        expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
            version: 1,
            sessionId: sessionOf(1),
            conversationId: sessionOf(1),
            endedAt: '2026-11-22T11:00:01.000Z',
        });
        expect([statSync(path).mode & 0o777, statSync(join(folder, 'outbox')).mode & 0o777]).toEqual([0o600, 0o700]);
    });

    it('loses nothing while the receiver is down and this server is started anew in between; one line tells of it, and one of its end', async () => {
        await silence();
        const first = webhook();
        for (const number of [1, 2, 3]) await end(first, call(number));
        await until(() => log.lines.length > 0, 'the line', LONG_MS);
        await passUntil(() => log.lines.length > 1 || clock.nowMs() > 30 * MINUTE_MS, 'half an hour', 10_000);
        await first.stop();
        expect(waitingFiles()).toHaveLength(3);
        expect(log.codes).toEqual(['ERR_CALL_WEBHOOK']);

        const second = webhook();
        await end(second, call(4));
        await until(() => log.lines.length > 1, 'the line of the second', LONG_MS);
        await listen(port);
        await passUntil(() => second.waitingCount === 0, 'all deliveries', 1000);
        expect(ids().sort()).toEqual([1, 2, 3, 4]);
        expect(waitingFiles()).toEqual([]);
        expect(log.lines.map(({ message }) => message)).toEqual([
            'A call record was not delivered; trying again.',
            'A call record was not delivered; trying again.',
            'Call records are delivered again.',
        ]);
    });

    it.each<[string, Answer]>([
        ['500', FAIL],
        ['a redirect', (to) => to.writeHead(307, { location: 'http://127.0.0.1:1/' }).end()],
        ['404', (to) => to.writeHead(404).end()],
        ['a connection that breaks', (to) => to.destroy()],
    ])('tries again after %s, with the same id and body, later each time', async (_what, refusal) => {
        const answers = [refusal, refusal, refusal];
        answer = (to, one) => (answers.shift() ?? ACCEPT)(to, one);
        const hook = webhook();
        await end(hook, call(1));
        for (const [index, delayMs] of [1000, 2000, 4000].entries()) {
            await until(() => received.length === index + 1 && hook.requestCount === 0, `attempt ${index}`, LONG_MS);
            clock.advance(delayMs - 1);
            expect(received).toHaveLength(index + 1);
            clock.advance(1);
        }
        await until(() => hook.waitingCount === 0, 'delivery', LONG_MS);
        expect(received.map(({ attempt }) => attempt)).toEqual(['1', '2', '3', '4']);
        expect(new Set(received.map(({ id, body }) => id + body)).size).toBe(1);
        expect(log.lines.map(({ level }) => level)).toEqual(['warn', 'info']);
    });

    it('waits between half of the backoff and all of it, and five minutes at most', async () => {
        answer = FAIL;
        let random = 0;
        const hook = webhook({ random: () => random });
        await end(hook, call(1));
        await until(() => received.length === 1 && hook.requestCount === 0, 'the first attempt', LONG_MS);
        clock.advance(499);
        expect(received).toHaveLength(1);
        random = 1;
        clock.advance(1);
        for (let attempts = 2; attempts < 12; attempts++) {
            await until(() => received.length === attempts && hook.requestCount === 0, `attempt ${attempts}`, LONG_MS);
            clock.advance(5 * MINUTE_MS);
        }
        await until(() => received.length === 12 && hook.requestCount === 0, 'the last attempt', LONG_MS);
    });

    it('gives an address that hangs 10 s, and goes on with others', async () => {
        answer = (to, one) => {
            if (one.attempt === '1' && one.id === sessionOf(1)) return;
            ACCEPT(to, one);
        };
        const hook = webhook();
        await end(hook, call(1));
        await end(hook, call(2));
        await until(() => received.length === 2 && hook.requestCount === 1, 'the second', LONG_MS);
        clock.advance(9999);
        expect(log.lines).toEqual([]);
        clock.advance(1);
        await until(() => log.lines.length === 1, 'the warning', LONG_MS);
        expect(log.lines[0]?.fields['fault']).toContain('No answer within 10000 ms');
        await passUntil(() => hook.waitingCount === 0, 'delivery');
    });

    it('keeps the order within a conversation, whatever fails, and lets others pass', async () => {
        answer = (to, one) => (one.id === sessionOf(1) && Number(one.attempt) < 4 ? FAIL : ACCEPT)(to, one);
        const hook = webhook();
        for (const number of [1, 2, 3]) await end(hook, call(number, SAMPLE_CONVERSATION));
        await end(hook, call(4));
        await passUntil(() => hook.waitingCount === 0, 'all deliveries');
        const accepted = received.filter((one) => one.id !== sessionOf(1) || one.attempt === '4');
        const ofOne = accepted.map(({ id }) => Number(id.slice(-12))).filter((number) => number < 4);
        expect(ofOne).toEqual([1, 2, 3]);
        expect(ids().indexOf(4)).toBeLessThan(ids().lastIndexOf(1));
    });

    it('keeps that order over a restart', async () => {
        await silence();
        const first = webhook();
        for (const number of [3, 1, 2]) await end(first, call(number, SAMPLE_CONVERSATION));
        await first.stop();
        await listen(port);
        const second = webhook();
        await passUntil(() => received.length === 3 && second.waitingCount === 0, 'all deliveries');
        expect(ids()).toEqual([1, 2, 3]);
    });

    it('holds 2,000 deliveries in memory, leaves the others on the disk, and delivers them all', async () => {
        mkdirSync(join(folder, 'outbox'));
        const numbers = Array.from({ length: 2100 }, (_, number) => number);
        for (const number of numbers) {
            const { sessionId, conversationId, endedAt } = call(number);
            const name = `${endedAt.replace(/\D/g, '')}-${sessionId}.json`;
            writeFileSync(
                join(folder, 'outbox', name),
                JSON.stringify({ version: 1, sessionId, conversationId, endedAt }),
            );
            documents.set(sessionId, { ...call(number), events: [], turns: [] });
        }
        const hook = webhook();
        await until(() => hook.waitingCount > 0, 'the first', LONG_MS);
        expect(hook.waitingCount).toBeLessThanOrEqual(2000);
        await until(() => received.length === 2100 && hook.waitingCount === 0, 'all deliveries', 3 * LONG_MS);
        expect(ids().sort((a, b) => a - b)).toEqual(numbers);
        expect(waitingFiles()).toEqual([]);
    }, 90_000);

    it('delivers by the name of a file whose text is lost', async () => {
        mkdirSync(join(folder, 'outbox'));
        writeFileSync(join(folder, 'outbox', `20261122110001000-${sessionOf(1)}.json`), '');
        writeFileSync(join(folder, 'outbox', 'notes.txt'), 'of someone else');
        documents.set(sessionOf(1), call(1));
        const hook = webhook();
        await until(() => received.length === 1 && hook.waitingCount === 0, 'delivery', LONG_MS);
        expect(waitingFiles()).toEqual(['notes.txt']);
    });

    it('waits for a document that is not stored yet, and gives up after an hour, with a line', async () => {
        const hook = webhook();
        await hook.take({ ...call(1), endedAt: new Date(clock.epochMs()).toISOString() });
        await passUntil(() => clock.nowMs() > 50 * MINUTE_MS, 'fifty minutes', 10_000);
        expect([received, log.lines]).toEqual([[], []]);
        await passUntil(() => hook.waitingCount === 0, 'the end', 10_000);
        expect(log.codes).toEqual(['ERR_CALL_WEBHOOK_LOST']);
        expect(waitingFiles()).toEqual([]);
    });

    it('waits for a store that cannot be read, whose code is logged once', async () => {
        storeFault = new CodedError('ERR_INTERNAL', 'the store is away');
        const hook = webhook();
        await hook.take(call(1));
        documents.set(sessionOf(1), call(1));
        await passUntil(() => clock.nowMs() > 3 * 60 * MINUTE_MS, 'three hours', 60_000);
        expect(log.codes).toEqual(['ERR_INTERNAL']);
        storeFault = undefined;
        await passUntil(() => received.length === 1 && hook.waitingCount === 0, 'delivery', 10_000);
    });

    it('gives up what was not accepted within the days of the records, with a line', async () => {
        answer = FAIL;
        const hook = webhook({ maxDays: 1 });
        await end(hook, call(1));
        await until(() => received.length === 1 && hook.requestCount === 0, 'the first attempt', LONG_MS);
        clock.advance(DAY_MS);
        await passUntil(() => hook.waitingCount === 0, 'the end', 1000);
        expect(log.codes).toEqual(['ERR_CALL_WEBHOOK', 'ERR_CALL_WEBHOOK_LOST']);
        expect(waitingFiles()).toEqual([]);
    });

    it('delivers what the disk does not take, while the process lives', async () => {
        writeFileSync(join(folder, 'outbox'), 'a file where a folder belongs');
        const hook = webhook();
        await end(hook, call(1));
        await until(() => received.length === 1 && hook.waitingCount === 0, 'delivery', LONG_MS);
        expect(log.codes).toContain('ERR_CALL_OUTBOX');
    });

    it('sends nothing that another process on the same folder has delivered', async () => {
        await silence();
        const hook = webhook();
        await end(hook, call(1));
        await until(() => log.lines.length > 0, 'the line', LONG_MS);
        rmSync(join(folder, 'outbox', waitingFiles()[0] ?? ''));
        await listen(port);
        await passUntil(() => hook.waitingCount === 0, 'the end');
        expect(received).toEqual([]);
    });

    it('takes the same document twice for one delivery', async () => {
        await silence();
        const hook = webhook();
        await end(hook, call(1));
        await end(hook, call(1));
        expect([hook.waitingCount, waitingFiles().length]).toEqual([1, 1]);
    });

    it('leaves the events out of a document that is too long', async () => {
        const long = 'x'.repeat(8000);
        const words = { atMs: 1, kind: 'words', speaker: 'bot', itemId: 'i', text: long } as const;
        const hook = webhook();
        await end(hook, { ...call(1), events: Array.from({ length: 600 }, () => words) });
        await until(() => hook.waitingCount === 0, 'delivery', LONG_MS);
        const body = JSON.parse(received[0]?.body ?? '') as { shortened: string[]; document: CallDocument };
        expect([body.shortened, body.document.events, body.document.cut]).toEqual([['events'], [], 600]);
        expect(body.document.turns).toHaveLength(2);
    });

    it('leaves nothing behind when it is stopped in mid-request, and the next process delivers it', async () => {
        answer = () => undefined;
        const first = webhook();
        await end(first, call(1));
        await until(() => received.length === 1, 'the request', LONG_MS);
        await first.stop();
        expect([clock.pendingCount, first.waitingCount, waitingFiles().length]).toEqual([0, 0, 1]);
        expect(log.lines).toEqual([]);
        answer = ACCEPT;
        const second = webhook();
        await until(() => received.length === 2 && second.waitingCount === 0, 'delivery', LONG_MS);
        expect(received[1]?.id).toBe(received[0]?.id);
    });
});
