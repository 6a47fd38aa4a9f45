import type { Expectation, HeardWords, Words } from './case-schema';
import type { CallEvidence, Judge, Verdict } from './expectations';
import { list, patternIn, plain, quoted } from './matching';
import { nearestSentence, sentencesIn, type HeardSentence } from './nearest-sentence';
import type { CallOutcome, Failure, HeardAnswer } from './result';
import { moment } from './words';

/** The words that the caller heard, or never heard, and those that were never said. */
export function wordFailures({ outcome, generated, sentences }: CallEvidence, expect: Expectation): Failure[] {
    const { answers } = outcome;
    const heard = list(expect.heard).flatMap((wanted) => {
        const where = turnOf(wanted) === undefined ? answers : answers.filter(({ turn }) => turn === turnOf(wanted));
        if (
            isJudged(wanted) ||
            where.some((answer) => saysWords(answer.heard, wanted)) ||
            (turnOf(wanted) === undefined && !isExact(wanted) && saysWords(textOf(answers), wanted))
        )
            return [];
        const cut = where.find((answer) => saysWords(answer.generated, wanted));
        const near = cut === undefined ? nearestSentence(wordsOf(wanted), sentences) : undefined;
        const last = cut === undefined && near === undefined ? lastOf(wanted, where) : undefined;
        const place = turnOf(wanted) === undefined ? '' : ` in answer ${turnOf(wanted)}`;
        const is =
            cut !== undefined
                ? 'it was cut off before that was heard'
                : [whatWas(wanted, where, last), ...(near ? [nearest(near, answers)] : [])].join('; ');
        return [
            {
                of: 'heard',
                why: `The caller should hear ${described(wanted)}${place}; ${is}.`,
                ...(cut && { atMs: cut.fromMs, sentence: cut.generated }),
                ...(near && { atMs: near.atMs, sentence: near.text }),
                ...(last && { atMs: last.atMs, sentence: last.text }),
            },
        ];
    });
    const notHeard = list(expect.not_heard).flatMap((banned) => {
        const at = isJudged(banned) ? undefined : answers.find((answer) => saysWords(answer.heard, banned));
        return at === undefined
            ? []
            : [
                  {
                      of: 'not_heard',
                      why: `The caller should never hear ${described(banned)}.`,
                      atMs: at.fromMs,
                      sentence: at.heard,
                  },
              ];
    });
    const notGenerated = list(expect.not_generated).flatMap((banned) => {
        const at = isJudged(banned) ? undefined : generated.find((text) => saysWords(text, banned));
        return at === undefined
            ? []
            : [{ of: 'not_generated', why: `The bot should never say ${described(banned)}.`, sentence: at }];
    });
    return [...heard, ...notHeard, ...notGenerated];
}

/** What there was in place of the wanted words; `last`: the end of the answer that is meant, where nothing else is near. */
function whatWas(wanted: HeardWords, where: readonly HeardAnswer[], last: HeardSentence | undefined): string {
    if (where.length === 0) return turnOf(wanted) === undefined ? 'nothing was heard' : 'there was no such answer';
    if (turnOf(wanted) === undefined) return 'it was not heard';
    if (last !== undefined) return `the last that they heard of it is ${quoted(last.text)}`;
    return `they heard ${quoted(textOf(where))}`;
}

/** The last sentence that was heard of the one answer that is meant; undefined: none is meant, or nothing was heard of it. */
function lastOf(wanted: HeardWords, where: readonly HeardAnswer[]): HeardSentence | undefined {
    const [answer] = where;
    if (turnOf(wanted) === undefined || answer === undefined) return undefined;
    return sentencesIn(answer.heard, answer.fromMs, answer.toMs).at(-1);
}

function nearest({ atMs, text }: HeardSentence, answers: readonly HeardAnswer[]): string {
    const turn = answers.findLast(({ fromMs }) => fromMs <= atMs)?.turn;
    return `the nearest that was heard is ${quoted(text)}, at ${moment(atMs)}${turn === undefined ? '' : ` in answer ${turn}`}`;
}

