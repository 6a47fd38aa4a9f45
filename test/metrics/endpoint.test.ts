import { LogRecorder } from '../support/log-recorder';
import { createServer, type AddressInfo } from 'node:net';
import { Server } from '../../src/websocket/server';
import {
    cleanUp,
    exchange,
    join,
    kept,
    startServer,
    statusOf,
    testConfig,
    until,
    joinCall,
} from '../websocket/harness';
import { metricsUrl, scrape, scrapeUntil } from './scraped';

const METRICS = { METRICS_PORT: '0' };
const TOKEN = 'a-token-of-this-test';

const NO_SECRETS = { getSecretsForKey: () => undefined };

afterEach(cleanUp);

describe('the port of the metrics', () => {
    it('is closed unless METRICS_PORT is set', async () => {
        const { server } = await startServer();
        expect(server.metricsAddress).toBeUndefined();
    });

    it('is open to this machine only, unless METRICS_HOST says otherwise', async () => {
        const { server } = await startServer({}, METRICS);
        expect(server.metricsAddress?.address).toBe('127.0.0.1');
    });

    it('answers in the text format of Prometheus', async () => {
        const { server } = await startServer({}, METRICS);
        const response = await fetch(metricsUrl(server));
        expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
        expect(await response.text()).toMatch(/^# HELP audioconnector_active_calls /m);
    });

    it('asks Node for nothing that is not public: to list handles can end the process', async () => {
        const internals = process as unknown as Record<'_getActiveHandles' | '_getActiveRequests', () => unknown[]>;
        const handles = jest.spyOn(internals, '_getActiveHandles');
        const requests = jest.spyOn(internals, '_getActiveRequests');
        const { server } = await startServer({}, METRICS);
        const text = await (await fetch(metricsUrl(server))).text();
        expect([handles.mock.calls.length, requests.mock.calls.length]).toEqual([0, 0]);
        expect(text).toMatch(/^nodejs_active_resources/m);
        handles.mockRestore();
        requests.mockRestore();
    });

    it('has nothing but the metrics, and takes no calls', async () => {
        const { server } = await startServer({}, METRICS);
        const statuses = async (path: string, method: string): Promise<number> =>
            (await fetch(new URL(path, metricsUrl(server)), { method })).status;
        expect(await statuses('/', 'GET')).toBe(404);
        expect(await statuses('/health', 'GET')).toBe(404);
        expect(await statuses('/metrics', 'POST')).toBe(405);
        expect(await statuses('/metrics?x=1', 'HEAD')).toBe(200);
        expect(await statusOf(server.metricsAddress?.port ?? 0, '/metrics')).toBeNaN();
        expect(await exchange(server.metricsAddress?.port ?? 0, 'no http\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
        expect((await scrape(server)).value('connections_accepted_total')).toBe(0);
    });

    it('wants the token, and says nothing to those who have none', async () => {
        const { server, log } = await startServer({}, { ...METRICS, METRICS_TOKEN: TOKEN });
        const get = (authorization?: string): Promise<Response> =>
            fetch(metricsUrl(server), authorization === undefined ? {} : { headers: { authorization } });
        for (const wrong of [undefined, '', 'Bearer', `Bearer ${TOKEN}x`, TOKEN, `Basic ${TOKEN}`]) {
            const response = await get(wrong);
            expect([response.status, await response.text()]).toEqual([401, '']);
        }
        expect((await get(`Bearer ${TOKEN}`)).status).toBe(200);
        expect(log.text).not.toContain(TOKEN);
    });

    it('that is taken ends the start with a code, and nothing stays open', async () => {
        const other = createServer();
        await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
        const { port } = other.address() as AddressInfo;
        const config = testConfig({ METRICS_PORT: String(port) });
        const server = kept(new Server({ config, logger: new LogRecorder(), secrets: NO_SECRETS }));
        await expect(server.start()).rejects.toMatchObject({
            code: 'ERR_METRICS_LISTEN',
            message: expect.stringContaining(`METRICS_HOST=127.0.0.1 METRICS_PORT=${port}: EADDRINUSE`) as string,
        });
        expect([server.address, server.metricsAddress]).toEqual([undefined, undefined]);
        other.close();
    });

    it('is closed again when the start fails after it', async () => {
        const other = createServer();
        await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
        const { port } = other.address() as AddressInfo;
        const config = { ...testConfig(METRICS), port };
        const server = kept(new Server({ config, logger: new LogRecorder(), secrets: NO_SECRETS }));
        await expect(server.start()).rejects.toMatchObject({ code: 'ERR_LISTEN' });
        expect(server.metricsAddress).toBeUndefined();
        other.close();
    });

    it('is open until the last call is over, and closed with the server', async () => {
        const test = await startServer({}, { ...METRICS, SHUTDOWN_DRAIN_SECONDS: '60', SHUTDOWN_GRACE_SECONDS: '5' });
        const client = await joinCall(test);
        const url = metricsUrl(test.server);
        const stopped = test.server.stop();
        const scraped = await scrapeUntil(test.server, (each) => each.value('draining') === 1);
        expect([scraped.value('active_calls'), scraped.value('ready')]).toEqual([1, 0]);
        expect(scraped.value('not_ready{reason="draining"}')).toBe(1);
        client.close();
        await stopped;
        await expect(fetch(url)).rejects.toThrow();
    });

    it('bears many who ask at once', async () => {
        const { server } = await startServer({}, METRICS);
        const texts = await Promise.all(
            Array.from({ length: 15 }, async () => (await fetch(metricsUrl(server))).text()),
        );
        expect(new Set(texts).size).toBeLessThanOrEqual(2);
    });
});

describe('what is counted before a call', () => {
    it('is the accepted, the refused with their code, and those who could not prove themselves', async () => {
        const refusing = {
            authenticate: () => Promise.resolve({ ok: false, status: 401, code: 'ERR_KEY_UNKNOWN' } as const),
        };
        const { server, port } = await startServer({ authenticator: refusing }, METRICS);
        expect(await statusOf(port)).toBe(401);
        expect(await statusOf(port, '/', { 'Sec-WebSocket-Version': '7' })).toBe(400);
        const scraped = await scrape(server);
        expect(scraped.value('authentication_failures_total{reason="ERR_KEY_UNKNOWN"}')).toBe(1);
        expect(scraped.value('refusals_total{reason="ERR_KEY_UNKNOWN",load=""}')).toBe(1);
        expect(scraped.value('refusals_total{reason="ERR_UPGRADE_MALFORMED",load=""}')).toBe(1);
        expect(scraped.value('connections_accepted_total')).toBe(0);
    });

    it('shows connections that are no calls yet apart from calls', async () => {
        const test = await startServer({}, METRICS);
        await join(test.port);
        await joinCall(test);
        await until(() => test.server.callCount === 2);
        const scraped = await scrape(test.server);
        expect([scraped.value('active_calls'), scraped.value('connections')]).toEqual([1, 2]);
        expect(scraped.value('connections_accepted_total')).toBe(2);
    });

    it('counts a refusal because of load with the reading that was beyond its limit', async () => {
        const loadMeter = {
            start: () => undefined,
            take: () => ({ eventLoopDelayMs: 500, cpuShare: 0, memoryBytes: 0 }),
            stop: () => undefined,
        };
        const test = await startServer({ loadMeter }, { ...METRICS, ADMISSION: 'load' });
        await join(test.port);
        const overloaded = 'load_ratio{reading="event-loop-delay"}';
        await scrapeUntil(test.server, (each) => each.value(overloaded) >= 1);
        const refused = 'refusals_total{reason="ERR_SERVER_OVERLOADED",load="event-loop-delay"}';
        expect(await statusOf(test.port)).toBe(503);
        const scraped = await scrapeUntil(test.server, (each) => each.value(refused) === 1);
        expect(scraped.value('ready')).toBe(0);
    });
});
