/** What a list shows of a document, and which documents a query wants: the rules that every store keeps. */
import { setImmediate } from 'node:timers/promises';
import type { CallPage, CallQuery, StoredCall } from '../call-store';
import { callDocument, type CallDocument } from '../document';
import { CodedError } from '../../support/errors';

/** Most calls that one page of a list has. */
const MAX_PAGE = 500;
/** Events that are written to JSON before others go first: less than a millisecond of work. */
const EVENTS_AT_ONCE = 500;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const ENDING = /^(?:\.[a-z0-9]{1,16}){1,2}$/;
/** Endings of the record itself and of the journal of a call that runs. */
const OWN_ENDINGS = ['.json', '.open.jsonl'];

export function isSessionId(text: string): boolean {
    return UUID.test(text);
}

/** @throws CodedError `ERR_CALL_STORE_ID` */
export function checkSessionId(sessionId: string): void {
    if (!isSessionId(sessionId)) throw new CodedError('ERR_CALL_STORE_ID', 'The session id is no UUID.');
}

/**
 * The ending of the name of a file beside a record, such as `.wav`.
 *
 * @throws CodedError `ERR_CALL_STORE_ID`: the name is not the session id with an ending, or it is that of the record or of the journal
 */
export function checkFileName(sessionId: string, name: string): void {
    checkSessionId(sessionId);
    const ending = name.slice(sessionId.length);
    if (name.startsWith(sessionId) && ENDING.test(ending) && !OWN_ENDINGS.includes(ending)) return;
    throw new CodedError('ERR_CALL_STORE_ID', 'The file is not named by its session id and an ending.');
}

/** The day of a call, `YYYY-MM-DD`, UTC: its folder. */
export function dayOf(startedAt: string): string {
    return new Date(startedAt).toISOString().slice(0, 10);
}

export function storedCallOf(document: CallDocument): StoredCall {
    const { sessionId, conversationId, startedAt, durationMs, bot, endReason, figures, fallbackUsed } = document;
    return {
        sessionId,
        conversationId,
        startedAt,
        durationMs,
        bot: bot?.name ?? '',
        endReason,
        worstTurnMs: figures.worstTurnMs,
        fallbackUsed: fallbackUsed.join(','),
        costUsd: figures.costUsd,
        faults: document.events.filter((event) => event.kind === 'fault').length,
        turns: figures.turns,
        hasRecording: document.recording !== undefined,
        hasFlight: document.flight !== undefined,
    };
}

/** The JSON of a document. A long one is made in parts, so that no call waits for it. */
export async function jsonOf(document: CallDocument): Promise<string> {
    const { events, ...rest } = document;
    const parts = [JSON.stringify(rest).slice(0, -1), ',"events":['];
    for (let at = 0; at < events.length; at += EVENTS_AT_ONCE) {
        if (at > 0) await setImmediate();
        const json = JSON.stringify(events.slice(at, at + EVENTS_AT_ONCE)).slice(1, -1);
        parts.push(at > 0 ? `,${json}` : json);
    }
    parts.push(']}');
    return parts.join('');
}

/**
 * A stored document as it was read.
 *
 * @param place names it in the message
 * @throws CodedError `ERR_CALL_STORE_RECORD`: it is none, or that of another call
 */
export function parsedDocument(json: string, sessionId: string, place: string): CallDocument {
    const wrong = (why: string): CodedError => new CodedError('ERR_CALL_STORE_RECORD', `${place}: ${why}.`);
    let value: unknown;
    try {
        value = JSON.parse(json);
    } catch {
        throw wrong('it is no JSON');
    }
    const result = callDocument.safeParse(value);
    if (!result.success) {
        const [issue] = result.error.issues;
        throw wrong(`${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim());
    }
    if (result.data.sessionId !== sessionId) throw wrong('it is the record of another call');
    return result.data;
}

/** @throws CodedError `ERR_CALL_STORE_QUERY` */
export function checkQuery({ limit, offset = 0, from, until }: CallQuery): void {
    const wrong = (detail: string): CodedError => new CodedError('ERR_CALL_STORE_QUERY', detail);
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE) throw wrong(`limit is not 1 to ${MAX_PAGE}.`);
    if (!Number.isSafeInteger(offset) || offset < 0) throw wrong('offset is not 0 or more.');
    if (from !== undefined && Number.isNaN(Date.parse(from))) throw wrong('from is not ISO 8601.');
    if (until !== undefined && Number.isNaN(Date.parse(until))) throw wrong('until is not ISO 8601.');
}

/** The page that a query wants of these calls. */
export function pageOf(calls: readonly StoredCall[], query: CallQuery): CallPage {
    const wanted = calls.filter((call) => isWanted(call, query)).sort(orderOf(query));
    const { offset = 0, limit } = query;
    return { calls: wanted.slice(offset, offset + limit), total: wanted.length };
}

function isWanted(call: StoredCall, query: CallQuery): boolean {
    const { id, bot, endReason, withFallback, withFaults, minWorstTurnMs, minCostUsd, from, until } = query;
    const startedMs = Date.parse(call.startedAt);
    return (
        (id === undefined || call.sessionId.startsWith(id) || call.conversationId.startsWith(id)) &&
        (bot === undefined || call.bot === bot) &&
        (endReason === undefined || call.endReason === endReason) &&
        (withFallback === undefined || (call.fallbackUsed !== '') === withFallback) &&
        (withFaults === undefined || call.faults > 0 === withFaults) &&
        (minWorstTurnMs === undefined || isAtLeast(call.worstTurnMs, minWorstTurnMs)) &&
        (minCostUsd === undefined || isAtLeast(call.costUsd, minCostUsd)) &&
        (from === undefined || startedMs >= Date.parse(from)) &&
        (until === undefined || startedMs < Date.parse(until))
    );
}

function isAtLeast(figure: number | undefined, least: number): boolean {
    return figure !== undefined && figure >= least;
}

/** Calls without the figure that is sorted by come last; equal ones: the newest first, then by session id. */
function orderOf({ sort = 'newest' }: CallQuery): (a: StoredCall, b: StoredCall) => number {
    const figure = (call: StoredCall): number => {
        if (sort === 'newest') return 0;
        return (sort === 'worst' ? call.worstTurnMs : call.costUsd) ?? -1;
    };
    return (a, b) =>
        figure(b) - figure(a) ||
        Date.parse(b.startedAt) - Date.parse(a.startedAt) ||
        (a.sessionId < b.sessionId ? -1 : 1);
}
