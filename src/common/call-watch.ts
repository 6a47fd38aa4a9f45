import type { ErrorCode } from '../support/errors';
import type { TimerSet } from '../support/timer-set';

/** Limits that a call is held to, in ms (protocol sheet, section 12). */
export const CALL_LIMITS = {
    /** Upgrade → `open`. */
    openMs: 10_000,
    /** `open` → `opened`: the client waits 5 s. */
    openingMs: 4000,
    /** Nothing at all received: four missed pings. */
    silentMs: 20_000,
    /** `opened` → the first sound of a bot that speaks first. */
    firstAudioMs: 8000,
    /** An answer that stopped in the middle, with the caller waiting in silence. */
    stallMs: 6000,
    /** The client's socket takes nothing. */
    chokedMs: 10_000,
    /** `disconnect` → `close`. */
    closeMs: 10_000,
    /** `closed` → the client closes the socket; then we do, and after the same time again by force. */
    socketMs: 5000,
    /** Last sound by our count → `playback_completed`. */
    farewellMs: 1500,
} as const;

/** How often the vital signs are looked at. */
const WATCH_INTERVAL_MS = 1000;

/** What can be seen of a call from outside, all in ms. Absent: does not apply now. */
export interface VitalSigns {
    sinceReceivedMs: number;
    /** Since `opened`, while a bot that speaks first has given no sound. */
    waitingForFirstAudioMs?: number | undefined;
    /** Since the caller heard the last of an unfinished answer. */
    starvedMs?: number | undefined;
    /** Since the socket took nothing more. */
    chokedMs?: number | undefined;
    /** Since `opened`. */
    callMs?: number | undefined;
    maxCallMs: number;
}

/** The limit that a call has passed, the deadliest first. */
export function findPassedLimit(signs: VitalSigns): ErrorCode | undefined {
    if (signs.sinceReceivedMs >= CALL_LIMITS.silentMs) return 'ERR_CLIENT_SILENT';
    if (passed(signs.chokedMs, CALL_LIMITS.chokedMs)) return 'ERR_SLOW_READER';
    if (passed(signs.waitingForFirstAudioMs, CALL_LIMITS.firstAudioMs)) return 'ERR_BOT_FIRST_AUDIO_TIMEOUT';
    if (passed(signs.starvedMs, CALL_LIMITS.stallMs)) return 'ERR_BOT_STALLED';
    if (passed(signs.callMs, signs.maxCallMs)) return 'ERR_CALL_TOO_LONG';
    return undefined;
}

function passed(ms: number | undefined, limitMs: number): boolean {
    return ms !== undefined && ms >= limitMs;
}

/** Looks at a call's vital signs once a second, until its timers are cleared. */
export function watchCall(timers: TimerSet, signs: () => VitalSigns, onPassed: (code: ErrorCode) => void): void {
    timers.set('watch', WATCH_INTERVAL_MS, () => {
        watchCall(timers, signs, onPassed);
        const code = findPassedLimit(signs());
        if (code !== undefined) onPassed(code);
    });
}
