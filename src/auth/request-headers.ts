/** Who is calling, as the upgrade request names it. Handed out only when the request is authenticated. */
export interface Identity {
    /** The value of X-API-KEY. Never log it. */
    apiKey: string;
    /** UUID of the Genesys organization; `open` must name the same one (docs/PROTOCOL.md, 3.1). */
    organizationId: string;
    /** UUID; the `id` of every message on this connection. */
    sessionId: string;
    /** UUID for logs and for support cases with Genesys. */
    correlationId: string;
    /** The request was signed; false only for a key that is explicitly configured to be unsigned. */
    signed: boolean;
    /** 0, 1, 2 … where Genesys sends it. Informative: this header is not signed. */
    retryAttempt?: number;
}

/** Which header the host name is read from, and which host names are accepted. */
export interface AuthorityPolicy {
    /** Accepted host names, as `normalizeAuthority` writes them; empty: any. */
    allowed: readonly string[];
    /** Use the first value of X-Forwarded-Host where it is present. Only behind a proxy that overwrites that header. */
    trustProxy: boolean;
}

const BLANK = 0x20;
const TAB = 0x09;
const DEFAULT_PORTS = [':443', ':80'];
const MAX_AUTHORITY_CHARACTERS = 260;
const MAX_API_KEY_CHARACTERS = 512;
const API_KEY = /^[a-zA-Z0-9+/_-]+={0,2}$/;
/** Any UUID version: Genesys does not promise one (docs/PROTOCOL.md, 1.1). */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const RETRY_ATTEMPT = /^[0-9]{1,4}$/;

/**
 * The headers of one request, by lower-case name, with every line kept. Node's own `headers` object drops or joins repeated
 * lines, and a repeated line is one way to attack a signature.
 */
export class RequestHeaders {
    private readonly lines = new Map<string, string[]>();

    /** Takes Node's `rawHeaders`: name, value, name, value … */
    constructor(rawHeaders: readonly string[]) {
        for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
            this.add((rawHeaders[index] ?? '').toLowerCase(), trimmed(rawHeaders[index + 1] ?? ''));
        }
    }

    has(name: string): boolean {
        return this.lines.has(name);
    }

    /** The value of a header that is present exactly once; undefined if it is missing or repeated. */
    only(name: string): string | undefined {
        const values = this.lines.get(name);
        return values?.length === 1 ? values[0] : undefined;
    }

    /** All lines of a header joined with `, `, as they are signed (docs/PROTOCOL.md, 1.2); undefined if there are none. */
    joined(name: string): string | undefined {
        return this.lines.get(name)?.join(', ');
    }

    private add(name: string, value: string): void {
        const values = this.lines.get(name);
        if (values === undefined) this.lines.set(name, [value]);
        else values.push(value);
    }
}

/** The API key of a request; undefined if it is missing, repeated or malformed. */
export function readApiKey(headers: RequestHeaders): string | undefined {
    const apiKey = headers.only('x-api-key');
    if (apiKey === undefined || apiKey.length > MAX_API_KEY_CHARACTERS) return undefined;
    return API_KEY.test(apiKey) ? apiKey : undefined;
}

/** The identity that the Audiohook-* headers give; undefined unless each is present exactly once and is a UUID. */
export function readIdentity(headers: RequestHeaders, apiKey: string, signed: boolean): Identity | undefined {
    const organizationId = readUuid(headers, 'audiohook-organization-id');
    const sessionId = readUuid(headers, 'audiohook-session-id');
    const correlationId = readUuid(headers, 'audiohook-correlation-id');
    if (organizationId === undefined || sessionId === undefined || correlationId === undefined) return undefined;
    const retryAttempt = readRetryAttempt(headers);
    const identity: Identity = { apiKey, organizationId, sessionId, correlationId, signed };
    // Not by `...`: V8 would make a new class of objects for each call.
    if (retryAttempt !== undefined) identity.retryAttempt = retryAttempt;
    return identity;
}

/** A host name as it is signed: lower-case, without the default port (docs/PROTOCOL.md, 1.2). */
export function normalizeAuthority(host: string): string {
    const lower = host.toLowerCase();
    const port = DEFAULT_PORTS.find((suffix) => lower.endsWith(suffix));
    return port === undefined ? lower : lower.slice(0, -port.length);
}

/** The host name that the client addressed. undefined: Host is missing or repeated, or the name is not accepted. */
export function requestAuthority(headers: RequestHeaders, policy: AuthorityPolicy): string | undefined {
    const host = headers.only('host');
    if (host === undefined) return undefined;
    const forwarded = policy.trustProxy ? firstValue(headers.joined('x-forwarded-host')) : undefined;
    const named = forwarded ?? host;
    if (named === '' || named.length > MAX_AUTHORITY_CHARACTERS) return undefined;
    const authority = normalizeAuthority(named);
    const isAllowed = policy.allowed.length === 0 || policy.allowed.includes(authority);
    return isAllowed ? authority : undefined;
}

function readUuid(headers: RequestHeaders, name: string): string | undefined {
    const value = headers.only(name);
    return value !== undefined && UUID.test(value) ? value : undefined;
}

function readRetryAttempt(headers: RequestHeaders): number | undefined {
    const value = headers.only('audiohook-retry-attempt');
    return value !== undefined && RETRY_ATTEMPT.test(value) ? Number(value) : undefined;
}

function firstValue(list: string | undefined): string | undefined {
    if (list === undefined) return undefined;
    const comma = list.indexOf(',');
    return (comma === -1 ? list : list.slice(0, comma)).trim();
}

/** Removes blanks and tabs only: String.trim would also remove octets that belong to the value. */
function trimmed(value: string): string {
    let start = 0;
    let end = value.length;
    while (start < end && isBlank(value.charCodeAt(start))) start++;
    while (end > start && isBlank(value.charCodeAt(end - 1))) end--;
    return value.slice(start, end);
}

function isBlank(code: number): boolean {
    return code === BLANK || code === TAB;
}
