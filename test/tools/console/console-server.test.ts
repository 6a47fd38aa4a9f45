import { request } from 'node:http';
import { networkInterfaces } from 'node:os';
import { WebSocket } from 'ws';
import type { CallEventBody } from '../../../tools/caller/call-event';
import { ConsoleServer, type CalledServer, type ConsoleServerOptions } from '../../../tools/console/console-server';
import { REFUSALS } from '../../../tools/console/origin-check';
import { AUDIO, readConsoleMessage, type ConsoleMessage, type PageMessage } from '../../../tools/console/page-protocol';
import { all, opened, play } from '../caller/breaches';
import { StubServer, until, type Reply } from '../caller/stub-server';
import { connects } from './connects';

const SETTINGS = { bot: 'b', language: 'en-us', variables: { tier: 'gold' }, frameMs: 20, hideKeys: false };
const SOUND = Uint8Array.from({ length: 800 }, (_, index) => index % 120);

let stub: StubServer | undefined;
let server: ConsoleServer | undefined;
const pages: PageLine[] = [];

afterEach(async () => {
    for (const page of pages.splice(0)) page.socket.terminate();
    await server?.close();
    await stub?.stop();
    server = stub = undefined;
});

/** A page, as the console sees it: hand-made, without a browser. */
class PageLine {
    readonly messages: ConsoleMessage[] = [];
    readonly audio: { kind: number; pcmu: Uint8Array }[] = [];
    closedWith: number | undefined;

    constructor(readonly socket: WebSocket) {
        pages.push(this);
        socket.on('error', () => undefined);
        socket.on('close', (code) => (this.closedWith = code));
        socket.on('message', (data: Buffer, isBinary) => {
            if (isBinary) this.audio.push({ kind: data[0] ?? 0, pcmu: Uint8Array.from(data.subarray(1)) });
            else this.messages.push(...[readConsoleMessage(data.toString('utf8'))].filter((m) => m !== undefined));
        });
    }

    send(message: PageMessage): void {
        this.socket.send(JSON.stringify(message));
    }

    all<Type extends ConsoleMessage['type']>(type: Type): Extract<ConsoleMessage, { type: Type }>[] {
        const isThat = (message: ConsoleMessage): message is Extract<ConsoleMessage, { type: Type }> =>
            message.type === type;
        return this.messages.filter(isThat);
    }

    get sent(): string[] {
        return this.all('event').flatMap(({ event }) => (event.kind === 'sent' ? [event.text] : []));
    }
}

async function start(script: Readonly<Record<string, Reply>> = {}, options: Partial<ConsoleServerOptions> = {}) {
    const started = await StubServer.start(script);
    stub = started;
    server = await ConsoleServer.start({
        url: started.url,
        credentials: { key: 'a2V5', secret: undefined },
        samples: new Map([['hello', SOUND]]),
        watchInside: undefined,
        print: () => undefined,
        pages: new Map([['/', { contentType: 'text/html', body: '<!doctype html>' }]]),
        port: 0,
        bots: () => ({ bots: [{ name: 'local', description: '', variables: [] }], defaultBot: 'local' }),
        ...options,
    });
    return { stub: started, server };
}

async function connect(to: ConsoleServer, token: string): Promise<PageLine> {
    const page = new PageLine(new WebSocket(`${to.origin.replace('http', 'ws')}/line`, { origin: to.origin }));
    await until(() => page.socket.readyState === WebSocket.OPEN);
    page.send({ type: 'hello', token });
    await until(() => page.messages.length > 0);
    return page;
}

async function enter(to: ConsoleServer): Promise<PageLine> {
    return connect(to, to.link.split('#')[1] ?? '');
}

/** Status, headers and body of a plain request. */
function get(to: ConsoleServer, headers: Record<string, string>, path = '/', method = 'GET') {
    return new Promise<{ status: number | undefined; policy: string; body: string }>((resolve, reject) => {
        const asked = request({ port: to.port, host: '127.0.0.1', path, method, headers }, (response) => {
            let body = '';
            response.on('data', (part) => (body += String(part)));
            response.on('end', () => {
                const policy = String(response.headers['content-security-policy'] ?? '');
                resolve({ status: response.statusCode, policy, body });
            });
        });
        asked.on('error', reject);
        asked.end();
    });
}

