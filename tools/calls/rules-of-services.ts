import { eventsOf, placeAt, type CallFacts, type EventOf } from './call-facts';
import { seconds } from './call-words';
import { finding, type Finding, type FindingKind } from './finding';
import { causeOf } from './rules-of-ends';

/** It waits for the caller's keys: its time is theirs. */
const KEYPAD_FUNCTION = 'collect_digits';

const FAILED: Readonly<Record<string, { kind: FindingKind; words: string }>> = {
    timeout: { kind: 'functionTimedOut', words: 'did not answer in time' },
    error: { kind: 'functionFailed', words: 'failed' },
    refused: { kind: 'functionRefused', words: 'was refused: its name or its arguments are not those of the bot' },
};

/** What the bot depends on: functions, the model's connection, fallback options, playback. */
export function serviceFindings(facts: CallFacts): Finding[] {
    return [
        ...functions(facts),
        ...sameFunctionTwice(facts),
        ...fallbacks(facts),
        ...connections(facts),
        ...notPlayed(facts),
    ];
}

function functions({ call, limits }: CallFacts): Finding[] {
    return eventsOf(call, 'tool').flatMap(({ name, atMs, ms, outcome }) => {
        const place = placeAt(call, Math.max(0, atMs - ms));
        const failed = FAILED[outcome];
        if (failed !== undefined) {
            const after = outcome === 'refused' ? '' : ` after ${seconds(ms)}`;
            return [finding(failed.kind, `The function ${name} ${failed.words}${after}.`, place)];
        }
        if (name === KEYPAD_FUNCTION || ms < limits.slowFunctionMs) return [];
        if (outcome === 'aborted')
            return [
                finding(
                    'functionAborted',
                    `The call ended while the function ${name} was running for ${seconds(ms)}.`,
                    place,
                ),
            ];
        return [finding('slowFunction', `The function ${name} took ${seconds(ms)}.`, place)];
    });
}

function sameFunctionTwice({ call, limits }: CallFacts): Finding[] {
    const done = new Map<string, EventOf<'tool'>>();
    return eventsOf(call, 'tool').flatMap((tool) => {
        const { name, argumentsJson, outcome, atMs, ms } = tool;
        // A function that failed may well be called again.
        if (argumentsJson === undefined || outcome !== 'ok' || name === KEYPAD_FUNCTION) return [];
        const key = `${name} ${argumentsJson}`;
        const before = done.get(key);
        done.set(key, tool);
        if (before === undefined || atMs - before.atMs > limits.sameFunctionMs) return [];
        const sentence = `The function ${name} was called again with the same arguments, ${seconds(atMs - before.atMs)} after it had succeeded.`;
        return [finding('sameFunctionTwice', sentence, placeAt(call, Math.max(0, atMs - ms)))];
    });
}

function fallbacks({ call }: CallFacts): Finding[] {
    return eventsOf(call, 'fallback').map(({ atMs, from, to, why }) => {
        const what =
            from === undefined
                ? `The call began with the fallback option ${to}`
                : `The fallback option ${to} took over from ${from}`;
        return finding('fallback', `${what}, because of ${causeOf(why)}.`, placeAt(call, atMs));
    });
}

function connections({ call }: CallFacts): Finding[] {
    const changes = eventsOf(call, 'connection');
    return changes.flatMap(({ state, atMs, why }, index) => {
        if (state !== 'lost') return [];
        const back = changes.slice(index + 1).find((later) => later.state === 'recovered');
        const because = why === undefined ? '' : `, because of ${causeOf(why)}`;
        const then =
            back === undefined ? ', and did not come back' : `, and was there again after ${seconds(back.atMs - atMs)}`;
        const kind = back === undefined ? 'connectionGone' : 'connectionLost';
        return [finding(kind, `The connection to the model was lost${because}${then}.`, placeAt(call, atMs))];
    });
}

/** Audio that was sent, and the client never reported that it plays. A client that reports nothing at all is another kind of client. */
function notPlayed({ call, limits, playing }: CallFacts): Finding[] {
    if (eventsOf(call, 'playback').length === 0) return [];
    const stops = call.events.filter(({ kind }) => kind === 'bargeIn' || kind === 'overlap');
    const silent = eventsOf(call, 'audio').find(({ atMs }) => {
        const untilMs = atMs + limits.notPlayedMs;
        if (call.durationMs < untilMs) return false;
        const isPlayed = playing.some(({ fromMs, toMs }) => fromMs < untilMs && toMs >= atMs);
        return !isPlayed && !stops.some((stop) => stop.atMs >= atMs && stop.atMs < untilMs);
    });
    if (silent === undefined) return [];
    const sentence = 'Audio of the bot was sent, and Genesys never reported that it was played.';
    return [finding('notPlayed', sentence, placeAt(call, silent.atMs))];
}
