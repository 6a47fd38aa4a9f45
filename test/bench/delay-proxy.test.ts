import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { DelayProxy } from '../../bench/delay-proxy';
import { systemClock } from '../../src/support/clock';
import { seededRandom } from '../../tools/fake-openai/signal';

describe('the delay proxy', () => {
    let target: Server;
    let proxy: DelayProxy;
    let client: Socket;
    let accepted: Socket | undefined;

    async function start(rttMs: number, jitterMs: number): Promise<void> {
        target = createServer((socket) => {
            accepted = socket;
            socket.on('error', () => undefined);
            socket.pipe(socket);
        }).listen(0, '127.0.0.1');
        await once(target, 'listening');
        const { port } = target.address() as AddressInfo;
        proxy = new DelayProxy({ targetPort: port, rttMs, jitterMs, random: seededRandom(3), watchFor: 'stop' });
        client = connect(await proxy.listen(), '127.0.0.1');
        await once(client, 'connect');
    }

    afterEach(async () => {
        client.destroy();
        accepted?.destroy();
        await proxy.close();
        await new Promise((resolve) => target.close(resolve));
    });

    it('takes a whole round trip for an echo', async () => {
        await start(40, 0);
        const sentAtMs = systemClock.nowMs();
        client.write('hello');
        await once(client, 'data');
        expect(systemClock.nowMs() - sentAtMs).toBeGreaterThan(39);
        expect(proxy.seenAtMs).toBeUndefined();
    });

    it('sees the watched text before it delays it', async () => {
        await start(40, 0);
        client.write('stop');
        await once(client, 'data');
        expect(proxy.seenAtMs).toBeLessThan(systemClock.nowMs() - 19);
    });

    it('keeps every byte in its place, however unsteady it is', async () => {
        await start(8, 4);
        const sent = Buffer.from(Array.from({ length: 400 }, (_, index) => index % 251));
        const got: Buffer[] = [];
        client.on('data', (bytes: Buffer) => got.push(bytes));
        for (let at = 0; at < sent.length; at++) {
            client.write(sent.subarray(at, at + 1));
            if (at % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
        }
        while (Buffer.concat(got).length < sent.length) await once(client, 'data');
        expect(Buffer.concat(got).equals(sent)).toBe(true);
    });

    it('ends the other connection too, after what was on its way', async () => {
        await start(10, 0);
        client.write('last words');
        const [bytes] = (await once(client, 'data')) as [Buffer];
        expect(bytes.toString()).toBe('last words');
        accepted?.destroy();
        await once(client, 'close');
        expect(client.destroyed).toBe(true);
    });
});
