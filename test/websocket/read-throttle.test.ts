import { ReadThrottle, MAX_IN_A_ROW } from '../../src/websocket/read-throttle';
import { FakeClock } from '../support/fake-clock';
import { cleanUp, join, startServer, until } from './harness';

afterEach(cleanUp);

class Socket {
    readonly steps: string[] = [];

    pause(): void {
        this.steps.push('pause');
    }

    resume(): void {
        this.steps.push('resume');
    }
}

function nextTurn(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
}

describe('ReadThrottle', () => {
    const clock = new FakeClock();

    it('pauses after the last message of a row, and goes on in the next turn of the event loop', async () => {
        const socket = new Socket();
        const reader = new ReadThrottle(socket, clock);
        for (let i = 1; i < MAX_IN_A_ROW; i += 1) reader.messageHandled();
        expect(socket.steps).toEqual([]);
        reader.messageHandled();
        expect(socket.steps).toEqual(['pause']);
        await nextTurn();
        expect(socket.steps).toEqual(['pause', 'resume']);
        for (let i = 0; i < MAX_IN_A_ROW; i += 1) reader.messageHandled();
        expect(socket.steps).toEqual(['pause', 'resume', 'pause']);
        await nextTurn();
    });

    it('never pauses a client that sends slowly', () => {
        const socket = new Socket();
        const reader = new ReadThrottle(socket, clock);
        for (let i = 0; i < 10_000; i += 1) {
            if (i % (MAX_IN_A_ROW - 1) === 0) clock.advance(11);
            reader.messageHandled();
        }
        expect(socket.steps).toEqual([]);
    });
});

describe('a server that is flooded', () => {
    it('hears every message, in order, and lets another client in between', async () => {
        const { port, sessions } = await startServer();
        const [loud, quiet] = [await join(port), await join(port)];
        for (let i = 0; i < 20_000; i += 1) loud.send(String(i));
        quiet.send('me too');
        const [loudSession, quietSession] = sessions;
        await until(() => quietSession?.heard[0] === 'me too');
        const heardBefore = loudSession?.heard.length ?? 0;
        await until(() => loudSession?.heard.length === 20_000);
        expect(heardBefore).toBeLessThan(20_000);
        expect(loudSession?.heard).toEqual(Array.from({ length: 20_000 }, (_, index) => String(index)));
    });

    it('notices the end of a client that was held up', async () => {
        const { port, sessions, server } = await startServer();
        const client = await join(port);
        for (let i = 0; i < 1000; i += 1) client.send('x');
        client.terminate();
        await until(() => server.callCount === 0);
        expect(sessions[0]?.closed).toBe(1);
    });
});
