import type { Clock } from '../support/clock';

/** A nonce of an accepted signature. */
export interface UsedNonce {
    readonly apiKey: string;
    readonly nonce: string;
    /** The last moment, in ms since 1970, at which its signature could be accepted. */
    readonly untilMs: number;
}

/** `fresh`: not used before, and remembered from now on. `full`: this key has used all its places until older nonces expire. */
export type Admission = 'fresh' | 'replayed' | 'full';

export interface ReplayGuardOptions {
    /** Nonces kept for each key, default 10,000; one upgrade request uses one. */
    maxPerKey?: number;
    /** The longest time for which a nonce is kept, also if its signature lasts longer. Default 20,000. */
    maxHoldMs?: number;
}

const SWEEP_INTERVAL_MS = 1_000;

/**
 * Remembers which nonces were used, so that a signature is accepted only once (docs/PROTOCOL.md, 1.3).
 *
 * Ask it only about verified signatures, so that a peer without the secret cannot fill it. It knows what this process has accepted; what others
 * have is asked of a `NonceStore`.
 */
export class ReplayGuard {
    /** API key → nonce → the moment (ms since 1970) after which the nonce may be forgotten. */
    private readonly used = new Map<string, Map<string, number>>();
    private readonly maxPerKey: number;
    private readonly maxHoldMs: number;
    private sweepDueMs = -Infinity;

    constructor(
        private readonly clock: Clock,
        options: ReplayGuardOptions = {},
    ) {
        this.maxPerKey = options.maxPerKey ?? 10_000;
        this.maxHoldMs = options.maxHoldMs ?? 20_000;
    }

    /** Marks a nonce as used. `acceptedUntilMs`: the last moment (ms since 1970) at which its signature could be accepted. */
    admit(apiKey: string, nonce: string, acceptedUntilMs: number): Admission {
        const epochMs = this.clock.epochMs();
        this.sweep(epochMs);
        const nonces = this.used.get(apiKey) ?? new Map<string, number>();
        const heldUntilMs = nonces.get(nonce);
        if (heldUntilMs !== undefined && heldUntilMs >= epochMs) return 'replayed';
        if (nonces.size >= this.maxPerKey) return 'full';
        nonces.set(nonce, Math.min(acceptedUntilMs, epochMs + this.maxHoldMs));
        this.used.set(apiKey, nonces);
        return 'fresh';
    }

    /** What is remembered and could still be replayed. */
    *remembered(): Generator<UsedNonce> {
        const epochMs = this.clock.epochMs();
        for (const [apiKey, nonces] of this.used)
            for (const [nonce, untilMs] of nonces) if (untilMs >= epochMs) yield { apiKey, nonce, untilMs };
    }

    /** Nonces remembered now, of all keys. */
    get size(): number {
        let count = 0;
        for (const nonces of this.used.values()) count += nonces.size;
        return count;
    }

    /** Removes expired nonces, at most once a second: under attack, a full guard must not be searched for every request. */
    private sweep(epochMs: number): void {
        const nowMs = this.clock.nowMs();
        if (nowMs < this.sweepDueMs) return;
        this.sweepDueMs = nowMs + SWEEP_INTERVAL_MS;
        for (const [apiKey, nonces] of this.used) {
            for (const [nonce, heldUntilMs] of nonces) {
                if (heldUntilMs < epochMs) nonces.delete(nonce);
            }
            if (nonces.size === 0) this.used.delete(apiKey);
        }
    }
}
