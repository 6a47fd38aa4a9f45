import type { CaseTally } from './pass-k';
import type { Failure, RunResult } from './result';
import {
    askedIn,
    askedText,
    casePlace,
    counted,
    countVerdicts,
    dollars,
    failurePlace,
    figuresOf,
    percent,
    printable,
    seconds,
    type Report,
} from './words';

const MARKS = { passed: '✓', failed: '✗', unknown: '?' } as const;

/** One line for a run that has finished: verdict, answers, worst wait, cost, real time. `runs`: how many runs each case has. */
export function runLine(result: RunResult, runs: number): string {
    const { turns, worstWaitMs, costUsd } = figuresOf(result);
    const run = runs === 1 ? '' : ` (run ${result.run} of ${runs}, seed ${result.seed})`;
    const facts = [
        counted(turns, 'answer'),
        ...(worstWaitMs === undefined ? [] : [`worst wait ${seconds(worstWaitMs)}`]),
        ...(costUsd === undefined ? [] : [dollars(costUsd)]),
        ...(result.asked === undefined ? [] : [`persona and judge ${askedText(result.asked)}`]),
        `took ${seconds(result.tookMs)}`,
    ];
    const name = line(`${result.bot}: ${result.name}${run}`);
    return `${MARKS[result.verdict]} ${name.padEnd(56)}  ${facts.join(', ')}`;
}

/** The line that is written anew on a terminal while cases run. */
export function progressLine(done: number, all: number, failed: number, running: readonly string[]): string {
    const now = running.length === 0 ? '' : `; now ${line(running.join(', '))}`;
    return `  ${done} of ${all} done, ${failed} failed${now}`;
}

/** Everything that is said when all have finished: each failure explained, what could not be judged, and the sums. */
export function closingText(report: Report): string {
    const { tallies } = report;
    const repeated = tallies.filter(({ results }) => results.length > 1);
    return [
        ...tallies.flatMap(failureLines),
        ...tallies.flatMap(unjudgedLines),
        ...(repeated.length === 0 ? [] : ['', ...repeated.map(repeatedLine)]),
        '',
        ...summaryLines(report),
    ].join('\n');
}

function failureLines({ results }: CaseTally): string[] {
    return results.flatMap((result) =>
        result.failures.length === 0 ? [] : ['', headOf(result), ...result.failures.flatMap(explained)],
    );
}

function headOf(result: RunResult): string {
    const { bot, name, run, seed, verdict } = result;
    return line(`${MARKS[verdict]} ${bot}: ${name} (${casePlace(result)}, run ${run}, seed ${seed})`);
}

function explained(failure: Failure): string[] {
    const { why, sentence } = failure;
    const [first = '', ...rest] = printable(why).split('\n');
    return [
        `    ${line(failurePlace(failure))}: ${first}`,
        ...rest.map((each) => `        ${each}`),
        ...(sentence === undefined ? [] : [`        “${line(sentence)}”`]),
    ];
}

function unjudgedLines({ results }: CaseTally): string[] {
    const told = results.filter(({ notJudged }) => notJudged.length > 0);
    return told.flatMap((result) => [
        '',
        headOf(result),
        ...result.notJudged.map((why) => `    not judged: ${line(why)}`),
    ]);
}

/** How sure a case is that was run more than once. */
export function repeatedLine({ bot, name, passes, judged, interval, passPower, verdict }: CaseTally): string {
    const sure = interval === undefined ? '' : ` (95 %: ${percent(interval[0])} to ${percent(interval[1])})`;
    const powers = shownPowers(passPower.length).map((k) => `pass^${k} ${(passPower[k - 1] ?? 0).toFixed(2)}`);
    return `${MARKS[verdict]} ${line(`${bot}: ${name}`)}: ${passes} of ${judged} passed${sure}; ${powers.join(', ')}`;
}

/** Of many, the first ones, the doubles, and the last one. */
function shownPowers(most: number): number[] {
    const all = Array.from({ length: most }, (_, at) => at + 1);
    return all.filter((k) => k <= 3 || k === most || Number.isInteger(Math.log2(k)));
}

function summaryLines({ tallies, tookMs, notRun }: Report): string[] {
    const { passed, failed, unknown } = countVerdicts(tallies);
    const results = tallies.flatMap((tally) => tally.results);
    const costs = results.flatMap((result) => figuresOf(result).costUsd ?? []);
    const cost = costs.length === 0 ? '' : `, ${dollars(costs.reduce((sum, each) => sum + each, 0))}`;
    const asked = askedIn(results);
    const runs = results.length === tallies.length ? '' : ` in ${counted(results.length, 'run')}`;
    return [
        `${counted(tallies.length, 'case')}${runs}: ${passed} passed, ${failed} failed${unknown === 0 ? '' : `, ${unknown} not judged in full`}` +
            `; took ${seconds(tookMs)}${cost}`,
        ...(asked === undefined ? [] : [`Personas and judges: ${askedText(asked)}, beside the cost of the calls.`]),
        ...(notRun === 0 ? [] : [`${counted(notRun, 'run')} had no result: ended early.`]),
    ];
}

/** One line, whatever the text holds. */
function line(text: string): string {
    return printable(text).replace(/\s+/g, ' ');
}
