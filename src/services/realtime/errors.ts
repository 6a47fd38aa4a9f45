import { CodedError, type ErrorCode } from '../../support/errors';
import type { LogFields, Logger } from '../../support/logger';
import type { ProxyFault } from '../../support/proxy';
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

/** The coded error for a fatal one of the API. Only its code is quoted: the message may hold a part of the key. */
export function fatalError(error: ApiError): CodedError {
    if (error.code === undefined)
        return new CodedError(NO_KEY.test(error.message) ? 'ERR_OPENAI_KEY' : 'ERR_OPENAI_REFUSED');
    return new CodedError(
        CODE_OF_FATAL.get(error.code) ?? 'ERR_OPENAI_REFUSED',
        `OpenAI says: ${error.code.slice(0, 80)}.`,
    );
}

/** How a connection came to its end. Reported once; never after `close`. */
export type TransportEnd =
    /** The upgrade was answered with this HTTP status. */
    | { kind: 'http'; status: number }
    /** No connection: DNS, TCP, TLS, or no answer in time. `detail` is the system's code (`ECONNREFUSED`). */
    | { kind: 'unreachable'; detail: string }
    /** The proxy on the way did not let it through. */
    | { kind: 'proxy'; fault: ProxyFault }
    /** The peer closed: RFC 6455 code; 1006 without a close frame. */
    | { kind: 'closed'; code: number; reason: string }
    /** The connection is open, but nothing comes from the other side any more. */
    | { kind: 'dead' };

/** Where a lost connection leads: to another attempt, or to the end. */
export type Verdict = { kind: 'retry'; why: string } | { kind: 'fatal'; error: CodedError };

/** Judges the end of a connection, before or after the session was ready (docs/REALTIME.md, 1.3 and 1.4). */
export function judgeEnd(end: TransportEnd): Verdict {
    switch (end.kind) {
        case 'http':
            return judgeStatus(end.status);
        case 'unreachable':
            return { kind: 'retry', why: end.detail };
        case 'proxy':
            return end.fault.isFinal ? { kind: 'fatal', error: end.fault } : { kind: 'retry', why: end.fault.message };
        case 'dead':
            return { kind: 'retry', why: 'no pong' };
        case 'closed':
            return judgeClose(end.code);
    }
}

function judgeStatus(status: number): Verdict {
    const detail = `HTTP ${status} at the upgrade.`;
    if (status === 401 || status === 403) return { kind: 'fatal', error: new CodedError('ERR_OPENAI_KEY', detail) };
    if (status === 404) return { kind: 'fatal', error: new CodedError('ERR_OPENAI_MODEL', detail) };
    if (status === 408 || status === 429 || status >= 500) return { kind: 'retry', why: `HTTP ${status}` };
    return { kind: 'fatal', error: new CodedError('ERR_OPENAI_REFUSED', detail) };
}

/** Close codes from 3000 on are about this connection, not about the service's health: another attempt would end the same way. */
function judgeClose(code: number): Verdict {
    const detail = `Close code ${code}.`;
    if (code === 3000) return { kind: 'fatal', error: new CodedError('ERR_OPENAI_KEY', detail) };
    if (code >= 3000 || code === 1008) return { kind: 'fatal', error: new CodedError('ERR_OPENAI_REFUSED', detail) };
    return { kind: 'retry', why: `close ${code}` };
}

const KEYS = /\b(?:sk|ek|sess)[-_][A-Za-z0-9_*.-]{4,}/g;
/** The service quotes what it was sent: words and digits of the caller may be in it. */
const QUOTES = /'[^']*'|"[^"]*"/g;
const LONG_NUMBERS = /\d(?:[ -]?\d){5,}/g;

/**
 * An API message that may be logged: what looks like a key, what is quoted and every long number is taken out, and it is cut
 * to 200 characters. The part at fault is named beside it, as `param`.
 */
export function redact(message: string): string {
    const safe = message.replace(KEYS, '[key]').replace(QUOTES, '[quote]').replace(LONG_NUMBERS, '[number]');
    return safe.slice(0, 200);
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
        ? { kind: 'fatal', error: new CodedError('ERR_OPENAI_RATE_LIMITED') }
        : { kind: 'retry', why: 'two responses failed' };
}

/** Logs an API error with its code, parameter and the event it is about, each at the level of its class; returns the class. */
export function logApiError(logger: Logger, error: ApiError, about: string | undefined): ErrorClass {
    const kind = classify(error);
    const fields: LogFields = { apiCode: error.code, apiType: error.type, param: error.param, about };
    if (kind === 'benign') logger.debug(fields, 'OpenAI reports a harmless race.');
    else if (kind !== 'bug') logger.warn(fields, 'OpenAI reports an error.');
    else {
        const named = { code: 'ERR_OPENAI_EVENT_REFUSED', ...fields, apiMessage: redact(error.message) };
        logger.error(named, 'OpenAI refused an event.');
    }
    return kind;
}
