import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { FaultProxy } from '../../../bench/chaos/fault-proxy';

describe('the fault proxy', () => {
    let target: Server;
    let proxy: FaultProxy;
    let accepted: Socket[];
    let clients: Socket[];

    beforeEach(async () => {
        accepted = [];
        clients = [];
        target = createServer((socket) => {
            accepted.push(socket);
            socket.on('error', () => undefined);
            socket.pipe(socket);
        }).listen(0, '127.0.0.1');
        await once(target, 'listening');
        const { port } = target.address() as AddressInfo;
        proxy = new FaultProxy(() => port);
        await proxy.open();
    });

    afterEach(async () => {
        for (const socket of [...clients, ...accepted]) socket.destroy();
        await proxy.close();
        await new Promise((resolve) => target.close(resolve));
    });

    async function dial(): Promise<Socket> {
        const client = connect(proxy.port, '127.0.0.1');
        client.on('error', () => undefined);
        clients.push(client);
        await once(client, 'connect');
        return client;
    }

    async function echoed(client: Socket, text: string): Promise<string> {
        client.write(text);
        const [bytes] = (await once(client, 'data')) as [Buffer];
        return bytes.toString();
    }

    it('passes everything on, and ends both sides together', async () => {
        const client = await dial();
        expect(await echoed(client, 'hello')).toBe('hello');
        client.destroy();
        await once(accepted[0] as Socket, 'close');
        expect(proxy.lineCount).toBe(0);
    });

    it('lets nothing through a hole, not even an end, until it is cut', async () => {
        const client = await dial();
        expect(await echoed(client, 'before')).toBe('before');
        proxy.setLines({ kind: 'hole' });
        let heard = '';
        client.on('data', (bytes: Buffer) => (heard += bytes.toString()));
        client.write('lost');
        client.end();
        const other = await dial();
        expect(await echoed(other, 'a new line passes')).toBe('a new line passes');
        expect(heard).toBe('');
        expect(accepted[0]?.readableEnded).toBe(false);
        proxy.cutHoles();
        await once(accepted[0] as Socket, 'close');
        expect(proxy.lineCount).toBe(1);
    });

    it('gives no more bytes a second than it may, and all of them', async () => {
        proxy.newLines = { kind: 'slow', delayMs: 5, bytesPerSecond: 2000 };
        const client = await dial();
        const sizes: number[] = [];
        client.on('data', (bytes: Buffer) => sizes.push(bytes.length));
        client.write(Buffer.alloc(1000));
        while (sizes.reduce((sum, size) => sum + size, 0) < 1000) await once(client, 'data');
        expect(sizes[0]).toBe(200);
    });

    it('refuses connections while it is closed, and takes them on the same port afterwards', async () => {
        const { port } = proxy;
        const client = await dial();
        await proxy.close();
        await once(client, 'close');
        const refused = connect(port, '127.0.0.1');
        const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
        expect(error.code).toBe('ECONNREFUSED');
        await proxy.open();
        expect(proxy.port).toBe(port);
        expect(await echoed(await dial(), 'again')).toBe('again');
    });
});
