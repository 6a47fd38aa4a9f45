/**
 * When something that a record shows counts as gone wrong. docs/CALLS-PAGE.md has a row for each of them. Times are milliseconds, money is
 * US dollars.
 */
export const LIMITS = {
    /** From the end of the caller's voice to the bot's: a caller wonders whether they were heard. */
    longWaitMs: 2500,
    /** They ask whether anyone is there. */
    veryLongWaitMs: 6000,
    /** From `opened` to the first bot audio. */
    lateGreetingMs: 3000,
    /** Without any bot audio after the caller has spoken. */
    noAnswerMs: 5000,
    /** A function that has succeeded. */
    slowFunctionMs: 5000,
    /** Between two calls of a function with the same arguments. */
    sameFunctionMs: 60_000,
    /** The bot speaks on while the caller, who was talking already, goes on talking. */
    botOverCallerMs: 1000,
    /** From bot audio to the client's report that it plays. */
    notPlayedMs: 4000,
    /** Voice over the bot that was no turn, where its words are not known. */
    ignoredVoiceMs: 1500,
    /** Words over the bot that were no turn. */
    ignoredWords: 3,
    /** Of the words of two turns: how many are the same, from 0 to 1. */
    repeatedShare: 0.7,
    /** Different words that a turn must have to be compared. */
    repeatedWords: 3,
    /** Interruptions of a call, and how many they are for each turn. */
    interruptions: 4,
    interruptionsPerTurn: 0.3,
    /** Times at which the bot was stopped for what was no turn. */
    takenBack: 3,
    /** What the caller did not hear of a goodbye. */
    goodbyeCutMs: 700,
    /** Caller audio that the client left out. */
    lostAudioMs: 500,
    /** Of a call. */
    costUsd: 1,
} as const satisfies Readonly<Record<string, number>>;

export type Limits = Readonly<Record<keyof typeof LIMITS, number>>;
