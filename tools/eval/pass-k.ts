import type { RunResult } from './result';

/** The runs of one case, taken together. */
export interface CaseTally {
    readonly bot: string;
    readonly file: string;
    readonly name: string;
    /** In the order of `run`. */
    readonly results: readonly RunResult[];
    /** `unknown`: not failed, but something could not be judged. */
    readonly verdict: 'passed' | 'failed' | 'unknown';
    readonly passes: number;
    /** Runs that passed or failed. */
    readonly judged: number;
    /** passes / judged; undefined: nothing was judged. */
    readonly rate: number | undefined;
    /** 95 % Wilson score interval of the rate: from, to. */
    readonly interval: readonly [number, number] | undefined;
    /** Estimated probability that k runs in a row all pass, for k = 1 … judged. */
    readonly passPower: readonly number[];
}

/**
 * Takes the runs of each case together, in the order in which cases come first. `minPass`: the least share of the runs of a case that must not
 * have failed, 0 to 1.
 */
export function tallyCases(results: readonly RunResult[], minPass: number): CaseTally[] {
    const groups = new Map<string, RunResult[]>();
    for (const result of results) {
        const key = `${result.file}\0${result.bot}\0${result.name}`;
        groups.set(key, [...(groups.get(key) ?? []), result]);
    }
    return [...groups.values()].flatMap((group) => {
        const [first] = group;
        return first === undefined ? [] : [tally(first, group, minPass)];
    });
}

function tally({ bot, file, name }: RunResult, results: readonly RunResult[], minPass: number): CaseTally {
    const passes = results.filter(({ verdict }) => verdict === 'passed').length;
    const failed = results.filter(({ verdict }) => verdict === 'failed').length;
    const judged = passes + failed;
    // Shares such as 0.8 are no binary fractions: 4 of 5 must be enough for them.
    const isFailed = (results.length - failed) / results.length < minPass - 1e-9;
    return {
        bot,
        file,
        name,
        results: [...results].sort((a, b) => a.run - b.run),
        verdict: isFailed ? 'failed' : judged < results.length ? 'unknown' : 'passed',
        passes,
        judged,
        rate: judged === 0 ? undefined : passes / judged,
        interval: judged === 0 ? undefined : wilsonInterval(passes, judged),
        passPower: Array.from({ length: judged }, (_, at) => passPower(passes, judged, at + 1)),
    };
}

/**
 * The unbiased estimate of the probability that `k` runs in a row pass, from `passes` of `runs`: the share of all choices of k runs in which all
 * passed, C(passes, k) / C(runs, k). `k` is at most `runs`.
 */
export function passPower(passes: number, runs: number, k: number): number {
    let share = 1;
    for (let at = 0; at < k; at++) share *= Math.max(0, passes - at) / (runs - at);
    return share;
}

/** Quantile of the standard normal distribution that leaves 2.5 % on each side. */
const Z = 1.959964;

/** The 95 % Wilson score interval of a share: from, to. `runs` is at least 1. */
export function wilsonInterval(passes: number, runs: number): [number, number] {
    const rate = passes / runs;
    const scale = 1 + (Z * Z) / runs;
    const middle = (rate + (Z * Z) / (2 * runs)) / scale;
    const half = (Z / scale) * Math.sqrt((rate * (1 - rate)) / runs + (Z * Z) / (4 * runs * runs));
    return [Math.max(0, middle - half), Math.min(1, middle + half)];
}
