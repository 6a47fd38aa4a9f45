import type { TurnTakingConfig } from '../config/config';
import type { ConversationEnd } from '../services/conversation';
import type { TimerSet } from '../support/timer-set';
import type { Playback } from './playback';

/** The bot is asked for its goodbye → it ends the conversation. */
const GOODBYE_LIMIT_MS = 12_000;
/** Last sound by the playhead → the client reports `playback_completed`. */
const PLAYBACK_REPORT_LIMIT_MS = 1500;
/** A `playback_started` that follows `playback_completed` within this says that the client had a gap, and plays the rest. */
const GAP_REPORT_MS = 40;
/** Playback that does not come to its end in its own length and this much more is cut. */
const PLAYBACK_SLACK_MS = 5000;

export interface EndOfCallActions {
    /** Asks the bot for its goodbye. */
    sayGoodbye: () => void;
    /** The conversation is over: the caller has heard that the bot hung up, or the goodbye did not come in time. */
    conversationOver: (end: ConversationEnd) => void;
    /** The call ends now. Called once at most. */
    onFinished: (end: ConversationEnd) => void;
}

/**
 * The end of one call (docs/PROTOCOL.md, 8.4). *Goodbye*: a call that must end, because the caller is silent or a limit is reached, ends
 * with a spoken sentence: the bot is asked for it, and its end becomes the call's. *Hang-up*: the bot has hung up by its own choice; the
 * caller may interrupt the last of it, and the conversation goes on. *Playout*: the conversation is over; what is queued plays to its
 * end, and only then does the call end.
 */
export class EndOfCall {
    private phase: 'conversation' | 'goodbye' | 'hang_up' | 'playout' | 'finished' = 'conversation';
    /** Why the goodbye was asked for, or with what the bot has hung up. */
    private reason: ConversationEnd | undefined;
    /** The goodbye that the bot is asked for if the caller interrupts its hang-up: the call must end all the same. */
    private goodbyeLater: ConversationEnd | undefined;

    constructor(
        private readonly timers: TimerSet,
        private readonly playback: Pick<Playback, 'soundLeftMs' | 'isUnreported' | 'reportAgeMs'>,
        private readonly actions: EndOfCallActions,
    ) {}

    /** The bot has hung up, and the caller hears the last of it. */
    get isHangingUp(): boolean {
        return this.phase === 'hang_up';
    }

    /** The conversation is over: caller audio and new bot audio are ignored. */
    get isPlayingOut(): boolean {
        return this.phase === 'playout' || this.phase === 'finished';
    }

    /**
     * Phase one: asks for the goodbye; the call ends with `reason`. A bot that has hung up is asked when the caller interrupts that.
     *
     * @returns false when the call is ending already
     */
    askForGoodbye(reason: ConversationEnd): boolean {
        if (this.phase === 'hang_up') this.goodbyeLater ??= reason;
        if (this.phase !== 'conversation') return false;
        this.phase = 'goodbye';
        this.reason = reason;
        this.timers.set('goodbye', GOODBYE_LIMIT_MS, () => {
            this.actions.conversationOver(reason);
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

    /** The bot has hung up: the conversation is over with `end` when the caller has heard the rest, and goes on if they interrupt it. */
    hangUp(end: ConversationEnd): void {
        if (this.phase !== 'conversation') {
            this.actions.conversationOver(this.endOf(end));
            return;
        }
        this.phase = 'hang_up';
        this.reason = end;
        const { soundLeftMs } = this.playback;
        if (soundLeftMs === 0) this.drained();
        else this.timers.set('hangUp', soundLeftMs + PLAYBACK_SLACK_MS, this.heardHangUp);
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
        this.heardHangUp();
        if (this.phase !== 'playout') return;
        const { isUnreported, reportAgeMs } = this.playback;
        if (isUnreported) this.finishAfter(PLAYBACK_REPORT_LIMIT_MS);
        else if (reportAgeMs >= GAP_REPORT_MS) this.finish();
        else
            this.timers.set('playout', GAP_REPORT_MS - reportAgeMs, () => {
                this.drained();
            });
    }

    /** The caller interrupted the rest: a bot that has hung up goes on, and a conversation that is over ends the call now. */
    interrupted(): void {
        if (this.phase !== 'hang_up') {
            this.finish();
            return;
        }
        this.resetHangUp();
        if (this.goodbyeLater !== undefined) this.askForGoodbye(this.goodbyeLater);
    }

    private resetHangUp(): void {
        this.phase = 'conversation';
        this.reason = undefined;
        this.timers.cancel('hangUp');
    }

    private readonly heardHangUp = (): void => {
        const end = this.phase === 'hang_up' ? this.reason : undefined;
        if (end === undefined) return;
        this.resetHangUp();
        this.actions.conversationOver(end);
    };

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

/** The limit that a call has reached with this turn, as its `end_reason`; undefined: it may go on. 0 is no limit. */
export function limitReached(
    { maxTurns, maxCostUsd }: Pick<TurnTakingConfig, 'maxTurns' | 'maxCostUsd'>,
    turns: number,
    costUsd: number | undefined,
): 'max_turns' | 'max_cost' | undefined {
    if (maxTurns > 0 && turns >= maxTurns) return 'max_turns';
    if (maxCostUsd > 0 && (costUsd ?? 0) >= maxCostUsd) return 'max_cost';
    return undefined;
}
