import type { Clock } from '../support/clock';
import type { ErrorCode } from '../support/errors';
import { ReplayGuard, type UsedNonce } from './replay-guard';
import {
    normalizeAuthority,
    readApiKey,
    readIdentity,
    requestAuthority,
    RequestHeaders,
    type AuthorityPolicy,
    type Identity,
} from './request-headers';
import { lookUpSecrets, type SecretLookup, type SecretProvider } from './secret-provider';
import { readClaims, type SignatureClaim } from './signature-input';
import { acceptedUntilMs, checkFreshness, decoySecret, verifyClaims, type SignedRequest } from './signature-verifier';

export type { Identity } from './request-headers';
export type { SecretProvider } from './secret-provider';

/** An upgrade request as Node gives it. */
export interface AuthRequest {
    /** `req.url`, untouched: path and query are signed byte for byte. */
    url: string;
    /** `req.rawHeaders`: name, value, name, value … */
    rawHeaders: readonly string[];
}

/** A refusal. The peer gets only the status; `code` and `fault` are for this server's log. */
export interface AuthRefusal {
    ok: false;
    /** 503: only with a `NonceStore` that cannot be asked. */
    status: 401 | 400 | 503;
    code: ErrorCode;
    /** With ERR_SECRETS_UNAVAILABLE and ERR_INTERNAL: the error that was thrown. */
    fault?: unknown;
}

/** Remembers used nonces for several processes. */
export interface NonceStore {
    /**
     * Marks nonces as used. It is asked about verified signatures that are new to this process. Never rejects, and answers within a part of a second.
     * `unavailable`: whether they were used is not known, and the request must not be accepted.
     */
    claim(nonces: readonly UsedNonce[]): Promise<'fresh' | 'replayed' | 'unavailable'>;
}

export type AuthResult = { ok: true; identity: Identity } | AuthRefusal;

/** Refusals that are delayed at the same time; further ones are given at once, which bounds the memory that a flood can take. */
const MAX_DELAYED = 500;

export interface AuthenticatorOptions {
    secrets: SecretProvider;
    clock: Clock;
    /** Host names that a signature may be made for; empty: any. */
    authorities?: readonly string[];
    /** Read the host name from X-Forwarded-Host. Only behind a proxy that overwrites this header. */
    trustProxy?: boolean;
    /** The earliest moment of a refusal, counted from the arrival of the request (docs/PROTOCOL.md, 1.4). Default 500. */
    failureDelayMs?: number;
    /** A secret provider that takes longer than this counts as unavailable. Default 3,000. */
    secretTimeoutMs?: number;
    /** For several authenticators that share the memory of used nonces. Default: one of its own. */
    replayGuard?: ReplayGuard;
    /** The nonces that other processes have accepted. Default: there are no others. */
    nonceStore?: NonceStore | undefined;
}

/**
 * Decides whether an upgrade request comes from Genesys Cloud (docs/PROTOCOL.md, 1.2 to 1.4).
 *
 * It is accepted if it has a current signature under the client secret of its API key that was not used before, or if its key
 * is explicitly configured to be unsigned. Every other request is refused with 401 after the same delay, without a reason.
 */
export class Authenticator {
    private readonly clock: Clock;
    private readonly secrets: SecretProvider;
    private readonly authorityPolicy: AuthorityPolicy;
    private readonly failureDelayMs: number;
    private readonly secretTimeoutMs: number;
    private readonly replayGuard: ReplayGuard;
    private readonly nonceStore: NonceStore | undefined;
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
        this.nonceStore = options.nonceStore;
    }

    /**
     * Never rejects. An accepted request is answered at once, a refused one after `failureDelayMs`; beyond 500 waiting refusals,
     * at once. Only a peer that has proven its key gets a 400 or a 503.
     */
    async authenticate(request: AuthRequest): Promise<AuthResult> {
        const startedMs = this.clock.nowMs();
        const result = await this.decide(request).catch((fault: unknown) => refusal('ERR_INTERNAL', fault));
        if (!result.ok && result.status !== 503) await this.delayUntil(startedMs + this.failureDelayMs);
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
            ? await this.checkSigned(apiKey, read.claims, { target: request.url, authority, headers }, lookup)
            : checkUnsigned(lookup);
        if (code === 'ERR_REPLAY_STORE_DOWN') return { ok: false, status: 503, code };
        if (code !== undefined) return refusal(code);

        const identity = readIdentity(headers, apiKey, signed);
        if (identity === undefined) return { ok: false, status: 400, code: 'ERR_IDENTITY_HEADERS' };
        return { ok: true, identity };
    }

    private async checkSigned(
        apiKey: string,
        claims: readonly SignatureClaim[],
        request: SignedRequest,
        lookup: Exclude<SecretLookup, { kind: 'unavailable' }>,
    ): Promise<ErrorCode | undefined> {
        const secrets = lookup.kind === 'found' ? lookup.secrets : [decoySecret()];
        const code = verifyClaims(claims, request, secrets);
        // A signature that fits the decoy proves nothing.
        if (lookup.kind === 'unknown') return 'ERR_KEY_UNKNOWN';
        if (lookup.kind === 'unsigned') return 'ERR_SIGNATURE_UNEXPECTED';
        return code ?? (await this.checkFirstUse(apiKey, claims));
    }

    private async checkFirstUse(apiKey: string, claims: readonly SignatureClaim[]): Promise<ErrorCode | undefined> {
        const epochMs = this.clock.epochMs();
        for (const claim of claims) {
            const code = checkFreshness(claim, epochMs);
            if (code !== undefined) return code;
        }
        const nonces = claims.map((claim) => ({ apiKey, nonce: claim.nonce, untilMs: acceptedUntilMs(claim) }));
        // First, and in this very tick: of two copies that come at once, one is refused whatever the store says.
        for (const { nonce, untilMs } of nonces) {
            const admission = this.replayGuard.admit(apiKey, nonce, untilMs);
            if (admission === 'replayed') return 'ERR_SIGNATURE_REPLAYED';
            if (admission === 'full') return 'ERR_REPLAY_GUARD_FULL';
        }
        const answer = await this.nonceStore?.claim(nonces);
        if (answer === 'replayed') return 'ERR_SIGNATURE_REPLAYED';
        return answer === 'unavailable' ? 'ERR_REPLAY_STORE_DOWN' : undefined;
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
