import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { loadConfig } from '../../../src/config/config';
import { createLogger } from '../../../src/support/logger';
import { Server } from '../../../src/websocket/server';
import type { ConsoleOptions } from '../../../tools/console/console-options';
import {
    readConsoleMessage,
    type ConsoleMessage,
    type PageMessage,
    type ServerView,
} from '../../../tools/console/page-protocol';
import { bundlePages } from '../../../tools/console/pages';
import { startConsole, type RunningConsole } from '../../../tools/console/run-console';
import { connects } from './connects';

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

/** A folder with one bot. */
function bots(): string {
    const profile = {
        description: 'Answers at the desk.',
        instructions: 'You answer.',
        inputVariables: {
            who: { description: 'The name.', required: true, maxLength: 60 },
            tries: { type: 'number', default: 3 },
        },
    };
    mkdirSync(join(directory, 'bots'));
    writeFileSync(join(directory, 'bots', 'desk.json'), JSON.stringify(profile));
    return join(directory, 'bots');
}

/** What the console says to the page that comes in with its link, or with a pass. */
async function ask<Type extends ConsoleMessage['type']>(
    { page }: RunningConsole,
    type: Type,
    token: string,
    ...more: PageMessage[]
): Promise<Extract<ConsoleMessage, { type: Type }>> {
    const socket = new WebSocket(`${page.origin.replace('http', 'ws')}/line`, { origin: page.origin });
    socket.on('open', () => {
        for (const message of [{ type: 'hello', token }, ...more]) socket.send(JSON.stringify(message));
    });
    const found = await new Promise<Extract<ConsoleMessage, { type: Type }>>((resolve) => {
        socket.on('message', (data: Buffer) => {
            const message = readConsoleMessage(data.toString('utf8'));
            if (message?.type === type) resolve(message as Extract<ConsoleMessage, { type: Type }>);
        });
    });
    socket.close();
    await new Promise((resolve) => socket.once('close', resolve));
    return found;
}

function welcomed(console: RunningConsole): Promise<Extract<ConsoleMessage, { type: 'welcome' }>> {
    return ask(console, 'welcome', console.page.link.split('#')[1] ?? '');
}

async function lookInside(console: RunningConsole, pass: string): Promise<ServerView> {
    return (await ask(console, 'server', pass, { type: 'lookInside' })).server;
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
        const config = loadConfig({ PORT: '0', ADMISSION: 'off', AUDIOHOOK_API_KEYS: KEYS });
        server = new Server({ config, logger: createLogger({ level: 'silent' }) });
        await server.start();
        const PORT = String(server.address?.port);
        const taken = await start({}, { PORT, AUDIOHOOK_API_KEYS: KEYS });
        expect([taken.ownServer, taken.serverUrl]).toEqual([false, `ws://127.0.0.1:${PORT}/`]);
        await taken.close();
        expect((await start({ own: true }, { PORT, AUDIOHOOK_API_KEYS: KEYS })).ownServer).toBe(true);
    });

    it('offers to look inside a server that runs, in a server of its own on loopback; not in production, not elsewhere', async () => {
        const config = loadConfig({ PORT: '0', ADMISSION: 'off', AUDIOHOOK_API_KEYS: KEYS });
        server = new Server({ config, logger: createLogger({ level: 'silent' }) });
        await server.start();
        const env = { PORT: String(server.address?.port), AUDIOHOOK_API_KEYS: KEYS, HOST: '0.0.0.0' };
        const taken = await start({}, env);
        const before = await welcomed(taken);
        expect(before.server).toMatchObject({ inside: false, canLookInside: true, defaultBot: 'default' });
        const after = await lookInside(taken, before.pass);
        expect(after).toMatchObject({ inside: true, canLookInside: false });
        expect(after.name).toMatch(/^127\.0\.0\.1:\d+$/);
        expect(after.name).not.toContain(env.PORT);
        // HOST asks for every address; a server that is started for the page listens on one only.
        expect(await connects('127.0.0.2', Number(after.name.split(':')[1]))).toBe(false);
        await taken.close();
        const production = await start({}, { ...env, NODE_ENV: 'production' });
        expect((await welcomed(production)).server).toMatchObject({ inside: false, canLookInside: false });
        await production.close();
        const elsewhere = await start({ url: `ws://127.0.0.1:${env.PORT}/` }, env);
        expect((await welcomed(elsewhere)).server).toMatchObject({ canLookInside: false, defaultBot: '' });
    });

    it('lists the bots with what they are for and the input variables that they take', async () => {
        const { server: own } = await welcomed(
            await start({}, { AUDIOHOOK_API_KEYS: KEYS, PORT: '0', BOTS_FOLDER: bots() }),
        );
        expect(own.defaultBot).toBe('local');
        expect(own.bots.map(({ name }) => name)).toEqual(['desk', 'local', 'echo', 'silent']);
        expect(own.bots[0]).toEqual({
            name: 'desk',
            description: 'Answers at the desk.',
            variables: [
                { name: 'who', type: 'string', description: 'The name.', byDefault: '', required: true, maxLength: 60 },
                { name: 'tries', type: 'number', description: '', byDefault: '3', required: false, maxLength: 200 },
            ],
        });
    });

    it('gives its own server what the module of EXTENSIONS gives `npm start`', async () => {
        const module = join(directory, 'mine.cjs');
        writeFileSync(module, "module.exports = { bots: { mine: () => { throw new Error('not called') } } };");
        const { server: own } = await welcomed(
            await start({}, { AUDIOHOOK_API_KEYS: KEYS, PORT: '0', EXTENSIONS: module }),
        );
        expect(own.bots).toContainEqual({ name: 'mine', description: '', variables: [] });
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
