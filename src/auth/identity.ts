import type { RequestHeaders } from './request-headers';

/** Who is calling, as the upgrade request said it. Only an authenticated one is handed out. */
export interface Identity {
    /** The value of X-API-KEY. Never log it. */
    apiKey: string;
    /** UUID of the Genesys organization; `open` must name the same one (protocol sheet, section 3.1). */
    organizationId: string;
    /** UUID; the `id` of every message on this connection. */
    sessionId: string;
    /** UUID for logs and for support cases with Genesys. */
    correlationId: string;
    /** The request was signed; false only for a key that is explicitly meant to be unsigned. */
    signed: boolean;
    /** 0, 1, 2 … where Genesys says it. Informative: this header is not signed. */
    retryAttempt?: number;
}

const MAX_API_KEY_CHARACTERS = 512;
const API_KEY = /^[a-zA-Z0-9+/_-]+={0,2}$/;
/** Any version: the client may turn to another one (protocol sheet, section 2.3). */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const RETRY_ATTEMPT = /^[0-9]{1,4}$/;

/** The API key of a request; undefined if it is missing, doubled or malformed. */
export function readApiKey(headers: RequestHeaders): string | undefined {
    const apiKey = headers.only('x-api-key');
    if (apiKey === undefined || apiKey.length > MAX_API_KEY_CHARACTERS) return undefined;
    return API_KEY.test(apiKey) ? apiKey : undefined;
}

/** The identity that the Audiohook-* headers give; undefined unless each stands exactly once and is a UUID. */
export function readIdentity(headers: RequestHeaders, apiKey: string, signed: boolean): Identity | undefined {
    const organizationId = readUuid(headers, 'audiohook-organization-id');
    const sessionId = readUuid(headers, 'audiohook-session-id');
    const correlationId = readUuid(headers, 'audiohook-correlation-id');
    if (organizationId === undefined || sessionId === undefined || correlationId === undefined) return undefined;
    const retryAttempt = readRetryAttempt(headers);
    const identity = { apiKey, organizationId, sessionId, correlationId, signed };
    return retryAttempt === undefined ? identity : { ...identity, retryAttempt };
}

function readUuid(headers: RequestHeaders, name: string): string | undefined {
    const value = headers.only(name);
    return value !== undefined && UUID.test(value) ? value : undefined;
}

function readRetryAttempt(headers: RequestHeaders): number | undefined {
    const value = headers.only('audiohook-retry-attempt');
    return value !== undefined && RETRY_ATTEMPT.test(value) ? Number(value) : undefined;
}
