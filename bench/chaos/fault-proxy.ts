import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { DelayLine } from '../delay-proxy';

/**
 * What a connection does: `pass`: everything goes on; `slow`: every byte takes `delayMs` each way, and no more than `bytesPerSecond` of the target's
 * pass; `hole`: nothing passes in either way, and neither side is told, as when a peer loses its power.
 */
export type LineState = { kind: 'pass' } | { kind: 'slow'; delayMs: number; bytesPerSecond: number } | { kind: 'hole' };

const PASS: LineState = { kind: 'pass' };
/** A slow line gives its bytes in pieces at this pace, and reads no more than so many beforehand. */
const DRIP_MS = 100;
const AHEAD_BYTES = 4096;

/** TCP between two programs of this machine whose lines can be made bad while they are used. */
export class FaultProxy {
    /** What connections do that come from now on. */
    newLines: LineState = PASS;
    private server: Server | undefined;
    private port_ = 0;
    private readonly lines = new Set<Line>();

    /** `targetPort`: where a new connection goes on, on 127.0.0.1. */
    constructor(private readonly targetPort: () => number) {}

    get port(): number {
        return this.port_;
    }

    get lineCount(): number {
        return this.lines.size;
    }

    /** Takes connections, on the same port each time. */
    async open(): Promise<void> {
        const server = createServer((near) => {
            const line = new Line(near, connect({ port: this.targetPort(), host: '127.0.0.1' }), this.newLines);
            this.lines.add(line);
            line.onEnd = () => this.lines.delete(line);
        });
        this.server = server;
        await new Promise<void>((resolve, reject) => {
            server.once('error', reject);
            server.listen(this.port_, '127.0.0.1', resolve);
        });
        this.port_ = (server.address() as AddressInfo).port;
    }

    /** The lines that are there now become so. */
    setLines(state: LineState): void {
        for (const line of this.lines) line.state = state;
    }

    /** Cuts the lines through which nothing passes. */
    cutHoles(): void {
        for (const line of this.lines) if (line.state.kind === 'hole') line.cut();
    }

    /** Cuts every connection, and refuses new ones: nothing listens on the port. */
    async close(): Promise<void> {
        const { server } = this;
        this.server = undefined;
        for (const line of this.lines) line.cut();
        await new Promise<void>((resolve) => {
            if (server === undefined) resolve();
            else
                server.close(() => {
                    resolve();
                });
        });
    }
}

/** One connection: a socket on each side. */
class Line {
    onEnd: () => void = () => undefined;
    state: LineState;

    constructor(
        private readonly near: Socket,
        private readonly far: Socket,
        state: LineState,
    ) {
        this.state = state;
        for (const socket of [near, far]) {
            socket.setNoDelay(true);
            socket.on('error', () => undefined);
        }
        this.carry(near, far, () => Infinity);
        this.carry(far, near, () => (this.state.kind === 'slow' ? this.state.bytesPerSecond : Infinity));
    }

    cut(): void {
        this.state = { kind: 'pass' };
        this.near.destroy();
        this.far.destroy();
        this.onEnd();
    }

    private carry(from: Socket, to: Socket, bytesPerSecond: () => number): void {
        const delay = new DelayLine(() => (this.state.kind === 'slow' ? this.state.delayMs : 0));
        const drip = new Drip(from, to, bytesPerSecond);
        from.on('data', (bytes: Buffer) => {
            if (this.state.kind !== 'hole')
                delay.push(() => {
                    drip.add(bytes);
                });
        });
        from.on('close', () => {
            delay.push(() => {
                // In a hole the other side is not told.
                if (this.state.kind === 'hole') to.once('close', this.onEnd);
                else {
                    drip.stop();
                    to.destroy();
                    this.onEnd();
                }
            });
        });
    }
}

/** Bytes that leave no faster than they may, and a source that is not read when too many wait. */
class Drip {
    private waiting: Buffer = Buffer.alloc(0);
    private timer: NodeJS.Timeout | undefined;

    constructor(
        private readonly from: Socket,
        private readonly to: Socket,
        private readonly bytesPerSecond: () => number,
    ) {}

    add(bytes: Buffer): void {
        if (this.timer === undefined && this.bytesPerSecond() === Infinity) {
            this.write(bytes);
            return;
        }
        this.waiting = Buffer.concat([this.waiting, bytes]);
        if (this.waiting.length > AHEAD_BYTES) this.from.pause();
        this.timer ??= setInterval(() => {
            this.drop();
        }, DRIP_MS);
    }

    stop(): void {
        clearInterval(this.timer);
        this.timer = undefined;
    }

    private drop(): void {
        const count = Math.min(this.waiting.length, Math.max(1, (this.bytesPerSecond() * DRIP_MS) / 1000));
        this.write(this.waiting.subarray(0, count));
        this.waiting = this.waiting.subarray(count);
        if (this.waiting.length <= AHEAD_BYTES) this.from.resume();
        if (this.waiting.length === 0) this.stop();
    }

    private write(bytes: Buffer): void {
        if (this.to.writable) this.to.write(bytes);
    }
}
