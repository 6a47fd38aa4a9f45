import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callDocument, type CallDocument } from '../../src/call-records/document';
import { readUsage } from '../../src/services/realtime/events';
import { pricesOf, responseCostUsd } from '../../src/services/realtime/usage';
import { isFields, recordIn, type Fields } from '../../src/support/json';
import type { Caller } from '../../tools/caller/client';
import type { FakeSession } from '../../tools/fake-openai';
import { TestBench, until } from '../support/test-bench';

const CARD = '4111222233335678';
const OPENAI_KEY = 'sk-proj-9Zq8x7Wv6Ut5Sr4Qp3';
const BOT_WORDS = 'The purple elephant has told me all about your bill.';
const CALLER_WORDS = 'xylophone is my word, and my card is 4111 1111 1111 1111';
const ANI = 'tel:+12025550187';
const COLLECT = { name: 'collect_digits', arguments: { name: 'card', max_digits: 16, secure: true } };
const HANG_UP = { name: 'end_call', arguments: {} };

interface Call {
    bench: TestBench;
    caller: Caller;
    session: FakeSession;
}

describe('the records of real calls', () => {
    let folder: string;

    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), 'call-records-'));
    });

    afterEach(() => {
        rmSync(folder, { recursive: true, force: true });
    });

    async function start(env: Record<string, string>): Promise<TestBench> {
        return TestBench.start({
            openai: {
                vad: 'off',
                response: [
                    { text: 'Hello.', audioMs: 600 },
                    { text: BOT_WORDS, audioMs: 4000 },
                    { text: 'Please type it.', audioMs: 400, functionCalls: [COLLECT] },
                    { text: 'Thank you.', audioMs: 500, functionCalls: [HANG_UP] },
                    { text: 'Goodbye.', audioMs: 300 },
                ],
                callerTranscript: { texts: [CALLER_WORDS] },
            },
            env: {
                OPENAI_API_KEY: OPENAI_KEY,
                BARGE_IN: 'instant',
                FALLBACK: 'off',
                BOTS_FOLDER: 'off',
                CALL_RECORD_STORE: folder,
                ...env,
            },
        });
    }

    /** A greeting, an answer that is interrupted, an entry of the keypad, and a goodbye. */
    async function talk(bench: TestBench): Promise<Call> {
        const participant = { ani: ANI, dnis: '', aniName: 'Featherstone' };
        const caller = bench.caller({
            participant,
            inputVariables: { customer_name: 'Ada Lovelace', topic: 'a bill' },
        });
        await caller.dial();
        const session = await bench.fake.nextSession();
        const turn = async (): Promise<void> => {
            session.speechStarted();
            await new Promise((resolve) => setTimeout(resolve, 300));
            session.speechStopped();
        };
        await until('the greeting is heard', () => completed(caller) >= 1);
        await turn();
        await until('the answer is heard', () => caller.heardBytes > 8 * 1100);
        await turn();
        await until(
            'they are asked to type',
            () => session.sent.filter(({ type }) => type === 'response.done').length >= 3,
        );
        await until('they have heard it', () => completed(caller) >= 2);
        caller.dtmf(CARD);
        await caller.ended;
        return { bench, caller, session };
    }

    function completed(caller: Caller): number {
        return caller.events.filter((event) => event.kind === 'playback' && event.what === 'completed').length;
    }

    /** Every file of the store. */
    function files(): { name: string; text: string; mode: number }[] {
        return readdirSync(folder, { recursive: true, withFileTypes: true })
            .filter((entry) => entry.isFile())
            .map((entry) => join(entry.parentPath, entry.name))
            .map((path) => ({ name: path, text: readFileSync(path, 'latin1'), mode: statSync(path).mode & 0o777 }));
    }

    function onlyDocument(): CallDocument {
        const [only, ...others] = files().filter(({ name }) => name.endsWith('.json'));
        if (only === undefined || others.length > 0) throw new Error(`${others.length} documents`);
        return callDocument.parse(JSON.parse(Buffer.from(only.text, 'latin1').toString()));
    }

    function reported(caller: Caller): string[] {
        return caller.events.flatMap((event) => {
            const entities = event.kind === 'received' && event.type === 'event' ? event.parameters['entities'] : [];
            if (!Array.isArray(entities)) return [];
            const turns = (entities as unknown[]).filter(
                (each) => isFields(each) && each['type'] === 'bot_turn_response',
            );
            return turns.map((each) => String(recordIn(each as Record<string, unknown>, 'data')['text']));
        });
    }

    it('say what the caller saw, and cost what the price list says', async () => {
        const bench = await start({ CALL_RECORD: 'full' });
        const { caller, session } = await talk(bench);
        await bench.stop();
        const document = onlyDocument();
        expect(document).toMatchObject({
            mode: 'full',
            conversationId: caller.conversationId,
            bot: { name: 'openai' },
            endReason: 'bot_ended',
            inputVariables: { customer_name: '[customer_name]', topic: 'a bill' },
            cut: 0,
        });
        const { events, turns, figures } = document;
        // What Architect was told of each turn is what the record says was heard.
        expect(events.flatMap((event) => (event.kind === 'turn' ? [event.heard] : []))).toEqual(reported(caller));
        const flushed = caller.events.filter((event) => event.kind === 'playback' && event.what === 'flushed').length;
        expect(flushed).toBeGreaterThan(0);
        expect(events.filter(({ kind }) => kind === 'bargeIn').length).toBe(flushed);
        expect(turns.filter(({ interrupted }) => interrupted)).toHaveLength(flushed);
        expect(turns.find(({ interrupted }) => interrupted)).toMatchObject({
            said: 'xylophone is my word, and my card is [card]',
            generated: expect.stringMatching(/^The purple elephant/) as string,
        });
        expect(events.filter(({ kind }) => kind === 'key').length).toBe(figures.digits);
        expect(figures.digits).toBe(CARD.length);
        const heardMs = turns.reduce((sum, turn) => sum + turn.heardMs, 0);
        expect(Math.abs(heardMs - caller.heardBytes / 8)).toBeLessThan(400);
        expect(events.filter(({ kind }) => kind === 'playback').length).toBe(
            caller.events.filter((event) => event.kind === 'sent' && event.type.startsWith('playback_')).length,
        );
        // The bill, from what the service sent.
        const prices = pricesOf('gpt-realtime-2.1', bench.fake.url);
        if (prices === undefined) throw new Error('no prices');
        const bill = session.sent
            .map(({ event }) => event)
            .filter((event) => event['type'] === 'response.done')
            .reduce((sum, event) => {
                const usage = readUsage(recordIn(event['response'] as Fields, 'usage'));
                return sum + responseCostUsd(usage, prices);
            }, 0);
        const spent = events.reduce((sum, event) => sum + (event.kind === 'model' ? (event.costUsd ?? 0) : 0), 0);
        expect(spent).toBeCloseTo(bill, 9);
        expect(turns.reduce((sum, { costUsd = 0 }) => sum + costUsd, 0)).toBeCloseTo(bill, 9);
        expect(bill).toBeGreaterThan(0);
    });

    it.each(['full', 'metadata'])(
        'hold no secret in the mode %s, in no file, and each file is for this user alone',
        async (mode) => {
            const bench = await start({ CALL_RECORD: mode });
            await talk(bench);
            await bench.stop();
            const all = files();
            expect(all.filter(({ name }) => name.endsWith('.json'))).toHaveLength(1);
            expect(all.filter(({ name }) => name.includes('.open.jsonl') || name.includes('.process-'))).toEqual([]);
            for (const { mode: bits } of all) expect(bits & 0o077).toBe(0);
            const secrets = [
                OPENAI_KEY,
                bench.apiKey,
                bench.clientSecret,
                '2025550187',
                '5550187',
                'Featherstone',
                'Lovelace',
                '4111 1111',
            ];
            const runs = Array.from({ length: CARD.length - 5 }, (_, at) => CARD.slice(at, at + 6));
            const words = mode === 'metadata' ? ['xylophone', 'elephant', 'Goodbye', 'a bill'] : [];
            for (const { name, text } of all)
                for (const secret of [...secrets, ...runs, ...words])
                    expect({ name, secret, isIn: text.includes(secret) }).toEqual({ name, secret, isIn: false });
        },
    );

    it('that cannot be written change nothing for the call, and are one line of the log', async () => {
        const place = join(folder, 'a file');
        writeFileSync(place, '');
        const bench = await start({ CALL_RECORD: 'full', CALL_RECORD_STORE: place });
        const { caller } = await talk(bench);
        const { protocol } = await caller.ended;
        expect(protocol.broken).toEqual([]);
        await until('it was tried', () => bench.logs.codes.includes('ERR_CALL_STORE_WRITE'));
        await bench.stop();
        const errors = bench.logs.lines.filter(({ level }) => level === 'error').map(({ fields }) => fields['code']);
        expect(errors.sort()).toEqual(['ERR_CALL_JOURNAL', 'ERR_CALL_STORE_WRITE']);
    });

    it('are not made when nothing is to be recorded', async () => {
        const bench = await start({ CALL_RECORD: 'off' });
        await talk(bench);
        await bench.stop();
        expect(files()).toEqual([]);
    });
});
