import { createServer, connect, type Server, type Socket } from 'node:net';
import { systemClock } from '../src/support/clock';

export interface DelayProxyOptions {
    /** Where the connections go on, on 127.0.0.1. */
    targetPort: number;
    /** Both ways together. */
    rttMs: number;
    /** Each way takes half the round trip, give or take as much as this; evenly spread. */
    jitterMs: number;
    /** Numbers in [0, 1). */
    random: () => number;
    /** When bytes that hold this text come from the target, `seenAtMs` says so. */
    watchFor: string;
}

/** A network between two programs of this machine: TCP, as slow and as unsteady as you like, nothing lost or reordered. */
export class DelayProxy {
    /** When the watched text last came from the target, before its delay; on the system clock's monotonic scale. */
    seenAtMs: number | undefined;
    private readonly server: Server;
    private readonly sockets = new Set<Socket>();

    constructor(private readonly options: DelayProxyOptions) {
        this.server = createServer((near) => {
            this.join(near, connect({ port: options.targetPort, host: '127.0.0.1' }));
        });
    }

    /** Resolves with the port, on 127.0.0.1. */
    listen(): Promise<number> {
        return new Promise((resolve, reject) => {
            this.server.once('error', reject);
            this.server.listen(0, '127.0.0.1', () => {
                const address = this.server.address();
                if (typeof address === 'object' && address !== null) resolve(address.port);
                else reject(new Error('The proxy has no address.'));
            });
        });
    }

    /** Cuts every connection and frees the port. */
    close(): Promise<void> {
        for (const socket of this.sockets) socket.destroy();
        return new Promise((resolve) => {
            this.server.close(() => {
                resolve();
            });
        });
    }

    private join(near: Socket, far: Socket): void {
        for (const socket of [near, far]) this.keep(socket);
        far.on('data', (bytes: Buffer) => {
            if (bytes.includes(this.options.watchFor)) this.seenAtMs = systemClock.nowMs();
        });
        this.carry(near, far);
        this.carry(far, near);
    }

    private keep(socket: Socket): void {
        this.sockets.add(socket);
        socket.setNoDelay(true);
        socket.on('error', () => undefined);
        socket.on('close', () => this.sockets.delete(socket));
    }

    private carry(from: Socket, to: Socket): void {
        const pipe = new DelayLine(() => this.oneWayMs());
        from.on('data', (bytes: Buffer) => {
            pipe.push(() => {
                if (to.writable) to.write(bytes);
            });
        });
        from.on('close', () => {
            pipe.push(() => to.destroy());
        });
    }

    private oneWayMs(): number {
        const { rttMs, jitterMs, random } = this.options;
        return Math.max(0, rttMs / 2 + (2 * random() - 1) * jitterMs);
    }
}

/** Runs tasks after a delay of their own each, and never one before those that came earlier: two timers alone may swap places. */
export class DelayLine {
    private readonly waiting: { dueMs: number; task: () => void }[] = [];
    private lastDueMs = 0;

    constructor(private readonly delayMs: () => number) {}

    push(task: () => void): void {
        this.lastDueMs = Math.max(this.lastDueMs, systemClock.nowMs() + this.delayMs());
        this.waiting.push({ dueMs: this.lastDueMs, task });
        if (this.waiting.length === 1) this.arm(this.lastDueMs);
    }

    private arm(dueMs: number): void {
        setTimeout(
            () => {
                this.run();
            },
            Math.max(0, dueMs - systemClock.nowMs()),
        );
    }

    private run(): void {
        const nowMs = systemClock.nowMs();
        for (;;) {
            const next = this.waiting[0];
            if (next === undefined) return;
            if (next.dueMs > nowMs) {
                this.arm(next.dueMs);
                return;
            }
            next.task();
            this.waiting.shift();
        }
    }
}
