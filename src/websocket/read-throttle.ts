import type { Clock } from '../support/clock';

/** Messages of one client that are handled in a row. A real one sends ten a second, and a few dozen at once after a hold-up. */
export const MAX_IN_A_ROW = 64;
/** Messages further apart than this are not in a row, in ms. */
const ROW_MS = 10;

/** What is needed of a WebSocket. */
export interface PausableSocket {
    pause(): void;
    resume(): void;
}

/**
 * Sees to it that a client who floods us waits, and not the others: after `MAX_IN_A_ROW` messages his socket is read on only
 * in the next turn of the event loop. Nothing is lost, and nobody who behaves is ever held up.
 */
export class ReadThrottle {
    private rowStartMs = -Infinity;
    private inRow = 0;

    constructor(
        private readonly socket: PausableSocket,
        private readonly clock: Clock,
    ) {}

    /** One message was handled. */
    took(): void {
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
