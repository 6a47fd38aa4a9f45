import { CodedError, type ErrorCode, type FaultFacts } from '../../support/errors';
import type { LogFields, Logger } from '../../support/logger';
import type { ProxyFault } from '../../support/proxy';
import { redact } from '../../support/redact';
import type { ApiError } from './events';

/**
 * What an error of the API means for the call (docs/REALTIME.md, 8.1). benign: a race that cannot be avoided. bug: this side sent
 * something wrong, or the code is unknown; the call goes on. retry: the service is in trouble. fatal: no retry helps.
 */
export type ErrorClass = 'benign' | 'bug' | 'retry' | 'fatal';

const CLASS_OF_CODE: ReadonlyMap<string, ErrorClass> = new Map<string, ErrorClass>([
    ['unknown_parameter', 'bug'],
    ['missing_required_parameter', 'bug'],
    ['invalid_value', 'bug'],
    ['invalid_type', 'bug'],
    ['integer_below_min_value', 'bug'],
    ['string_above_max_length', 'bug'],
    ['invalid_json', 'bug'],
    ['invalid_event', 'bug'],
    ['cannot_update_voice', 'bug'],
    ['input_audio_buffer_commit_empty', 'benign'],
    ['response_cancel_not_active', 'benign'],
    ['conversation_already_has_active_response', 'benign'],
    ['item_truncate_invalid_item_id', 'benign'],
    ['item_delete_invalid_item_id', 'benign'],
    ['item_retrieve_invalid_item_id', 'benign'],
    ['session_expired', 'retry'],
    ['rate_limit_exceeded', 'retry'],
    ['server_error', 'retry'],
    ['invalid_api_key', 'fatal'],
    ['invalid_model', 'fatal'],
    ['missing_model', 'fatal'],
    ['model_not_found', 'fatal'],
    ['beta_api_shape_disabled', 'fatal'],
    ['insufficient_quota', 'fatal'],
    ['account_deactivated', 'fatal'],
    ['billing_hard_limit_reached', 'fatal'],
]);

const TRUNCATE_RACES = /already shorter than|only model output audio messages/i;
const NO_KEY = /missing bearer/i;

/** The class of an API error. An unknown code is a `bug`: loud in the log, harmless to the call unless a close follows. */
export function classify(error: ApiError): ErrorClass {
    if (TRUNCATE_RACES.test(error.message)) return 'benign';
    if (error.code === undefined && NO_KEY.test(error.message)) return 'fatal';
    const known = error.code === undefined ? undefined : CLASS_OF_CODE.get(error.code);
    if (known !== undefined) return known;
    return error.type === 'server_error' ? 'retry' : 'bug';
}

const CODE_OF_FATAL: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
    ['invalid_api_key', 'ERR_OPENAI_KEY'],
    ['account_deactivated', 'ERR_OPENAI_KEY'],
    ['invalid_model', 'ERR_OPENAI_MODEL'],
    ['missing_model', 'ERR_OPENAI_MODEL'],
    ['model_not_found', 'ERR_OPENAI_MODEL'],
    ['insufficient_quota', 'ERR_OPENAI_QUOTA'],
    ['billing_hard_limit_reached', 'ERR_OPENAI_QUOTA'],
]);

/** The coded error for a fatal one of the API. */
export function fatalError(error: ApiError): CodedError {
    const facts = apiFacts(error);
    if (error.code === undefined)
        return new CodedError(NO_KEY.test(error.message) ? 'ERR_OPENAI_KEY' : 'ERR_OPENAI_REFUSED', undefined, facts);
    const code = CODE_OF_FATAL.get(error.code) ?? 'ERR_OPENAI_REFUSED';
    return new CodedError(code, `OpenAI says: ${error.code.slice(0, 80)}.`, facts);
}

/** The coded error for one that another attempt may not meet again, or for a refused event. */
export function apiFault(error: ApiError): CodedError {
    const facts = apiFacts(error);
    const kind = classify(error);
    if (kind === 'fatal') return fatalError(error);
    if (error.code === 'rate_limit_exceeded') return new CodedError('ERR_OPENAI_RATE_LIMITED', undefined, facts);
    return new CodedError(kind === 'retry' ? 'ERR_OPENAI_ERROR' : 'ERR_OPENAI_EVENT_REFUSED', undefined, facts);
}

/** What an error of the API says, as it may be logged. */
export function apiFacts({ code, param, message }: ApiError): FaultFacts {
    return {
        ...(code !== undefined && { apiCode: redact(code) }),
        ...(param !== undefined && { param: redact(param) }),
        ...(message !== '' && { apiMessage: redact(message) }),
    };
}

