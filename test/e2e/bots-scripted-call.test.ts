import type { CallSummary } from '../../tools/caller/call-record';
import type { Caller } from '../../tools/caller/client';
import { expectedPcmu, type ScriptedResponse, type FakeSession } from '../../tools/fake-openai';
import { json, TestServer } from '../services/functions/tool-bench';
import { ScaledClock } from '../support/scaled-clock';
import { until } from '../support/test-bench';
import { BotsBench, received } from './bots-bench';

const SPEED = 6;
const TOKEN = 'tok-9f8e7d6c5b4a';
const QUESTION = 'the yellow house by the lake';
const AMOUNT = '1234.56';
const NEVER_PICKED = 'internal remark of the service';
const FAREWELL_MS = 2400;

const TRANSFER = { reason: 'instalments', summary: 'Wants to pay 1234.56 in three parts.' };

/** Greeting, a silent call of the tool, its result in words, and the farewell with the transfer. */
const SCRIPT: readonly ScriptedResponse[] = [
    { text: 'Hello Anna Berg, how can I help?', audioMs: 1500 },
    { functionCalls: [{ name: 'read_balance', arguments: { question: QUESTION } }] },
    { text: 'You owe 1234 euros and 56 cents.', audioMs: 1800 },
    {
        text: 'I am putting you through. Goodbye.',
        audioMs: FAREWELL_MS,
        functionCalls: [
            { name: 'set_variable', arguments: { name: 'topic', value: 'instalments' } },
            { name: 'transfer_to_agent', arguments: TRANSFER },
        ],
    },
];

function deskProfile(host: string): object {
    return {
        instructions: 'You are the desk. The caller is {{customer_name}}.',
        greeting: 'Greet {{customer_name}}.',
        inputVariables: { customer_name: {}, contract: {} },
        outputVariables: { balance: { maxLength: 20 }, topic: {}, never_set: {} },
        tools: [
            { kind: 'transfer_to_agent' },
            { kind: 'set_variable', variables: ['topic'] },
            {
                kind: 'http',
                name: 'read_balance',
                description: 'Reads the balance.',
                method: 'POST',
                url: `http://${host}/contracts/{{contract}}/balance`,
                allowedHosts: [host],
                headers: { Authorization: 'Bearer ${BALANCE_TOKEN}' },
                parameters: {
                    type: 'object',
                    properties: { question: { type: 'string' } },
                    required: ['question'],
                    additionalProperties: false,
                },
                body: 'json',
                response: { pick: { amount: 'balance.amount' } },
                setVariables: { balance: 'balance.amount' },
            },
        ],
    };
}

/** What became of the bot's sound, and the end of the call. */
function playbackOf(caller: Caller): string[] {
    return caller.events.flatMap((event) => {
        if (event.kind === 'playback') return [event.what];
        return event.kind === 'received' && event.type === 'disconnect' ? ['disconnect'] : [];
    });
}

