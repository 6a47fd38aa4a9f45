import type { TurnTakingConfig } from '../config/config';
import type { TimerSet } from '../support/timer-set';

/** What is done about silence. */
export interface SilenceActions {
    /** The caller has said nothing: the bot asks again. */
    askAgain: () => void;
    /** He still says nothing: the bot says goodbye. */
    giveUpOnCaller: () => void;
    /** The bot leaves the caller waiting: a sign that he is not lost. */
    comfort: () => void;
    /** It still does: the call goes on without it. */
    giveUpOnBot: () => void;
}

/** Signs that the caller gets before the bot counts as lost. */
const MAX_COMFORTS = 2;

/**
 * Two kinds of silence, never both at once. The *caller's*: it begins when he has heard the bot out, and is broken by
 * speech or a key. The *bot's* (dead air): it begins when the caller has finished, and is broken by the bot's next sound.
 */
export class SilenceWatch {
    private reprompts = 0;
    private comforts = 0;

    constructor(
        private readonly timers: TimerSet,
        private readonly config: Pick<TurnTakingConfig, 'noInputMs' | 'maxReprompts' | 'deadAirMs'>,
        private readonly actions: SilenceActions,
    ) {}

    /** The caller has heard everything, and it is his turn. */
    callerMayTalk(): void {
        if (this.config.noInputMs === 0 || this.timers.isSet('deadAir')) return;
        this.timers.set('noInput', this.config.noInputMs, () => {
            this.callerWasSilent();
        });
    }

    /** He talks, or presses a key. */
    callerIsActive(): void {
        this.reprompts = 0;
        this.timers.cancel('noInput');
        this.timers.cancel('deadAir');
    }

    /** He has finished, and waits for the bot. */
    botOwesAnswer(): void {
        this.comforts = 0;
        this.timers.cancel('noInput');
        this.awaitBot();
    }

    /** The bot gave a sound. */
    botTalks(): void {
        this.timers.cancel('noInput');
        this.timers.cancel('deadAir');
    }

    /** Nothing is waited for any more: the call is about to end. */
    stop(): void {
        this.timers.cancel('noInput');
        this.timers.cancel('deadAir');
    }

    private callerWasSilent(): void {
        if (this.reprompts >= this.config.maxReprompts) {
            this.actions.giveUpOnCaller();
            return;
        }
        this.reprompts += 1;
        this.actions.askAgain();
        this.awaitBot();
    }

    private awaitBot(): void {
        if (this.config.deadAirMs === 0) return;
        this.timers.set('deadAir', this.config.deadAirMs, () => {
            this.botWasSilent();
        });
    }

    private botWasSilent(): void {
        if (this.comforts >= MAX_COMFORTS) {
            this.actions.giveUpOnBot();
            return;
        }
        this.comforts += 1;
        this.actions.comfort();
        this.awaitBot();
    }
}
