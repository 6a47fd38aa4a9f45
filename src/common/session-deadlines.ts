import type { ErrorCode } from '../support/errors';
import type { TimerSet } from '../support/timer-set';
import { CALL_LIMITS } from './call-watch';

/** What becomes of a session whose partner does not do the next step in time. */
export interface DeadlineActions {
    /** Ends the call with `disconnect`. */
    fail: (code: ErrorCode, info: string) => void;
    /** Ends the socket by force. */
    abandon: (code: ErrorCode) => void;
    socket: { close(): void; terminate(): void };
}

/** The steps that a session waits for, one at a time, each with its limit (protocol sheet, section 12). */
export class SessionDeadlines {
    constructor(
        private readonly timers: TimerSet,
        private readonly actions: DeadlineActions,
    ) {}

    awaitOpen(): void {
        this.await(CALL_LIMITS.openMs, () => {
            this.actions.fail('ERR_OPEN_TIMEOUT', 'No open message received');
        });
    }

    /** The bot is being found; the client waits for `opened`. */
    awaitOpened(): void {
        this.await(CALL_LIMITS.openingMs, () => {
            this.actions.fail('ERR_BOT_FAILED', 'The bot was not found in time');
        });
    }

    awaitClose(): void {
        this.await(CALL_LIMITS.closeMs, () => {
            this.actions.abandon('ERR_CLOSE_TIMEOUT');
        });
    }

    /** `closed` is sent; the client closes the socket. */
    awaitSocketClose(): void {
        this.await(CALL_LIMITS.socketMs, () => {
            this.actions.socket.close();
            this.await(CALL_LIMITS.socketMs, () => {
                this.actions.socket.terminate();
            });
        });
    }

    /** The call is on: nothing is due. */
    done(): void {
        this.timers.cancel('deadline');
    }

    private await(ms: number, passed: () => void): void {
        this.timers.set('deadline', ms, passed);
    }
}
