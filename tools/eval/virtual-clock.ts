import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../src/support/clock';

/** 5 January 2026, 9:00 UTC: every call of a case begins at the same time, so that its record is the same. */
const START_EPOCH_MS = Date.UTC(2026, 0, 5, 9);
/** The event loop has gone round so often with nothing to do: all that was under way has arrived. */
const QUIET_ROUNDS = 3;
/** Bytes that are not read within this real time, and in so many rounds of the event loop, never arrive, ms. */
const LOST_MS = 100;
const LOST_ROUNDS = 300;
/** What works outside of the clock may take so long, real time, when nothing else is left to wait for, ms. */
const IDLE_MS = 30_000;
/** Requests of the process that end by themselves; a socket or a timer that waits is none. */
const REQUESTS = /^(FS|TCPConnect|Write|Shutdown|GetAddrInfo)/;

const AWAKE_MS = 1000;

interface Waiting {
    readonly dueMs: number;
    readonly order: number;
    readonly task: () => void;
}

/**
 * Time that passes only while nothing else happens: as soon as all bytes between the sockets of this process have arrived, and everything
 * that was started has answered, the next timer is due. A call of minutes takes as long as its computing, and runs the same each time.
 *
 * All programs of the call must run in this process, by this clock; what works elsewhere, as in a thread, holds the time with `hold`.
 */
export class VirtualClock implements Clock {
    private passedMs = 0;
    private order = 0;
    private readonly waiting: Waiting[] = [];
    private readonly traffic = new Traffic();
    private holds = 0;
    /** Real time since which time is paced, and the time then; undefined: it is not. */
    private pacedSinceMs: number | undefined;
    private pacedFromMs = 0;
    private released: () => void = () => undefined;

    nowMs(): number {
        return this.passedMs;
    }

    epochMs(): number {
        return START_EPOCH_MS + this.passedMs;
    }

    after(delayMs: number, task: () => void): Timer {
        const timer = { dueMs: this.passedMs + Math.max(0, delayMs), order: this.order++, task };
        this.insert(timer);
        return {
            cancel: () => {
                const at = this.waiting.indexOf(timer);
                if (at >= 0) this.waiting.splice(at, 1);
            },
        };
    }

    /** No time passes until `work` has ended. */
    async hold<T>(work: Promise<T>): Promise<T> {
        this.holds += 1;
        try {
            return await work;
        } finally {
            this.holds -= 1;
            if (this.holds === 0) this.released();
        }
    }

    /** Time passes no faster than real time until `work` has ended: for what works outside, and waits for timers of this clock too. */
    async pace<T>(work: Promise<T>): Promise<T> {
        this.pacedSinceMs = performance.now();
        this.pacedFromMs = this.passedMs;
        try {
            return await work;
        } finally {
            this.pacedSinceMs = undefined;
        }
    }

    /** Resolves when `work` has ended, and lets time pass until then. Rejects as it does, or when `limitMs` have passed. */
    async run<T>(work: Promise<T>, limitMs: number): Promise<T> {
        const endMs = this.passedMs + limitMs;
        const end: { fault?: unknown; value?: T; isOver: boolean; failed: boolean } = { isOver: false, failed: false };
        work.then(
            (value) => Object.assign(end, { value, isOver: true }),
            (fault: unknown) => Object.assign(end, { fault, isOver: true, failed: true }),
        );
        // What is held may keep no process alive.
        const awake = setInterval(() => undefined, AWAKE_MS);
        try {
            await this.pass(() => end.isOver, endMs, limitMs);
        } finally {
            clearInterval(awake);
        }
        if (end.failed) throw end.fault;
        return end.value as T;
    }

    /** Forgets the sockets. */
    close(): void {
        this.traffic.close();
        this.waiting.length = 0;
    }

    private async pass(isOver: () => boolean, endMs: number, limitMs: number): Promise<void> {
        let idleSinceMs: number | undefined;
        for (;;) {
            await this.allArrived();
            if (isOver()) return;
            const next = this.waiting[0];
            if (next !== undefined && next.dueMs > endMs) throw new OutOfTime(`${limitMs} ms have passed`);
            if (next === undefined) {
                idleSinceMs ??= performance.now();
                if (performance.now() - idleSinceMs > IDLE_MS) throw new OutOfTime('nothing is left to happen');
                await new Promise((resolve) => setTimeout(resolve, 1));
                continue;
            }
            idleSinceMs = undefined;
            if (
                this.pacedSinceMs !== undefined &&
                next.dueMs - this.pacedFromMs > performance.now() - this.pacedSinceMs
            ) {
                await new Promise((resolve) => setTimeout(resolve, 1));
                continue;
            }
            this.waiting.shift();
            this.passedMs = Math.max(this.passedMs, next.dueMs);
            next.task();
        }
    }

