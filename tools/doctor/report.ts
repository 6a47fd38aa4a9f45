import { styleText } from 'node:util';
import type { Finding, Verdict } from './finding';

const MARKS: Readonly<Record<Verdict, string>> = { ok: '✓', warn: '!', fail: '✗', skip: '·' };
const COLOURS = { ok: 'green', warn: 'yellow', fail: 'red', skip: 'gray' } as const;
const TITLE_COLUMNS = 20;
const LINE_COLUMNS = 110;
const INDENT = '    ';

/** One row of the table; what is not in order is followed by its cause and by what to change. No line end. */
export function rowText(finding: Finding, colour: boolean): string {
    const { title, verdict, found } = finding;
    const paint = (text: string): string =>
        colour ? styleText(COLOURS[verdict], text, { validateStream: false }) : text;
    const lines = [`${paint(MARKS[verdict])} ${paint(title.padEnd(TITLE_COLUMNS))} ${found}`];
    if ('cause' in finding) {
        lines.push(...wrapped('Cause:  ', finding.cause));
        lines.push(...wrapped('Change: ', finding.change));
    }
    return lines.join('\n');
}

/** Lines of at most 110 columns, as far as words allow; all but the first are indented by the label. */
function wrapped(label: string, text: string): string[] {
    const lines: string[] = [];
    let line = label.trimEnd().padEnd(label.length - 1);
    for (const word of text.split(' ')) {
        if (line.trim() !== '' && INDENT.length + line.length + 1 + word.length > LINE_COLUMNS) {
            lines.push(line);
            line = ' '.repeat(label.length - 1);
        }
        line += ` ${word}`;
    }
    return [...lines, line].map((each) => INDENT + each);
}

/** The last lines: how many rows are red or yellow, and which one to begin with. */
export function summaryText(findings: readonly Finding[], colour: boolean): string {
    const reds = findings.filter(({ verdict }) => verdict === 'fail');
    const yellows = findings.filter(({ verdict }) => verdict === 'warn').length;
    const noted = yellows === 0 ? '' : `, ${yellows} to look at`;
    const [first] = reds;
    const colourOf = first === undefined ? 'green' : 'red';
    const text =
        first === undefined
            ? `Nothing is wrong${noted}.`
            : `${reds.length} wrong${noted}. Begin with “${first.title}”.`;
    return colour ? styleText(colourOf, text, { validateStream: false }) : text;
}

/** All rows for a program: `ok` is false where one is `fail`. Holds no secret. */
export function jsonText(subject: string, findings: readonly Finding[]): string {
    const isOk = findings.every(({ verdict }) => verdict !== 'fail');
    return JSON.stringify({ subject, ok: isOk, checks: findings }, undefined, 2);
}
