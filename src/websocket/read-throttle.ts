import type { Clock } from '../support/clock';

/** Messages of one client that are handled in a row. Genesys sends ten a second, and a few dozen at once after a delay. */
export const MAX_IN_A_ROW = 64;
/** Messages further apart than this are not in a row, in ms. */
const ROW_MS = 10;

/** The part of a WebSocket that is used here. */
export interface PausableSocket {
    pause(): void;
    resume(): void;
}

/**
 * Keeps a client that floods this server from delaying the others: after `MAX_IN_A_ROW` messages its socket is paused until the next
 * turn of the event loop. No message is lost, and a client that sends at the normal rate is never paused.
 */
export class ReadThrottle {
    private rowStartMs = -Infinity;
    private inRow = 0;

    constructor(
        private readonly socket: PausableSocket,
        private readonly clock: Clock,
    ) {}

    /** To be called after each message that was handled. */
    messageHandled(): void {
        const nowMs = this.clock.nowMs();
        if (nowMs - this.rowStartMs > ROW_MS) {
            this.rowStartMs = nowMs;
            this.inRow = 0;
        }
        this.inRow += 1;
        if (this.inRow < MAX_IN_A_ROW) return;
        this.inRow = 0;
        this.socket.pause();
        setImmediate(this.readOn);
    }

    private readonly readOn = (): void => {
        this.socket.resume();
    };
}