const UPGRADE = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
};

describe('access to the console', () => {
    it('serves the page under its own name only, with a policy that lets nothing in from elsewhere', async () => {
        const { server: to } = await start();
        const page = await get(to, {});
        expect([page.status, page.body]).toEqual([200, '<!doctype html>']);
        expect(page.policy).toContain("default-src 'none'");
        expect(page.policy).toContain(`connect-src ws://127.0.0.1:${to.port}`);
        expect(await get(to, { Host: 'rebound.example' })).toMatchObject({ status: 403, body: REFUSALS.host });
        expect((await get(to, {}, '/other')).status).toBe(404);
        expect((await get(to, {}, '/', 'POST')).status).toBe(405);
    });

    it('refuses a line of another origin, of none, and under another name, with a sentence', async () => {
        const { server: to } = await start();
        const refused = { status: 403, body: REFUSALS.origin };
        expect(await get(to, { ...UPGRADE, Origin: 'http://evil.example' })).toMatchObject(refused);
        expect(await get(to, { ...UPGRADE, Origin: 'null' })).toMatchObject(refused);
        expect(await get(to, UPGRADE)).toMatchObject(refused);
        const rebound = { ...UPGRADE, Host: 'rebound.example', Origin: 'http://rebound.example' };
        expect(await get(to, rebound)).toMatchObject({ status: 403, body: REFUSALS.host });
    });

    it('refuses a wrong token and a link that was used, and ends the line', async () => {
        const { server: to } = await start();
        const { link } = to;
        const wrong = await connect(to, 'wrong');
        expect(wrong.messages).toEqual([{ type: 'refused', why: REFUSALS.token }]);
        await until(() => wrong.closedWith === 4403);
        expect((await connect(to, link.split('#')[1] ?? '')).messages[0]?.type).toBe('welcome');
        expect((await connect(to, link.split('#')[1] ?? '')).messages).toEqual([
            { type: 'refused', why: REFUSALS.token },
        ]);
    });

    it('lets a second tab not in, not even with the pass, and the first one in again when it has gone', async () => {
        const links: string[] = [];
        const { server: to } = await start({}, { onPageGone: (link) => links.push(link) });
        const first = await enter(to);
        const pass = first.all('welcome')[0]?.pass ?? '';
        expect((await connect(to, pass)).messages).toEqual([{ type: 'refused', why: REFUSALS.busy }]);
        first.socket.close();
        await until(() => links.length === 1);
        expect((await connect(to, pass)).messages[0]?.type).toBe('welcome');
    });

    it('does not hear a page that has not shown a token', async () => {
        const { server: to, stub: called } = await start();
        const page = new PageLine(new WebSocket(`${to.origin.replace('http', 'ws')}/line`, { origin: to.origin }));
        await until(() => page.socket.readyState === WebSocket.OPEN);
        page.send({ type: 'call', settings: SETTINGS });
        page.send({ type: 'call', settings: SETTINGS });
        await until(() => page.closedWith === 4403);
        expect(called.calls).toEqual([]);
    });
});

