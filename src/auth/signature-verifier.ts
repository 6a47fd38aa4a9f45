import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ErrorCode } from '../support/errors';
import { signatureBase, type SignedRequest } from './signature-base';
import type { SignatureClaim } from './signature-input';

/** How far the client's clock may differ from ours, either way. */
export const CLOCK_SKEW_MS = 3_000;
/** How long after `created` a signature is good, whatever `expires` says. */
export const MAX_AGE_MS = 10_000;

const SIGNATURE_OCTETS = 32;

/** HMAC-SHA256 of a signature base under a client secret in decoded octets (protocol sheet, section 3.2). */
export function hmacSha256(base: Uint8Array, secret: Uint8Array): Buffer {
    return createHmac('sha256', secret).update(base).digest();
}

/** Octets that nobody has signed with, so that an unknown key costs the same work as a known one. */
export function decoySecret(): Uint8Array {
    return randomBytes(SIGNATURE_OCTETS);
}

/**
 * Checks every claim against the secrets of one key; one secret must fit, and all claims must verify.
 * Undefined: they do. The time it takes does not tell which octet or which secret differed.
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
 * Whether a signature may be used now (protocol sheet, section 3.3, step 7). Undefined: it may.
 * The skew widens the window on both sides.
 */
export function checkFreshness(claim: SignatureClaim, epochMs: number): ErrorCode | undefined {
    if (claim.created * 1000 > epochMs + CLOCK_SKEW_MS) return 'ERR_SIGNATURE_FUTURE';
    if (claim.expires !== undefined && claim.expires * 1000 < epochMs - CLOCK_SKEW_MS) return 'ERR_SIGNATURE_EXPIRED';
    if (acceptedUntilMs(claim) < epochMs) return 'ERR_SIGNATURE_EXPIRED';
    return undefined;
}

/**
 * The last moment, in ms since 1970, at which `checkFreshness` can still accept this claim. A far `expires` does not
 * move it, so nobody can make us remember a nonce for long.
 */
export function acceptedUntilMs(claim: SignatureClaim): number {
    return claim.created * 1000 + MAX_AGE_MS + CLOCK_SKEW_MS;
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
