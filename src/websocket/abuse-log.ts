import type { Clock } from '../support/clock';
import type { ErrorCode } from '../support/errors';
import { addressBlock } from '../support/ip-address';
import { MinuteCounts } from './minute-counts';

/** A failure of this server, or of a peer that has proven its key: no failed authentication. */
const NO_FAILURES: ReadonlySet<ErrorCode> = new Set([
    'ERR_SECRETS_UNAVAILABLE',
    'ERR_INTERNAL',
    'ERR_REPLAY_GUARD_FULL',
    'ERR_IDENTITY_HEADERS',
    'ERR_REPLAY_STORE_DOWN',
]);

/** How a failed authentication is answered. `reached`: it is the first one beyond the limit in this minute, and is logged. */
export type FailureLevel = 'below' | 'reached' | 'beyond';

/** For metrics: since the start. */
export interface AbuseFigures {
    /** Requests that were not authenticated. */
    readonly failedAuth: number;
    /** Those of them that were answered 429. */
    readonly limitedAuth: number;
    /** Calls that were refused because of MAX_SESSIONS_PER_KEY. */
    readonly keyFull: number;
    /** Calls that were refused because of MAX_SESSIONS_TOTAL. */
    readonly totalFull: number;
}

/**
 * Counts what is refused by address and minute. It decides only how a refusal is answered and whether it is logged, never whether a request is
 * refused: Genesys' clients share addresses, so that a stranger's failures must not keep out a call with a good signature.
 */
export class AbuseLog {
    private readonly failures: MinuteCounts;
    private readonly refusals: MinuteCounts;
    private failedAuth = 0;
    private limitedAuth = 0;
    private keyFull = 0;
    private totalFull = 0;

    constructor(
        /** MAX_FAILED_AUTH_PER_MINUTE; 0: no limit. */
        private readonly maxFailures: number,
        clock: Clock,
    ) {
        this.failures = new MinuteCounts(clock);
        this.refusals = new MinuteCounts(clock);
    }

    get figures(): AbuseFigures {
        const { failedAuth, limitedAuth, keyFull, totalFull } = this;
        return { failedAuth, limitedAuth, keyFull, totalFull };
    }

    /** Addresses whose failures are counted now. */
    get addressCount(): number {
        return this.failures.size;
    }

    /** A request of this address was not authenticated, for the reason `code`. */
    noteFailure(code: ErrorCode, address = ''): FailureLevel {
        if (NO_FAILURES.has(code)) return 'below';
        this.failedAuth += 1;
        if (this.maxFailures === 0) return 'below';
        const over = this.failures.add(addressBlock(address)) - this.maxFailures;
        if (over <= 0) return 'below';
        this.limitedAuth += 1;
        return over === 1 ? 'reached' : 'beyond';
    }

    /** A call was refused by a limit of its key or of all. @returns whether it is the first of this address in this minute, and is logged */
    noteFull(limit: 'key-full' | 'total-full', address = ''): boolean {
        if (limit === 'key-full') this.keyFull += 1;
        else this.totalFull += 1;
        return this.refusals.add(`${limit} ${addressBlock(address)}`) === 1;
    }
}
