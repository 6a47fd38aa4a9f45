import type { ConversationEnd } from '../services/conversation';
import type { TimerSet } from '../support/timer-set';
import type { Playback } from './playback';

/** The bot is asked for its goodbye → it ends the conversation. */
const GOODBYE_LIMIT_MS = 12_000;
/** Last sound by the playhead → the client reports `playback_completed`. */
const PLAYBACK_REPORT_LIMIT_MS = 1500;
/** Playback that does not come to its end in its own length and this much more is cut. */
const PLAYBACK_SLACK_MS = 5000;

export interface EndOfCallActions {
    /** Asks the bot for its goodbye. */
    sayGoodbye: () => void;
    /** The conversation is over, because the goodbye did not come in time. */
    giveUp: (end: ConversationEnd) => void;
    /** The call ends now. Called once at most. */
    onFinished: (end: ConversationEnd) => void;
}

/**
 * The end of one call, in two phases (docs/PROTOCOL.md, 8.4). *Goodbye*: a call that must end, because the caller is silent or a limit
 * is reached, ends with a spoken sentence: the bot is asked for it, and its end becomes the call's. *Playout*: the conversation is
 * over, however that came; what is queued plays to its end, and only then does the call end.
 */
export class EndOfCall {
    private phase: 'conversation' | 'goodbye' | 'playout' | 'finished' = 'conversation';
    /** Why the goodbye was asked for. */
    private reason: ConversationEnd | undefined;

    constructor(
        private readonly timers: TimerSet,
        private readonly playback: Pick<Playback, 'soundLeftMs' | 'isUnreported'>,
        private readonly actions: EndOfCallActions,
    ) {}

    /** The conversation is over: caller audio and new bot audio are ignored. */
    get isPlayingOut(): boolean {
        return this.phase === 'playout' || this.phase === 'finished';
    }

    /**
     * Phase one: asks for the goodbye; the call ends with `reason`.
     *
     * @returns false when the call is ending already
     */
    askForGoodbye(reason: ConversationEnd): boolean {
        if (this.phase !== 'conversation') return false;
        this.phase = 'goodbye';
        this.reason = reason;
        this.timers.set('goodbye', GOODBYE_LIMIT_MS, () => {
            this.actions.giveUp(reason);
        });
        this.actions.sayGoodbye();
        return true;
    }

    /**
     * What the call ends with when the bot ends with `end`: with the reason for which the goodbye was asked for, and the bot's output
     * variables beside it. A transfer stays one: with the bot's last words the caller was promised a person.
     */
    endOf(end: ConversationEnd): ConversationEnd {
        this.timers.cancel('goodbye');
        if (this.reason === undefined || end.outputVariables?.['end_reason'] === 'transfer') return end;
        return { ...this.reason, outputVariables: { ...end.outputVariables, ...this.reason.outputVariables } };
    }

    /** Phase two: the call ends with `end` when the caller has heard the rest. */
    playOut(end: ConversationEnd): void {
        this.phase = 'playout';
        this.reason = end;
        this.timers.cancel('goodbye');
        const { soundLeftMs } = this.playback;
        if (soundLeftMs === 0) this.drained();
        else this.finishAfter(soundLeftMs + PLAYBACK_SLACK_MS);
    }

    /** By the playhead the caller has heard everything. */
    drained(): void {
        if (this.phase !== 'playout') return;
        if (this.playback.isUnreported) this.finishAfter(PLAYBACK_REPORT_LIMIT_MS);
        else this.finish();
    }

    /** The caller interrupted the rest: the call ends now. */
    interrupted(): void {
        this.finish();
    }

    private finishAfter(ms: number): void {
        this.timers.set('playout', ms, () => {
            this.finish();
        });
    }

    private finish(): void {
        if (this.phase !== 'playout' || this.reason === undefined) return;
        this.phase = 'finished';
        this.actions.onFinished(this.reason);
    }
}