describe('a server that can be seen from inside, asked for by the page', () => {
    async function startWithInside(
        startInside = jest.fn((): Promise<CalledServer> => Promise.reject(new Error('not expected'))),
    ) {
        const started = await start({}, { startInside });
        return { ...started, startInside };
    }

    it('is started for the page that was let in, and is called from then on', async () => {
        const inside = await StubServer.start({ open: all(opened(), play(SOUND)) });
        const watched: string[] = [];
        const startInside = jest.fn(() =>
            Promise.resolve({
                url: inside.url,
                bots: () => ({ bots: [], defaultBot: 'own' }),
                watchInside: (conversationId: string) => {
                    watched.push(conversationId);
                    return () => undefined;
                },
            }),
        );
        const { server: to, stub: before } = await startWithInside(startInside);
        const page = await enter(to);
        expect(page.all('welcome')[0]?.server).toMatchObject({ inside: false, canLookInside: true });
        page.send({ type: 'lookInside' });
        page.send({ type: 'lookInside' });
        await until(() => page.all('server').length === 1);
        expect(page.all('server')[0]?.server).toMatchObject({ inside: true, canLookInside: false, defaultBot: 'own' });
        page.send({ type: 'call', settings: SETTINGS });
        await until(() => to.currentController?.caller?.state === 'open');
        expect([before.calls.length, inside.calls.length, watched.length]).toEqual([0, 1, 1]);
        expect(startInside).toHaveBeenCalledTimes(1);
        await inside.stop();
    });

    it('says why none could be started, and goes on with the server that there is', async () => {
        const { server: to } = await startWithInside();
        const page = await enter(to);
        page.send({ type: 'lookInside' });
        await until(() => page.all('notInside').length === 1);
        expect(page.all('notInside')[0]?.why).toBe('not expected');
        page.send({ type: 'call', settings: SETTINGS });
        await until(() => page.all('dialled').length === 1);
    });

    it('is told to the page that is there when it has started, where that one was loaded anew meanwhile', async () => {
        let hasStarted: (server: CalledServer) => void = () => undefined;
        const { server: to, stub: called } = await startWithInside(
            jest.fn(() => new Promise<CalledServer>((resolve) => (hasStarted = resolve))),
        );
        const page = await enter(to);
        page.send({ type: 'lookInside' });
        page.socket.close();
        await until(() => page.closedWith !== undefined);
        const again = await connect(to, page.all('welcome')[0]?.pass ?? '');
        const bots = { bots: [], defaultBot: 'own' };
        hasStarted({ url: called.url, bots: () => bots, watchInside: () => () => undefined });
        await until(() => again.all('server').length === 1);
        expect(again.all('server')[0]?.server).toMatchObject({ inside: true, canLookInside: false, ...bots });
    });

    it('is started for no page of another origin, of none, without a token, with a wrong one, or by a plain request', async () => {
        const { server: to, startInside } = await startWithInside();
        const line = `${to.origin.replace('http', 'ws')}/line`;
        for (const origin of ['http://evil.example', 'null', `http://localhost.evil.example:${to.port}`, undefined]) {
            const socket = new WebSocket(line, { ...(origin !== undefined && { origin }) });
            const refused = new Promise<string>((resolve) => {
                socket.on('error', ({ message }) => {
                    resolve(message);
                });
                socket.on('open', () => {
                    socket.send(JSON.stringify({ type: 'lookInside' }));
                    resolve('open');
                });
            });
            expect(await refused).toBe('Unexpected server response: 403');
        }
        const silent = new PageLine(new WebSocket(line, { origin: to.origin }));
        await until(() => silent.socket.readyState === WebSocket.OPEN);
        silent.send({ type: 'lookInside' });
        silent.send({ type: 'lookInside' });
        await until(() => silent.closedWith === 4403);
        const wrong = await connect(to, 'x'.repeat(32));
        wrong.send({ type: 'lookInside' });
        await until(() => wrong.closedWith === 4403);
        for (const method of ['GET', 'POST', 'PUT']) expect((await get(to, {}, '/line', method)).status).not.toBe(200);
        expect(startInside).not.toHaveBeenCalled();
    });

    it('is out of reach for other machines: nothing listens on any address but 127.0.0.1', async () => {
        const { server: to } = await startWithInside();
        const others = Object.values(networkInterfaces())
            .flatMap((addresses) => addresses ?? [])
            .filter(({ internal, address }) => !internal && !address.startsWith('fe80'))
            .map(({ address }) => address);
        for (const host of ['127.0.0.2', '::1', ...others]) {
            expect([host, await connects(host, to.port)]).toEqual([host, false]);
        }
    });
});

