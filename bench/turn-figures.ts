import type { DelayBar } from './interruptions';

/** What was measured of turn-taking, over one call or many. Milliseconds, unless a name says otherwise. */
export class TurnFigures {
    bargeIns = 0;
    heardOut = 0;
    /** Interruptions that were not measured, because the machine held everything up just then. */
    heldUp = 0;
    /** |what the model was told that was heard − what was heard|, one for each barge-in. */
    readonly errorsMs: number[] = [];
    /** From the beginning of the interruption (`DelayBar.from`) to the `barge_in` that left the server. */
    readonly delaysMs: number[] = [];
    /** Bytes of a response that came after its `barge_in`. */
    cancelledBytes = 0;
    /** Bytes of uninterrupted responses that are missing or misplaced. */
    lostBytes = 0;
    strayBytes = 0;
    /** Messages beyond the limits, by excursion. */
    rateBreaches = 0;
    /** Silences in the middle of a response while the server had audio of it. */
    starvations = 0;
    starvedMs = 0;
    /** The same, but the audio was on its way: the network was late. */
    networkGaps = 0;
    /** The caller talked over the bot, and no `barge_in` came. */
    missedBargeIns = 0;
    /** An item was corrected more than once. */
    repeatedCorrections = 0;
    /** An item that was cut off was not corrected. */
    missingCorrections = 0;
    /** An item of a response that was heard to its end was corrected. */
    needlessCorrections = 0;
    /** Turns of the caller that were given no response in time. */
    missingResponses = 0;
    /** Responses beyond the one for each turn. */
    doubledResponses = 0;
    /** Other faults, in words. */
    readonly faults: string[] = [];

    add(other: TurnFigures): void {
        this.errorsMs.push(...other.errorsMs);
        this.delaysMs.push(...other.delaysMs);
        this.faults.push(...other.faults);
        this.bargeIns += other.bargeIns;
        this.heardOut += other.heardOut;
        this.heldUp += other.heldUp;
        this.cancelledBytes += other.cancelledBytes;
        this.lostBytes += other.lostBytes;
        this.strayBytes += other.strayBytes;
        this.rateBreaches += other.rateBreaches;
        this.starvations += other.starvations;
        this.starvedMs += other.starvedMs;
        this.networkGaps += other.networkGaps;
        this.missedBargeIns += other.missedBargeIns;
        this.repeatedCorrections += other.repeatedCorrections;
        this.missingCorrections += other.missingCorrections;
        this.needlessCorrections += other.needlessCorrections;
        this.missingResponses += other.missingResponses;
        this.doubledResponses += other.doubledResponses;
    }
}

/** One line of the report: a figure, and whether it keeps its bar. */
export interface Verdict {
    text: string;
    good: boolean;
}

const ERROR_P50_MS = 20;
const ERROR_P99_MS = 60;

/** Compares the figures with their limits: error of the reported playhead, delay of `barge_in`, lost and stray audio, rates. */
export function verdictsOf(figures: TurnFigures, delay: DelayBar): Verdict[] {
    const { errorsMs, delaysMs, faults } = figures;
    const p99Ms = percentile(errorsMs, 0.99);
    const errorIsGood = percentile(errorsMs, 0.5) <= ERROR_P50_MS && p99Ms <= ERROR_P99_MS;
    return [
        {
            text: `interruptions measured: ${errorsMs.length} of ${figures.bargeIns}; at least a quarter of them`,
            good: errorsMs.length > 0 && errorsMs.length * 4 >= figures.bargeIns,
        },
        {
            text: `truncate position − heard: ${spread(errorsMs)}; at most ${ERROR_P50_MS} / ${ERROR_P99_MS} ms`,
            good: errorIsGood,
        },
        {
            text: `${delay.from} → barge_in: ${spread(delaysMs, delay.share)}; ${nameOf(delay.share)} at most ${delay.mostMs} ms`,
            good: delaysMs.length < delay.leastCount || percentile(delaysMs, delay.share) <= delay.mostMs,
        },
        none('bytes of a cancelled response after its barge_in', figures.cancelledBytes),
        none('bytes lost in responses that were heard out', figures.lostBytes),
        none('bytes doubled, moved or strange', figures.strayBytes),
        none('excursions beyond 25 + 5·t messages', figures.rateBreaches),
        none(`silences while audio was queued (${figures.starvedMs.toFixed(0)} ms)`, figures.starvations),
        none('interruptions without barge_in', figures.missedBargeIns),
        none('items cut off and not corrected', figures.missingCorrections),
        none('items heard out and corrected', figures.needlessCorrections),
        none('items corrected twice', figures.repeatedCorrections),
        none('turns without a response', figures.missingResponses),
        none('responses beyond one for each turn', figures.doubledResponses),
        none(faults.length === 0 ? 'other faults' : `other faults: ${[...new Set(faults)].join('; ')}`, faults.length),
    ];
}

function none(what: string, count: number): Verdict {
    return { text: `${what}: ${count}`, good: count === 0 };
}

/** `share`: given beside p50, p99 and the largest. */
function spread(valuesMs: readonly number[], share = 0.99): string {
    const shares = [...new Set([0.5, share, 0.99])].map(
        (each) => `${nameOf(each)} ${percentile(valuesMs, each).toFixed(1)}`,
    );
    return `${shares.join(', ')}, max ${percentile(valuesMs, 1).toFixed(1)} ms`;
}

function nameOf(share: number): string {
    return `p${Math.round(100 * share)}`;
}

/** The value below which `share` (0 … 1) of the values lie, by nearest rank; NaN when there are none. */
export function percentile(values: readonly number[], share: number): number {
    return percentileOf(
        [...values].sort((a, b) => a - b),
        share,
    );
}

/** The same of values that are sorted already. */
export function percentileOf(sorted: ArrayLike<number>, share: number): number {
    return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}
