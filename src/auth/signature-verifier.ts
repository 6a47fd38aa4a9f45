import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ErrorCode } from '../support/errors';
import type { RequestHeaders } from './request-headers';
import type { SignatureClaim } from './signature-input';
import { serializeMember, serializeString, type InnerList } from './structured-dictionary';

/** The parts of a request that a signature can cover. */
export interface SignedRequest {
    /** Path and query, byte for byte as on the request line. */
    target: string;
    /** Host name, lower-case, without the default port. */
    authority: string;
    headers: RequestHeaders;
}

/** How far the client's clock may differ from this server's, in either direction. */
const CLOCK_SKEW_MS = 3_000;
/** How long after `created` a signature is accepted, even if `expires` is later. */
const MAX_AGE_MS = 10_000;

const SIGNATURE_OCTETS = 32;

/** The header that holds the signatures cannot be covered by one of them. */
const UNSIGNABLE = new Set(['signature']);

/** HMAC-SHA256 of a signature base under a client secret in decoded octets (docs/PROTOCOL.md, 1.2). */
export function hmacSha256(base: Uint8Array, secret: Uint8Array): Buffer {
    return createHmac('sha256', secret).update(base).digest();
}

/** Random octets in place of a secret, so that an unknown key costs the same time as a known one. */
export function decoySecret(): Uint8Array {
    return randomBytes(SIGNATURE_OCTETS);
}

/**
 * Checks every claim against the secrets of one key. undefined: all claims verify, each under one of the secrets.
 * The time it takes does not depend on which octet or which secret differs.
 */
export function verifyClaims(
    claims: readonly SignatureClaim[],
    request: SignedRequest,
    secrets: readonly Uint8Array[],
): ErrorCode | undefined {
    let code: ErrorCode | undefined;
    for (const claim of claims) code ??= verifyClaim(claim, request, secrets);
    return code;
}

/**
 * Whether a signature is neither too old nor from the future (docs/PROTOCOL.md, 1.3). undefined: it is current.
 * The skew widens the window on both sides.
 */
export function checkFreshness(claim: SignatureClaim, epochMs: number): ErrorCode | undefined {
    if (claim.created * 1000 > epochMs + CLOCK_SKEW_MS) return 'ERR_SIGNATURE_FUTURE';
    if (claim.expires !== undefined && claim.expires * 1000 < epochMs - CLOCK_SKEW_MS) return 'ERR_SIGNATURE_EXPIRED';
    if (acceptedUntilMs(claim) < epochMs) return 'ERR_SIGNATURE_EXPIRED';
    return undefined;
}

/**
 * The last moment, in ms since 1970, at which `checkFreshness` can still accept this claim. `expires` cannot postpone it,
 * so a client cannot make this server remember a nonce for long.
 */
export function acceptedUntilMs(claim: SignatureClaim): number {
    return claim.created * 1000 + MAX_AGE_MS + CLOCK_SKEW_MS;
}

/**
 * The octets that are signed (docs/PROTOCOL.md, 1.2): a line for each covered component in the client's order, then the
 * component list itself; joined with LF, none at the end.
 *
 * undefined: a component has parameters, is listed twice, is not in the request, or cannot be covered.
 */
export function signatureBase(covered: InnerList, request: SignedRequest): Buffer | undefined {
    const lines: string[] = [];
    const seen = new Set<string>();
    for (const component of covered.items) {
        const { value, parameters } = component;
        if (value.type !== 'string' || parameters.size > 0 || seen.has(value.value)) return undefined;
        seen.add(value.value);
        const content = componentValue(value.value, request);
        if (content === undefined || !isFieldText(content)) return undefined;
        lines.push(`${serializeString(value.value)}: ${content}`);
    }
    lines.push(`"@signature-params": ${serializeMember(covered)}`);
    // Node gives each header octet as one character; latin1 turns them back into the octets that were signed.
    return Buffer.from(lines.join('\n'), 'latin1');
}

function verifyClaim(
    claim: SignatureClaim,
    request: SignedRequest,
    secrets: readonly Uint8Array[],
): ErrorCode | undefined {
    const base = signatureBase(claim.covered, request);
    if (base === undefined) return 'ERR_SIGNATURE_COMPONENTS';
    if (claim.signature.length !== SIGNATURE_OCTETS) return 'ERR_SIGNATURE_MALFORMED';
    let matches = false;
    for (const secret of secrets) {
        // The comparison stands first, so that it is made for every secret.
        matches = timingSafeEqual(hmacSha256(base, secret), claim.signature) || matches;
    }
    return matches ? undefined : 'ERR_SIGNATURE_MISMATCH';
}

function componentValue(name: string, request: SignedRequest): string | undefined {
    if (name === '@request-target') return request.target;
    if (name === '@authority') return request.authority;
    // Header names are kept in lower case, so `@method` and `Host` are not found.
    return UNSIGNABLE.has(name) ? undefined : request.headers.joined(name);
}

/**
 * Whether a text is one line of octets. A line break would forge a component, and a wider character would lose bits in the
 * conversion; Node's HTTP parser lets neither through, folded header lines included.
 */
function isFieldText(text: string): boolean {
    for (let index = 0; index < text.length; index++) {
        const code = text.charCodeAt(index);
        if ((code < 0x20 && code !== 0x09) || code === 0x7f || code > 0xff) return false;
    }
    return true;
}