    private insert(timer: Waiting): void {
        let [from, to] = [0, this.waiting.length];
        while (from < to) {
            const middle = (from + to) >> 1;
            const isBefore = (this.waiting[middle]?.dueMs ?? 0) <= timer.dueMs;
            if (isBefore) from = middle + 1;
            else to = middle;
        }
        this.waiting.splice(from, 0, timer);
    }

    private async untilReleased(): Promise<void> {
        let timer: NodeJS.Timeout | undefined;
        const released = new Promise<void>((resolve) => (this.released = resolve));
        const tooLong = new Promise<never>((_resolve, reject) => {
            timer = setTimeout(() => {
                reject(new OutOfTime(`what the call waits for has not ended within ${IDLE_MS / 1000} s`));
            }, IDLE_MS);
        });
        await Promise.race([released, tooLong]).finally(() => {
            clearTimeout(timer);
        });
    }

    private async allArrived(): Promise<void> {
        let quietRounds = 0;
        let seen = -1;
        let lostAtMs: number | undefined;
        let sinceMs = performance.now();
        let waitedRounds = 0;
        while (quietRounds < QUIET_ROUNDS) {
            if (performance.now() - sinceMs > IDLE_MS)
                throw new OutOfTime(`something does not end: ${process.getActiveResourcesInfo().join(', ')}`);
            if (this.holds > 0) {
                await this.untilReleased();
                sinceMs = performance.now();
            }
            await new Promise((resolve) => setImmediate(resolve));
            const { moved } = this.traffic;
            const isUnderWay = this.traffic.isUnderWay;
            if (!isUnderWay || moved !== seen) [lostAtMs, waitedRounds] = [undefined, 0];
            quietRounds = moved === seen && !isUnderWay && this.holds === 0 && !isBusy() ? quietRounds + 1 : 0;
            seen = moved;
            if (!isUnderWay) continue;
            lostAtMs ??= performance.now() + LOST_MS;
            waitedRounds += 1;
            if (performance.now() > lostAtMs && waitedRounds > LOST_ROUNDS) this.traffic.giveUp();
        }
    }
}

/** The time of a call is over, or nothing would ever happen again. */
export class OutOfTime extends Error {}

function isBusy(): boolean {
    return process.getActiveResourcesInfo().some((kind) => REQUESTS.test(kind));
}

/** The sockets of this process that were opened from now on: both ends of each connection are in it. */
class Traffic {
    private readonly sockets = new Map<string, Socket>();
    /** Bytes of a socket that are not waited for any more. What it writes later is waited for again. */
    private readonly lostBytes = new WeakMap<Socket, number>();
    private changes = 0;
    private readonly onSocket = (message: unknown): void => {
        this.add((message as { socket: Socket }).socket);
    };

    constructor() {
        subscribe('net.client.socket', this.onSocket);
        subscribe('net.server.socket', this.onSocket);
    }

    /** Changes whenever a byte is written or read, or a socket comes or goes. */
    get moved(): number {
        let sum = this.changes;
        for (const socket of this.sockets.values()) sum += socket.bytesWritten + socket.bytesRead;
        return sum;
    }

    /** Something was written that was not read yet, or one end of a connection does not know yet that the other one is gone. */
    get isUnderWay(): boolean {
        for (const socket of this.sockets.values()) if (this.waitsFor(socket)) return true;
        return false;
    }

    /** What is under way never arrives. */
    giveUp(): void {
        for (const socket of this.sockets.values())
            if (this.waitsFor(socket)) this.lostBytes.set(socket, this.unread(socket));
    }

    close(): void {
        unsubscribe('net.client.socket', this.onSocket);
        unsubscribe('net.server.socket', this.onSocket);
        this.sockets.clear();
    }

    private waitsFor(socket: Socket): boolean {
        const lostBytes = this.lostBytes.get(socket);
        const other = this.otherEnd(socket);
        if (socket.connecting || other === undefined)
            return lostBytes === undefined && (socket.connecting || !socket.isPaused());
        return !other.isPaused() && this.unread(socket) > (lostBytes ?? 0);
    }

    /** Bytes that it has written and the other end has not read. */
    private unread(socket: Socket): number {
        return socket.bytesWritten - (this.otherEnd(socket)?.bytesRead ?? 0);
    }

    private otherEnd(socket: Socket): Socket | undefined {
        return this.sockets.get(`${socket.remotePort ?? 0} ${socket.localPort ?? 0}`);
    }

    private add(socket: Socket): void {
        const put = (): void => {
            const name = `${socket.localPort ?? 0} ${socket.remotePort ?? 0}`;
            this.sockets.set(name, socket);
            this.changes += 1;
            socket.once('close', () => {
                this.sockets.delete(name);
                this.changes += 1;
            });
        };
        if (!socket.connecting) {
            put();
            return;
        }
        // Its ports are not known yet: until then a name of its own.
        const dialling = `dialling ${++this.changes}`;
        this.sockets.set(dialling, socket);
        const over = (): void => {
            this.sockets.delete(dialling);
            this.changes += 1;
        };
        socket.once('connect', () => {
            over();
            put();
        });
        socket.once('close', over);
    }
}
