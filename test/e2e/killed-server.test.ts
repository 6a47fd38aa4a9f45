import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeWav } from '../../src/audio/wav';
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
    /** Sessions whose model has called its function. */
    const called = new Set<number>();

    beforeAll(async () => {
        compiled = CompiledServer.make();
        folder = mkdtempSync(join(tmpdir(), 'killed-'));
        openai = await startFakeOpenAI({
            vad: 'off',
            response: ({ sessionIndex }) => {
                if (called.has(sessionIndex)) return { text: 'A very long story.', audioMs: 60_000 };
                called.add(sessionIndex);
                return { functionCalls: [{ name: 'read_story', arguments: { title: 'The long one' } }] };
            },
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
            CALL_RECORDING: 'on',
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

    /** Path of the recording; undefined: there is none. */
    function recordingOf({ sessionId }: Caller): string | undefined {
        const name = files().find((each) => each.endsWith(`${sessionId}.wav`));
        return name === undefined ? undefined : join(folder, 'calls', name);
    }

    function recordedBytes(caller: Caller): number {
        const path = recordingOf(caller);
        return path === undefined ? 0 : statSync(path).size;
    }

    function documentOf({ sessionId }: Caller): string | undefined {
        return files().find((each) => each.endsWith(`${sessionId}.json`));
    }

    it('has its calls closed at the next start, with all that was known, and those of another server go on', async () => {
        const killed = await server();
        const other = await server();
        const lost = await callInMidAnswer(killed);
        const going = await callInMidAnswer(other);
        await until('some of it is recorded', () => recordedBytes(lost) > 16_000);
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
        expect(document.durationMs).toBeGreaterThan(100);
        for (const kind of ['opened', 'botReady', 'audio', 'playback'])
            expect(document.events.map((event) => event.kind)).toContain(kind);
        // The bot has no such function: the record does not say by what name the model called it.
        expect(document.events.filter(({ kind }) => kind === 'tool')).toMatchObject([
            { name: 'unknown', argumentsJson: '{"title":"The long one"}', output: expect.any(String) as string },
        ]);
        expect(document.turns).toMatchObject([{ number: 1, begunBy: 'bot' }]);
        const { recording } = document;
        expect(recording).toEqual({ name: `${lost.sessionId}.wav`, bytes: recordedBytes(lost), fromMs: 0 });
        // The lengths stand in its header again.
        const wav = readFileSync(recordingOf(lost) ?? '');
        expect(wav.readUInt32LE(4)).toBe(wav.length - 8);
        expect(decodeWav(wav)).toMatchObject({ channels: 2, rateHz: 8000, encoding: 'mulaw' });
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
