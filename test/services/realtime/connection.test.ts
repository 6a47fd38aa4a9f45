import { createServer, type Server, type Socket } from 'node:net';
import { RealtimeTransport } from '../../../src/services/realtime/connection';
import type { TransportEnd } from '../../../src/services/realtime/errors';
import { systemClock } from '../../../src/support/clock';
import { startFakeOpenAI, type FakeOpenAI } from '../../../tools/fake-openai/index';
import { FakeClock } from '../../support/fake-clock';
import { fakeSockets, settle, until } from './support';

function listener() {
    const ends: TransportEnd[] = [];
    const frames: string[] = [];
    let opened = 0;
    return {
        ends,
        frames,
        isOpen: () => opened > 0,
        opened: () => {
            opened += 1;
        },
        frame: (frame: Buffer) => frames.push(frame.toString()),
        ended: (end: TransportEnd) => ends.push(end),
    };
}

describe('RealtimeTransport', () => {
    let fake: FakeOpenAI;
    const transports: RealtimeTransport[] = [];
    let plain: Server | undefined;

    function connect(url: string, seen = listener()) {
        const transport = new RealtimeTransport(url, { Authorization: 'Bearer sk-test' }, systemClock, seen);
        transports.push(transport);
        return { transport, seen };
    }

    beforeEach(async () => {
        fake = await startFakeOpenAI();
    });

    afterEach(async () => {
        for (const transport of transports.splice(0)) transport.close();
        await fake.close();
        plain?.close();
        plain = undefined;
    });

    it('offers no permessage-deflate', async () => {
        const { seen } = connect(`${fake.url}?model=gpt-realtime-2.1`);
        await until(seen.isOpen, 'open');
        expect(fake.connections).toHaveLength(1);
        expect(fake.connections[0]?.extensions).toBeUndefined();
    });

    it('limits the size, the fragments and the handshake, and follows no redirect', () => {
        const { createSocket, last } = fakeSockets();
        transports.push(new RealtimeTransport('wss://x.test', { A: 'b' }, new FakeClock(), listener(), createSocket));
        expect(last().options).toMatchObject({
            perMessageDeflate: false,
            maxPayload: 16_777_216,
            handshakeTimeout: 5000,
            followRedirects: false,
            headers: { A: 'b' },
        });
        expect(last().options.maxFragments).toBeGreaterThan(0);
    });

    it('measures the round trip from a ping to its pong, each once', () => {
        const { createSocket, last } = fakeSockets();
        const clock = new FakeClock();
        const roundTripsMs: number[] = [];
        const meter = { upstreamRoundTrip: (ms: number) => roundTripsMs.push(ms) };
        const transport = new RealtimeTransport('wss://x.test', {}, clock, listener(), createSocket, meter);
        transports.push(transport);
        last().emit('open');
        last().emit('pong');
        clock.advance(15_000);
        clock.advance(80);
        last().emit('pong');
        last().emit('pong');
        expect(roundTripsMs).toEqual([80]);
    });

    it.each([401, 404, 429, 503])(
        'reports HTTP %i at the upgrade, with the words of its body, once',
        async (status) => {
            fake.plan({ httpStatus: status });
            const { seen } = connect(`${fake.url}?model=gpt-realtime-2.1`);
            await until(() => seen.ends.length > 0, 'the end');
            await settle();
            const error: unknown = expect.objectContaining({
                code: String(status),
                message: `HTTP ${status} of the stand-in`,
            });
            expect(seen.ends).toEqual([{ kind: 'http', status, error }]);
        },
    );

    it('reports a port where nothing listens, with the system’s code', async () => {
        const { url } = fake;
        await fake.close();
        const { seen } = connect(url);
        await until(() => seen.ends.length > 0, 'the end');
        expect(seen.ends).toEqual([{ kind: 'unreachable', detail: 'ECONNREFUSED' }]);
    });

    it('reports a peer that speaks no HTTP', async () => {
        const sockets: Socket[] = [];
        const server = createServer((socket) => {
            sockets.push(socket);
            socket.on('error', () => undefined);
            socket.end('220 mail\r\n');
        });
        plain = server;
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        const address = server.address();
        const port = typeof address === 'object' && address !== null ? address.port : 0;
        const { seen } = connect(`ws://127.0.0.1:${port}`);
        await until(() => seen.ends.length > 0, 'the end');
        expect(seen.ends).toEqual([expect.objectContaining({ kind: 'unreachable' })]);
        for (const socket of sockets) socket.destroy();
    });

    it('reports close codes and reasons, and 1006 for a torn connection', async () => {
        const first = connect(`${fake.url}?model=gpt-realtime-2.1`);
        (await fake.nextSession()).cut({ code: 1012, reason: 'service restart' });
        await until(() => first.seen.ends.length > 0, 'the end');
        expect(first.seen.ends).toEqual([{ kind: 'closed', code: 1012, reason: 'service restart' }]);
        const second = connect(`${fake.url}?model=gpt-realtime-2.1`);
        const session = await fake.nextSession();
        await until(second.seen.isOpen, 'open');
        session.cut('terminate');
        await until(() => second.seen.ends.length > 0, 'the end');
        expect(second.seen.ends).toEqual([{ kind: 'closed', code: 1006, reason: '' }]);
    });

    it('survives being closed while it connects, and says nothing afterwards', async () => {
        const { transport, seen } = connect(`${fake.url}?model=gpt-realtime-2.1`);
        transport.close();
        transport.close();
        await settle();
        expect(seen.ends).toEqual([]);
        expect(seen.isOpen()).toBe(false);
    });

    it('closes with 1000', async () => {
        const { transport, seen } = connect(`${fake.url}?model=gpt-realtime-2.1`);
        const session = await fake.nextSession();
        await until(seen.isOpen, 'open');
        transport.close();
        await session.whenClosed;
        expect(session.closed).toMatchObject({ code: 1000 });
    });

    it('answers PINGs', async () => {
        await fake.close();
        fake = await startFakeOpenAI({ pingMs: 5 });
        connect(`${fake.url}?model=gpt-realtime-2.1`);
        const session = await fake.nextSession();
        await until(() => session.pongs.length > 0, 'a pong');
        expect(session.pongs[0]?.payload).toHaveLength(4);
    });

    describe('with a peer that may be dead', () => {
        function open() {
            const clock = new FakeClock();
            const { createSocket, last } = fakeSockets();
            const seen = listener();
            const transport = new RealtimeTransport('wss://x.test', {}, clock, seen, createSocket);
            last().emit('open');
            return { clock, socket: last(), seen, transport };
        }

        it('pings each 15 s and takes a peer without any answer for lost, within 45 s', () => {
            const { clock, socket, seen } = open();
            clock.advance(24_999);
            expect(socket.pings).toBe(1);
            expect(seen.ends).toEqual([]);
            clock.advance(1);
            expect(seen.ends).toEqual([{ kind: 'dead' }]);
            expect(socket.terminated).toBe(true);
            expect(clock.pendingCount).toBe(0);
        });

        it.each(['pong', 'ping', 'message'])('takes a %s as a sign of life', (sign) => {
            const { clock, socket, seen, transport } = open();
            for (let i = 0; i < 8; i++) {
                clock.advance(15_000);
                socket.emit(sign, Buffer.from('{}'), false);
            }
            clock.advance(9000);
            expect(seen.ends).toEqual([]);
            transport.close();
            expect(clock.pendingCount).toBe(0);
        });

        it('sends nothing before it is open, and nothing after it is closed', () => {
            const { createSocket, last } = fakeSockets();
            const transport = new RealtimeTransport('wss://x.test', {}, new FakeClock(), listener(), createSocket);
            transport.send('early');
            last().emit('open');
            transport.send('now');
            transport.close();
            transport.send('late');
            expect(last().sent).toEqual(['now']);
        });

        it('ignores binary frames', () => {
            const { socket, seen } = open();
            socket.emit('message', Buffer.from('{}'), true);
            socket.emit('message', Buffer.from('{}'), false);
            expect(seen.frames).toEqual(['{}']);
        });
    });
});

describe('RealtimeTransport, handed over', () => {
    it('gives later frames and the end to the new listener alone', () => {
        const { createSocket, last } = fakeSockets();
        const [first, second] = [listener(), listener()];
        const transport = new RealtimeTransport('wss://x.test', {}, new FakeClock(), first, createSocket);
        last().emit('open');
        last().emit('message', Buffer.from('{"a":1}'), false);
        transport.handOver(second);
        last().emit('message', Buffer.from('{"b":2}'), false);
        last().emit('close', 1000, Buffer.alloc(0));
        expect([first.frames, first.ends]).toEqual([['{"a":1}'], []]);
        expect([second.frames, second.ends.length]).toEqual([['{"b":2}'], 1]);
    });
});
