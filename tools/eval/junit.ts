import { repeatedLine } from './table';
import type { CaseTally } from './pass-k';
import { escaped, moment, type Report } from './words';

/** A run as JUnit XML, which CI systems read: a suite for each file of cases. What could not be judged is a skipped case. */
export function junitReport({ tallies, tookMs }: Report): string {
    const files = [...new Set(tallies.map(({ file }) => file))];
    const suites = files.map((file) =>
        suiteOf(
            file,
            tallies.filter((tally) => tally.file === file),
        ),
    );
    return [
        '<?xml version="1.0" encoding="UTF-8"?>',
        `<testsuites name="eval" ${counts(tallies)} time="${inSeconds(tookMs)}">`,
        ...suites,
        '</testsuites>\n',
    ].join('\n');
}

function suiteOf(file: string, tallies: readonly CaseTally[]): string {
    return [
        `  <testsuite name="${escaped(file)}" ${counts(tallies)} time="${inSeconds(timeOf(tallies))}">`,
        ...tallies.map(caseOf),
        '  </testsuite>',
    ].join('\n');
}

function counts(tallies: readonly CaseTally[]): string {
    const count = (verdict: CaseTally['verdict']): number => tallies.filter((each) => each.verdict === verdict).length;
    return `tests="${tallies.length}" failures="${count('failed')}" errors="0" skipped="${count('unknown')}"`;
}

function caseOf(tally: CaseTally): string {
    const { bot, name, file, verdict, results } = tally;
    const head = `    <testcase name="${escaped(name)}" classname="${escaped(bot)}" file="${escaped(file)}" time="${inSeconds(timeOf([tally]))}"`;
    const output = results.length > 1 ? [`      <system-out>${escaped(repeatedLine(tally))}</system-out>`] : [];
    const inside = [...verdictLines(tally), ...output];
    return inside.length === 0 && verdict === 'passed'
        ? `${head}/>`
        : [`${head}>`, ...inside, '    </testcase>'].join('\n');
}

function verdictLines({ verdict, results }: CaseTally): string[] {
    if (verdict === 'passed') return [];
    if (verdict === 'unknown') {
        const reasons = results.flatMap(({ notJudged }) => notJudged).join('; ');
        return [`      <skipped message="${escaped(`not judged: ${reasons}`)}"/>`];
    }
    const failures = results.flatMap(({ run, seed, failures: each }) =>
        each.map(({ of, why, atMs, sentence }) => {
            const where = atMs === undefined ? '' : ` at ${moment(atMs)}`;
            return `run ${run}, seed ${seed}: ${of}${where}: ${why}${sentence === undefined ? '' : ` “${sentence}”`}`;
        }),
    );
    const first = results.flatMap((result) => result.failures)[0];
    const message = first === undefined ? 'failed' : `${first.of}: ${first.why}`;
    return [
        `      <failure type="${escaped(first?.of ?? 'case')}" message="${escaped(message)}">${escaped(failures.join('\n'))}</failure>`,
    ];
}

function timeOf(tallies: readonly CaseTally[]): number {
    return tallies.flatMap(({ results }) => results).reduce((sum, { tookMs }) => sum + tookMs, 0);
}

function inSeconds(ms: number): string {
    return (ms / 1000).toFixed(3);
}
