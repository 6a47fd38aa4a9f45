import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callDocument } from '../../src/call-records/document';
import { Caller } from '../../tools/caller/client';
import { startFakeOpenAI, type FakeOpenAI } from '../../tools/fake-openai';
import { ServerProcess } from '../deploy/server-process';
import { until } from '../support/test-bench';
import { CompiledServer } from '../websocket/compiled-server';

const API_KEY = randomBytes(18).toString('base64');
const CLIENT_SECRET = randomBytes(32).toString('base64');

describe('a server that is killed in mid-call', () => {
    let compiled: CompiledServer;
    let openai: FakeOpenAI;
    let folder: string;
    const servers: ServerProcess[] = [];
    const callers: Caller[] = [];

    beforeAll(async () => {
        compiled = CompiledServer.make();
        folder = mkdtempSync(join(tmpdir(), 'killed-'));
        openai = await startFakeOpenAI({
            vad: 'off',
            response: () => ({ text: 'A very long story.', audioMs: 60_000 }),
        });
    });

    afterAll(async () => {
        for (const caller of callers) caller.hangUp();
        for (const server of servers) await server.kill();
        await openai.close();
        compiled.remove();
        rmSync(folder, { recursive: true, force: true });
    });

    async function server(): Promise<ServerProcess> {
        const started = await ServerProcess.start(compiled, folder, {
            AUDIOHOOK_API_KEYS: JSON.stringify({ [API_KEY]: CLIENT_SECRET }),
            BOTS_FOLDER: 'off',
            FALLBACK: 'off',
            OPENAI_API_KEY: 'sk-test',
            OPENAI_REALTIME_URL: openai.url,
            CALL_RECORD: 'full',
        });
        servers.push(started);
        return started;
    }

    /** A caller who hears the bot, and whose journal says so. */
    async function callInMidAnswer(to: ServerProcess): Promise<Caller> {
        const caller = new Caller({ url: to.url, apiKey: API_KEY, clientSecret: CLIENT_SECRET });
        callers.push(caller);
        const outcome = await caller.dial();
        if (!outcome.ok) throw new Error(outcome.why);
        await until('the bot is heard', () => caller.heardBytes > 8000);
        await until('the journal has it', () => journalOf(caller).includes('"kind":"playback"'));
        return caller;
    }

    function files(): string[] {
        const store = join(folder, 'calls');
        return existsSync(store) ? readdirSync(store, { recursive: true, encoding: 'utf8' }) : [];
    }

    function journalOf({ sessionId }: Caller): string {
        const name = files().find((each) => each.endsWith(`${sessionId}.open.jsonl`));
        return name === undefined ? '' : readFileSync(join(folder, 'calls', name), 'utf8');
    }

    function documentOf({ sessionId }: Caller): string | undefined {
        return files().find((each) => each.endsWith(`${sessionId}.json`));
    }

    it('has its calls closed at the next start, with all that was known, and those of another server go on', async () => {
        const killed = await server();
        const other = await server();
        const lost = await callInMidAnswer(killed);
        const going = await callInMidAnswer(other);
        await killed.kill();
        expect(documentOf(lost)).toBeUndefined();
        await killed.start();
        await until('the call is closed', () => documentOf(lost) !== undefined && journalOf(lost) === '');
        const path = join(folder, 'calls', documentOf(lost) ?? '');
        const document = callDocument.parse(JSON.parse(readFileSync(path, 'utf8')));
        expect(document).toMatchObject({
            sessionId: lost.sessionId,
            conversationId: lost.conversationId,
            endReason: 'process_died',
            bot: { name: 'openai' },
            figures: { pricesAsOf: expect.stringMatching(/^\d{4}-\d{2}$/) as string },
        });
        expect(document.durationMs).toBeGreaterThan(500);
        for (const kind of ['opened', 'botReady', 'audio', 'playback'])
            expect(document.events.map((event) => event.kind)).toContain(kind);
        expect(document.turns).toMatchObject([{ number: 1, begunBy: 'bot' }]);
        // The other server’s call was left alone, and is recorded as any other.
        expect(journalOf(going)).not.toBe('');
        expect(documentOf(going)).toBeUndefined();
        going.hangUp();
        await going.ended;
        await until('the other call is stored', () => documentOf(going) !== undefined && journalOf(going) === '');
        const stored = readFileSync(join(folder, 'calls', documentOf(going) ?? ''), 'utf8');
        expect(callDocument.parse(JSON.parse(stored)).endReason).toBe('client_end');
    });
});
