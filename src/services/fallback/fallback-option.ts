import type { Conversation } from '../conversation';

/** A line of the talk, as far as the caller heard it. */
export interface HistoryLine {
    speaker: 'caller' | 'bot';
    text: string;
}

/** What a bot is told that takes a call over from another one. */
export interface Takeover {
    /** A code of the catalogue, or the words in which the last bot gave up. */
    why: string;
    /** The talk so far, oldest first. */
    history: readonly HistoryLine[];
    /** The caller has heard a bot's voice: greet no more. */
    greeted: boolean;
    /**
     * The caller waits for an answer to what the history holds. Words of his that it does not hold reach `hear` again, and are
     * answered as usual.
     */
    answerOwed: boolean;
}

/** One bot of a ladder. */
export interface FallbackOption {
    /** Short and without blanks: it stands in logs and in the output variable `fallback_used`. */
    name: string;
    /** The service that it lives on, for the circuit breaker; undefined: none, it is always there. */
    upstream?: string | undefined;
    /** Makes the bot for one call; `takeover` is undefined where the call begins with it. */
    make(takeover?: Takeover): Conversation;
}

/** The rungs from `name` down, for trying a fallback on purpose; an unknown name leaves them as they are. */
export function optionsFrom(rungs: readonly FallbackOption[], name: string): readonly FallbackOption[] {
    return rungs.slice(
        Math.max(
            0,
            rungs.findIndex((rung) => rung.name === name),
        ),
    );
}
