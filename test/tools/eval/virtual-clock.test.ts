import { createServer, connect, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { VirtualClock } from '../../../tools/eval/virtual-clock';

describe('VirtualClock', () => {
    const clock = new VirtualClock();

    afterAll(() => {
        clock.close();
    });

    function pause(ms: number): Promise<void> {
        return new Promise((resolve) => {
            clock.after(ms, resolve);
        });
    }

    it('lets an hour pass in no time, and every timer at its moment, in the order in which they were set', async () => {
        const startMs = clock.nowMs();
        const startEpochMs = clock.epochMs();
        const seen: string[] = [];
        clock.after(20, () => seen.push(`second at ${clock.nowMs() - startMs}`));
        clock.after(10, () => seen.push(`first at ${clock.nowMs() - startMs}`));
        clock.after(20, () => seen.push('third'));
        clock.after(15, () => seen.push('never')).cancel();
        await clock.run(pause(3_600_000), 3_600_000);
        expect(seen).toEqual(['first at 10', 'second at 20', 'third']);
        expect([clock.nowMs() - startMs, clock.epochMs() - startEpochMs]).toEqual([3_600_000, 3_600_000]);
    });

    it('stands still until all bytes between two sockets have arrived', async () => {
        const server = createServer((socket) => socket.pipe(socket));
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        const { port } = server.address() as AddressInfo;
        const startMs = clock.nowMs();
        let echoedAtMs: number | undefined;
        const client: Socket = connect(port, '127.0.0.1');
        client.write(Buffer.alloc(500_000));
        let bytes = 0;
        client.on('data', (chunk) => {
            bytes += chunk.length;
            if (bytes === 500_000) echoedAtMs = clock.nowMs() - startMs;
        });
        await clock.run(pause(1), 100);
        expect(echoedAtMs).toBe(0);
        client.destroy();
        server.close();
    });

    it('does not wait for bytes that a paused socket never reads', async () => {
        const sockets: Socket[] = [];
        const server = createServer((socket) => sockets.push(socket.pause()));
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
        client.write('never read');
        await clock.run(pause(1000), 2000);
        expect(sockets).toHaveLength(1);
        client.destroy();
        sockets[0]?.destroy();
        server.close();
    });

    it('stands still while work outside of it is held', async () => {
        const startMs = clock.nowMs();
        const held = clock.hold(
            new Promise<string>((resolve) => {
                setTimeout(resolve, 30, 'done');
            }),
        );
        const done = await clock.run(Promise.all([held, pause(0)]), 100);
        expect([done[0], clock.nowMs() - startMs]).toEqual(['done', 0]);
    });

    it('lets time pass again after what was held', async () => {
        const startMs = clock.nowMs();
        await clock.run(Promise.all([clock.hold(Promise.resolve()), pause(5)]), 100);
        expect(clock.nowMs() - startMs).toBe(5);
    });

    it('gives up after its time, and rejects as the work does', async () => {
        await expect(clock.run(pause(500), 100)).rejects.toThrow('100 ms have passed');
        await expect(clock.run(Promise.reject(new Error('broken')), 100)).rejects.toThrow('broken');
    });
});
