import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { rowText } from '../../../tools/doctor/report';
import { freePort } from '../../../tools/local-port';
import { StubServer } from '../caller/stub-server';
import { DoctorBench } from './doctor-bench';

/** The stub answers no plain GET. */
const QUICK = { httpMs: 200 };

let bench: DoctorBench;

beforeAll(async () => {
    bench = await DoctorBench.make();
});

afterAll(() => {
    bench.remove();
});

describe('a set-up that is right', () => {
    it('is green in less than ten seconds, with a call to the bot', async () => {
        const diagnosis = await bench.diagnose({ args: [], limits: { quietMs: 1500, callMs: 3000 } });
        expect(diagnosis.wrong).toEqual([]);
        expect(diagnosis.exitCode).toBe(0);
        expect(diagnosis.checks.map(({ verdict }) => verdict)).not.toContain('skip');
        // What a test cannot have: a public address, port 443, a public authority.
        const noted = diagnosis.checks.filter(({ verdict }) => verdict === 'warn').map(({ id }) => id);
        expect(noted).toEqual(['url', 'dns', 'certificate.chain']);
        expect(diagnosis.tookMs).toBeLessThan(10_000);
        expect(diagnosis.row('refuses.unsigned').found).toBe('refused with 401');
        expect(diagnosis.row('refuses.replayed').found).toBe('refused with 401');
        expect(diagnosis.row('large-message').found).toMatch(/^open of 63,\d{3} bytes was taken$/);
        expect(diagnosis.row('call').found).toMatch(/^first sound \d+ ms/);
    });

    it('without TLS, on this machine: what concerns Genesys is noted', async () => {
        const stub = await StubServer.start();
        const { checks } = await bench.examine(stub.url, ['--no-call'], { limits: QUICK });
        await stub.stop();
        expect(checks.filter(({ id }) => /^(?:tls|certificate)/.test(id)).map(({ verdict }) => verdict)).toEqual(
            Array(4).fill('skip'),
        );
        expect(checks.find(({ id }) => id === 'url')).toMatchObject({
            verdict: 'warn',
            cause: expect.stringMatching(/wss/) as string,
        });
    });
});

describe('a server that', () => {
    it('verifies nothing', async () => {
        const stub = await StubServer.start();
        const diagnosis = await bench.examine(stub.url, ['--no-call'], { limits: QUICK });
        await stub.stop();
        expect(diagnosis.wrong).toEqual(['refuses.unsigned', 'refuses.expired', 'refuses.unknown-key']);
        expect(diagnosis.row('refuses.replayed').verdict).toBe('warn');
        expect(diagnosis.row('refuses.unknown-key').cause).toMatch(/verifies nothing/);
    });

    it('breaks the protocol in the probe', async () => {
        const stub = await StubServer.start({
            close: (call) => {
                call.send('closed', {}, { parameters: undefined });
            },
        });
        const diagnosis = await bench.examine(stub.url, ['--no-call'], { limits: QUICK });
        await stub.stop();
        expect(diagnosis.row('protocol').cause).toMatch(/sends parameters as an object in every message/);
    });

    it('answers no ping', async () => {
        const stub = await StubServer.start({ ping: () => undefined });
        const diagnosis = await bench.examine(stub.url, ['--no-call'], { limits: QUICK });
        await stub.stop();
        expect(diagnosis.wrong).toContain('pong');
        expect(diagnosis.row('pong').change).toMatch(/clientseq/);
    });

    it('sends more messages than Genesys takes', async () => {
        const stub = await StubServer.start({
            open: (call) => {
                call.send('opened', {
                    startPaused: false,
                    media: [{ type: 'audio', format: 'PCMU', channels: ['external'], rate: 8000 }],
                });
                for (let sent = 0; sent < 40; sent++) call.sendAudio(new Uint8Array(160).fill(0xff));
            },
        });
        const diagnosis = await bench.examine(stub.url, [], { limits: QUICK });
        await stub.stop();
        expect(diagnosis.wrong).toContain('rate');
        expect(diagnosis.row('rate').change).toMatch(/240 ms/);
    });

    it('ends the call itself', async () => {
        const stub = await StubServer.start({
            open: (call) => {
                call.send('disconnect', { reason: 'error', info: 'No\u001b[2J bot' });
            },
        });
        const diagnosis = await bench.examine(stub.url, ['--no-call'], { limits: QUICK });
        await stub.stop();
        expect(diagnosis.wrong).toEqual(['opened']);
        // Control characters of another machine do not reach the terminal.
        expect(diagnosis.row('opened').found).toBe('disconnect error: No [2J bot');
    });
});

