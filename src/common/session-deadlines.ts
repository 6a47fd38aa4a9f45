import type { ErrorCode } from '../support/errors';
import type { TimerSet } from '../support/timer-set';

/** Limits that a session is held to, in ms (docs/PROTOCOL.md, 9.2). What bot and caller may be silent for: `silence-policy.ts`. */
const CALL_LIMITS = {
    /** Upgrade → `open`. */
    openMs: 5000,
    /** `open` → `opened`: the client waits 5 s. */
    openingMs: 4000,
    /** Nothing at all received: four missed pings. */
    clientSilentMs: 20_000,
    /** The client's socket is blocked (see `Playback.blockedMs`). */
    slowReaderMs: 10_000,
    /** `disconnect` → `close`. */
    closeMs: 10_000,
    /** `closed` → the client closes the socket; after it this server closes it, and after the same time once more by force. */
    socketMs: 5000,
} as const;

/** How often `watchLimits` checks. */
const WATCH_INTERVAL_MS = 1000;

/** How long a session has been in some condition, all in ms. undefined: it is not. */
export interface SessionTimes {
    sinceReceivedMs: number;
    /** Since more waits in the client's socket than it should. */
    blockedMs?: number | undefined;
    /** Since `opened`. */
    callMs?: number | undefined;
    maxCallMs: number;
}

/** The limit that a session has passed, the deadliest first. */
function findPassedLimit({ sinceReceivedMs, blockedMs, callMs, maxCallMs }: SessionTimes): PassedLimit | undefined {
    if (sinceReceivedMs >= CALL_LIMITS.clientSilentMs) return 'ERR_CLIENT_SILENT';
    if (blockedMs !== undefined && blockedMs >= CALL_LIMITS.slowReaderMs) return 'ERR_SLOW_READER';
    if (callMs !== undefined && callMs >= maxCallMs) return 'ERR_CALL_TOO_LONG';
    return undefined;
}

export type PassedLimit = 'ERR_CLIENT_SILENT' | 'ERR_SLOW_READER' | 'ERR_CALL_TOO_LONG';

/** Checks a session's limits once a second, until its timers are cleared. */
export function watchLimits(timers: TimerSet, times: () => SessionTimes, onPassed: (code: PassedLimit) => void): void {
    timers.set('watch', WATCH_INTERVAL_MS, () => {
        watchLimits(timers, times, onPassed);
        const code = findPassedLimit(times());
        if (code !== undefined) onPassed(code);
    });
}

/** What becomes of a session whose partner does not do the next step in time. */
export interface DeadlineActions {
    /** Ends the call with `disconnect`. */
    fail: (code: ErrorCode, info: string) => void;
    /** Ends the socket by force. */
    abandon: (code: ErrorCode) => void;
    socket: { close(): void; terminate(): void };
}

/** The steps that a session waits for, one at a time, each with its limit (docs/PROTOCOL.md, 9.2). */
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
