import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createApplication as createExpress } from '../../examples/embed-express/app';
import { createApplication as createFastify } from '../../examples/embed-fastify/app';
import { loadConfig, type Server } from '../../src/api';
import { silentLogger } from '../../src/support/logger';
import type { CallSummary } from '../../tools/caller/call-record';
import { Caller } from '../../tools/caller/client';

const API_KEY = 'my-api-key';
const CLIENT_SECRET = Buffer.alloc(32, 'mine').toString('base64');

function options() {
    const config = loadConfig({
        ADMISSION: 'off',
        AUDIOHOOK_PATH: '/audiohook',
        AUDIOHOOK_API_KEYS: JSON.stringify({ [API_KEY]: CLIENT_SECRET }),
        BOTS_FOLDER: 'off',
        DEFAULT_BOT: 'echo',
        SHUTDOWN_DRAIN_SECONDS: '0',
        SHUTDOWN_GRACE_SECONDS: '0',
    });
    return { config, logger: silentLogger };
}

/** An application that runs. */
interface Running {
    calls: Server;
    port: number;
    close: () => Promise<void>;
}

const APPLICATIONS: [name: string, start: () => Promise<Running>][] = [
    [
        'Express',
        async () => {
            const { http, calls } = createExpress(options());
            await calls.start();
            await once(http.listen(0, '127.0.0.1'), 'listening');
            const close = async () => {
                await calls.stop();
                http.closeAllConnections();
                await new Promise((resolve) => http.close(resolve));
            };
            return { calls, port: (http.address() as AddressInfo).port, close };
        },
    ],
    [
        'Fastify',
        async () => {
            const { app, calls } = createFastify(options());
            await app.listen({ port: 0, host: '127.0.0.1' });
            return { calls, port: (app.server.address() as AddressInfo).port, close: () => app.close() };
        },
    ],
];

describe.each(APPLICATIONS)('calls inside an application of %s', (_name, start) => {
    let running: Running;

    beforeEach(async () => {
        running = await start();
    });

    afterEach(() => running.close());

    function caller(clientSecret: string): Caller {
        const url = `ws://127.0.0.1:${running.port}/audiohook`;
        return new Caller({ url, apiKey: API_KEY, clientSecret, audio: new Uint8Array(8000).fill(0xff) });
    }

    async function called(): Promise<CallSummary> {
        const line = caller(CLIENT_SECRET);
        line.once('playbackCompleted', () => {
            line.hangUp();
        });
        await line.dial();
        return line.ended;
    }

    async function got(path: string): Promise<{ status: number; text: string }> {
        const response = await fetch(`http://127.0.0.1:${running.port}${path}`, { headers: { Connection: 'close' } });
        return { status: response.status, text: await response.text() };
    }

    it('answers a signed call, beside the route of the application', async () => {
        const { outcome, protocol } = await called();
        expect({ outcome, broken: protocol.broken }).toEqual({ outcome: 'completed', broken: [] });
        expect(await got('/hello')).toEqual({ status: 200, text: 'Hello.\n' });
    });

    it('refuses a wrong signature', async () => {
        const dialled = await caller(Buffer.alloc(32, 'other').toString('base64')).dial();
        expect(dialled).toMatchObject({ ok: false, status: 401 });
        expect(running.calls.callCount).toBe(0);
    });

    it('answers /health and /ready, which knows when the calls end, and leaves other paths to the application', async () => {
        expect(await got('/health')).toEqual({ status: 200, text: '{"status":"ok"}' });
        expect(await got('/ready')).toEqual({ status: 200, text: '{"status":"ready"}' });
        await running.calls.stop();
        expect(await got('/ready')).toEqual({ status: 503, text: '{"status":"draining"}' });
        expect((await got('/other')).status).toBe(404);
    });
});
