import type { CallDocument } from '../../src/call-records/document';
import { overlapPhrases } from '../../src/services/words';
import { playingOf, talkingOf, type CallFacts } from './call-facts';
import { seconds } from './call-words';
import { finding, gradeOf, type Finding, type FindingKind } from './finding';
import { LIMITS, type Limits } from './limits';
import { endFindings, otherFaults } from './rules-of-ends';
import { serviceFindings } from './rules-of-services';
import { talkFindings } from './rules-of-talk';
import { waitFindings } from './rules-of-waits';

/** What a wait is the result of: the caller's wait is told with it, and not once more. */
const CAUSES_OF_WAITS: ReadonlySet<FindingKind> = new Set([
    'fallback',
    'connectionGone',
    'connectionLost',
    'functionTimedOut',
    'functionFailed',
    'functionRefused',
    'functionAborted',
    'slowFunction',
    'endedByFault',
    'notPlayed',
] as const);

/**
 * What went wrong on a call, in sentences, the gravest first, and of equally grave ones the earliest. Never empty: a call without a fault has
 * one sentence, whose weight is 0, that says so.
 */
export function whatWentWrong(call: CallDocument, limits: Limits = LIMITS): Finding[] {
    const facts: CallFacts = {
        call,
        limits,
        phrases: overlapPhrases(call.language),
        playing: playingOf(call),
        talking: talkingOf(call),
    };
    const causes = [...endFindings(facts), ...serviceFindings(facts)];
    const found = [...withWaits(causes, waitFindings(facts)), ...talkFindings(facts)];
    const all = [...found, ...otherFaults(facts, found)];
    if (all.length === 0) return [nothing(call)];
    return all.sort((a, b) => b.weight - a.weight || (a.atMs ?? 0) - (b.atMs ?? 0));
}

/** A wait that has a cause in the same turn is a second sentence of the gravest cause, and weighs no less with it than alone. */
function withWaits(causes: readonly Finding[], waits: readonly Finding[]): Finding[] {
    const told = [...causes];
    const alone = waits.filter((wait) => {
        const [cause] = causes
            .filter(({ kind, turn }) => CAUSES_OF_WAITS.has(kind) && turn === wait.turn)
            .sort((a, b) => b.weight - a.weight);
        if (cause === undefined) return true;
        const index = causes.indexOf(cause);
        const known = told[index] ?? cause;
        const weight = Math.max(known.weight, wait.weight);
        told[index] = { ...known, weight, grade: gradeOf(weight), sentence: `${known.sentence} ${wait.sentence}` };
        return false;
    });
    return [...told, ...alone];
}

function nothing({ figures, durationMs, cut }: CallDocument): Finding {
    const worst = figures.worstTurnMs === undefined ? '' : `, the longest wait was ${seconds(figures.worstTurnMs)}`;
    const missing = cut === 0 ? '' : ` ${cut} events are not in the record: there were too many.`;
    return finding(
        'nothing',
        `Nothing went wrong that the record shows: ${figures.turns} turns in ${seconds(durationMs)}${worst}.${missing}`,
    );
}
