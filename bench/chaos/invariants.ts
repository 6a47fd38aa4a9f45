import type { CallOutcome } from './good-call';
import type { Census } from './probe';

/** What a fault may do to calls that do nothing wrong themselves. */
export interface Permits {
    /** Answers of the model that break off: the connection to it is the fault. */
    cutAnswers?: boolean;
    /** Reasons (`end_reason`) with which the server may end such a call. */
    ends?: readonly string[];
}

/** All that was seen of one fault, from the first call to the moment at which no call is left. */
export interface FaultRecord {
    fault: string;
    /** How long the fault lasted, s. */
    seconds: number;
    calls: readonly CallOutcome[];
    /** Sessions of accepted calls that did wrong. */
    badCalls: readonly string[];
    /** The reasons in the lines `call ended`, by session; undefined: the log cannot be read. */
    ends: ReadonlyMap<string, readonly string[]> | undefined;
    droppedLines: number;
    internalFaults: readonly string[];
    /** Ends of a server's process that were not asked for, or had another exit code than 0. */
    deaths: readonly string[];
    /** Frames that OpenAI would refuse. */
    standInFaults: readonly string[];
    before: Census;
    after: Census;
    /** The most that this program's own timers were late, ms. */
    lateMs: number;
    /** From the end of the fault until the model had answered a call that began after it, ms; undefined: it never did. */
    recoveredAfterMs: number | undefined;
    /** What else the fault itself found wrong. */
    complaints: readonly string[];
    permits: Permits;
}

export const INVARIANTS = {
    endReasons: 'each accepted call has one line “call ended” with a reason',
    alive: 'the process never ends by itself, and reports no fault of its own',
    growth: 'sockets, files, timers and heap go back',
    silence: 'callers wait no longer than 6.5 s for a voice',
    sentences: 'no sentence is cut when the server ends a call',
    others: 'calls that do nothing wrong notice nothing of those that do',
    recovery: 'the model answers new calls after the fault',
} as const;

export type Invariant = keyof typeof INVARIANTS;

/** What is wrong, in words. */
export interface Breach {
    invariant: Invariant;
    detail: string;
}

const MAX_SILENCE_MS = 6500;
/** Time of a message on the way, and the clock of the playback. */
const UNHEARD_MS = 250;
/** The rate limits are looked at by arrival: a program that was held up so long sees a burst that was none. */
const RATES_COUNT_BELOW_MS = 300;

/** What the server may hold more than before, with no call. */
export const GROWTH_LIMITS = { sockets: 0, descriptors: 1, timers: 2, heapKib: 8 * 1024 } as const;

/** What of a census has grown too much, in words. */
export function growthIn(before: Census, after: Census): string[] {
    const names = Object.keys(GROWTH_LIMITS) as (keyof typeof GROWTH_LIMITS)[];
    return names
        .filter((name) => after[name] - before[name] > GROWTH_LIMITS[name])
        .map((name) => `${name}: ${before[name].toFixed(0)} → ${after[name].toFixed(0)}`);
}

/** Everything that is wrong with a fault's record. */
export function breachesIn(record: FaultRecord): Breach[] {
    const found: Record<Invariant, string[]> = {
        endReasons: endReasons(record),
        alive: [...record.deaths, ...record.internalFaults],
        growth: growthIn(record.before, record.after),
        silence: silences(record),
        sentences: sentences(record),
        others: [...others(record), ...record.complaints],
        recovery: record.recoveredAfterMs === undefined ? ['it answered none'] : [],
    };
    const names = Object.keys(found) as Invariant[];
    return names.flatMap((invariant) => found[invariant].map((detail) => ({ invariant, detail })));
}

function endReasons({ calls, badCalls, ends, droppedLines }: FaultRecord): string[] {
    if (ends === undefined) return [];
    const accepted = [...calls.filter(wasAccepted).map(({ session }) => session), ...badCalls];
    const lines = accepted.map((session) => ends.get(session) ?? []);
    const without = lines.filter((each) => each.length === 0).length;
    const twice = lines.filter((each) => each.length > 1).length;
    const unnamed = lines.filter((each) => each.includes('')).length;
    return [
        ...(without > droppedLines ? [`${without} of ${accepted.length} calls have no line`] : []),
        ...(twice > 0 ? [`${twice} calls have more than one`] : []),
        ...(unnamed > 0 ? [`${unnamed} have no reason`] : []),
    ];
}

/** The longest silence that is allowed, ms: this program's own lateness is not the server's. */
export function silenceLimitMs({ lateMs }: FaultRecord): number {
    return MAX_SILENCE_MS + lateMs;
}

function silences(record: FaultRecord): string[] {
    const limitMs = silenceLimitMs(record);
    return record.calls
        .filter(({ worstSilenceMs }) => worstSilenceMs > limitMs)
        .map(({ session, worstSilenceMs }) => `${(worstSilenceMs / 1000).toFixed(1)} s in call ${session}`);
}

function sentences({ calls, permits, lateMs }: FaultRecord): string[] {
    return calls.flatMap(({ session, unheardMs, cutAnswers }) => {
        if (unheardMs === undefined) return [];
        const unheard = unheardMs > UNHEARD_MS + lateMs;
        const cut = cutAnswers > 0 && permits.cutAnswers !== true;
        return [
            ...(unheard ? [`${unheardMs.toFixed(0)} ms were not heard yet in call ${session}`] : []),
            ...(cut ? [`an answer broke off in call ${session}`] : []),
        ];
    });
}

function others({ calls, permits, lateMs, standInFaults }: FaultRecord): string[] {
    const refused = calls
        .filter((call) => !wasAccepted(call))
        .map(({ refusedWith }) => `refused with ${String(refusedWith)}`);
    const ends = calls
        .filter(wasAccepted)
        .filter(({ end }) => end !== 'hung up' && permits.ends?.includes(end) !== true);
    const wrong = calls.flatMap((call) =>
        wrongIn(call, permits, lateMs).map((what) => `${what} in call ${call.session}`),
    );
    return [
        ...refused,
        ...ends.map(({ end, session }) => `the end of call ${session} was: ${end}`),
        ...wrong,
        ...standInFaults.map((fault) => `OpenAI would refuse ${fault}`),
    ];
}

function wrongIn(call: CallOutcome, permits: Permits, lateMs: number): string[] {
    const { foreignBlocks, misplacedBlocks, cutAnswers, unheardMs, breaches, rateBreaches } = call;
    const cut = cutAnswers > 0 && permits.cutAnswers !== true && unheardMs === undefined;
    return [
        ...(foreignBlocks > 0 ? [`${20 * foreignBlocks} ms of another call’s answers`] : []),
        ...(misplacedBlocks > 0 ? [`${20 * misplacedBlocks} ms of an answer out of their place`] : []),
        ...(cut ? ['an answer that broke off'] : []),
        ...(rateBreaches > 0 && lateMs < RATES_COUNT_BELOW_MS ? ['more messages than Genesys takes'] : []),
        ...breaches,
    ];
}

function wasAccepted({ refusedWith }: CallOutcome): boolean {
    return refusedWith === undefined;
}
