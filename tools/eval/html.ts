import { createHash } from 'node:crypto';
import { callSvg } from './call-svg';
import { PAGE_SCRIPT, PAGE_STYLE } from './page-style';
import type { CaseTally } from './pass-k';
import type { CallOutcome, Failure, HeardAnswer, RunResult } from './result';
import { repeatedLine } from './table';
import {
    askedText,
    casePlace,
    counted,
    countVerdicts,
    dollars,
    escaped,
    failurePlace,
    figuresOf,
    moment,
    seconds,
    type Report,
} from './words';

const VERDICTS = { passed: 'passed', failed: 'failed', unknown: 'not judged in full' } as const;

/**
 * A run as one page that needs nothing else: its style and its script are in it and named by their digests, and it may load nothing. Every text of a
 * case or a call is escaped.
 */
export function htmlReport(report: Report): string {
    const { tallies, mistakes, startedAt, version } = report;
    const policy = `default-src 'none'; style-src '${digest(PAGE_STYLE)}'; script-src '${digest(PAGE_SCRIPT)}'; img-src data:; base-uri 'none'; form-action 'none'`;
    return [
        '<!doctype html>',
        '<html lang="en">',
        '<head>',
        '<meta charset="utf-8">',
        `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<link rel="icon" href="data:,">',
        '<title>Bots, tested as calls</title>',
        `<style>${PAGE_STYLE}</style>`,
        '</head>',
        '<body>',
        '<header>',
        '<h1>Bots, tested as calls</h1>',
        `<p class="soft">${escaped(startedAt)}, version ${escaped(version)}; ${escaped(optionsLine(report))}</p>`,
        numbers(report),
        '</header>',
        '<main>',
        ...(mistakes.length === 0 ? [FILTER] : [mistakeList(mistakes)]),
        ...tallies.map(caseSection),
        '</main>',
        `<script>${PAGE_SCRIPT}</script>`,
        '</body>',
        '</html>\n',
    ].join('\n');
}

function mistakeList(mistakes: readonly string[]): string {
    const items = mistakes.map((each) => `<li>${escaped(each)}</li>`).join('\n');
    return `<section><h2>Nothing was run: files are wrong</h2>\n<ol class="failures">${items}</ol></section>`;
}

function digest(text: string): string {
    return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

function optionsLine({ options }: Report): string {
    return Object.entries(options)
        .map(([name, value]) => `${name} ${value}`)
        .join(', ');
}

function numbers({ tallies, tookMs, notRun }: Report): string {
    const { passed, failed, unknown } = countVerdicts(tallies);
    const costs = tallies.flatMap(({ results }) => results.flatMap((result) => figuresOf(result).costUsd ?? []));
    const entries = [
        [String(passed), 'passed'],
        [String(failed), 'failed'],
        ...(unknown === 0 ? [] : [[String(unknown), 'not judged in full']]),
        ...(notRun === 0 ? [] : [[String(notRun), 'not run: ended early']]),
        [seconds(tookMs), 'of real time'],
        ...(costs.length === 0 ? [] : [[dollars(costs.reduce((sum, cost) => sum + cost, 0)), 'for the model']]),
    ];
    return `<ul class="numbers">${entries.map(([value = '', words = '']) => `<li><b>${value}</b> ${words}</li>`).join('')}</ul>`;
}

const FILTER = `<fieldset class="filter" hidden><legend class="hidden">Which cases are shown</legend>
<label><span class="hidden">Text in the case</span><input type="search" placeholder="Text in the case"></label>
<label><input type="radio" name="verdict" value="" checked>all</label>
<label><input type="radio" name="verdict" value="failed">failed</label>
<label><input type="radio" name="verdict" value="unknown">not judged</label>
<label><input type="radio" name="verdict" value="passed">passed</label>
<span id="told" class="soft" role="status"></span></fieldset>`;

function caseSection(tally: CaseTally, at: number): string {
    const { bot, name, file, verdict, results } = tally;
    const repeated = results.length > 1 ? [`<p>${escaped(repeatedLine(tally))}</p>`] : [];
    return [
        `<details class="case ${verdict}" data-verdict="${verdict}"${verdict === 'passed' ? '' : ' open'}>`,
        `<summary><span class="verdict">${VERDICTS[verdict]}</span> <h2>${escaped(`${bot}: ${name}`)}</h2> <span class="soft">${escaped(results[0] === undefined ? file : casePlace(results[0]))}</span></summary>`,
        ...repeated,
        ...results.map((result, run) => runSection(result, results.length > 1, `case${at}run${run}`)),
        '</details>',
    ].join('\n');
}

function runSection(result: RunResult, isOneOfMany: boolean, id: string): string {
    const { run, seed, verdict, tookMs, failures, notJudged, outcome, asked } = result;
    const { turns, worstWaitMs, costUsd } = figuresOf(result);
    const facts = [
        ...(isOneOfMany ? [`run ${run}: ${VERDICTS[verdict]}`] : []),
        `seed ${seed}`,
        counted(turns, 'answer'),
        ...(outcome === undefined ? [] : [`call of ${moment(outcome.durationMs)}`]),
        ...(worstWaitMs === undefined ? [] : [`worst wait ${seconds(worstWaitMs)}`]),
        ...(costUsd === undefined ? [] : [dollars(costUsd)]),
        ...(asked === undefined ? [] : [`persona and judge ${askedText(asked)}`]),
        `took ${seconds(tookMs)}`,
    ];
    return [
        '<section class="run">',
        `<p class="soft">${escaped(facts.join(', '))}</p>`,
        ...(failures.length === 0 ? [] : [`<ol class="failures">${failures.map(failureItem).join('\n')}</ol>`]),
        ...notJudged.map((why) => `<p>Not judged: ${escaped(why)}</p>`),
        ...(outcome === undefined ? [] : callParts(outcome, result, id)),
        '</section>',
    ].join('\n');
}

function failureItem(failure: Failure): string {
    const { of, why, sentence } = failure;
    const [first = '', ...rest] = why.split('\n');
    return [
        `<li><b class="is-bad">${escaped(of)}</b>${escaped(failurePlace(failure).slice(of.length))}: ${escaped(first)}`,
        ...(rest.length === 0 ? [] : [`<pre>${escaped(rest.join('\n'))}</pre>`]),
        ...(sentence === undefined ? [] : [`<blockquote>“${escaped(sentence)}”</blockquote>`]),
        '</li>',
    ].join('');
}

function callParts(outcome: CallOutcome, { bot, name, run, failures }: RunResult, id: string): string[] {
    const label = escaped(`${bot}, ${name}, run ${run}`);
    return [
        '<h3>The call</h3>',
        `<div class="scroll" tabindex="0" role="region" aria-label="Picture of the call: ${label}">${callSvg(outcome, failures, id)}</div>`,
        LEGEND,
        '<h3>What was said</h3>',
        `<ol class="dialogue">${dialogue(outcome).join('\n')}</ol>`,
        '<h3>How it ended</h3>',
        ending(outcome),
    ];
}

const LEGEND = `<ul class="legend">${[
    ['caller', 'caller'],
    ['vad', 'caller talks'],
    ['bot', 'bot, heard'],
    ['cut', 'bot, cut off'],
    ['wait-listen', 'wait: until the end is noticed'],
    ['wait-think', 'until the model speaks'],
    ['wait-carry', 'until it arrives'],
    ['wait-play', 'until it plays'],
    ['function', 'function'],
    ['overlap', 'said over the bot'],
    ['secure', 'secure entry'],
]
    .map(
        ([kind = '', words = '']) =>
            `<li><svg class="swatch" width="10" height="10" aria-hidden="true"><rect class="${kind}" width="10" height="10"/></svg>${words}</li>`,
    )
    .join('')}</ul>`;

/** Everything that was said, pressed and called, in the order of its time. */
function dialogue({ done, answers, functions }: CallOutcome): string[] {
    const lines = [
        ...done.map(({ atMs, what, text }) => {
            const words =
                what === 'say' ? escaped(text) : `<span class="soft">${escaped(what)}</span> ${escaped(text)}`;
            return line(atMs, 'caller', words);
        }),
        ...answers.map((answer) => line(answer.fromMs, 'bot', answerWords(answer))),
        ...functions.map(({ atMs, ms, name, arguments: given, outcome }) => {
            const call = `${name}(${given === undefined ? '' : JSON.stringify(given)})`;
            const how = outcome === 'ok' ? escaped(outcome) : `<span class="is-bad">${escaped(outcome)}</span>`;
            return line(
                atMs - ms,
                'function',
                `<code>${escaped(call)}</code> → ${how} <span class="soft">after ${seconds(ms)}</span>`,
            );
        }),
    ];
    return lines.sort((a, b) => a.atMs - b.atMs).map(({ html }) => html);
}

function line(atMs: number, who: 'caller' | 'bot' | 'function', words: string): { atMs: number; html: string } {
    const place = moment(Math.max(0, atMs));
    return {
        atMs,
        html: `<li class="of-${who}"><span class="soft">${place}</span><span class="who">${who}</span><span class="what">${words}</span></li>`,
    };
}

/** What was heard, and struck through what was not. */
function answerWords({ generated, heard, waitedMs }: HeardAnswer): string {
    const waited = waitedMs === undefined ? '' : ` <span class="soft">after ${seconds(waitedMs)}</span>`;
    if (heard === generated) return `${escaped(heard)}${waited}`;
    const isBeginning = generated.startsWith(heard);
    const rest = isBeginning ? generated.slice(heard.length) : generated;
    const words = isBeginning ? '' : ' <span class="soft">generated:</span> ';
    return `${escaped(heard)}${words}<del><span class="hidden">not heard: </span>${escaped(rest)}</del>${waited}`;
}

function ending({ end, outputs, record }: CallOutcome): string {
    const rows = [
        ['end', end === 'caller' ? 'the caller hung up' : (end ?? 'the connection was lost')],
        ...(record === undefined ? [] : [['fallbacks', record.fallbackUsed.join(', ') || 'none']]),
        ...Object.entries(outputs),
    ];
    return `<dl>${rows.map(([name = '', value = '']) => `<dt><code>${escaped(name)}</code></dt><dd>${escaped(value)}</dd>`).join('')}</dl>`;
}
