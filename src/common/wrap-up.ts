import type { ConversationEnd } from '../services/conversation';
import type { TimerSet } from '../support/timer-set';

/** A goodbye that takes longer to come is not waited for. */
const GOODBYE_LIMIT_MS = 12_000;

/**
 * A call that must end, because the caller is silent or a limit is reached, ends with a spoken sentence and not with a
 * cut: the bot is asked to say goodbye, and its end becomes the call's, with the reason that began it.
 */
export class WrapUp {
    private reason: ConversationEnd | undefined;

    constructor(
        private readonly timers: TimerSet,
        private readonly actions: {
            /** Asks the bot for its goodbye. */
            sayGoodbye: () => void;
            /** The bot did not say it. */
            giveUp: (end: ConversationEnd) => void;
        },
    ) {}

    get isUnderWay(): boolean {
        return this.reason !== undefined;
    }

    /** Begins, once; a second reason changes nothing. */
    begin(reason: ConversationEnd): void {
        if (this.reason !== undefined) return;
        this.reason = reason;
        this.timers.set('goodbye', GOODBYE_LIMIT_MS, () => {
            this.actions.giveUp(reason);
        });
        this.actions.sayGoodbye();
    }

    /**
     * The bot's own end; or the reason that made it end, with what the bot has to tell beside it. A transfer stays one: with
     * his last turn the caller was promised a person.
     */
    endOf(end: ConversationEnd): ConversationEnd {
        this.timers.cancel('goodbye');
        if (this.reason === undefined || end.outputVariables?.['end_reason'] === 'transfer') return end;
        return { ...this.reason, outputVariables: { ...end.outputVariables, ...this.reason.outputVariables } };
    }
}
