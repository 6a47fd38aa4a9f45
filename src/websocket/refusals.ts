import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '../support/clock';
import { ERRORS, type ErrorCode } from '../support/errors';
import type { LogFields, Logger } from '../support/logger';

/** Refusals in one window that get a log line each; the first one of each code always gets a line. */
export const MAX_REFUSAL_LINES = 20;
/** Length of a window, in ms. A window begins with a refusal. */
export const REFUSAL_WINDOW_MS = 10_000;

/**
 * Complete HTTP responses on raw sockets (docs/PROTOCOL.md, 1.4): status, `Content-Length: 0`, `Connection: close`, then the end
 * of the stream. A peer that does not close its side is cut off after `lingerMs`.
 */
export class Refusals {
    private readonly lingering = new Set<Duplex>();

    constructor(
        private readonly clock: Clock,
        private readonly lingerMs: number,
    ) {}

    /** Sends the response and ends the socket. Does nothing on a socket that is already ended or destroyed. */
    refuse(socket: Duplex, status: number, headers: Readonly<Record<string, string>> = {}): void {
        if (socket.destroyed || socket.writableEnded) return;
        this.linger(socket);
        socket.end(responseText(status, headers));
        // What the peer still sends is read and dropped: closing a socket with unread data resets it, and the response is lost.
        socket.resume();
    }

    /** Destroys the sockets that are not closed yet. */
    clear(): void {
        for (const socket of this.lingering) socket.destroy();
    }

    private linger(socket: Duplex): void {
        this.lingering.add(socket);
        const timer = this.clock.after(this.lingerMs, () => {
            socket.destroy();
        });
        socket.once('close', () => {
            timer.cancel();
            this.lingering.delete(socket);
        });
        socket.once('end', () => {
            socket.destroy();
        });
    }
}

/**
 * The log of refused connections, bounded: a flood of requests must not fill the disk or hide other lines. The first refusals of a
 * window are logged one by one, the others as one line with their number for each code.
 */
export class RefusalLog {
    private windowStartMs = -Infinity;
    private lines = 0;
    private readonly seen = new Set<ErrorCode>();
    private readonly unlogged = new Map<ErrorCode, number>();
    private timer: Timer | undefined;

    constructor(
        private readonly logger: Logger,
        private readonly clock: Clock,
        /** Hears of each refusal, logged or not. */
        private readonly onRefusal: (code: ErrorCode) => void = () => undefined,
    ) {}

    /** Logs or counts one refusal. `fields` appear only in a line of its own. */
    note(level: 'info' | 'warn' | 'error', code: ErrorCode, fields: LogFields): void {
        this.onRefusal(code);
        this.begin();
        if (this.lines >= MAX_REFUSAL_LINES && this.seen.has(code)) {
            this.count(code);
            return;
        }
        this.lines += 1;
        this.seen.add(code);
        this.logger[level]({ ...fields, code }, ERRORS[code].cause);
    }

    /** A refusal that another line tells of. */
    noteQuiet(code: ErrorCode): void {
        this.onRefusal(code);
    }

    /** Logs the refusals that were only counted so far, and frees the timer. */
    flush(): void {
        this.timer?.cancel();
        this.timer = undefined;
        if (this.unlogged.size === 0) return;
        this.logger.warn({ refused: Object.fromEntries(this.unlogged) }, 'More connections were refused.');
        this.unlogged.clear();
    }

    private begin(): void {
        const nowMs = this.clock.nowMs();
        if (nowMs - this.windowStartMs < REFUSAL_WINDOW_MS) return;
        this.flush();
        this.windowStartMs = nowMs;
        this.lines = 0;
        this.seen.clear();
    }

    private count(code: ErrorCode): void {
        this.unlogged.set(code, (this.unlogged.get(code) ?? 0) + 1);
        const leftMs = this.windowStartMs + REFUSAL_WINDOW_MS - this.clock.nowMs();
        this.timer ??= this.clock.after(leftMs, () => {
            this.flush();
        });
    }
}

function responseText(status: number, headers: Readonly<Record<string, string>>): string {
    const lines = Object.entries({ ...headers, 'Content-Length': '0', Connection: 'close' });
    const head = [
        `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
        ...lines.map(([name, value]) => `${name}: ${value}`),
    ];
    return `${head.join('\r\n')}\r\n\r\n`;
}
