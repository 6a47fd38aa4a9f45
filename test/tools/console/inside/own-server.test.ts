import { loadConfig } from '../../../../src/config/config';
import { createLogger } from '../../../../src/support/logger';
import type { CallEventBody } from '../../../../tools/caller/call-event';
import { Caller } from '../../../../tools/caller/client';
import { startOwnServer, type OwnServer } from '../../../../tools/console/inside/own-server';
import { startFakeOpenAI, type FakeOpenAI } from '../../../../tools/fake-openai';
import { until } from '../../../websocket/harness';

const SECRET = Buffer.alloc(32, 7).toString('base64');
const logger = createLogger({ level: 'silent' });

const owns: OwnServer[] = [];
const callers: Caller[] = [];
let fake: FakeOpenAI | undefined;

afterEach(async () => {
    for (const caller of callers.splice(0)) caller.cut();
    for (const own of owns.splice(0)) await own.close();
    await fake?.close();
    fake = undefined;
});

async function start(env: Record<string, string>): Promise<OwnServer> {
    const keys = JSON.stringify({ a2V5: SECRET });
    const own = await startOwnServer(
        loadConfig({ PORT: '0', ADMISSION: 'off', AUDIOHOOK_API_KEYS: keys, ...env }),
        logger,
    );
    owns.push(own);
    return own;
}

function call(server: OwnServer, bot: string): { caller: Caller; events: CallEventBody[] } {
    const events: CallEventBody[] = [];
    const caller = new Caller({ url: `${server.url}?bot=${bot}`, apiKey: 'a2V5', clientSecret: SECRET });
    callers.push(caller);
    server.watchInside(caller.conversationId, (event) => events.push(event));
    return { caller, events };
}

describe("the console's own server", () => {
    it('shows what passes to OpenAI on the watched call, and on no other', async () => {
        fake = await startFakeOpenAI({ response: [{ text: 'Hello.', audioMs: 400 }] });
        const server = await start({ OPENAI_API_KEY: 'sk-x', OPENAI_REALTIME_URL: fake.url, FALLBACK: 'off' });
        const { caller, events } = call(server, 'openai');
        const other = new Caller({ url: `${server.url}?bot=openai`, apiKey: 'a2V5', clientSecret: SECRET });
        callers.push(other);
        await other.dial();
        await until(() => other.receivedAudio.length > 0);
        expect(events).toEqual([]);
        await caller.dial();
        await until(() => events.some((event) => event.kind === 'openai' && event.type === 'response.done'));
        const types = events.flatMap((event) => (event.kind === 'openai' ? [event.type] : []));
        expect(events.some(({ kind }) => kind === 'transcript')).toBe(true);
        expect(types.slice(0, 2)).toEqual(['session.created', 'session.update']);
        expect(types).toEqual(expect.arrayContaining(['session.updated', 'response.create', 'response.done']));
        expect(types.filter((type) => type === 'response.output_audio.delta')).toHaveLength(1);
        expect(server.bots).toEqual(expect.arrayContaining(['openai', 'local', 'echo']));
        for (const each of [caller, other]) each.hangUp();
        await Promise.all([caller.ended, other.ended]);
        expect(fake.faults).toEqual([]);
    });

    it('shows a bot without OpenAI too', async () => {
        const server = await start({});
        const { caller, events } = call(server, 'local');
        await caller.dial();
        await until(() => events.some(({ kind }) => kind === 'transcript'));
        caller.hangUp();
        expect((await caller.ended).outcome).toBe('completed');
    });

    it('takes another port when its own is taken', async () => {
        const first = await start({});
        const { port } = new URL(first.url);
        const second = await start({ PORT: port });
        expect(new URL(second.url).port).not.toBe(port);
    });
});