/** How a connection came to its end. Reported once; never after `close`. */
export type TransportEnd =
    /** The upgrade was answered with this HTTP status; `error` undefined: the response says nothing more. */
    | { kind: 'http'; status: number; error?: ApiError | undefined }
    /** No connection: DNS, TCP, TLS, or no answer in time. `detail` is the system's code (`ECONNREFUSED`). */
    | { kind: 'unreachable'; detail: string }
    /** The proxy on the way did not let it through. */
    | { kind: 'proxy'; fault: ProxyFault }
    /** The peer closed: RFC 6455 code; 1006 without a close frame. */
    | { kind: 'closed'; code: number; reason: string }
    /** The connection is open, but nothing comes from the other side any more. */
    | { kind: 'dead' };

/** Where a lost connection leads: to another attempt, or to the end. */
export type Verdict =
    { kind: 'retry'; why: string; facts?: FaultFacts | undefined } | { kind: 'fatal'; error: CodedError };

/** Judges the end of a connection, before or after the session was ready (docs/REALTIME.md, 1.3 and 1.4). */
export function judgeEnd(end: TransportEnd): Verdict {
    switch (end.kind) {
        case 'http':
            return judgeResponse(end.status, end.error);
        case 'unreachable':
            return { kind: 'retry', why: end.detail, facts: { systemError: end.detail } };
        case 'proxy':
            return judgeProxy(end.fault);
        case 'dead':
            return { kind: 'retry', why: 'no pong' };
        case 'closed':
            return judgeClose(end.code, end.reason);
    }
}

/** A proxy that forbids it, or wants another password, will do so again. */
function judgeProxy(fault: ProxyFault): Verdict {
    return fault.isFinal ? { kind: 'fatal', error: fault } : { kind: 'retry', why: fault.message, facts: fault.facts };
}

/** The service's own code decides where it is a known one: 429, for instance, is a busy service or an account without credit. */
function judgeResponse(status: number, error: ApiError | undefined): Verdict {
    const detail = `HTTP ${status} at the upgrade.`;
    const facts = { status, ...(error !== undefined && apiFacts(error)) };
    const named = error?.code === undefined ? undefined : CODE_OF_FATAL.get(error.code);
    const code = named ?? CODE_OF_STATUS.get(status) ?? 'ERR_OPENAI_REFUSED';
    const mayRetry = named === undefined && (status === 408 || status === 429 || status >= 500);
    if (mayRetry) return { kind: 'retry', why: `HTTP ${status}`, facts };
    return { kind: 'fatal', error: new CodedError(code, detail, facts) };
}

const CODE_OF_STATUS: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
    [401, 'ERR_OPENAI_KEY'],
    [403, 'ERR_OPENAI_KEY'],
    [404, 'ERR_OPENAI_MODEL'],
]);

/** Close codes from 3000 on are about this connection, not about the service's health: another attempt would end the same way. */
function judgeClose(code: number, reason: string): Verdict {
    const detail = `Close code ${code}.`;
    const facts = { closeCode: code, ...(reason !== '' && { apiMessage: redact(reason) }) };
    if (code === 3000) return { kind: 'fatal', error: new CodedError('ERR_OPENAI_KEY', detail, facts) };
    if (code >= 3000 || code === 1008)
        return { kind: 'fatal', error: new CodedError('ERR_OPENAI_REFUSED', detail, facts) };
    return { kind: 'retry', why: `close ${code}`, facts };
}

const RETRY_HINT = /try again in (\d+(?:\.\d+)?)\s*(ms|s)\b/i;
const DEFAULT_WAIT_MS = 1000;
const MAX_WAIT_MS = 5000;

/** Milliseconds to wait before the same response is requested again, from the hint in the message; 0 … 5000. */
export function retryWaitMs(error: ApiError | undefined): number {
    const hint = RETRY_HINT.exec(error?.message ?? '');
    if (hint === null) return DEFAULT_WAIT_MS;
    const value = Number(hint[1]) * (hint[2]?.toLowerCase() === 's' ? 1000 : 1);
    return Math.min(MAX_WAIT_MS, Math.ceil(value));
}

/** What a second failure in a row leads to; `error` is undefined for a response that stalled. */
export function judgeFailures(error: ApiError | undefined): Verdict {
    const limited = error?.code === 'rate_limit_exceeded';
    return limited
        ? { kind: 'fatal', error: apiFault(error) }
        : { kind: 'retry', why: 'two responses failed', facts: error && apiFacts(error) };
}

/** Logs an API error with its code, parameter, words and the event it is about, each at the level of its class; returns the class. */
export function logApiError(logger: Logger, error: ApiError, about: string | undefined): ErrorClass {
    const kind = classify(error);
    const { code } = apiFault(error);
    const fields: LogFields = { ...apiFacts(error), apiType: error.type, about };
    if (kind === 'benign') logger.debug(fields, 'OpenAI reports a harmless race.');
    else if (kind !== 'bug') logger.warn({ code, ...fields }, 'OpenAI reports an error.');
    else logger.error({ code, ...fields }, 'OpenAI refused an event.');
    return kind;
}
