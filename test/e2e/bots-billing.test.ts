import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SHIPPED_BOTS } from '../../src/config/shipped-bots';
import type { Disconnect } from '../../tools/caller/call-record';
import type { Caller } from '../../tools/caller/client';
import type { ScriptedResponse, FakeSession } from '../../tools/fake-openai';
import { json, TestServer } from '../services/functions/tool-bench';
import { ScaledClock } from '../support/scaled-clock';
import { until } from '../support/test-bench';
import { BotsBench } from './bots-bench';

const NUMBER = '83920175';
const ENDING = '4621';
const VERIFICATION = 'ver-7c1d';
const AMOUNT = '310.25';
const TOKEN = 'tok-b1ll1ng';

/** Asks for an entry of the keypad whose digits it needs. */
function collect(name: string, maxDigits: number): ScriptedResponse {
    return { functionCalls: [{ name: 'collect_digits', arguments: { name, max_digits: maxDigits, secure: false } }] };
}

function verify(customer: string, ending: string): ScriptedResponse {
    const given = { customer_number: customer, account_ending: ending };
    return { functionCalls: [{ name: 'verify_customer', arguments: given }] };
}

function balance(verification: string): ScriptedResponse {
    const given = { customer_number: NUMBER, verification };
    return { functionCalls: [{ name: 'read_balance', arguments: given }] };
}

const END: ScriptedResponse = { text: 'Goodbye.', audioMs: 400, functionCalls: [{ name: 'end_call', arguments: {} }] };

/** The billing bot as it ships, with the made-up service of its tools put in its place. */
describe('the billing bot that ships', () => {
    let bench: BotsBench;
    let service: TestServer;
    let caller: Caller;
    let session: FakeSession;

    async function start(...answers: readonly ScriptedResponse[]): Promise<void> {
        service = await TestServer.start(({ url, body }, response) => {
            if (url === '/v1/verifications') {
                const fits = body === JSON.stringify({ customer_number: NUMBER, account_ending: ENDING });
                json(response, fits ? { verified: true, verification: VERIFICATION } : { verified: false });
            } else if (body.includes(VERIFICATION)) json(response, { balance: { amount: AMOUNT, currency: 'EUR' } });
            else json(response, { error: AMOUNT }, 403);
        });
        const profile = readFileSync(join(SHIPPED_BOTS, 'billing.json'), 'utf8')
            .replaceAll('https://billing.example.com', `http://${service.host}`)
            .replaceAll('billing.example.com', service.host);
        bench = await BotsBench.start({
            clock: new ScaledClock(4),
            openai: { response: [{ text: 'Hello.', audioMs: 400 }, ...answers] },
            secrets: { BILLING_API_TOKEN: TOKEN },
            profiles: {},
        });
        bench.write('billing.json', profile);
        bench.write('billing.md', readFileSync(join(SHIPPED_BOTS, 'billing.md'), 'utf8'));
        await until('the bot is known', () => bench.logs.text.includes('bot profile is new'));
        caller = await bench.call('/billing');
        session = await bench.fake.nextSession();
        await until('the greeting is heard', () => caller.heardBytes >= 3200);
        session.speechStarted();
        session.speechStopped();
    }

    afterEach(async () => {
        await bench.stop().finally(() => service.close());
    });

    /** Types when the bot waits for it, which it does once `answers` answers are done. */
    async function type(keys: string, answers: number): Promise<void> {
        const done = (): number => session.sent.filter((sent) => sent.type === 'response.done').length;
        await until('the bot asks for digits', () => done() >= answers);
        await new Promise((resolve) => setTimeout(resolve, 10));
        caller.dtmf(keys);
    }

    /** What the model was told of its calls, in order. */
    function outputs(): string[] {
        return session
            .received('conversation.item.create')
            .map(({ item }) => ('output' in item ? String(item.output) : ''));
    }

    async function endOf(): Promise<Disconnect | undefined> {
        const { disconnect, protocol, faults } = await caller.ended;
        expect([protocol.broken, faults]).toEqual([[], []]);
        return disconnect;
    }

    it('verifies the digits that were typed, reads the balance with the verification, and tells Architect', async () => {
        await start(
            collect('customer_number', 8),
            collect('account_ending', 4),
            verify(NUMBER, ENDING),
            balance(VERIFICATION),
            END,
        );
        await type(`${NUMBER}#`, 2);
        await type(ENDING, 3);
        const end = await endOf();
        expect(service.seen.map(({ method, url, body }) => [method, url, body])).toEqual([
            ['POST', '/v1/verifications', JSON.stringify({ customer_number: NUMBER, account_ending: ENDING })],
            [
                'POST',
                `/v1/customers/${NUMBER}/balance`,
                JSON.stringify({ verification: VERIFICATION, channel: 'telephone' }),
            ],
        ]);
        expect(service.seen.map(({ headers }) => headers.authorization)).toEqual(Array(2).fill(`Bearer ${TOKEN}`));
        expect(outputs().slice(0, 2)).toEqual([`{"digits":"${NUMBER}"}`, `{"digits":"${ENDING}"}`]);
        expect(outputs()[3]).toContain(AMOUNT);
        expect(end?.outputVariables).toMatchObject({
            end_reason: 'bot_ended',
            bot: 'billing',
            customer_number: NUMBER,
            verified: 'true',
            balance: AMOUNT,
        });
        // It is declared nowhere: it was for the check alone.
        expect(end?.outputVariables).not.toHaveProperty('account_ending');
        const secrets = [TOKEN, NUMBER, ENDING, VERIFICATION, AMOUNT];
        expect(secrets.filter((secret) => bench.logs.text.includes(secret))).toEqual([]);
    });

    it('tells no balance to a model that makes a verification up, and none is told to Architect', async () => {
        await start(verify(NUMBER, '0000'), balance('ver-made-up'), END);
        const end = await endOf();
        expect(outputs()[1]).toContain('403');
        expect(outputs().join()).not.toContain(AMOUNT);
        expect(end?.outputVariables).toMatchObject({ verified: 'false' });
        expect(end?.outputVariables).not.toHaveProperty('balance');
    });

    it('asks no service with digits that are none of a customer’s: the model is told what is wrong', async () => {
        await start(verify('8392 0175', ENDING), END);
        await endOf();
        expect(service.seen).toEqual([]);
        expect(outputs()[0]).toContain('customer_number');
        expect(outputs()[0]).not.toContain('8392');
    });
});