describe('a call from the page', () => {
    const good = { open: all(opened(), play(SOUND)) };

    async function call(script: Readonly<Record<string, Reply>> = good, settings = SETTINGS) {
        const started = await start(script);
        const page = await enter(started.server);
        page.send({ type: 'call', settings });
        await until(() => started.server.currentController?.caller?.state === 'open');
        return { ...started, page };
    }

    const report = (what: 'started' | 'at' | 'completed' | 'flushed', heardBytes: number, flush = 0): PageMessage => ({
        type: 'playout',
        what,
        heardBytes,
        flush,
    });

    it('is a real call: bot, language, variables and audio both ways', async () => {
        const { stub: called, page } = await call();
        expect(called.call.request.url).toBe('/bot?line=1&bot=b');
        const { language, inputVariables } = called.call.texts[0]?.parameters ?? {};
        expect([language, inputVariables]).toEqual(['en-us', { tier: 'gold' }]);
        await until(() => page.audio.some(({ kind }) => kind === AUDIO.bot));
        expect(page.audio.find(({ kind }) => kind === AUDIO.bot)?.pcmu).toEqual(SOUND);
        const head = Buffer.alloc(9);
        head[0] = AUDIO.microphone;
        head.writeDoubleLE(Date.now(), 1);
        for (let i = 0; i < 10; i++) page.socket.send(Buffer.concat([head, Buffer.alloc(80, 0x31)]));
        await until(() => Buffer.concat(called.call.audio).includes(Buffer.alloc(80, 0x31)));
        await until(() => page.audio.some(({ kind, pcmu }) => kind === AUDIO.caller && pcmu.includes(0x31)));
    });

    it('says that it plays when the page plays, and not before', async () => {
        const { stub: called, page } = await call();
        await until(() => page.audio.length > 0);
        expect(called.call.types()).toEqual(['open']);
        page.send(report('started', 0));
        await until(() => called.call.types().includes('playback_started'));
        page.send(report('completed', 800));
        await until(() => called.call.types().includes('playback_completed'));
        expect(page.all('event').at(-1)?.event).toMatchObject({ kind: 'playback', what: 'completed', heardMs: 100 });
    });

    it('flushes the page on barge_in', async () => {
        const { stub: called, server: to, page } = await call();
        await until(() => page.audio.length > 0);
        page.send(report('started', 0));
        page.send(report('at', 400));
        await until(() => to.currentController?.caller?.heardBytes !== 0);
        called.call.event({ type: 'barge_in', data: {} });
        await until(() => page.all('flush').length === 1);
        const isFlushed = (message: ConsoleMessage): boolean =>
            message.type === 'event' && message.event.kind === 'playback' && message.event.what === 'flushed';
        await until(() => page.messages.some(isFlushed));
        // Sent with the message that asks for it, before anything else is told of it.
        const at = page.messages.findIndex(({ type }) => type === 'flush');
        expect(page.messages.findIndex(isFlushed)).toBeGreaterThan(at);
        page.send(report('flushed', 432, 1));
        await until(() => to.currentController?.caller?.playedAudio.length === 432);
        expect(to.currentController?.caller?.cutAudio).toEqual(SOUND.subarray(432));
        expect(called.call.types()).toContain('playback_completed');
    });

    it('presses keys, holds, says samples and recordings, and hangs up', async () => {
        const { stub: called, page } = await call();
        page.send({ type: 'key', digit: '7' });
        page.send({ type: 'hold', on: true });
        page.send({ type: 'hold', on: false });
        await until(() => called.call.types().includes('resumed'));
        page.send({ type: 'say', sample: 'hello' });
        await until(() => Buffer.concat(called.call.audio).includes(Buffer.from(SOUND)));
        page.socket.send(Buffer.concat([Buffer.of(AUDIO.recording), Buffer.alloc(320, 0x33)]));
        await until(() => Buffer.concat(called.call.audio).includes(Buffer.alloc(320, 0x33)));
        page.send({ type: 'hangUp' });
        await until(() => page.all('ended').length === 1);
        expect(called.call.types()).toEqual(expect.arrayContaining(['dtmf', 'paused', 'resumed', 'close']));
        expect(page.all('ended')[0]).toMatchObject({ good: true, sentence: 'The call is over.', checksBroken: 0 });
        expect(page.sent.some((text) => text.includes('"digit":"7"'))).toBe(true);
    });

    it('shows no key when keys are to be hidden', async () => {
        const { stub: called, page } = await call(good, { ...SETTINGS, hideKeys: true });
        page.send({ type: 'key', digit: '7' });
        await until(() => page.sent.some((text) => text.includes('dtmf')));
        expect(called.call.texts.at(-1)?.parameters).toEqual({ digit: '7' });
        expect(page.sent.join('')).not.toContain('"digit":"7"');
    });

    it('shows no key while the bot asks for a secret entry, and the keys around it', async () => {
        let tell: (event: CallEventBody) => void = () => undefined;
        let watches = 0;
        const started = await start(good, {
            watchInside: (_conversationId, listener) => {
                tell = listener;
                watches += 1;
                return () => (watches -= 1);
            },
        });
        const page = await enter(started.server);
        page.send({ type: 'call', settings: SETTINGS });
        await until(() => started.server.currentController?.caller?.state === 'open');
        const press = async (digit: string): Promise<void> => {
            const before = page.sent.length;
            page.send({ type: 'key', digit });
            await until(() => page.sent.slice(before).some((text) => text.includes('dtmf')));
        };
        await press('1');
        tell({ kind: 'keypad', secure: true });
        await press('7');
        tell({ kind: 'keypad', secure: false });
        await press('2');
        const keys = page.sent.flatMap((text) => /"digit":"(.)"/.exec(text)?.[1] ?? []);
        expect(keys).toEqual(['1', '•', '2']);
        page.send({ type: 'hangUp' });
        await until(() => page.all('ended').length === 1);
        expect(watches).toBe(0);
    });

    it('is hung up when the page goes away', async () => {
        const { stub: called, page } = await call();
        page.socket.terminate();
        await until(() => called.call.types().at(-1) === 'close');
    });

    it('is kept when the page is loaded anew during it: events, sound, and an end that says so', async () => {
        const { server: to, stub: called, page } = await call();
        page.send({ type: 'key', digit: '7' });
        await until(() => called.call.types().includes('dtmf') && page.audio.some(({ kind }) => kind === AUDIO.bot));
        const { pass = '' } = page.all('welcome')[0] ?? {};
        page.socket.close();
        await until(() => page.closedWith !== undefined);
        const again = await connect(to, pass);
        await until(() => again.all('ended').length === 1);
        expect(again.all('restored')).toEqual([{ type: 'restored', startedAt: page.all('dialled')[0]?.startedAt }]);
        expect(again.all('event').slice(0, page.all('event').length)).toEqual(page.all('event'));
        expect(again.audio.find(({ kind }) => kind === AUDIO.restoredBot)?.pcmu).toEqual(SOUND);
        expect(again.all('ended')[0]).toMatchObject({ good: true });
        expect(again.all('ended')[0]?.sentence).toContain('The page was loaded anew or closed during the call');
    });

    it('is kept without the keys that were to be hidden, until the next call', async () => {
        const { server: to, page } = await call(good, { ...SETTINGS, hideKeys: true });
        page.send({ type: 'key', digit: '7' });
        await until(() => page.sent.some((text) => text.includes('dtmf')));
        page.send({ type: 'hangUp' });
        await until(() => page.all('ended').length === 1);
        const { pass = '' } = page.all('welcome')[0] ?? {};
        page.socket.close();
        await until(() => page.closedWith !== undefined);
        const again = await connect(to, pass);
        await until(() => again.all('ended').length === 1);
        expect(again.sent.join('')).not.toContain('"digit":"7"');
        again.send({ type: 'call', settings: SETTINGS });
        await until(() => to.currentController?.caller?.state === 'open');
        again.socket.close();
        await until(() => again.closedWith !== undefined);
        const third = await connect(to, pass);
        await until(() => third.all('ended').length === 1);
        expect(third.all('restored')).toEqual([{ type: 'restored', startedAt: again.all('dialled')[0]?.startedAt }]);
        expect(third.sent.some((text) => text.includes('dtmf'))).toBe(false);
    });

    it('says in a sentence why there is none', async () => {
        const started = await start();
        const page = await enter(started.server);
        await started.stub.stop();
        page.send({ type: 'call', settings: SETTINGS });
        await until(() => page.all('ended').length === 1);
        expect(page.all('ended')[0]?.sentence).toContain('Nothing listens there.');
    });

    it('survives any message of a page', async () => {
        const { page, server: to } = await call();
        for (const text of ['', '{', '[]', '{"type":"key","digit":"A"}', 'null']) page.socket.send(text);
        for (const bytes of [[], [1], [1, 2, 3], [9, 9, 9], [1, ...new Array<number>(20).fill(255)]])
            page.socket.send(Buffer.from(bytes));
        page.send({ type: 'say', sample: '../../etc/passwd' });
        page.send({ type: 'key', digit: '1' });
        await until(() => page.sent.some((text) => text.includes('"digit":"1"')));
        expect(page.all('refused')).toHaveLength(5);
        expect(to.currentController?.caller?.state).toBe('open');
    });
});