/** What only a model can judge. What it cannot is said: without `judge`, or where it has no verdict. Never rejects. */
export async function judgedFailures(
    { outcome }: CallEvidence,
    expect: Expectation,
    judge: Judge | undefined,
): Promise<Verdict> {
    const { answers } = outcome;
    const ask = (wanted: Words | HeardWords, isWanted: boolean, of: string) =>
        isJudged(wanted)
            ? [
                  {
                      of,
                      question: wanted.judge,
                      about: textOf(
                          turnOf(wanted) === undefined
                              ? answers
                              : answers.filter(({ turn }) => turn === turnOf(wanted)),
                      ),
                      isWanted,
                  },
              ]
            : [];
    const questions = [
        ...list(expect.heard).flatMap((each) => ask(each, true, 'heard')),
        ...list(expect.not_heard).flatMap((each) => ask(each, false, 'not_heard')),
        ...list(expect.not_generated).flatMap((each) => ask(each, false, 'not_generated')),
        ...list(expect.judge).map((question) => ({ of: 'judge', question, about: dialogue(outcome), isWanted: true })),
    ];
    if (judge === undefined)
        return {
            failures: [],
            notJudged: questions.map(({ question }) => `${question} (no model judges without --live)`),
        };
    const failures: Failure[] = [];
    const notJudged: string[] = [];
    for (const { of, question, about, isWanted } of questions) {
        const { isYes, why } = await judge(question, about);
        if (isYes === undefined) notJudged.push(`${question} (${why})`);
        else if (isYes !== isWanted) failures.push({ of, why: `“${question}”: ${isYes ? 'yes' : 'no'}. ${why}` });
    }
    return { failures, notJudged };
}

/** What was said on both sides, as it was heard. */
export function dialogue({ answers, done }: Pick<CallOutcome, 'answers' | 'done'>): string {
    const lines = [
        ...answers.map(({ fromMs, heard }) => ({ atMs: fromMs, line: `Bot: ${heard}` })),
        ...done.flatMap(({ atMs, what, text }) => {
            if (what === 'keys') return [{ atMs, line: 'Caller: (presses keys)' }];
            return ['say', 'interrupt', 'mhm'].includes(what) ? [{ atMs, line: `Caller: ${text}` }] : [];
        }),
    ];
    return lines
        .sort((left, right) => left.atMs - right.atMs)
        .map(({ line }) => line)
        .join('\n');
}

function textOf(answers: readonly HeardAnswer[]): string {
    return answers.map(({ heard }) => heard).join(' ');
}

function turnOf(words: Words | HeardWords): number | undefined {
    return typeof words === 'object' && 'turn' in words ? words.turn : undefined;
}

function isJudged(words: Words | HeardWords): words is { judge: string } {
    return typeof words === 'object' && 'judge' in words;
}

function isExact(words: Words | HeardWords): boolean {
    return typeof words === 'object' && 'exact' in words;
}

function saysWords(text: string, wanted: Words | HeardWords): boolean {
    if (typeof wanted === 'string') return fitsWords(text, wanted);
    if ('contains' in wanted) return plain(text).includes(plain(wanted.contains));
    if ('exact' in wanted) return plain(text).trim() === plain(wanted.exact).trim();
    return 'matches' in wanted && new RegExp(wanted.matches, 'i').test(text);
}

function fitsWords(text: string, wanted: string): boolean {
    return patternIn(wanted)?.test(text) ?? plain(text).includes(plain(wanted));
}

function wordsOf(words: HeardWords): string {
    if (typeof words === 'string') return words;
    if ('contains' in words) return words.contains;
    if ('exact' in words) return words.exact;
    return 'matches' in words ? words.matches : '';
}

function described(words: Words | HeardWords): string {
    if (typeof words === 'string') return quoted(words);
    if ('contains' in words) return quoted(words.contains);
    if ('exact' in words) return `exactly ${quoted(words.exact)}`;
    return 'matches' in words ? `/${words.matches}/` : words.judge;
}
