import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';
import { loadConfig } from '../../src/config/config';
import { HostList } from '../../src/services/functions/http/address-guard';
import { createHttpClient } from '../../src/services/functions/http/client';
import { RealtimeTransport } from '../../src/services/realtime/connection';
import { judgeEnd, type TransportEnd } from '../../src/services/realtime/errors';
import { createHTTPClient } from '../../src/speech/openai-http-client';
import { systemClock } from '../../src/support/clock';
import { proxyAgentFor, ProxyFault, proxyFaultIn, proxyFor } from '../../src/support/proxy';
import { ConnectProxy } from './connect-proxy';

const TLS = join(__dirname, '..', 'fixtures', 'tls');
const NAMES = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy', 'NO_PROXY', 'no_proxy', 'HTTP_PROXY'];
const before = { ...process.env };
const started: ConnectProxy[] = [];

function setProxy(env: Record<string, string>): void {
    for (const name of NAMES) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, env);
}

async function startProxy(...options: Parameters<typeof ConnectProxy.start>): Promise<ConnectProxy> {
    const proxy = await ConnectProxy.start(...options);
    started.push(proxy);
    setProxy({ HTTPS_PROXY: `http://anna:s3cret@${proxy.host}` });
    return proxy;
}

afterEach(async () => {
    process.env = { ...before };
    await Promise.all(started.splice(0).map((proxy) => proxy.stop()));
});

describe('the proxy on the way to an address', () => {
    it.each([
        ['https://api.openai.com/v1', 'http://proxy.test:3128/'],
        ['wss://api.openai.com/v1/realtime', 'http://proxy.test:3128/'],
        ['https://orders.internal.example', undefined],
        ['https://api.eu.example:8443', undefined],
        ['https://localhost:9000', undefined],
        ['wss://127.0.0.1:9000', undefined],
        ['https://[::1]:9000', undefined],
        ['ws://api.openai.com', undefined],
        ['http://api.openai.com', undefined],
    ])('of %s is %s', (address, proxy) => {
        setProxy({ HTTPS_PROXY: 'http://proxy.test:3128', NO_PROXY: '.internal.example, api.eu.example:8443' });
        expect(proxyFor(address)?.href).toBe(proxy);
    });

    it('is the one of the name in small letters first, and of ALL_PROXY where there is no other', () => {
        setProxy({ https_proxy: 'http://a.test', HTTPS_PROXY: 'http://b.test', ALL_PROXY: 'http://c.test' });
        expect(proxyFor('https://x.test')?.host).toBe('a.test');
        setProxy({ ALL_PROXY: 'http://c.test' });
        expect(proxyFor('https://x.test')?.host).toBe('c.test');
        setProxy({ HTTPS_PROXY: 'http://b.test', NO_PROXY: '*' });
        expect(proxyFor('https://x.test')).toBeUndefined();
    });

    it('is refused at the start where HTTPS_PROXY is none, and its password is not shown', () => {
        for (const wrong of ['proxy:3128', 'socks5://proxy:1080', 'http://u:s3cret@proxy/path'])
            expect(() => loadConfig({ HTTPS_PROXY: wrong })).toThrow(
                /^(?=.*HTTPS_PROXY.*an `http:\/\/` or `https:\/\/` address)(?!.*s3cret)/s,
            );
        expect(() => loadConfig({ HTTPS_PROXY: 'http://u:s3cret@proxy:3128', NO_PROXY: '.x' })).not.toThrow();
    });
});

