import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../../src/config/config';
import { createLogger } from '../../../src/support/logger';
import { Server } from '../../../src/websocket/server';
import type { ConsoleOptions } from '../../../tools/console/console-options';
import { bundlePages } from '../../../tools/console/pages';
import { startConsole, type RunningConsole } from '../../../tools/console/run-console';

const KEYS = JSON.stringify({ a2V5: Buffer.alloc(32, 7).toString('base64') });
const NOTHING: ConsoleOptions = {
    url: undefined,
    key: undefined,
    secret: undefined,
    port: 0,
    own: false,
    help: false,
};

let directory = '';
let running: RunningConsole | undefined;
let server: Server | undefined;

beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'console-'));
});

afterEach(async () => {
    await running?.close();
    await server?.stop();
    running = server = undefined;
    rmSync(directory, { recursive: true });
});

async function start(options: Partial<ConsoleOptions>, env: Record<string, string>): Promise<RunningConsole> {
    const around = { env: { LOG_LEVEL: 'silent', ...env }, directory, print: () => undefined, prettyLogs: false };
    running = await startConsole({ ...NOTHING, ...options }, { ...around, pages: new Map() });
    return running;
}

describe('npm run console', () => {
    it('starts a server when none runs, where .env says', async () => {
        writeFileSync(join(directory, '.env'), `AUDIOHOOK_API_KEYS=${KEYS}\nAUDIOHOOK_PATH=/a/b\nPORT=0\n`);
        const { ownServer, serverUrl, page } = await start({}, {});
        expect(ownServer).toBe(true);
        expect(serverUrl).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/a\/b$/);
        expect(page.link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#[\w-]{32}$/);
    });

    it('takes the server that runs, unless it is told to start its own', async () => {
        const config = loadConfig({ PORT: '0', AUDIOHOOK_API_KEYS: KEYS });
        server = new Server({ config, logger: createLogger({ level: 'silent' }) });
        await server.start();
        const PORT = String(server.address?.port);
        const taken = await start({}, { PORT, AUDIOHOOK_API_KEYS: KEYS });
        expect([taken.ownServer, taken.serverUrl]).toEqual([false, `ws://127.0.0.1:${PORT}/`]);
        await taken.close();
        expect((await start({ own: true }, { PORT, AUDIOHOOK_API_KEYS: KEYS })).ownServer).toBe(true);
    });

    it('is pointed at a deployed server', async () => {
        const { ownServer, serverUrl } = await start({ url: 'wss://bot.example/', key: 'k', secret: 's' }, {});
        expect([ownServer, serverUrl]).toEqual([false, 'wss://bot.example/']);
    });

    it('says what to do when there is no key', async () => {
        await expect(start({ url: 'wss://bot.example/' }, {})).rejects.toThrow('Give --key and --secret');
    });
});

describe('the files of the page', () => {
    it('are bundled in memory, whole, and name no other place', async () => {
        const pages = await bundlePages();
        const paths = ['/', '/console.css', '/icon.svg', '/page.js', '/line-worker.js'];
        expect([...pages.keys()]).toEqual(expect.arrayContaining([...paths, '/speaker-worklet.js']));
        for (const { body } of pages.values()) expect(body.length).toBeGreaterThan(200);
        for (const path of ['/', '/console.css']) expect(pages.get(path)?.body).not.toMatch(/https?:\/\//);
    });
});
