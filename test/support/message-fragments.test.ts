import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer, type RawData } from 'ws';
import { freeFragments } from '../../src/support/message-fragments';

/** The part of `ws` that is changed. */
interface Reading {
    _receiver: { _fragments: unknown[] };
}

describe('the parts of WebSocket messages', () => {
    let server: WebSocketServer;

    beforeAll(async () => {
        freeFragments();
        freeFragments();
        server = new WebSocketServer({ port: 0 });
        await once(server, 'listening');
    });

    afterAll(() => {
        for (const client of server.clients) client.terminate();
        server.close();
    });

    /** What arrives of the given messages, each sent in the given parts, and what their arrays hold when the last one has come. */
    async function exchange(...messages: string[][]): Promise<{ texts: string[]; left: number[] }> {
        const accepted = once(server, 'connection');
        const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
        const [socket] = (await accepted) as [WebSocket];
        await once(client, 'open');
        const texts: string[] = [];
        const arrays: unknown[][] = [];
        const done = new Promise<void>((resolve) => {
            socket.on('message', (data: RawData) => {
                texts.push((data as Buffer).toString('utf8'));
                if (texts.length === messages.length) setImmediate(resolve);
            });
        });
        for (const parts of messages) {
            const { _receiver: reader } = socket as unknown as Reading;
            arrays.push(reader._fragments);
            const before = texts.length;
            parts.forEach((part, index) => {
                client.send(part, { fin: index === parts.length - 1 });
            });
            while (texts.length === before) await new Promise((resolve) => setImmediate(resolve));
        }
        await done;
        client.close();
        return { texts, left: arrays.map((parts) => parts.length) };
    }

    it('are held no longer than until the message was handled', async () => {
        const { texts, left } = await exchange(['one'], ['two'], ['three']);
        expect({ texts, left }).toEqual({ texts: ['one', 'two', 'three'], left: [0, 0, 0] });
    });

    it('are all there while a message comes in several frames', async () => {
        const { texts, left } = await exchange(['a', 'b', 'c'], ['', 'd'], ['e', '']);
        expect({ texts, left }).toEqual({ texts: ['abc', 'd', 'e'], left: [0, 0, 0] });
    });
});
