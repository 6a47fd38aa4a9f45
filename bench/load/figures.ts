import { percentile, percentileOf } from '../turn-figures';

/** The middle and the worst of many values, ms; NaN: there are none. */
export interface Spread {
    p50: number;
    p99: number;
    max: number;
}

/** Answers of the service, over all calls. */
export interface Answers {
    responses: number;
    givenMs: number;
    heardMs: number;
}

/** What was measured of one target with so many calls. */
export interface Figures {
    /** Work of the target's processes, ms of one core. */
    cpuMsPerCallMinute: number;
    /** Of nginx, where there is one; undefined: there is none. */
    proxyCpuMsPerCallMinute?: number | undefined;
    /** Share of the time in which the main thread worked, 0 … 1. */
    busyShare: number;
    /** NaN: not measured. */
    rssKibPerCall: number;
    heapKibPerCall: number;
    /** A frame leaves the caller → its last byte is at the service. */
    frameToModelMs: Spread;
    /** The first delta of an answer leaves the service → its first sound is at the caller. */
    firstAudioMs: Spread;
    loopDelayMs: Spread;
    openedAfterMs: Spread;
    /** How late the event loops of the callers and of the stand-in were, p99: what they add to the delays themselves. */
    callersLateMs: number;
    standInLateMs: number;
    answers: Answers;
    /** Bytes of PCMU. */
    toModel: Bytes;
    toCaller: Bytes;
    overLimit: number;
    bargeIns: number;
    refused: number;
    /** In words, with their number. */
    faults: ReadonlyMap<string, number>;
}

/** What became of bytes on their way; `misplaced`: they came, and are not those that belong there. */
export interface Bytes {
    lost: number;
    doubled: number;
    misplaced: number;
}

export function spreadOf(values: readonly number[]): Spread {
    const sorted = Float64Array.from(values).sort();
    return { p50: percentileOf(sorted, 0.5), p99: percentileOf(sorted, 0.99), max: percentileOf(sorted, 1) };
}

/** The same target and load, measured several times: medians of the figures, sums of the answers and of what must be 0. */
export function medianFigures(rounds: readonly [Figures, ...Figures[]]): Figures {
    const median = (of: (figures: Figures) => number): number => percentile(rounds.map(of), 0.5);
    const spread = (of: (figures: Figures) => Spread): Spread => ({
        p50: median((figures) => of(figures).p50),
        p99: median((figures) => of(figures).p99),
        max: median((figures) => of(figures).max),
    });
    const sum = (of: (figures: Figures) => number): number => rounds.reduce((total, each) => total + of(each), 0);
    const bytes = (of: (figures: Figures) => Bytes): Bytes => ({
        lost: sum((figures) => of(figures).lost),
        doubled: sum((figures) => of(figures).doubled),
        misplaced: sum((figures) => of(figures).misplaced),
    });
    const [first] = rounds;
    const hasProxy = first.proxyCpuMsPerCallMinute !== undefined;
    return {
        cpuMsPerCallMinute: median((figures) => figures.cpuMsPerCallMinute),
        proxyCpuMsPerCallMinute: hasProxy ? median((figures) => figures.proxyCpuMsPerCallMinute ?? NaN) : undefined,
        busyShare: median((figures) => figures.busyShare),
        rssKibPerCall: median((figures) => figures.rssKibPerCall),
        heapKibPerCall: median((figures) => figures.heapKibPerCall),
        frameToModelMs: spread((figures) => figures.frameToModelMs),
        firstAudioMs: spread((figures) => figures.firstAudioMs),
        loopDelayMs: spread((figures) => figures.loopDelayMs),
        openedAfterMs: spread((figures) => figures.openedAfterMs),
        callersLateMs: median((figures) => figures.callersLateMs),
        standInLateMs: median((figures) => figures.standInLateMs),
        answers: {
            responses: sum(({ answers }) => answers.responses),
            givenMs: sum(({ answers }) => answers.givenMs),
            heardMs: sum(({ answers }) => answers.heardMs),
        },
        toModel: bytes(({ toModel }) => toModel),
        toCaller: bytes(({ toCaller }) => toCaller),
        overLimit: sum(({ overLimit }) => overLimit),
        bargeIns: sum(({ bargeIns }) => bargeIns),
        refused: sum(({ refused }) => refused),
        faults: addCounts(rounds.map(({ faults }) => faults)),
    };
}

/** Counts by name, added up. */
export function addCounts(all: readonly ReadonlyMap<string, number>[]): Map<string, number> {
    const total = new Map<string, number>();
    for (const counts of all) for (const [name, count] of counts) total.set(name, (total.get(name) ?? 0) + count);
    return total;
}

/** How the answers of two targets differ, in words; undefined: they do not. */
export function answersDiffer(one: Answers, other: Answers): string | undefined {
    const differences = [
        difference('responses', one.responses, other.responses, ''),
        difference('given', one.givenMs, other.givenMs, ' ms'),
        difference('heard', one.heardMs, other.heardMs, ' ms'),
    ].filter((text) => text !== undefined);
    return differences.length === 0 ? undefined : differences.join(', ');
}

function difference(what: string, one: number, other: number, unit: string): string | undefined {
    return one === other ? undefined : `${what} ${one.toFixed(0)} against ${other.toFixed(0)}${unit}`;
}

/** One point of a curve over the number of calls. */
export interface Point {
    calls: number;
    value: number;
}

/**
 * How many calls there may be until the value passes `limit`, on the straight line between the steps. `never`: it does not pass it, and `calls` is the
 * largest number that was measured; `always`: it has passed it with the smallest number already.
 */
export function callsUntil(
    points: readonly Point[],
    limit: number,
): { calls: number; is: 'passed' | 'never' | 'always' } {
    const sorted = [...points].sort((one, other) => one.calls - other.calls);
    const first = sorted.findIndex(({ value }) => !(value <= limit));
    const over = sorted[first];
    const under = sorted[first - 1];
    if (over === undefined) return { calls: sorted.at(-1)?.calls ?? 0, is: 'never' };
    if (under === undefined) return { calls: over.calls, is: 'always' };
    const share = Number.isFinite(over.value) ? (limit - under.value) / (over.value - under.value) : 0;
    return { calls: Math.round(under.calls + share * (over.calls - under.calls)), is: 'passed' };
}

/** What is wrong beside any timing, in words; empty: nothing is. */
export function mistakesOf(figures: Figures): string[] {
    const { toModel, toCaller, faults, refused, bargeIns, overLimit } = figures;
    const counts: [string, number][] = [
        ['bytes lost on the way to the model', toModel.lost],
        ['bytes doubled on the way to the model', toModel.doubled],
        ['bytes misplaced on the way to the model', toModel.misplaced],
        ['bytes lost on the way to the caller', toCaller.lost],
        ['bytes doubled on the way to the caller', toCaller.doubled],
        ['bytes misplaced on the way to the caller', toCaller.misplaced],
        ['messages over the limit', overLimit],
        ['interruptions that no caller made', bargeIns],
        ['calls refused', refused],
        ...faults,
    ];
    return counts.filter(([, count]) => count !== 0).map(([what, count]) => `${what}: ${count}`);
}
