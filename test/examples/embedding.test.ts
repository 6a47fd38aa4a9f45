import { once } from 'node:events';
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket } from 'ws';
import { addCalls, createApplication } from '../../examples/embedding/app';
import { loadConfig } from '../../src/config/config';
import type { Server } from '../../src/websocket/server';
import { newNonce, upgradeHeaders } from '../../tools/caller/signer';

const API_KEY = 'my-api-key';
const CLIENT_SECRET = Buffer.alloc(32, 'mine').toString('base64');

describe('the example of a server inside an application', () => {
    let http: HttpServer;
    let calls: Server;
    let port: number;
    let lines: string[];

    beforeEach(async () => {
        lines = [];
        http = createApplication();
        const config = loadConfig({
            ADMISSION: 'off',
            AUDIOHOOK_PATH: '/audiohook',
            AUDIOHOOK_API_KEYS: JSON.stringify({ [API_KEY]: CLIENT_SECRET }),
            BOTS_FOLDER: 'off',
            DEFAULT_BOT: 'echo',
            SHUTDOWN_DRAIN_SECONDS: '0',
            SHUTDOWN_GRACE_SECONDS: '0',
        });
        calls = addCalls(http, (line) => lines.push(line), { config });
        await calls.start();
        await once(http.listen(0, '127.0.0.1'), 'listening');
        port = (http.address() as AddressInfo).port;
    });

    afterEach(async () => {
        await calls.stop();
        http.closeAllConnections();
        await new Promise((resolve) => http.close(resolve));
    });

    function call(clientSecret: string): WebSocket {
        const headers = upgradeHeaders({
            organizationId: crypto.randomUUID(),
            sessionId: crypto.randomUUID(),
            correlationId: crypto.randomUUID(),
            apiKey: API_KEY,
            requestTarget: '/audiohook',
            authority: `127.0.0.1:${port}`,
            createdSeconds: Math.floor(Date.now() / 1000),
            nonce: newNonce(),
            clientSecret,
        });
        return new WebSocket(`ws://127.0.0.1:${port}/audiohook`, { headers, perMessageDeflate: false });
    }

    it('answers a signed call beside the route of the application', async () => {
        const client = call(CLIENT_SECRET);
        await once(client, 'open');
        expect(calls.callCount).toBe(1);
        const response = await fetch(`http://127.0.0.1:${port}/hello`);
        expect(await response.text()).toBe('Hello.\n');
        const closed = once(client, 'close');
        await calls.stop();
        await closed;
        expect((await fetch(`http://127.0.0.1:${port}/hello`)).status).toBe(200);
    });

    it('refuses a call with a wrong signature, and logs it with the logger of the application', async () => {
        const client = call(Buffer.alloc(32, 'other').toString('base64'));
        const [fault] = (await once(client, 'error')) as [Error];
        expect(fault.message).toContain('401');
        const refusal = lines.find((line) => line.startsWith('audiohook warn: '));
        expect(refusal).toContain('"status":401');
        expect(lines.join('')).not.toContain(CLIENT_SECRET);
    });
});
