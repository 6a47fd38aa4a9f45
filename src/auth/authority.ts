import type { RequestHeaders } from './request-headers';

/** Whose word the host name is taken from. */
export interface AuthorityPolicy {
    /** Host names that a request may be made for, as `normalizeAuthority` writes them; empty: any. */
    allowed: readonly string[];
    /** Take the first value of X-Forwarded-Host where it is present. Only behind a proxy that overwrites that header. */
    trustProxy: boolean;
}

const DEFAULT_PORTS = [':443', ':80'];
const MAX_CHARACTERS = 260;

/** A host name as it is signed: lower-case, without the default port (protocol sheet, section 3.3). */
export function normalizeAuthority(host: string): string {
    const lower = host.toLowerCase();
    const port = DEFAULT_PORTS.find((suffix) => lower.endsWith(suffix));
    return port === undefined ? lower : lower.slice(0, -port.length);
}

/**
 * The authority that the client addressed. Undefined: Host is missing or doubled, or the name is not one of ours.
 */
export function requestAuthority(headers: RequestHeaders, policy: AuthorityPolicy): string | undefined {
    const host = headers.only('host');
    if (host === undefined) return undefined;
    const forwarded = policy.trustProxy ? firstValue(headers.joined('x-forwarded-host')) : undefined;
    const named = forwarded ?? host;
    if (named === '' || named.length > MAX_CHARACTERS) return undefined;
    const authority = normalizeAuthority(named);
    const isOurs = policy.allowed.length === 0 || policy.allowed.includes(authority);
    return isOurs ? authority : undefined;
}

function firstValue(list: string | undefined): string | undefined {
    if (list === undefined) return undefined;
    const comma = list.indexOf(',');
    return (comma === -1 ? list : list.slice(0, comma)).trim();
}
