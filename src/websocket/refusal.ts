import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../support/clock';

/**
 * Complete HTTP answers on raw sockets (protocol sheet, section 2.4): status, `Content-Length: 0`, `Connection: close`, then
 * the end. A peer that neither reads nor leaves is cut off after `lingerMs`.
 */
export class Refusals {
    private readonly lingering = new Set<Duplex>();

    constructor(
        private readonly clock: Clock,
        private readonly lingerMs: number,
    ) {}

    /** Answers and ends the socket. Does nothing on a socket that is already ended or gone. */
    refuse(socket: Duplex, status: number, headers: Readonly<Record<string, string>> = {}): void {
        if (socket.destroyed || socket.writableEnded) return;
        this.linger(socket);
        socket.end(answer(status, headers));
        // What the peer still sends is read and dropped: a socket that is closed unread resets, and the answer is lost.
        socket.resume();
    }

    /** Cuts off everybody who still lingers. */
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

function answer(status: number, headers: Readonly<Record<string, string>>): string {
    const lines = Object.entries({ ...headers, 'Content-Length': '0', Connection: 'close' });
    const head = [
        `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
        ...lines.map(([name, value]) => `${name}: ${value}`),
    ];
    return `${head.join('\r\n')}\r\n\r\n`;
}
