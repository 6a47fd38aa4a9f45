import { isDeepStrictEqual } from 'node:util';
import { isFields } from '../../src/support/json';
import type { Violation } from '../caller/check-catalogue';
import type { Expectation } from './case-schema';
import { judgedFailures, wordFailures } from './expected-words';
import { fits, quoted, sameValue, shown } from './matching';
import type { HeardSentence } from './nearest-sentence';
import type { CallOutcome, Failure, FunctionCalled, HeardAnswer } from './result';

/** Beside what `expect` can look at: what every call is checked for. */
export interface CallEvidence {
    readonly outcome: CallOutcome;
    /** Breaches of the protocol, as Genesys' client would see them. */
    readonly breaches: readonly Violation[];
    /** Wrong frames to the model, each in a sentence. */
    readonly wrongFrames: readonly string[];
    /** What the case does not provide for, each in a sentence. */
    readonly missing: readonly { readonly of: string; readonly why: string }[];
    /** What the model was told the caller heard of a sentence, and what they heard, ms. */
    readonly heardPositions: readonly {
        /** undefined: it was neither stopped nor heard. */
        readonly atMs?: number | undefined;
        readonly text: string;
        readonly toldMs: number;
        readonly heardMs: number;
    }[];
    /** By so much the two may differ, ms. Default: 60, where no time passes but that of the call. */
    readonly heardSlackMs?: number;
    /** What was heard, sentence by sentence. */
    readonly sentences: readonly HeardSentence[];
    /** Why an output variable has no value, by its name: sentences without a full stop. */
    readonly unset: ReadonlyMap<string, string>;
    /** All that was generated, heard or not. */
    readonly generated: readonly string[];
    /** Places in which private digits could stand. */
    readonly places: readonly { readonly name: string; readonly text: string }[];
    /** The language that the model listens for, and those that the local voice was asked for. */
    readonly languages: { readonly heard: string | undefined; readonly spoken: readonly (string | undefined)[] };
    /** The longest time without the bot although it was its turn, ms, and when it began. */
    readonly longestSilence: { readonly ms: number; readonly atMs: number };
    readonly hasFaults: boolean;
    /** The caller hung up because all that they had to do was done: after what. undefined: they did not. */
    readonly leftAfter?: string | undefined;
}

/** Answers of a model about what a person would have to judge. `isYes` undefined: it has no verdict, and `why` says why. Never rejects. */
export type Judge = (
    question: string,
    about: string,
) => Promise<{ readonly isYes: boolean | undefined; readonly why: string }>;

/** By so much what the model is told may differ from what was heard, ms. */
const HEARD_SLACK_MS = 60;

/** What does not hold, and what could not be judged. */
export interface Verdict {
    readonly failures: readonly Failure[];
    readonly notJudged: readonly string[];
}

/** Compares a call with what is expected of it, and of every call. Never rejects. */
export async function judgeCall(
    evidence: CallEvidence,
    expect: Expectation,
    judge: Judge | undefined,
): Promise<Verdict> {
    const { outcome } = evidence;
    const failures = [
        ...everyCall(evidence),
        ...endFailures(evidence, expect),
        ...outputFailures(evidence, expect),
        ...callFailures(outcome.functions, expect),
        ...waitFailures(evidence, expect),
        ...fallbackFailures(evidence, expect),
        ...digitFailures(evidence, expect),
        ...languageFailures(evidence, expect),
        ...limitFailures(outcome, expect),
        ...wordFailures(evidence, expect),
    ];
    const judged = await judgedFailures(evidence, expect, judge);
    return { failures: [...failures, ...judged.failures], notJudged: judged.notJudged };
}

function everyCall({
    breaches,
    wrongFrames,
    missing,
    heardPositions,
    heardSlackMs = HEARD_SLACK_MS,
}: CallEvidence): Failure[] {
    return [
        ...missing,
        ...breaches.map(({ check, detail, atMs }) => ({ of: 'protocol', why: `${check.rule} ${detail}`, atMs })),
        ...wrongFrames.map((why) => ({ of: 'protocol', why: `The model refused a frame of the server: ${why}` })),
        ...heardPositions
            .filter(({ toldMs, heardMs }) => Math.abs(toldMs - heardMs) > heardSlackMs)
            .map(({ atMs, text, toldMs, heardMs }) => ({
                of: 'heard_position',
                why: `The model was told that ${Math.round(toldMs)} ms of this sentence were heard; the caller heard ${Math.round(heardMs)} ms.`,
                ...(atMs !== undefined && { atMs }),
                sentence: text,
            })),
    ];
}

