import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import type { CallEventBody } from '../../../../tools/caller/call-event';
import { RealtimeTap } from '../../../../tools/console/inside/realtime-tap';
import { until } from '../../caller/stub-server';

/** A service that says back what it hears. */
class EchoService {
    readonly asked: { url: string | undefined; headers: IncomingHttpHeaders }[] = [];
    readonly sockets = new WebSocketServer({ noServer: true, autoPong: false });
    pings = 0;
    private constructor(private readonly http: Server) {}

    static async start(refuseWith?: number): Promise<EchoService> {
        const http = createServer();
        const service = new EchoService(http);
        http.on('upgrade', (request, socket, head) => {
            service.asked.push({ url: request.url, headers: request.headers });
            if (refuseWith !== undefined) {
                socket.end(`HTTP/1.1 ${refuseWith} No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
                return;
            }
            service.sockets.handleUpgrade(request, socket, head, (ws) => {
                ws.send('{"type":"session.created"}');
                ws.on('message', (data: Buffer, isBinary) => {
                    ws.send(data, { binary: isBinary });
                });
                ws.on('ping', (data) => {
                    service.pings += 1;
                    ws.pong(data);
                });
            });
        });
        await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
        return service;
    }

    get url(): string {
        return `ws://127.0.0.1:${(this.http.address() as AddressInfo).port}/v1/realtime?model=default`;
    }

    async stop(): Promise<void> {
        for (const client of this.sockets.clients) client.terminate();
        this.http.closeAllConnections();
        await new Promise((resolve) => this.http.close(resolve));
    }
}

let service: EchoService | undefined;
let tap: RealtimeTap | undefined;
let socket: WebSocket | undefined;

afterEach(async () => {
    socket?.terminate();
    await tap?.close();
    await service?.stop();
    service = tap = socket = undefined;
});

async function open(refuseWith?: number) {
    const events: CallEventBody[] = [];
    const echo = await EchoService.start(refuseWith);
    const between = await RealtimeTap.start(echo.url, (event) => events.push(event));
    service = echo;
    tap = between;
    const ends: (number | string)[] = [];
    const frames: string[] = [];
    const client = new WebSocket(between.url.replace('model=default', 'model=m2'), {
        headers: { Authorization: 'Bearer sk-test' },
    });
    socket = client;
    client.on('message', (data: Buffer) => frames.push(data.toString('utf8')));
    client.on('error', (error) => ends.push(error.message));
    client.on('unexpected-response', (_request, response) => ends.push(response.statusCode ?? 0));
    client.on('close', (code) => ends.push(code));
    return { echo, client, events, frames, ends };
}

describe('RealtimeTap', () => {
    it('hands on headers, query and every frame as it is, both ways, from the very first', async () => {
        const { echo, client, events, frames } = await open();
        await until(() => frames.length === 1);
        expect(echo.asked[0]?.url).toBe('/v1/realtime?model=m2');
        expect(echo.asked[0]?.headers.authorization).toBe('Bearer sk-test');
        expect(echo.asked[0]?.headers.host).not.toBe(new URL(tap?.url ?? '').host);
        client.send('{"type":"response.create"}');
        client.send('no json');
        await until(() => frames.length === 3);
        expect(frames).toEqual(['{"type":"session.created"}', '{"type":"response.create"}', 'no json']);
        expect(events).toEqual([
            { kind: 'openai', sent: false, type: 'session.created', detail: '' },
            { kind: 'openai', sent: true, type: 'response.create', detail: '' },
            { kind: 'openai', sent: false, type: 'response.create', detail: '' },
        ]);
    });

    it('lets pings through, so that a dead service is not mistaken for a living one', async () => {
        const { echo, client, frames } = await open();
        await until(() => frames.length === 1);
        let pongs = 0;
        client.on('pong', () => (pongs += 1));
        client.ping();
        await until(() => pongs === 1);
        expect(echo.pings).toBe(1);
    });

    it('hands on a refusal as it is', async () => {
        const { ends } = await open(429);
        await until(() => ends.length > 0);
        expect(ends[0]).toBe(429);
    });

    it('ends both sides with the code of the one that ended', async () => {
        const { echo, frames, ends } = await open();
        await until(() => frames.length === 1);
        for (const server of echo.sockets.clients) server.close(4001, 'x');
        await until(() => ends.length === 1);
        expect(ends).toEqual([4001]);
    });

    it('cuts the server off when the service is gone without a word, and the service when the server is', async () => {
        const first = await open();
        await until(() => first.frames.length === 1);
        for (const server of first.echo.sockets.clients) server.terminate();
        await until(() => first.ends.includes(1006));
        const again = new WebSocket(tap?.url ?? '');
        await until(() => again.readyState === WebSocket.OPEN);
        again.terminate();
        await until(() => first.echo.sockets.clients.size === 0);
    });

    it('has no other path', async () => {
        const { frames } = await open();
        await until(() => frames.length === 1);
        const { origin } = new URL(tap?.url ?? '');
        const stranger = new WebSocket(`${origin}/v1/realtime`);
        let why = '';
        stranger.on('error', (error) => (why = error.message));
        await until(() => why !== '');
        expect(why).toContain('404');
    });
});
