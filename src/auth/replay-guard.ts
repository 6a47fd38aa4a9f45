import type { Clock } from '../support/clock';

/** `fresh`: never seen, and remembered now. `full`: this key has no room for another one until older ones run out. */
export type Admission = 'fresh' | 'replayed' | 'full';

export interface ReplayGuardOptions {
    /** Nonces kept per key; one call uses one, and none is kept for longer than `maxHoldMs`. */
    maxPerKey?: number;
    /** The longest time for which a nonce is kept, whatever the request says. */
    maxHoldMs?: number;
}

const SWEEP_INTERVAL_MS = 1_000;

/**
 * Remembers which nonces were used, so that a signature is good once (protocol sheet, section 3.3, step 8).
 *
 * Ask it only about verified signatures: then nobody without the secret can fill it. Where there are several servers
 * behind one address, each remembers its own; the short life of a signature bounds what that leaves open.
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

    /** Uses a nonce up. `acceptedUntilMs`: the last moment (ms since 1970) at which its signature could be accepted. */
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

    /** Nonces remembered now, of all keys. */
    get size(): number {
        let count = 0;
        for (const nonces of this.used.values()) count += nonces.size;
        return count;
    }

    /** At most once a second, so that a full guard under attack does not search itself for every request. */
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
