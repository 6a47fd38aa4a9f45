import { once } from 'node:events';
import { SERVER_LIMITS } from '../../src/websocket/http-listener';
import { FakeClock } from '../support/fake-clock';
import {
    answerOn,
    cleanUp,
    dial,
    exchange,
    join,
    startServer,
    statusIn,
    statusOf,
    until,
    upgradeRequest,
    type TestServer,
} from './harness';

afterEach(cleanUp);

const END = 'Content-Length: 0\r\nConnection: close\r\n\r\n';

async function expectAlive({ port }: TestServer): Promise<void> {
    const client = await join(port);
    client.close();
    await once(client, 'close');
}

/** A masked client frame with a zero mask; `announced` differs from the payload where a test lies. */
function frame(firstByte: number, payload: Uint8Array, announced = payload.length): Buffer {
    const length = announced < 126 ? [0x80 | announced] : [0xff, 0, 0, 0, 0, ...bigEndian32(announced)];
    return Buffer.concat([Buffer.from([firstByte, ...length, 0, 0, 0, 0]), payload]);
}

function bigEndian32(value: number): number[] {
    return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}

describe('a request that is not HTTP as it should be', () => {
    it('with 64 KB of headers is a complete 431, whether it comes at once or in pieces', async () => {
        const server = await startServer();
        const request = upgradeRequest('/', { 'Signature-Input': 'x'.repeat(65_536) });
        expect(await exchange(server.port, request)).toBe(`HTTP/1.1 431 Request Header Fields Too Large\r\n${END}`);
        const socket = await dial(server.port);
        const answer = answerOn(socket);
        for (let at = 0; at < request.length; at += 5000) {
            socket.write(request.slice(at, at + 5000));
            await new Promise((resolve) => setImmediate(resolve));
        }
        expect(statusIn(await answer)).toBe(431);
        await expectAlive(server);
    });

    it('with a long request line is 431', async () => {
        const { port } = await startServer();
        expect(await statusOf(port, `/${'a'.repeat(65_536)}`)).toBe(431);
    });

    it.each([
        ['TLS', Buffer.from('16030100c8010000c40303', 'hex')],
        ['text', 'hello, is anybody there?\r\n\r\n'],
        ['zeros', Buffer.alloc(4096)],
        ['two lengths', 'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
    ])('but %s is a complete 400', async (_, bytes) => {
        const server = await startServer();
        expect(await exchange(server.port, bytes)).toBe(`HTTP/1.1 400 Bad Request\r\n${END}`);
        expect(server.log.codes).toEqual(['ERR_HTTP_MALFORMED']);
        await expectAlive(server);
    });

    it('leaves nothing of its bytes in the log', async () => {
        const { port, log } = await startServer();
        await exchange(port, 'GET / HTTP/1.1\r\nX-API-KEY: c2VjcmV0\r\nbroken\r\n\r\n');
        expect(log.codes).toEqual(['ERR_HTTP_MALFORMED']);
        expect(log.text).not.toContain('c2VjcmV0');
    });
});

describe('a peer without haste', () => {
    const limits = { headersTimeoutMs: 30, requestTimeoutMs: 40, idleTimeoutMs: 60, checkIntervalMs: 5 };

    it('that never ends its headers is 408', async () => {
        const { port } = await startServer({ limits });
        const answer = await exchange(port, 'GET / HTTP/1.1\r\nHost: x\r\n');
        expect(answer).toBe(`HTTP/1.1 408 Request Timeout\r\n${END}`);
    });

    it('that sends nothing at all is let go', async () => {
        const { port } = await startServer({ limits });
        const socket = await dial(port);
        socket.resume();
        await once(socket, 'close');
        expect(socket.destroyed).toBe(true);
    });

    it('may be as slow as it likes once it is a WebSocket', async () => {
        const { port, server } = await startServer({ limits });
        const client = await join(port);
        const idler = await dial(port);
        idler.resume();
        await once(idler, 'close');
        expect(server.callCount).toBe(1);
        expect(client.readyState).toBe(client.OPEN);
    });

    it('that does not go after a refusal is cut off when its time is over', async () => {
        const clock = new FakeClock();
        const { port } = await startServer({ clock });
        const socket = await dial(port);
        socket.write(upgradeRequest('/', { Upgrade: 'h2c' }));
        // This socket is not read, so that it does not see the end of the server.
        await until(() => clock.pendingCount === 1);
        clock.advance(SERVER_LIMITS.lingerMs);
        expect(clock.pendingCount).toBe(0);
        socket.resume();
        await once(socket, 'close');
    });

    it('has no limits by default that are longer than ten seconds', () => {
        const { headersTimeoutMs, requestTimeoutMs, idleTimeoutMs, checkIntervalMs } = SERVER_LIMITS;
        expect(Math.max(headersTimeoutMs, requestTimeoutMs, idleTimeoutMs)).toBeLessThanOrEqual(10_000);
        expect(checkIntervalMs).toBe(1000);
    });
});

describe('frames against the protocol', () => {
    it('takes a message of 65,536 bytes, and closes with 1009 at one more', async () => {
        const server = await startServer();
        const client = await join(server.port);
        client.send('x'.repeat(65_536));
        client.send(Buffer.alloc(65_536));
        client.send('x'.repeat(65_537));
        const [code] = (await once(client, 'close')) as [number];
        expect(code).toBe(1009);
        expect(server.sessions[0]?.heard.map((message) => message.length)).toEqual([65_536, 65_536]);
        expect(server.log.codes).toEqual(['ERR_WEBSOCKET']);
        await expectAlive(server);
    });

    it.each([
        ['an unmasked frame', Buffer.from([0x81, 0x02, 0x68, 0x69])],
        ['text that is not UTF-8', frame(0x81, Buffer.from([0xc3, 0x28]))],
        ['a frame that announces 2 GB', frame(0x82, Buffer.alloc(10), 0x7fffffff)],
        ['a reserved bit', frame(0xc1, Buffer.from('hi'))],
        ['a reserved opcode', frame(0x83, Buffer.from('hi'))],
        ['a continuation of nothing', frame(0x80, Buffer.from('hi'))],
        ['a ping of 126 bytes', frame(0x89, Buffer.alloc(126))],
        ['a close code that does not exist', frame(0x88, Buffer.from([0, 1]))],
        ['a message in 100 fragments', Buffer.concat([frame(0x01, Buffer.from('a')), ...fragments(99)])],
    ])('%s ends this connection, and no other', async (_, bytes) => {
        const server = await startServer();
        const neighbour = await join(server.port);
        const socket = await dial(server.port);
        socket.write(upgradeRequest());
        await answerOn(socket);
        socket.write(bytes);
        await once(socket, 'close');
        await until(() => server.sessions[1]?.closed === 1);
        neighbour.send('still here');
        await until(() => server.sessions[0]?.heard.includes('still here') === true);
        expect(server.log.codes).toContain('ERR_WEBSOCKET');
    });

    it('end the connection after a short while when the client does not end it', async () => {
        const clock = new FakeClock();
        const { port, sessions } = await startServer({ clock });
        const socket = await dial(port);
        socket.write(upgradeRequest());
        await answerOn(socket);
        socket.pause();
        socket.write(frame(0x83, Buffer.alloc(0)));
        await until(() => clock.pendingCount === 1);
        clock.advance(SERVER_LIMITS.lingerMs);
        await until(() => sessions[0]?.closed === 1);
        expect(clock.pendingCount).toBe(0);
    });

    function fragments(count: number): Buffer[] {
        return Array.from({ length: count }, () => frame(0x00, Buffer.from('a')));
    }
});

describe('a flood', () => {
    it('of half-open and reset connections leaves the server as it was', async () => {
        const server = await startServer();
        for (let round = 0; round < 50; round += 1) {
            const [reset, half, whole] = [await dial(server.port), await dial(server.port), await dial(server.port)];
            reset.resetAndDestroy();
            half.end('GET / HT');
            whole.write(upgradeRequest());
            whole.resetAndDestroy();
        }
        await expectAlive(server);
        await until(() => server.server.callCount === 0);
        expect(server.sessions.every((session) => session.closed === 1)).toBe(true);
    });
});