function endFailures({ outcome, leftAfter }: CallEvidence, expect: Expectation): Failure[] {
    const { end, outputs, durationMs } = outcome;
    const failures: Failure[] = [];
    const left = leftAfter === undefined ? undefined : `the call ended because the caller hung up after ${leftAfter}`;
    if (expect.end !== undefined && end !== expect.end)
        failures.push({
            of: 'end',
            why: `The call should end with ${expect.end}, and ${left ?? `ended with ${end ?? 'a lost socket'}`}.`,
            atMs: durationMs,
        });
    const reason = outputs['end_reason'] ?? '';
    if (expect.end_reason !== undefined && !fits(reason, expect.end_reason))
        failures.push({
            of: 'end_reason',
            why: `end_reason should be ${expect.end_reason}, and ${reason !== '' ? `is ${quoted(reason)}` : (left ?? (end === 'caller' ? 'the caller hung up' : 'was not set'))}.`,
            atMs: durationMs,
        });
    return failures;
}

function outputFailures({ outcome, unset }: CallEvidence, { outputs: expected = {} }: Expectation): Failure[] {
    const { outputs, end, durationMs } = outcome;
    return Object.entries(expected).flatMap(([name, wanted]) => {
        const got = Object.hasOwn(outputs, name) ? outputs[name] : undefined;
        const right = wanted === null ? (got ?? '') === '' : got !== undefined && fits(got, wanted);
        if (right) return [];
        const is = got === undefined ? 'was not sent' : `is ${quoted(got)}`;
        const should = wanted === null ? 'be empty' : `be ${String(wanted)}`;
        const reason = end === 'caller' ? 'the caller hung up first, and Architect gets nothing then' : unset.get(name);
        const because = (got ?? '') === '' && reason !== undefined ? `: ${reason}` : '';
        const why = `The output variable ${name} should ${should}, and ${is}${because}.`;
        return [{ of: 'outputs', why, atMs: durationMs }];
    });
}

function callFailures(
    functions: readonly FunctionCalled[],
    { calls, only_these_calls: only = calls !== undefined }: Expectation,
): Failure[] {
    const expected = Object.entries(calls ?? {});
    const failures = expected.flatMap(([name, wanted]) => {
        const made = functions.filter((each) => each.name === name);
        const {
            times,
            arguments: args,
            outcome,
            refused = outcome === 'refused' ? made.length : 0,
        } = typeof wanted === 'number' ? { times: wanted } : { times: { at_least: 1 }, ...wanted };
        return [
            ...timesFailures(name, made, times),
            ...made.flatMap((call) => argumentFailures(call, args, outcome)),
            ...refusalFailures(name, made, refused),
        ];
    });
    const others = functions.filter(({ name }) => only && !Object.hasOwn(calls ?? {}, name));
    return [
        ...failures,
        ...others.map(({ name, atMs }) => ({
            of: 'calls',
            why: `The function ${name} was called, and should not be.`,
            atMs,
        })),
    ];
}

/** A call that the server refuses for its arguments does nothing: it counts as called, and is wrong unless the case says that it is refused. */
function refusalFailures(name: string, made: readonly FunctionCalled[], expected: number): Failure[] {
    const refused = made.filter(({ outcome }) => outcome === 'refused');
    if (refused.length === expected) return [];
    const [first] = refused;
    const why = first?.why === undefined ? '' : ` ${first.why}`;
    const said = `${refused.length} calls of the function ${name} were refused; ${expected} are expected.${why}`;
    return [{ of: 'calls', why: said, ...(first && { atMs: first.atMs }) }];
}

type Times = number | { at_least?: number | undefined; at_most?: number | undefined } | undefined;

function timesFailures(name: string, made: readonly FunctionCalled[], times: Times): Failure[] {
    const { at_least: least = 0, at_most: most = Infinity } =
        typeof times === 'number' ? { at_least: times, at_most: times } : (times ?? { at_least: 1 });
    if (made.length >= least && made.length <= most) return [];
    const should = least === most ? `${least}` : most === Infinity ? `at least ${least}` : `${least} to ${most}`;
    const last = made.at(-1);
    return [
        {
            of: 'calls',
            why: `The function ${name} should be called ${should} times, and was called ${made.length} times.`,
            ...(last && { atMs: last.atMs }),
        },
    ];
}

function argumentFailures(
    call: FunctionCalled,
    args: Readonly<Record<string, unknown>> | undefined,
    outcome: string | undefined,
): Failure[] {
    const given = isFields(call.arguments) ? call.arguments : {};
    const wrong = Object.entries(args ?? {}).filter(([name, wanted]) => !sameValue(given[name], wanted));
    const failures = wrong.map(([name, wanted]) => ({
        of: 'calls',
        why: `The function ${call.name} should get ${name} = ${shown(wanted)}, and got ${shown(given[name])}.`,
        atMs: call.atMs,
    }));
    if (outcome === undefined || call.outcome === outcome) return failures;
    return [
        ...failures,
        {
            of: 'calls',
            why: `The function ${call.name} should end with ${outcome}, and ended with ${call.outcome}.`,
            atMs: call.atMs,
        },
    ];
}

