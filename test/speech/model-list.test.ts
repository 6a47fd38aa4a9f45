import { once } from 'node:events';
import { createServer, type RequestListener, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadConfig } from '../../src/config/config';
import { Server } from '../../src/websocket/server';
import { FakeClock } from '../support/fake-clock';
import { LogRecorder } from '../support/log-recorder';

describe('the ends of models that OpenAI lists', () => {
    let service: HttpServer;
    let asked: (string | undefined)[];

    afterEach(async () => {
        service.closeAllConnections();
        await new Promise((resolve) => service.close(resolve));
    });

    async function logOf(answer: RequestListener): Promise<LogRecorder> {
        asked = [];
        service = createServer((request, response) => {
            asked.push(request.url, request.headers.authorization);
            answer(request, response);
        }).listen(0, '127.0.0.1');
        await once(service, 'listening');
        const { port } = service.address() as AddressInfo;
        const config = loadConfig({ OPENAI_API_KEY: 'sk-x', OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1` });
        const log = new LogRecorder();
        const server = new Server({ config, logger: log, clock: new FakeClock() });
        await server.checkModels();
        await server.stop();
        return log;
    }

    it('are asked for with the key, and warned of within 90 days', async () => {
        const data = [
            { id: 'gpt-realtime-2.1', shutdown_date: Date.UTC(2026, 11, 24) / 1000 },
            { id: 'gpt-transcribe', shutdown_date: '2027-06-01' },
        ];
        const log = await logOf((_, response) => {
            response.writeHead(200, { 'content-type': 'application/json' });
            response.end(JSON.stringify({ object: 'list', data }));
        });
        expect(asked).toEqual(['/v1/models', 'Bearer sk-x']);
        expect(log.lines.filter(({ level }) => level === 'warn')).toEqual([
            {
                level: 'warn',
                fields: { code: 'ERR_MODEL_ENDS' },
                message: 'OPENAI_REALTIME_MODEL: the model gpt-realtime-2.1 ends on 2026-12-24, in 32 days',
            },
        ]);
    });

    it.each([
        ['a refusal', 401, '{"error":{"message":"no"}}'],
        ['no JSON', 200, '<html>'],
        ['something else', 200, '{"data":"x"}'],
    ])('are not known after %s, which is no fault of the server', async (_, status, body) => {
        const log = await logOf((_request, response) => {
            response.writeHead(status, { 'content-type': 'application/json' });
            response.end(body);
        });
        expect(log.lines.filter(({ level }) => level !== 'info' && level !== 'debug')).toEqual([]);
    });
});
