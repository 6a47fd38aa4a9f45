import { jsonReport } from '../../../tools/eval/json';
import { junitReport } from '../../../tools/eval/junit';
import { tallyCases } from '../../../tools/eval/pass-k';
import { closingText, progressLine, runLine } from '../../../tools/eval/table';
import { moment, printable } from '../../../tools/eval/words';
import { callOutcome, failedResult, reportOf, runResult } from './results';

const REPORT = reportOf([
    failedResult(),
    runResult({ name: 'greeting', outcome: callOutcome() }),
    runResult({ name: 'mood', verdict: 'unknown', notJudged: ['judge: only with --live'] }),
    runResult({ bot: 'echo', file: 'bots/echo.eval.yaml', name: 'says <it> & "more"\u001b[31m' }),
]);

describe('a line about a run', () => {
    it('has verdict, answers, worst wait and real time', () => {
        expect(runLine(failedResult(), 1)).toMatch(/^✗ billing: balance +3 answers, worst wait 2\.1 s, took 1\.2 s$/);
        expect(runLine(runResult({ run: 2, seed: 8 }), 5)).toContain('✓ billing: balance (run 2 of 5, seed 8)');
        expect(runLine(runResult({ verdict: 'unknown' }), 1)).toMatch(/^\? /);
    });

    it('is one line without commands for the terminal', () => {
        const line = runLine(runResult({ name: 'a\nb\u001b[2J\u009b1m' }), 1);
        expect(line).toMatch(/^✓ billing: a b\ufffd\[2J\ufffd1m +0 answers/);
    });

    it('of progress tells what runs', () => {
        expect(progressLine(3, 9, 1, ['billing: a', 'echo: b'])).toBe(
            '  3 of 9 done, 1 failed; now billing: a, echo: b',
        );
    });
});

describe('the text at the end', () => {
    it('explains each failure, says what could not be judged, and sums up', () => {
        expect(closingText(REPORT)).toBe(
            [
                '',
                '✗ billing: balance (bots/billing.eval.yaml:12, run 1, seed 1)',
                '    within_ms (line 20) at 0:11.0: Expected an answer within 1500 ms, and it took 2100 ms.',
                '        “Goodbye.”',
                '    calls at 0:10.2: end_call was expected to be ok, and was refused.',
                '    outputs: Expected reading = /^[0-9]{6}$/, and it was not sent.',
                '',
                '? billing: mood (bots/billing.eval.yaml, run 1, seed 1)',
                '    not judged: judge: only with --live',
                '',
                '4 cases: 2 passed, 1 failed, 1 not judged in full; took 4.2 s',
            ].join('\n'),
        );
    });

    it('tells how sure a case is that was run more than once', () => {
        const results = ['passed', 'passed', 'failed', 'passed'].map((verdict, at) =>
            runResult({ verdict: verdict === 'passed' ? 'passed' : 'failed', run: at + 1 }),
        );
        const text = closingText(reportOf([], { tallies: tallyCases(results, 0.7), notRun: 2 }));
        expect(text).toContain(
            '✓ billing: balance: 3 of 4 passed (95 %: 30.1 % to 95.4 %); pass^1 0.75, pass^2 0.50, pass^3 0.25, pass^4 0.00',
        );
        expect(text).toContain('1 case in 4 runs: 1 passed, 0 failed; took 4.2 s\n2 runs had no result: ended early.');
    });
});

describe('what personas and judges spent', () => {
    const asked = { model: 'm', requests: 3, inputTokens: 1200, outputTokens: 40 };
    const report = reportOf([
        runResult({ asked }),
        runResult({ name: 'other', asked: { ...asked, requests: 1 } }),
        runResult({ name: 'third' }),
    ]);

    it('stands in the line of a run, and summed up at the end', () => {
        expect(runLine(runResult({ asked }), 1)).toContain(
            'persona and judge asked 3 times (1200 tokens in, 40 out), took',
        );
        expect(closingText(report)).toContain(
            '\nPersonas and judges: asked 4 times (2400 tokens in, 80 out), beside the cost of the calls.',
        );
        expect(closingText(REPORT)).not.toContain('Personas');
    });

    it('stands in JSON, for each run and summed up', () => {
        expect(JSON.parse(jsonReport(report))).toMatchObject({
            summary: { passed: 3, asked: { requests: 4, inputTokens: 2400, outputTokens: 80 } },
            cases: [{ results: [{ asked }] }, { results: [{ asked: { requests: 1 } }] }, {}],
        });
        expect(jsonReport(REPORT)).not.toContain('asked');
    });
});

describe('moments', () => {
    it('are minutes, seconds and tenths', () => {
        expect([0, 949, 59_960, 75_250, 3_600_000].map(moment)).toEqual([
            '0:00.0',
            '0:00.9',
            '1:00.0',
            '1:15.3',
            '60:00.0',
        ]);
    });

    it('stand beside texts without control characters', () => {
        expect(printable('a\tb\nc\u0000\u202e\ud800')).toBe('a\tb\nc\ufffd\ufffd\ufffd');
    });
});

describe('the report for CI systems', () => {
    const xml = junitReport(REPORT);

    it('has a suite for each file, a case for each case, and its failure', () => {
        expect(xml).toContain('<testsuites name="eval" tests="4" failures="1" errors="0" skipped="1" time="4.200">');
        expect(xml).toContain(
            '<testsuite name="bots/billing.eval.yaml" tests="3" failures="1" errors="0" skipped="1" time="3.600">',
        );
        expect(xml).toContain(
            '<failure type="within_ms" message="within_ms: Expected an answer within 1500 ms, and it took 2100 ms.">run 1, seed 1: within_ms (line 20) at 0:11.0:',
        );
        expect(xml).toContain('<skipped message="not judged: judge: only with --live"/>');
    });

    it('has an error for a file that is wrong', () => {
        const mistakes = [
            'bots/a.eval.yaml:3:5: there is no `x` here',
            'bots/a.eval.yaml:9:1: <b>',
            'bots/b.json: tools: x',
        ];
        const wrong = junitReport(reportOf([], { mistakes, tookMs: 0 }));
        expect(wrong).toContain('<testsuites name="eval" tests="2" failures="0" errors="2" skipped="0" time="0.000">');
        expect(wrong).toContain(
            '<testcase name="bots/a.eval.yaml can be read" classname="bots/a.eval.yaml" file="bots/a.eval.yaml" time="0.000">\n' +
                '      <error type="file" message="bots/a.eval.yaml:3:5: there is no `x` here">bots/a.eval.yaml:3:5: there is no `x` here\nbots/a.eval.yaml:9:1: &lt;b&gt;</error>',
        );
        expect(wrong).toContain('<error type="file" message="bots/b.json: tools: x">');
    });

    it('is XML whatever the texts hold', () => {
        expect(xml).toContain('name="says &lt;it&gt; &amp; &quot;more&quot;\ufffd[31m"');
        const open = [...xml.matchAll(/<(?!\?|\/)[a-z-]+[^>]*[^/]>/g)].length;
        expect(open).toBe([...xml.matchAll(/<\/[a-z-]+>/g)].length);
    });
});

describe('the report for programs', () => {
    it('has version, options, counts, and every case with its runs', () => {
        expect(JSON.parse(jsonReport(REPORT))).toMatchObject({
            reportVersion: 1,
            version: '0.1.0',
            options: { runs: 1, minPass: 1, live: false },
            summary: { passed: 2, failed: 1, unknown: 1 },
            cases: [
                { name: 'balance', passes: 0, judged: 1, interval: [0, expect.closeTo(0.79, 2)], passPower: [0] },
                { name: 'greeting', results: [{ outcome: { end: 'completed' } }] },
                { name: 'mood', verdict: 'unknown' },
                { bot: 'echo' },
            ],
        });
    });
});
