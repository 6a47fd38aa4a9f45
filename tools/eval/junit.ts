import { repeatedLine } from './table';
import type { CaseTally } from './pass-k';
import { escaped, failurePlace, type Report } from './words';

/**
 * A run as JUnit XML, which CI systems read: a suite for each file of cases. What could not be judged is a skipped case. A file that is wrong is a
 * suite with one case, whose error names its mistakes.
 */
export function junitReport({ tallies, tookMs, mistakes }: Report): string {
    const files = [...new Set(tallies.map(({ file }) => file))];
    const suites = files.map((file) =>
        suiteOf(
            file,
            tallies.filter((tally) => tally.file === file),
        ),
    );
    return [
        '<?xml version="1.0" encoding="UTF-8"?>',
        `<testsuites name="eval" ${counts(tallies, filesOf(mistakes).length)} time="${inSeconds(tookMs)}">`,
        ...suites,
        ...filesOf(mistakes).map((file) => wrongFile(file, mistakes)),
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

/** The file of `FILE:LINE:COLUMN: sentence`, or of `FILE: sentence`. */
function fileOf(mistake: string): string {
    return /^(.+?):(?:\d+:\d+:)? /s.exec(mistake)?.[1] ?? mistake;
}

function filesOf(mistakes: readonly string[]): string[] {
    return [...new Set(mistakes.map(fileOf))];
}

function wrongFile(file: string, mistakes: readonly string[]): string {
    const own = mistakes.filter((each) => fileOf(each) === file);
    return [
        `  <testsuite name="${escaped(file)}" ${counts([], 1)} time="0.000">`,
        `    <testcase name="${escaped(file)} can be read" classname="${escaped(file)}" file="${escaped(file)}" time="0.000">`,
        `      <error type="file" message="${escaped(own[0] ?? '')}">${escaped(own.join('\n'))}</error>`,
        '    </testcase>',
        '  </testsuite>',
    ].join('\n');
}

/** `errors`: files that are wrong, each of which counts as a case. */
function counts(tallies: readonly CaseTally[], errors = 0): string {
    const count = (verdict: CaseTally['verdict']): number => tallies.filter((each) => each.verdict === verdict).length;
    return `tests="${tallies.length + errors}" failures="${count('failed')}" errors="${errors}" skipped="${count('unknown')}"`;
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
        each.map((failure) => {
            const { why, sentence } = failure;
            const where = failurePlace(failure);
            return `run ${run}, seed ${seed}: ${where}: ${why}${sentence === undefined ? '' : ` “${sentence}”`}`;
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
