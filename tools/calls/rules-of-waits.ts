import type { RecordTurn } from '../../src/call-records/document';
import { eventsOf, placeOf, type CallFacts } from './call-facts';
import { seconds, waitOf, waitParts, type WaitPart } from './call-words';
import { finding, type Finding } from './finding';

/** How long the caller waited for the bot: for the greeting, for an answer, and for one that never came. */
export function waitFindings(facts: CallFacts): Finding[] {
    return [...greeting(facts), ...answers(facts)];
}

function greeting({ call, limits }: CallFacts): Finding[] {
    const { firstAudioMs } = call.figures;
    const first = call.turns[0];
    if (firstAudioMs === undefined || firstAudioMs < limits.lateGreetingMs || first?.begunBy !== 'bot') return [];
    const sentence = `The caller waited ${seconds(firstAudioMs)} for the greeting.`;
    return [finding('lateGreeting', sentence, placeOf(first))];
}

function answers(facts: CallFacts): Finding[] {
    const { turns } = facts.call;
    return turns.flatMap((turn, index) => {
        if (turn.begunBy === 'bot') return [];
        const waitMs = waitOf(turn);
        return waitMs === undefined ? noAnswer(facts, turn, turns[index + 1]) : longWait(facts, turn, waitMs);
    });
}

function longWait({ call, limits }: CallFacts, turn: RecordTurn, waitMs: number): Finding[] {
    if (waitMs < limits.longWaitMs) return [];
    const parts = waitParts(turn);
    const longest = parts.reduce<WaitPart | undefined>(
        (most, part) => (part.ms > (most?.ms ?? 0) ? part : most),
        undefined,
    );
    const names = functionsIn(call.events, turn);
    const sentence = `The caller waited ${seconds(waitMs)} for the bot${longest === undefined ? '' : whyLong(longest, names)}.`;
    return [
        finding(
            waitMs >= limits.veryLongWaitMs ? 'veryLongWait' : 'longWait',
            sentence,
            placeOf(turn, voiceEndMs(call, turn, waitMs)),
        ),
    ];
}

function whyLong({ name, ms }: WaitPart, functions: readonly string[]): string {
    const ofIt = `, ${seconds(ms)} of it`;
    switch (name) {
        case 'sign':
            return `${ofIt} until the model gave a first sign`;
        case 'function':
            return functions.length === 0 ? `${ofIt} in functions` : `${ofIt} in the function ${functions.join(', ')}`;
        case 'voice':
            return `${ofIt} from the model’s first sign to its voice`;
        case 'playback':
            return `${ofIt} until Genesys played what had been sent`;
    }
}

function functionsIn(events: CallFacts['call']['events'], { startMs, endMs }: RecordTurn): string[] {
    const names = events.flatMap((event) =>
        event.kind === 'tool' && event.atMs >= startMs && event.atMs - event.ms <= endMs ? [event.name] : [],
    );
    return [...new Set(names)];
}

/** When the caller stopped talking and the wait began; the beginning of the turn, where that is not known. */
function voiceEndMs(call: CallFacts['call'], { startMs, endMs }: RecordTurn, waitMs: number): number {
    const stops = eventsOf(call, 'speech').flatMap(({ talking, atMs, agoMs }) => (talking ? [] : [atMs - agoMs]));
    return stops.findLast((ms) => ms >= startMs && ms + waitMs <= endMs) ?? startMs;
}

function noAnswer({ call, limits }: CallFacts, turn: RecordTurn, next: RecordTurn | undefined): Finding[] {
    if (turn.audioMs > 0 || turn.interrupted) return [];
    const isTransferred = next === undefined && (call.endReason === 'transfer' || call.endReason === 'bot_ended');
    if (isTransferred) return [];
    const askedMs = lastWordMs(call, turn);
    const untilMs = next?.startMs ?? call.durationMs;
    if (askedMs === undefined || untilMs - askedMs < limits.noAnswerMs) return [];
    const what = turn.begunBy === 'keypad' ? 'pressed keys' : 'spoke';
    const then = next === undefined ? 'until the call ended' : 'until the next turn began';
    const sentence = `The caller ${what} and got no answer for ${seconds(untilMs - askedMs)}, ${then}.`;
    return [finding('noAnswer', sentence, placeOf(turn, askedMs))];
}

/** When the caller stopped talking, or pressed their last key, in a turn; undefined: they did neither. */
function lastWordMs(call: CallFacts['call'], { startMs, number }: RecordTurn): number | undefined {
    const nextMs = call.turns.find((turn) => turn.number === number + 1)?.startMs ?? call.durationMs;
    const isIn = (ms: number): boolean => ms >= startMs && ms < nextMs;
    const stops = eventsOf(call, 'speech').flatMap(({ talking, atMs, agoMs }) => (talking ? [] : [atMs - agoMs]));
    const keys = eventsOf(call, 'key').map(({ atMs }) => atMs);
    return [...stops, ...keys].filter(isIn).sort((a, b) => b - a)[0];
}
