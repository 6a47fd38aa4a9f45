import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Caller } from '../../tools/caller/client';
import { expectedPcmu, type FakeOpenAI } from '../../tools/fake-openai';
import { until } from '../support/test-bench';
import { BotsBench, received, SERVER_KEY } from './bots-bench';

const AZURE_KEY = 'azure-0a1b2c3d4e';
const OTHER_KEY = 'sk-of-the-other-service';
const SECRETS = { DESK_KEY: AZURE_KEY, OTHER_KEY };
const ANSWER = { response: () => ({ text: 'Hello.', audioMs: 400 }) };

/** Every connection that a stand-in saw: where to, and how it showed who it is. */
function knocks(fake: FakeOpenAI | undefined): (readonly [string, unknown, unknown])[] {
    return (fake?.connections ?? []).map(({ url, headers }) => [url, headers['api-key'], headers.authorization]);
}

async function hearsTheModel(caller: Caller): Promise<void> {
    await until('the greeting is there', () => received(caller).length >= 3200);
    expect(received(caller).equals(expectedPcmu(1, 400))).toBe(true);
}

describe('Azure by the environment', () => {
    it.each([
        ['the resource alone', ''],
        ['the resource with a slash', '/'],
        ['the whole address as the portal shows it', '/openai/v1/'],
    ])('is asked at its own path with its own header and no Authorization, given %s', async (_form, path) => {
        const bench = await BotsBench.start({ openai: false });
        const azure = await bench.standIn(ANSWER);
        try {
            await bench.restart({
                AZURE_OPENAI_ENDPOINT: `http://127.0.0.1:${azure.port}${path}`,
                AZURE_OPENAI_API_KEY: AZURE_KEY,
                AZURE_OPENAI_DEPLOYMENT: 'our-realtime',
            });
            await hearsTheModel(await bench.call('/'));
            expect(knocks(azure)).toEqual([['/openai/v1/realtime?model=our-realtime', AZURE_KEY, undefined]]);
            expect(bench.logs.text).not.toContain(AZURE_KEY);
        } finally {
            await bench.stop();
        }
    });
});

describe('a bot with a way of its own to a model', () => {
    let bench: BotsBench;
    let own: FakeOpenAI;

    /** A bot `desk` whose way is `upstream`, beside `plain`, which takes the server's. */
    async function start(upstream: (port: number) => object, env: Record<string, string> = {}): Promise<void> {
        bench = await BotsBench.start({ openai: ANSWER });
        own = await bench.standIn(ANSWER);
        bench.write('desk.json', { upstream: upstream(own.port) });
        bench.write('plain.json', {});
        bench.write('lost.json', { upstream: { url: own.url, keyVariable: 'NOT_SET' } });
        await bench.restart({ OPENAI_ORG_ID: 'org-server', ...env }, SECRETS);
    }

    const azure = (port: number): object => {
        return { azure: { endpoint: `http://127.0.0.1:${port}`, deployment: 'our-realtime' }, keyVariable: 'DESK_KEY' };
    };

    afterEach(() => bench.stop());

    it('Azure: goes there in Azure’s form, and the other bot to the server’s with the server’s key', async () => {
        await start(azure);
        await hearsTheModel(await bench.call('/desk'));
        await hearsTheModel(await bench.call('/plain'));
        expect(knocks(own)).toEqual([['/openai/v1/realtime?model=our-realtime', AZURE_KEY, undefined]]);
        expect(JSON.stringify(own.connections)).not.toMatch(/org-server|sk-/);
        const asServer = ['/v1/realtime?model=gpt-realtime-2.1', undefined, `Bearer ${SERVER_KEY}`];
        expect(knocks(bench.fake)).toEqual([asServer]);
    });

    it('a compatible server: goes to its whole address with its own key, and takes nothing of the server’s along', async () => {
        await start((port) => ({ url: `ws://127.0.0.1:${port}/v1/realtime`, keyVariable: 'OTHER_KEY' }));
        await hearsTheModel(await bench.call('/desk'));
        expect(knocks(own)).toEqual([['/v1/realtime?model=gpt-realtime-2.1', undefined, `Bearer ${OTHER_KEY}`]]);
        expect(JSON.stringify(own.connections)).not.toMatch(new RegExp(`org-server|${SERVER_KEY}`));
        expect(bench.fake.connections).toEqual([]);
        expect(bench.logs.text).not.toContain(OTHER_KEY);
    });

    it('whose key is not set is answered by the local bot: never by the server’s key, wherever to', async () => {
        await start(azure);
        const caller = await bench.call('/lost');
        await until('the bot speaks', () => received(caller).length > 0);
        expect([own.connections, bench.fake.connections]).toEqual([[], []]);
    });

    it('has a breaker of its own: its outage closes no other bot’s way, and its calls stop knocking', async () => {
        await start(azure);
        own.plan({ refuse: 'insufficient_quota' }, 'every');
        for (let calls = 0; calls < 3; calls++) {
            const knocked = own.connections.length;
            const caller = await bench.call('/desk');
            await until('another bot speaks', () => received(caller).length > 0);
            expect(own.connections.length).toBeGreaterThan(knocked);
            caller.hangUp();
            await caller.ended;
        }
        const breakers = bench.logs.lines.filter(({ fields }) => fields['breaker'] === 'open');
        expect(breakers.map(({ fields }) => fields['upstream'])).toEqual(['openai-realtime-desk']);
        const knocked = own.connections.length;
        const fourth = await bench.call('/desk');
        await until('another bot speaks', () => received(fourth).length > 0);
        expect(own.connections).toHaveLength(knocked);
        await hearsTheModel(await bench.call('/plain'));
    });

    it('is not handed to the server’s account when its way is down: its talk goes nowhere else', async () => {
        const requests: string[] = [];
        const rest: Server = createServer((request, response) => {
            requests.push(request.url ?? '');
            response.writeHead(500).end();
        });
        await new Promise<void>((resolve) => rest.listen(0, '127.0.0.1', resolve));
        try {
            const { port } = rest.address() as AddressInfo;
            await start(azure, { OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1` });
            own.plan({ refuse: 'insufficient_quota' }, 'every');
            const caller = await bench.call('/desk');
            await until('another bot speaks', () => received(caller).length > 0);
            const steps = bench.logs.lines.filter(({ fields }) => fields['code'] === 'ERR_FALLBACK_STEP');
            expect(steps.map(({ fields }) => [fields['from'], fields['to']])).toEqual([['realtime', 'local']]);
            expect(requests).toEqual([]);
        } finally {
            rest.closeAllConnections();
            rest.close();
        }
    });
});