function waitFailures({ outcome, longestSilence }: CallEvidence, expect: Expectation): Failure[] {
    const { within_ms: within, max_silence_ms: maxSilence } = expect;
    const failures: Failure[] = [];
    const late = ({ turn, waitedMs, fromMs, generated }: HeardAnswer, limitMs: number): Failure[] =>
        waitedMs === undefined || waitedMs <= limitMs
            ? []
            : [
                  {
                      of: 'within_ms',
                      why: `Answer ${turn} was first heard ${Math.round(waitedMs)} ms after the caller's turn; ${limitMs} ms are allowed.`,
                      atMs: fromMs,
                      sentence: generated,
                  },
              ];
    if (typeof within === 'number') failures.push(...outcome.answers.flatMap((answer) => late(answer, within)));
    else
        for (const { turn, ms } of within ?? []) {
            const answer = outcome.answers[turn - 1];
            if (answer === undefined)
                failures.push({
                    of: 'within_ms',
                    why: `There is no answer ${turn}; the bot gave ${outcome.answers.length}.`,
                });
            else failures.push(...late(answer, ms));
        }
    if (maxSilence !== undefined && longestSilence.ms > maxSilence)
        failures.push({
            of: 'max_silence_ms',
            why: `For ${Math.round(longestSilence.ms)} ms nothing was heard of the bot although it was its turn; ${maxSilence} ms are allowed.`,
            atMs: longestSilence.atMs,
        });
    return failures;
}

function fallbackFailures(
    { outcome, hasFaults }: CallEvidence,
    { fallback = hasFaults ? undefined : false }: Expectation,
): Failure[] {
    if (fallback === undefined) return [];
    // A caller who hangs up leaves no output variables: then the record tells.
    const named = outcome.outputs['fallback_used'] ?? outcome.record?.fallbackUsed.join(',') ?? '';
    const used = named
        .split(',')
        .map((each) => each.trim())
        .filter((each) => each !== '');
    const right = typeof fallback === 'boolean' ? used.length > 0 === fallback : isDeepStrictEqual(used, fallback);
    if (right) return [];
    const should =
        typeof fallback === 'boolean'
            ? fallback
                ? 'A fallback'
                : 'No fallback'
            : `The fallback ${fallback.join(', ')}`;
    return [
        {
            of: 'fallback',
            why: `${should} should answer, and ${used.length === 0 ? 'none did' : `${used.join(', ')} did`}.`,
        },
    ];
}

function digitFailures({ places }: CallEvidence, { private_digits: digits = [] }: Expectation): Failure[] {
    const all = typeof digits === 'string' ? [digits] : digits;
    return all.flatMap((each) => {
        const apart = new RegExp(`(?<![0-9])${Array.from(each).join('["\'\\s,.:-]{0,3}')}(?![0-9])`);
        const found = places.filter(({ text }) => apart.test(text));
        // The digits themselves do not stand in the report either.
        return found.map(({ name }) => ({
            of: 'private_digits',
            why: `Private digits (${each.length} of them) stand in ${name}.`,
        }));
    });
}

function languageFailures({ languages }: CallEvidence, { language }: Expectation): Failure[] {
    if (language === undefined) return [];
    const isOther = (tag: string | undefined): boolean =>
        tag?.split('-')[0]?.toLowerCase() !== language.split('-')[0]?.toLowerCase();
    const failures: Failure[] = [];
    if (languages.heard !== undefined && isOther(languages.heard))
        failures.push({
            of: 'language',
            why: `The model should listen for ${language}, and listens for ${languages.heard}.`,
        });
    const other = languages.spoken.filter(isOther);
    if (other.length > 0)
        failures.push({
            of: 'language',
            why: `The local voice should speak ${language}, and was asked for ${other[0] ?? 'no language'}.`,
        });
    if (languages.heard === undefined && languages.spoken.length === 0)
        failures.push({
            of: 'language',
            why: `Neither the model nor the local voice was told a language; it should be ${language}.`,
        });
    return failures;
}

function limitFailures({ outputs, answers, durationMs, record }: CallOutcome, expect: Expectation): Failure[] {
    const failures: Failure[] = [];
    const cost = record?.figures.costUsd ?? Number(outputs['cost_usd'] ?? 0);
    if (expect.cost_below_usd !== undefined && !(cost < expect.cost_below_usd))
        failures.push({
            of: 'cost_below_usd',
            why: `The call cost ${cost.toFixed(4)} USD; it should be below ${expect.cost_below_usd}.`,
        });
    if (expect.turns_at_most !== undefined && answers.length > expect.turns_at_most)
        failures.push({
            of: 'turns_at_most',
            why: `The bot answered ${answers.length} times; ${expect.turns_at_most} are allowed.`,
        });
    if (expect.duration_below_ms !== undefined && durationMs >= expect.duration_below_ms)
        failures.push({
            of: 'duration_below_ms',
            why: `The call took ${Math.round(durationMs)} ms; it should be below ${expect.duration_below_ms}.`,
        });
    const bargeIns = record?.figures.bargeIns ?? 0;
    if (expect.interrupted !== undefined && bargeIns !== expect.interrupted)
        failures.push({
            of: 'interrupted',
            why: `The bot should be interrupted ${expect.interrupted} times, and was ${bargeIns} times.`,
        });
    return failures;
}
