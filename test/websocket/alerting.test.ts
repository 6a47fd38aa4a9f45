import { once } from 'node:events';
import { createServer, request, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ProcessState } from '../../src/metrics/process-state';
import { ServerMetrics } from '../../src/metrics/server-metrics';
import { Alerting } from '../../src/websocket/alerting';
import { systemClock } from '../../src/support/clock';
import { Server } from '../../src/websocket/server';
import { until } from '../services/realtime/support';
import { ColdBotService } from '../support/cold-bots';
import { FakeClock } from '../support/fake-clock';
import { LogRecorder } from '../support/log-recorder';
import { testConfig } from '../support/test-config';

const SECRET = 'a-secret-of-the-webhook';

const STATE: ProcessState = {
    activeCalls: 0,
    connections: 0,
    maxCalls: 10,
    isDraining: false,
    unavailable: undefined,
    load: undefined,
    upstreams: [],
    replayStore: undefined,
    callRecords: undefined,
};

interface Told {
    alert: string;
    state: string;
    server: string;
}

describe('alerts of a server', () => {
    let receiver: HttpServer;
    let url: URL;
    let told: Told[];

    beforeEach(async () => {
        told = [];
        receiver = createServer((post, response) => {
            let body = '';
            post.on('data', (piece) => (body += String(piece)));
            post.on('end', () => {
                told.push(JSON.parse(body) as Told);
                response.writeHead(204).end();
            });
        }).listen(0, '127.0.0.1');
        await once(receiver, 'listening');
        url = new URL(`http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`);
    });

    afterEach(() => {
        receiver.closeAllConnections();
        receiver.close();
    });

    it('are made of its metrics, and end with them', async () => {
        const clock = new FakeClock();
        const logger = new LogRecorder();
        const state: { current: ProcessState } = { current: STATE };
        const metrics = new ServerMetrics({ state: () => state.current, version: '' });
        const deps = { server: 'bot-1:8080', metrics, state: () => state.current, clock, logger };
        const alerting = new Alerting({ url, secret: SECRET, budgetUsd: 1 }, deps);
        alerting.start();
        const pass = async (seconds: number): Promise<void> => {
            for (let passed = 0; passed < seconds; passed += 5) {
                clock.advance(5000);
                // The counters are read in promises.
                for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
            }
        };
        metrics.refused('ERR_SERVER_OVERLOADED', 'cpu');
        metrics.calls.opened();
        metrics.calls.steppedDown('local', 'ERR_OPENAI_CONNECT');
        for (let i = 0; i < 12; i++) {
            metrics.authenticated({ ok: false, status: 401, code: 'ERR_SIGNATURE_MISMATCH' });
            metrics.authenticated({ ok: false, status: 401, code: 'ERR_KEY_MISSING' });
        }
        state.current = { ...STATE, upstreams: [{ name: 'openai-realtime', state: 'open' }] };
        await pass(15);
        await until(() => told.length === 4, 'the alerts');
        expect(told.map(({ alert, state }) => `${alert} ${state}`).sort()).toEqual([
            'admission_refusing firing',
            'authentication_failing firing',
            'fallback_in_use firing',
            'model_unreachable firing',
        ]);
        expect(new Set(told.map(({ server }) => server))).toEqual(new Set(['bot-1:8080']));
        state.current = STATE;
        await pass(600);
        await until(() => told.length === 8, 'their ends');
        expect(told.slice(4).every(({ state }) => state === 'resolved')).toBe(true);
        alerting.stop();
        alerting.stop();
        metrics.stop();
        expect(clock.pendingCount).toBe(0);
        expect(logger.lines).toEqual([]);
    });

    it('come from a running server without a port for metrics', async () => {
        const logger = new LogRecorder();
        const apiKeys = { kind: 'inline', json: '{"key":"c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"}' } as const;
        const config = testConfig({ apiKeys, alerts: { url, secret: SECRET, budgetUsd: undefined } });
        const botService = new ColdBotService(config, { clock: systemClock, logger });
        const server = new Server({ config, logger, botService });
        await server.start();
        expect(server.metricsAddress).toBeUndefined();
        const port = server.address?.port ?? 0;
        const headers = { Connection: 'Upgrade', Upgrade: 'websocket', 'X-API-KEY': 'unknown' };
        const handshake = { 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' };
        const refused = Array.from({ length: 12 }, async () => {
            const upgrade = request({
                port,
                host: '127.0.0.1',
                path: '/',
                headers: { ...headers, ...handshake },
            }).end();
            const [response] = (await once(upgrade, 'response')) as [{ statusCode: number; resume: () => void }];
            response.resume();
            return response.statusCode;
        });
        expect(new Set(await Promise.all(refused))).toEqual(new Set([401]));
        await until(() => told.length === 1, 'the alert', 15_000);
        expect(told[0]).toMatchObject({ alert: 'authentication_failing', state: 'firing' });
        expect(told[0]?.server.endsWith(`:${port}`)).toBe(true);
        await server.stop();
    }, 30_000);
});
