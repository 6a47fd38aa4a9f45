import type { ConversationEnd } from '../services/conversation';
import type { TimerSet } from '../support/timer-set';
import { CALL_LIMITS } from './call-watch';

/** What a farewell needs to know of the sound. */
export interface FarewellSound {
    readonly isAudible: boolean;
    readonly queuedMs: number;
    readonly leadMs: number;
}

/** A farewell that does not come to its end in its own length and this much more is cut. */
const SLACK_MS = 5000;

/**
 * The last seconds of a call: nothing new is said, what is queued plays to its end, and only then does the call end. The
 * client's `playback_completed` is waited for, but not for long (protocol sheet, section 9.3).
 */
export class Farewell {
    private end: ConversationEnd | undefined;
    /** Audio was sent that the client has not reported as played. */
    private unconfirmed = false;
    private departed = false;

    constructor(
        private readonly timers: TimerSet,
        private readonly onDeparted: (end: ConversationEnd) => void,
    ) {}

    /** The call is on its way out. */
    get isUnderWay(): boolean {
        return this.end !== undefined;
    }

    /** Bot audio left. */
    audioSent(): void {
        this.unconfirmed = true;
    }

    /** The client has played, or thrown away, everything that it had. */
    confirmed(): void {
        this.unconfirmed = false;
    }

    /** Begins: the call ends with `end` when the sound is over. */
    begin(end: ConversationEnd, sound: FarewellSound): void {
        this.end = end;
        if (!sound.isAudible) {
            this.drained();
            return;
        }
        this.timers.set('farewell', sound.queuedMs + sound.leadMs + SLACK_MS, () => {
            this.depart();
        });
    }

    /** By our count the caller has heard everything. */
    drained(): void {
        if (this.end === undefined) return;
        if (!this.unconfirmed) {
            this.depart();
            return;
        }
        this.timers.set('farewell', CALL_LIMITS.farewellMs, () => {
            this.depart();
        });
    }

    /** Ends the call now: the rest is not wanted. */
    depart(): void {
        if (this.end === undefined || this.departed) return;
        this.departed = true;
        this.onDeparted(this.end);
    }
}