describe('a request through the proxy of HTTPS_PROXY', () => {
    let service: Server;

    beforeEach(async () => {
        service = createServer({ key: readFileSync(join(TLS, 'key.pem')), cert: readFileSync(join(TLS, 'cert.pem')) });
        service.on('request', (request, response) => {
            request.resume().on('end', () => {
                const isUpload = request.headers['content-type']?.startsWith('multipart/form-data; boundary=') === true;
                response.setHeader('content-type', 'application/json');
                response.end(isUpload ? '{"text":"words of the file"}' : `"${request.headers.host ?? ''}"`);
            });
        });
        new WebSocketServer({ server: service }).on('connection', (socket) => {
            socket.send('a frame');
        });
        service.listen(0, '127.0.0.1');
        await once(service, 'listening');
    });

    afterEach(async () => {
        service.closeAllConnections();
        service.close();
        await once(service, 'close');
    });

    it('reaches the service: of a tool, of OpenAI over HTTP with an upload, and of the Realtime socket', async () => {
        const proxy = await startProxy({ targetPort: (service.address() as AddressInfo).port });
        const script = join(__dirname, 'proxied-requests.ts');
        const child = spawn(process.execPath, ['--require', require.resolve('tsx/cjs'), script], {
            env: { ...process.env, NODE_EXTRA_CA_CERTS: join(TLS, 'cert.pem') },
        });
        let [out, err] = ['', ''];
        child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
        child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
        await once(child, 'close');
        expect(err).toBe('');
        expect(JSON.parse(out)).toEqual({
            tool: '"orders.service.test"',
            http: 'words of the file',
            realtime: 'a frame',
        });
        expect(proxy.asked).toEqual(['orders.service.test:443', 'api.service.test:443', 'api.service.test:443']);
        expect(new Set(proxy.credentials)).toEqual(new Set([`Basic ${btoa('anna:s3cret')}`]));
    }, 30_000);
});

describe('a proxy that lets nothing through', () => {
    const url = new URL('https://orders.service.test/status');

    function endOfRealtime(): Promise<TransportEnd> {
        return new Promise((resolve) => {
            const nothing = (): void => undefined;
            new RealtimeTransport('wss://api.service.test/v1/realtime', {}, systemClock, {
                opened: nothing,
                frame: nothing,
                ended: resolve,
            });
        });
    }

    function faultOfTool(): Promise<unknown> {
        const request = { method: 'GET', url, headers: {}, hosts: new HostList([url.host]) };
        return createHttpClient()({ ...request, signal: new AbortController().signal }).catch(
            (fault: unknown) => fault,
        );
    }

    function faultOfHTTP(): Promise<unknown> {
        const client = createHTTPClient({ apiKey: 'sk-test', baseURL: 'https://api.service.test/v1' });
        return client.models.list().catch((fault: unknown) => proxyFaultIn(fault));
    }

    function faultIn(end: TransportEnd): unknown {
        return end.kind === 'proxy' ? end.fault : end;
    }

    it.each([
        [407, 'fatal'],
        [403, 'fatal'],
        [502, 'retry'],
    ])('but answers %s is named without its password: no response of OpenAI, and %s', async (status, verdict) => {
        const { host } = await startProxy({ refuseWith: status });
        const end = await endOfRealtime();
        expect(judgeEnd(end).kind).toBe(verdict);
        for (const fault of [faultIn(end), await faultOfTool(), await faultOfHTTP()]) {
            expect(fault).toBeInstanceOf(ProxyFault);
            expect(fault).toMatchObject({
                code: 'ERR_PROXY',
                detail: `http://${host}: answered CONNECT with ${status}.`,
                facts: { proxy: `http://${host}`, status },
            });
        }
    });

    it('because nothing listens there is named, and worth another attempt', async () => {
        const proxy = await ConnectProxy.start();
        const { host } = proxy;
        await proxy.stop();
        setProxy({ HTTPS_PROXY: `http://anna:s3cret@${host}` });
        const end = await endOfRealtime();
        expect(judgeEnd(end)).toMatchObject({ kind: 'retry', why: expect.stringContaining(host) as string });
        for (const fault of [faultIn(end), await faultOfTool(), await faultOfHTTP()])
            expect(fault).toMatchObject({
                detail: `http://${host}: cannot be reached (ECONNREFUSED).`,
                facts: { proxy: `http://${host}`, systemError: 'ECONNREFUSED' },
            });
    });

    it('and never answers is named after its limit, and keeps no connection', async () => {
        const proxy = await startProxy({ silent: true });
        const asked = request(url, { agent: proxyAgentFor(url, 20) });
        const fault = await once(asked, 'error');
        expect(fault).toMatchObject([{ detail: `http://${proxy.host}: gave no answer.` }]);
        await until(() => proxy.openCount === 0);
    });
});

/** Jest's time limit ends a wait that is in vain. */
async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}
