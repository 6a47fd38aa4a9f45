import { randomUUID } from 'node:crypto';
import type { CallSummary } from '../caller/call-record';
import type { CallerOptions } from '../caller/caller-options';
import { Caller } from '../caller/client';
import { newNonce, upgradeHeaders } from '../caller/signer';
import { withinLimit } from './time-limit';
import { systemError } from './finding';
import { requestTarget, type Target } from './target';

/** What is signed instead of the truth. Left out: as Genesys would sign. */
export interface SignedAs {
    authority?: string;
    requestTarget?: string;
    /** Added to `created`, seconds. */
    shiftSeconds?: number;
    /** Base64; `none`: not signed. */
    clientSecret?: string;
    isUnsigned?: true;
    apiKey?: string;
}

/** How a call that hangs up at once went. */
export type Answer =
    /** `opened` came. */
    | { kind: 'opened'; openedAfterMs: number; summary: CallSummary }
    /** The server said no: by its HTTP status, or with `disconnect`. */
    | { kind: 'refused'; status: number }
    | { kind: 'disconnected'; reason: string; info: string | undefined }
    /** 101, and then no `opened` in time. `code`: of the close frame, where the socket went before. */
    | { kind: 'unopened'; code: number | undefined }
    /** Neither 101 nor a status. */
    | { kind: 'failed'; why: string };

/** How much longer than Genesys this command waits for `opened`, so that it can say how late it came. */
const PATIENCE = 2;

/** The headers of one upgrade request, signed now. */
export function signedHeaders(target: Target, as: SignedAs = {}): Record<string, string> {
    const sessionId = randomUUID();
    const clientSecret = as.isUnsigned === true ? undefined : (as.clientSecret ?? target.clientSecret);
    return upgradeHeaders({
        organizationId: randomUUID(),
        sessionId,
        correlationId: sessionId,
        apiKey: as.apiKey ?? target.apiKey,
        clientSecret,
        requestTarget: as.requestTarget ?? requestTarget(target.url),
        authority: as.authority ?? target.url.host,
        createdSeconds: Math.floor(target.clock.epochMs() / 1000) + (as.shiftSeconds ?? 0),
        nonce: newNonce(),
    });
}

/** A caller whose ids are those of its headers, not yet dialling. */
export function callerWith(target: Target, headers: Record<string, string>, options: Partial<CallerOptions>): Caller {
    return new Caller({
        url: target.url.href,
        apiKey: target.apiKey,
        headers,
        ...idsIn(headers),
        ca: target.ca,
        keepAudio: false,
        // A late answer is waited for, and timed.
        reactsToFaults: false,
        ...options,
    });
}

function idsIn(headers: Record<string, string>): { sessionId: string; organizationId: string } {
    const { 'Audiohook-Session-Id': sessionId = '', 'Audiohook-Organization-Id': organizationId = '' } = headers;
    return { sessionId, organizationId };
}

/** The connection probe of an administrator, over the whole way: upgrade, open, opened, close, closed. Never rejects. */
export async function knock(target: Target, headers: Record<string, string>): Promise<Answer> {
    const caller = callerWith(target, headers, { probe: true });
    const { answerMs, openedMs, closeMs } = target.limits;
    try {
        const dialled = await withinLimit(answerMs, 'no answer to the upgrade request', caller.dial());
        if (!dialled.ok) return refusal(dialled);
        const summary = await withinLimit(openedMs * PATIENCE + closeMs, 'no end', caller.ended);
        return answerOf(caller, summary);
    } catch (fault) {
        // The limit has passed: a caller that was accepted has not been answered.
        if (caller.state === 'dialling') return { kind: 'failed', why: systemError(fault) };
        return openedAfterMs(caller) === undefined
            ? { kind: 'unopened', code: undefined }
            : { kind: 'failed', why: 'the call was not closed' };
    } finally {
        caller.cut();
    }
}

function refusal({ status, code, why }: { status: number | undefined; code: string | undefined; why: string }): Answer {
    return status === undefined ? { kind: 'failed', why: code ?? why } : { kind: 'refused', status };
}

function answerOf(caller: Caller, summary: CallSummary): Answer {
    const { disconnect } = summary;
    const afterMs = openedAfterMs(caller);
    if (afterMs !== undefined && disconnect === undefined) return { kind: 'opened', openedAfterMs: afterMs, summary };
    if (disconnect !== undefined) return { kind: 'disconnected', reason: disconnect.reason, info: disconnect.info };
    return { kind: 'unopened', code: closeCode(caller) };
}

/** From `open` to `opened`, ms. */
export function openedAfterMs({ events }: Caller): number | undefined {
    const sent = events.find((event) => event.kind === 'sent' && event.type === 'open');
    const came = events.find((event) => event.kind === 'received' && event.type === 'opened');
    return sent === undefined || came === undefined ? undefined : came.atMs - sent.atMs;
}

/** The code with which the socket was closed; undefined: it was not, or not by the other side. */
export function closeCode({ events }: Caller): number | undefined {
    const gone = events.find((event) => event.kind === 'gone');
    return gone?.kind === 'gone' && gone.byServer ? gone.code : undefined;
}
