import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AlertChange } from '../../src/alerts/alert-rules';
import { AlertWebhook } from '../../src/alerts/alert-webhook';
import { FakeClock } from '../support/fake-clock';
import { LogRecorder } from '../support/log-recorder';
import { until } from '../services/realtime/support';

const SECRET = 'a secret of the webhook';
const FIRING: AlertChange = { alert: 'model_unreachable', state: 'firing', summary: 'No answer for 10 seconds.' };
const RESOLVED: AlertChange = { alert: 'model_unreachable', state: 'resolved', summary: 'The service answers again.' };

interface Received {
    signature: string;
    body: string;
}

describe('AlertWebhook', () => {
    let receiver: Server;
    let received: Received[];
    let answers: ((response: ServerResponse) => void)[];
    let clock: FakeClock;
    let log: LogRecorder;
    let webhook: AlertWebhook;

    beforeEach(async () => {
        received = [];
        answers = [];
        receiver = createServer((request, response) => {
            void take(request, response);
        }).listen(0, '127.0.0.1');
        await once(receiver, 'listening');
        clock = new FakeClock();
        log = new LogRecorder();
        const url = new URL(`http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`);
        webhook = new AlertWebhook({ url, secret: SECRET, server: 'bot-1:8080', clock, logger: log });
    });

    afterEach(() => {
        webhook.close();
        receiver.closeAllConnections();
        receiver.close();
        expect(clock.pendingCount).toBe(0);
    });

    async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
        let body = '';
        for await (const piece of request) body += String(piece);
        received.push({ body, signature: String(request.headers['x-audioconnector-signature']) });
        const answer = answers.shift() ?? ((to: ServerResponse) => to.writeHead(204).end());
        answer(response);
    }

    const states = (): unknown[] => received.map(({ body }) => (JSON.parse(body) as AlertChange).state);

    it('posts an alert with a signature over time and body', async () => {
        webhook.send(FIRING);
        await until(() => webhook.waitingCount === 0, 'delivery');
        const [{ body, signature } = { body: '', signature: '' }] = received;
        expect(JSON.parse(body)).toEqual({
            version: 1,
            id: expect.stringMatching(/^[\da-f-]{36}$/) as string,
            alert: 'model_unreachable',
            state: 'firing',
            at: new Date(clock.epochMs()).toISOString(),
            server: 'bot-1:8080',
            summary: 'No answer for 10 seconds.',
            do: expect.stringContaining('status page') as string,
        });
        const [, seconds = '', hex = ''] = /^t=(\d+),v1=([\da-f]{64})$/.exec(signature) ?? [];
        expect(Number(seconds)).toBe(Math.floor(clock.epochMs() / 1000));
        expect(hex).toBe(createHmac('sha256', SECRET).update(`${seconds}.${body}`).digest('hex'));
    });

    it('tries again after a refusal, a redirect and a lost connection, in order, and logs the outage once', async () => {
        answers = [
            (to) => to.writeHead(500).end(),
            (to) => to.writeHead(302, { location: '/elsewhere' }).end(),
            (to) => to.destroy(),
        ];
        webhook.send(FIRING);
        webhook.send(RESOLVED);
        for (const [index, delayMs] of [1000, 5000, 30_000].entries()) {
            await until(() => received.length === index + 1 && !webhook.isSending, `attempt ${index}`);
            clock.advance(delayMs - 1);
            expect(received).toHaveLength(index + 1);
            clock.advance(1);
        }
        await until(() => webhook.waitingCount === 0, 'delivery');
        expect(states()).toEqual(['firing', 'firing', 'firing', 'firing', 'resolved']);
        expect(log.lines.map(({ level, fields }) => [level, fields['code'], fields['status']])).toEqual([
            ['warn', 'ERR_ALERT_WEBHOOK', 500],
            ['info', undefined, undefined],
        ]);
        expect(log.text).not.toContain(SECRET);
    });

    it('gives an address that does not answer 5 s', async () => {
        answers = [() => undefined];
        webhook.send(FIRING);
        await until(() => received.length === 1, 'the request');
        clock.advance(4999);
        expect(log.lines).toEqual([]);
        clock.advance(1);
        await until(() => log.lines.length === 1, 'the warning');
        clock.advance(1000);
        await until(() => webhook.waitingCount === 0, 'delivery');
    });

    it('drops what could not be delivered for an hour, and keeps 50 messages at most', async () => {
        answers = Array.from({ length: 100 }, () => (to: ServerResponse) => to.writeHead(503).end());
        for (let i = 0; i < 60; i++) webhook.send(FIRING);
        expect(webhook.waitingCount).toBe(50);
        const delaysMs = [1000, 5000, 30_000, 120_000, ...Array<number>(12).fill(300_000)];
        for (const [index, delayMs] of delaysMs.entries()) {
            await until(() => received.length === index + 1 && !webhook.isSending, `attempt ${index}`);
            expect(webhook.waitingCount).toBe(50);
            clock.advance(delayMs);
        }
        await until(() => received.length === delaysMs.length + 1 && !webhook.isSending, 'the last attempt');
        expect(webhook.waitingCount).toBe(49);
    });

    it('leaves nothing behind when it is closed in mid-request', async () => {
        answers = [() => undefined];
        webhook.send(FIRING);
        await until(() => received.length === 1, 'the request');
        webhook.close();
        webhook.close();
        expect([clock.pendingCount, webhook.waitingCount]).toEqual([0, 0]);
        webhook.send(RESOLVED);
        await new Promise((resolve) => setTimeout(resolve, 20));
        expect(received).toHaveLength(1);
    });
});
