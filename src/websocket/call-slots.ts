import type { Identity } from '../auth/authenticator';
import type { AbuseConfig } from '../config/config';
import { callEntry, type CallEntry, type LocalCalls } from '../shared-state/shared-calls';
import type { SharedState } from '../shared-state/shared-state';

/** The place of a connection. */
export interface Slot {
    /** Gives the place back. May be called twice. */
    release(): void;
}

/** Why there is no place. `unavailable`: Redis has not answered, and REPLAY_STORE_FAILURE is `closed`. */
export type NoSlot = 'conflict' | 'key-full' | 'total-full' | 'unavailable';

/** The part of `SharedState` that is used here. */
type SharedPlaces = Pick<SharedState, 'claim' | 'release'>;

type Limits = Pick<AbuseConfig, 'maxSessionsPerKey' | 'maxSessionsTotal'>;

/** Where nothing is limited and nothing shared, nothing is counted, and nothing need be given back. */
export const UNCOUNTED: Slot = { release: () => undefined };

/**
 * The connections of this process by API key, from the moment at which they ask for a place until they are closed. A place is free here first, and
 * then, with a Redis in REPLAY_STORE, among all processes.
 */
export class CallSlots implements LocalCalls {
    private readonly taken = new Map<number, CallEntry>();
    private readonly perKey = new Map<string, number>();
    /** By hash of the session id: who asks for a place and has no answer of Redis yet. */
    private readonly asking = new Map<string, Identity>();
    private shared: SharedPlaces | undefined;
    private lastNumber = 0;

    constructor(private readonly limits: Limits) {}

    /** From now on places are asked of all processes. */
    share(shared: SharedPlaces): void {
        this.shared = shared;
    }

    get total(): number {
        return this.taken.size;
    }

    entries(): Iterable<CallEntry> {
        return this.taken.values();
    }

    counts(): Iterable<readonly [string, number]> {
        return this.perKey.entries();
    }

    ofKey(key: string): number {
        return this.perKey.get(key) ?? 0;
    }

    /**
     * Asks for a place. Never rejects, and answers within a part of a second.
     *
     * @param replaces the session is served here, and this connection takes its place: no limit counts
     */
    async take(identity: Identity, replaces: boolean): Promise<Slot | NoSlot> {
        const { shared } = this;
        if (shared === undefined && this.limits.maxSessionsPerKey === 0) return UNCOUNTED;
        const entry = callEntry(identity, (this.lastNumber += 1));
        const refusal = this.examine(entry, identity, replaces);
        if (refusal !== undefined) return refusal;
        this.add(entry);
        if (shared === undefined) return this.slotOf(entry);
        this.asking.set(entry.session, identity);
        const isRetry = (identity.retryAttempt ?? 0) > 0;
        const claim = await shared.claim(entry, { isRetry, isLimited: !replaces });
        if (this.asking.get(entry.session) === identity) this.asking.delete(entry.session);
        if (claim === 'free') return this.slotOf(entry);
        this.remove(entry);
        return claim;
    }

    private examine({ session, key }: CallEntry, identity: Identity, replaces: boolean): NoSlot | undefined {
        const older = this.asking.get(session);
        if (older !== undefined && isConflict(older, identity)) return 'conflict';
        if (replaces) return undefined;
        const { maxSessionsPerKey, maxSessionsTotal } = this.limits;
        if (maxSessionsTotal > 0 && this.total >= maxSessionsTotal) return 'total-full';
        if (maxSessionsPerKey > 0 && this.ofKey(key) >= maxSessionsPerKey) return 'key-full';
        return undefined;
    }

    private slotOf(entry: CallEntry): Slot {
        return {
            release: () => {
                if (this.remove(entry)) this.shared?.release(entry);
            },
        };
    }

    private add(entry: CallEntry): void {
        this.taken.set(entry.number, entry);
        this.perKey.set(entry.key, this.ofKey(entry.key) + 1);
    }

    private remove({ number, key }: CallEntry): boolean {
        if (!this.taken.delete(number)) return false;
        const left = this.ofKey(key) - 1;
        if (left === 0) this.perKey.delete(key);
        else this.perKey.set(key, left);
        return true;
    }
}

/** Whether a request may not take the place of an older one with the same session id: see `Calls.conflicts`. */
export function isConflict(older: Identity, newer: Identity): boolean {
    const isRetry = (newer.retryAttempt ?? 0) > 0;
    return !isRetry || older.apiKey !== newer.apiKey || older.organizationId !== newer.organizationId;
}
