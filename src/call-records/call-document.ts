import { PRICES_AS_OF } from '../services/realtime/usage';
import type { CallDocument, RecordEvent, RecordHead } from './document';
import { turnsOf } from './turns';

/** What is known of a call when it is over, beside its beginning and its events. */
export type CallEnd = Pick<
    CallDocument,
    'endedAt' | 'durationMs' | 'endReason' | 'outputVariables' | 'fallbackUsed' | 'figures'
>;

/** `end_reason` of a call whose server ended without the call's end. */
const PROCESS_DIED = 'process_died';

/** The record of a call that is over. `cut`: events that are missing. */
export function documentOf(head: RecordHead, events: readonly RecordEvent[], cut: number, end: CallEnd): CallDocument {
    return { ...head, ...end, turns: turnsOf(events), events: [...events], cut };
}

/** The end of a call whose server died: it is over with the last event that is known, and its figures are those of its events. */
export function endOfDeadCall(head: RecordHead, events: readonly RecordEvent[]): CallEnd {
    const durationMs = events.at(-1)?.atMs ?? 0;
    const turns = turnsOf(events);
    const waits = turns
        .map(({ toPlaybackMs, toAudioMs }) => toPlaybackMs ?? toAudioMs)
        .filter((ms) => ms !== undefined)
        .sort((a, b) => a - b);
    const openedMs = events.find(({ kind }) => kind === 'opened')?.atMs;
    const audioMs = events.find((event) => event.kind === 'audio' && event.aside !== true)?.atMs;
    const models = events.filter((event) => event.kind === 'model');
    const costs = models.map(({ costUsd }) => costUsd).filter((usd) => usd !== undefined);
    const count = (kind: RecordEvent['kind']): number => events.filter((event) => event.kind === kind).length;
    return {
        endedAt: new Date(Date.parse(head.startedAt) + durationMs).toISOString(),
        durationMs,
        endReason: PROCESS_DIED,
        outputVariables: {},
        fallbackUsed: unique(events.flatMap((event) => (event.kind === 'fallback' ? [event.to] : []))),
        figures: {
            turns: count('turn'),
            bargeIns: count('bargeIn'),
            takenBack: events.filter((event) => event.kind === 'overlap' && event.verdict === 'resumed').length,
            digits: count('key'),
            toolCalls: count('tool'),
            firstAudioMs: openedMs === undefined || audioMs === undefined ? undefined : audioMs - openedMs,
            medianTurnMs: waits[Math.floor(waits.length / 2)],
            worstTurnMs: waits.at(-1),
            callerAudioMs: 0,
            lostCallerAudioMs: 0,
            costUsd: costs.length === 0 ? undefined : sumOf(costs),
            inputTokens: sumOf(models.map(({ inputTokens = 0 }) => inputTokens)),
            outputTokens: sumOf(models.map(({ outputTokens = 0 }) => outputTokens)),
            pricesAsOf: PRICES_AS_OF,
        },
    };
}

function sumOf(numbers: readonly number[]): number {
    return numbers.reduce((sum, each) => sum + each, 0);
}

function unique(names: readonly string[]): string[] {
    return [...new Set(names)];
}
