/**
 * How much each thing weighs that can go wrong: what the caller minds most comes first. From 80 on it spoils a call, from 50 on a turn;
 * below that it is worth a look.
 */
export const WEIGHTS = {
    processDied: 100,
    endedByFault: 95,
    lineLost: 92,
    serverStopped: 90,
    noAnswer: 88,
    fallback: 84,
    veryLongWait: 82,
    connectionGone: 80,
    functionTimedOut: 76,
    functionFailed: 74,
    functionRefused: 72,
    notPlayed: 70,
    endedByLimit: 68,
    functionAborted: 67,
    connectionLost: 66,
    lateGreeting: 64,
    longWait: 62,
    turnIgnored: 60,
    botOverCaller: 58,
    slowFunction: 57,
    lostAudio: 56,
    goodbyeCut: 54,
    sameFunctionTwice: 52,
    callerRepeated: 50,
    askedAgain: 48,
    notUnderstood: 46,
    backchannelTurn: 44,
    questionUnheard: 42,
    takenBack: 41,
    manyInterruptions: 40,
    cost: 38,
    otherFault: 30,
    nothing: 0,
} as const;

export type FindingKind = keyof typeof WEIGHTS;

/** One thing that went wrong on a call. */
export interface Finding {
    readonly kind: FindingKind;
    /** 1 … 100; 0: nothing went wrong. */
    readonly weight: number;
    /** `grave`: it spoilt the call; `serious`: a turn; `slight`: worth a look; `none`: nothing went wrong. */
    readonly grade: 'grave' | 'serious' | 'slight' | 'none';
    /** One or two sentences for an operator. */
    readonly sentence: string;
    /** Number of the turn; undefined: it belongs to none. */
    readonly turn: number | undefined;
    /** Where to listen, ms of the call; undefined: everywhere. */
    readonly atMs: number | undefined;
}

/** The gravest finding of one call of a list; one of the weight 0 says that nothing went wrong. */
export interface WorstFinding {
    readonly sessionId: string;
    readonly finding: Finding;
    /** How many others the call has. */
    readonly others: number;
}

/** Marks of the weights in a terminal, all of one width. */
export const MARKS: Readonly<Record<Finding['grade'], string>> = {
    grave: '!!',
    serious: '! ',
    slight: '· ',
    none: '  ',
};

export function finding(
    kind: FindingKind,
    sentence: string,
    place: { turn?: number | undefined; atMs?: number | undefined } = {},
): Finding {
    const weight = WEIGHTS[kind];
    return { kind, weight, grade: gradeOf(weight), sentence, turn: place.turn, atMs: place.atMs };
}

export function gradeOf(weight: number): Finding['grade'] {
    if (weight >= 80) return 'grave';
    if (weight >= 50) return 'serious';
    return weight > 0 ? 'slight' : 'none';
}
