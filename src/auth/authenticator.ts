import type { Clock } from '../support/clock';
import type { ErrorCode } from '../support/errors';
import { normalizeAuthority, requestAuthority, type AuthorityPolicy } from './authority';
import { readApiKey, readIdentity, type Identity } from './identity';
import { ReplayGuard } from './replay-guard';
import { RequestHeaders } from './request-headers';
import { lookUpSecrets, type SecretLookup, type SecretProvider } from './secret-lookup';
import type { SignedRequest } from './signature-base';
import { readClaims, type SignatureClaim } from './signature-input';
import { acceptedUntilMs, checkFreshness, decoySecret, verifyClaims } from './signature-verifier';

export type { Identity } from './identity';
export type { SecretProvider } from './secret-lookup';

/** An upgrade request as Node gives it. */
export interface AuthRequest {
    /** `req.url`, untouched: path and query are signed byte for byte. */
    url: string;
    /** `req.rawHeaders`: name, value, name, value … */
    rawHeaders: readonly string[];
}

/** A refusal. The peer gets the bare status; `code` and `fault` are for our log alone. */
export interface AuthRefusal {
    ok: false;
    status: 401 | 400;
    code: ErrorCode;
    /** What was thrown, with ERR_SECRETS_UNAVAILABLE and ERR_INTERNAL. A provider must not put secrets into it. */
    fault?: unknown;
}

export type AuthResult = { ok: true; identity: Identity } | AuthRefusal;

/** Refusals that are delayed at the same time. A flood of more is refused at once, so that it keeps no good request waiting. */
const MAX_DELAYED = 500;

export interface AuthenticatorOptions {
    secrets: SecretProvider;
    clock: Clock;
    /** Host names that a signature may be made for; empty: whatever Host says. */
    authorities?: readonly string[];
    /** Take the authority from X-Forwarded-Host. Only behind a proxy that overwrites this header. */
    trustProxy?: boolean;
    /** A refusal is never given earlier than this after the request came (protocol sheet, section 2.4). */
    failureDelayMs?: number;
    /** A secret provider that answers later than this counts as unavailable. */
    secretTimeoutMs?: number;
    /** Handed in where several authenticators share one memory of nonces. */
    replayGuard?: ReplayGuard;
}

/**
 * Decides whether an upgrade request really comes from Genesys Cloud (protocol sheet, sections 2.4 and 3).
 *
 * Every request is either signed under the client secret of its API key, freshly and for the first time, or carries
 * a key that is explicitly configured to be unsigned. Everything else is one slow 401 that says nothing.
 */
export class Authenticator {
    private readonly clock: Clock;
    private readonly secrets: SecretProvider;
    private readonly authorityPolicy: AuthorityPolicy;
    private readonly failureDelayMs: number;
    private readonly secretTimeoutMs: number;
    private readonly replayGuard: ReplayGuard;
    private delayed = 0;

    constructor(options: AuthenticatorOptions) {
        this.clock = options.clock;
        this.secrets = options.secrets;
        this.authorityPolicy = {
            allowed: (options.authorities ?? []).map(normalizeAuthority),
            trustProxy: options.trustProxy ?? false,
        };
        this.failureDelayMs = options.failureDelayMs ?? 500;
        this.secretTimeoutMs = options.secretTimeoutMs ?? 3_000;
        this.replayGuard = options.replayGuard ?? new ReplayGuard(options.clock);
    }

    /**
     * Never rejects. Good requests are answered at once, refusals after the fixed delay (in a flood, no longer all of
     * them). 400 is said only to a peer that has proven its key.
     */
    async authenticate(request: AuthRequest): Promise<AuthResult> {
        const startedMs = this.clock.nowMs();
        const result = await this.decide(request).catch((fault: unknown) => refusal('ERR_INTERNAL', fault));
        if (!result.ok) await this.delayUntil(startedMs + this.failureDelayMs);
        return result;
    }

    private async decide(request: AuthRequest): Promise<AuthResult> {
        const headers = new RequestHeaders(request.rawHeaders);
        const apiKey = readApiKey(headers);
        if (apiKey === undefined) return refusal('ERR_KEY_MISSING');
        const authority = requestAuthority(headers, this.authorityPolicy);
        if (authority === undefined) return refusal('ERR_AUTHORITY');
        const read = readClaims(headers, apiKey);
        if (!read.ok) return refusal(read.code);

        const lookup = await lookUpSecrets(this.secrets, apiKey, this.clock, this.secretTimeoutMs);
        if (lookup.kind === 'unavailable') return refusal('ERR_SECRETS_UNAVAILABLE', lookup.fault);
        const signed = read.claims.length > 0;
        const code = signed
            ? this.checkSigned(apiKey, read.claims, { target: request.url, authority, headers }, lookup)
            : checkUnsigned(lookup);
        if (code !== undefined) return refusal(code);

        const identity = readIdentity(headers, apiKey, signed);
        if (identity === undefined) return { ok: false, status: 400, code: 'ERR_IDENTITY_HEADERS' };
        return { ok: true, identity };
    }

    private checkSigned(
        apiKey: string,
        claims: readonly SignatureClaim[],
        request: SignedRequest,
        lookup: Exclude<SecretLookup, { kind: 'unavailable' }>,
    ): ErrorCode | undefined {
        const secrets = lookup.kind === 'found' ? lookup.secrets : [decoySecret()];
        const code = verifyClaims(claims, request, secrets);
        // Whatever the decoy said: without a secret of ours nothing is proven.
        if (lookup.kind === 'unknown') return 'ERR_KEY_UNKNOWN';
        if (lookup.kind === 'unsigned') return 'ERR_SIGNATURE_UNEXPECTED';
        return code ?? this.checkFirstUse(apiKey, claims);
    }

    private checkFirstUse(apiKey: string, claims: readonly SignatureClaim[]): ErrorCode | undefined {
        const epochMs = this.clock.epochMs();
        for (const claim of claims) {
            const code = checkFreshness(claim, epochMs);
            if (code !== undefined) return code;
        }
        for (const claim of claims) {
            const admission = this.replayGuard.admit(apiKey, claim.nonce, acceptedUntilMs(claim));
            if (admission === 'replayed') return 'ERR_SIGNATURE_REPLAYED';
            if (admission === 'full') return 'ERR_REPLAY_GUARD_FULL';
        }
        return undefined;
    }

    private delayUntil(atMs: number): Promise<void> {
        const leftMs = atMs - this.clock.nowMs();
        if (leftMs <= 0 || this.delayed >= MAX_DELAYED) return Promise.resolve();
        this.delayed += 1;
        return new Promise((resolve) => {
            this.clock.after(leftMs, () => {
                this.delayed -= 1;
                resolve();
            });
        });
    }
}

function checkUnsigned(lookup: SecretLookup): ErrorCode | undefined {
    if (lookup.kind === 'unsigned') return undefined;
    return lookup.kind === 'unknown' ? 'ERR_KEY_UNKNOWN' : 'ERR_SIGNATURE_MISSING';
}

function refusal(code: ErrorCode, fault?: unknown): AuthRefusal {
    return fault === undefined ? { ok: false, status: 401, code } : { ok: false, status: 401, code, fault };
}