/** A call by the script, from its first word to its end: one for all tests below, each of which looks at another side of it. */
describe('a scripted call', () => {
    const clock = new ScaledClock(SPEED);
    let bench: BotsBench;
    let service: TestServer;
    let caller: Caller;
    let session: FakeSession;
    let summary: CallSummary;

    /** So much of the bot was heard, the client has played everything, and the server has heard of it, too. */
    async function heardOut(ms: number): Promise<void> {
        await until(`${ms} ms of the bot are heard`, () => caller.heardBytes >= ms * 8);
        await until('the client has reported it', () => playbackOf(caller).at(-1) === 'completed');
        const fromMs = clock.nowMs();
        await until('half a second has passed', () => clock.nowMs() - fromMs > 500);
    }

    async function callerSpeaks(): Promise<void> {
        session.speechStarted();
        await until('speech is on its way', () => session.appendedMs > 0);
        session.speechStopped();
    }

    beforeAll(async () => {
        service = await TestServer.start((_seen, response) => {
            json(response, { balance: { amount: AMOUNT, currency: 'EUR' }, remark: NEVER_PICKED });
        });
        bench = await BotsBench.start({
            clock,
            openai: { response: SCRIPT },
            secrets: { BALANCE_TOKEN: TOKEN },
            profiles: { desk: deskProfile(service.host) },
        });
        const inputVariables = { customer_name: 'Anna Berg', contract: 'A 7&9' };
        caller = await bench.call('/desk', { inputVariables });
        session = await bench.fake.nextSession();
        await heardOut(1500);
        await callerSpeaks();
        await heardOut(3300);
        await callerSpeaks();
        summary = await caller.ended;
        await until('the call is freed', () => bench.callCount === 0);
    });

    afterAll(async () => {
        await bench.stop().finally(() => service.close());
    });

    it('greets by name: the model is told the name as data', () => {
        const [greeting] = session.received('response.create');
        expect(greeting?.response?.instructions).toContain('Greet "Anna Berg".');
        expect(session.effective.instructions).toContain('customer_name: "Anna Berg"');
    });

    it('asks the web service once, with the token of the environment and the contract that Architect named', () => {
        expect(service.seen).toHaveLength(1);
        expect(service.seen[0]).toMatchObject({ method: 'POST', url: '/contracts/A%207%269/balance' });
        expect(service.seen[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
        expect(JSON.parse(service.seen[0]?.body ?? '')).toEqual({ question: QUESTION });
    });

    it('tells the model what was picked of the answer and nothing else, before it asks for the next answer', () => {
        const items = session.received('conversation.item.create').map(({ item }) => JSON.stringify(item));
        expect(items).toHaveLength(1);
        expect(items[0]).toContain(`\\"amount\\":\\"${AMOUNT}\\"`);
        expect(items[0]).not.toContain(NEVER_PICKED);
        // Who takes the caller's turns changes with each response.
        const others = ['input_audio_buffer.append', 'session.update'];
        const types = session.frames.map(({ type }) => type).filter((type) => !others.includes(type ?? ''));
        const told = types.indexOf('conversation.item.create');
        expect(types.slice(told)).toEqual(['conversation.item.create', 'response.create']);
        expect(session.received('response.create')).toHaveLength(2);
    });

    it('lets the caller hear every word, the farewell to its last sample, and disconnects only then', () => {
        const words = [expectedPcmu(1, 1500), expectedPcmu(2, 1800), expectedPcmu(3, FAREWELL_MS)];
        expect(received(caller).equals(Buffer.concat(words))).toBe(true);
        expect(Buffer.from(caller.playedAudio).equals(Buffer.concat(words))).toBe(true);
        const playback = playbackOf(caller);
        expect(playback.slice(-2)).toEqual(['completed', 'disconnect']);
        expect(playback).not.toContain('flushed');
    });

    it('ends with “completed” and all that Architect is owed, every value a text', () => {
        expect(summary.disconnect?.reason).toBe('completed');
        const { worst_turn_ms: worst, cost_usd: cost, ...rest } = summary.disconnect?.outputVariables ?? {};
        expect(rest).toEqual({
            balance: AMOUNT,
            topic: 'instalments',
            transfer_reason: TRANSFER.reason,
            transfer_summary: TRANSFER.summary,
            end_reason: 'transfer',
            bot: 'desk',
            turns: '3',
            fallback_used: '',
        });
        expect(worst).toMatch(/^\d{2,5}$/);
        expect(cost).toMatch(/^0\.\d{4}$/);
        expect(Number(cost)).toBeGreaterThan(0);
    });

    it('writes each tool with its time into the record of the call', () => {
        const ended = bench.logs.lines.find(({ message }) => message === 'call ended');
        expect(ended?.fields).toMatchObject({ endReason: 'transfer', toolCalls: 3 });
        const called = bench.logs.lines.filter(({ message }) => message === 'A tool was called.');
        expect(called.map(({ fields }) => [fields['tool'], fields['outcome']])).toEqual([
            ['read_balance', 'ok'],
            ['set_variable', 'ok'],
            ['transfer_to_agent', 'ok'],
        ]);
    });

    it('leaves no token, no argument, no result and no value of the caller’s in any line of the log', () => {
        const secrets = [TOKEN, QUESTION, AMOUNT, NEVER_PICKED, 'Anna', 'A 7&9', 'A%207', ...Object.values(TRANSFER)];
        expect(secrets.filter((secret) => bench.logs.text.includes(secret))).toEqual([]);
        expect(bench.logs.text).toContain('read_balance');
    });

    it('keeps the rules of the protocol throughout', () => {
        expect([summary.outcome, summary.protocol.broken, summary.faults]).toEqual(['completed', [], []]);
    });
});