/** A TCP server that does what is told with each connection. */
async function rawServer(serve: (socket: Socket) => void): Promise<{ port: number; stop: () => Promise<void> }> {
    const sockets = new Set<Socket>();
    const server: Server = createServer((socket) => {
        sockets.add(socket);
        socket.on('error', () => socket.destroy());
        serve(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return {
        port: (server.address() as AddressInfo).port,
        stop: async () => {
            for (const socket of sockets) socket.destroy();
            server.close();
            await once(server, 'close');
        },
    };
}

describe('an address', () => {
    const limits = { dnsMs: 3000, connectMs: 2000, tlsMs: 500, httpMs: 500, answerMs: 500 };

    it('at which nothing listens', async () => {
        const diagnosis = await bench.examine(`wss://127.0.0.1:${await freePort()}/`, [], { limits });
        expect(diagnosis.wrong).toEqual(['tcp']);
        expect(diagnosis.row('tcp')).toMatchObject({
            found: expect.stringMatching(/refuses/) as string,
            cause: expect.stringMatching(/Nothing listens/) as string,
        });
        expect(diagnosis.row('upgrade').found).toBe('not tried: the address cannot be reached');
    });

    it('with a host name that leads nowhere', async () => {
        const diagnosis = await bench.examine('wss://no-such-host.invalid/', [], { limits });
        expect(diagnosis.wrong).toEqual(['dns']);
        expect(diagnosis.row('dns').change).toMatch(/Base Connection URI|name server|network/);
    });

    it('that accepts and says nothing does not hold it up', async () => {
        const dead = await rawServer(() => undefined);
        const overTls = await bench.examine(`wss://127.0.0.1:${dead.port}/`, [], { limits });
        const plain = await bench.examine(`ws://127.0.0.1:${dead.port}/`, [], { limits });
        await dead.stop();
        expect([overTls.wrong, plain.wrong]).toEqual([['tls'], ['upgrade']]);
        expect(overTls.tookMs + plain.tookMs).toBeLessThan(8000);
    });

    it('that answers HTTP, and not the upgrade', async () => {
        const dead = await rawServer((socket) => {
            socket.on('data', (bytes) => {
                if (!bytes.toString().includes('Upgrade')) socket.end('HTTP/1.1 426 U\r\nContent-Length: 0\r\n\r\n');
            });
        });
        const diagnosis = await bench.examine(`ws://127.0.0.1:${dead.port}/`, [], {
            limits,
        });
        await dead.stop();
        expect(diagnosis.wrong).toEqual(['upgrade']);
        expect(diagnosis.row('upgrade').found).toBe('no answer (no answer to the upgrade request)');
    });

    it('of a plain port, called with wss://', async () => {
        const stub = await StubServer.start();
        const diagnosis = await bench.examine(stub.url.replace('ws://', 'wss://'), []);
        await stub.stop();
        expect(diagnosis.wrong).toEqual(['tls']);
        expect(diagnosis.row('tls').cause).toMatch(/plain port answers where TLS is expected/);
    });

    it('on another port than 443 is wrong where Genesys could reach it, before anything is sent', async () => {
        const diagnosis = await bench.examine('wss://192.0.2.1:8443/', [], { limits: { ...limits, connectMs: 200 } });
        expect(diagnosis.wrong).toEqual(['url', 'tcp']);
        expect(diagnosis.row('url').cause).toMatch(/port 443 only/);
    });
});

describe('rowText', () => {
    const row = {
        id: 'x',
        title: 'TLS',
        verdict: 'fail',
        found: 'no',
        cause: 'It is '.repeat(40),
        change: 'Do.',
    } as const;

    it('wraps cause and change, without colour unless asked for', () => {
        const text = rowText(row, false);
        expect(text).not.toContain('\u001b');
        expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(110);
        expect(text).toMatch(/^✗ TLS {18}no\n {4}Cause: {2}It is/);
    });

    it('is red where it is wrong', () => {
        expect(rowText(row, true)).toContain('\u001b[31m✗');
    });
});
