import { ReplayGuard } from '../auth/replay-guard';
import type { Config, ReplayStoreConfig } from '../config/config';
import type { Clock } from '../support/clock';
import type { Logger } from '../support/logger';
import type { ConnectRedis } from './redis-client';
import { RedisLink } from './redis-link';
import { SharedCalls, type CallEntry, type Claim, type LocalCalls } from './shared-calls';
import { SharedNonces } from './shared-nonces';

export interface SharedStateDeps {
    config: Pick<Config, 'abuse' | 'maxCallMinutes'>;
    store: ReplayStoreConfig;
    /** The connections of this process. */
    local: LocalCalls;
    clock: Clock;
    logger: Logger;
    /** Default: ioredis. */
    connect?: ConnectRedis;
}

/** For metrics. Numbers without another word count since the start. */
export interface SharedStateFigures {
    readonly isDown: boolean;
    /** Times in which Redis did not answer. */
    readonly outages: number;
    /** Questions that were decided without Redis: by what this process knows itself, or by a refusal. */
    readonly undecided: number;
    /** Calls that were refused because Redis did not answer and REPLAY_STORE_FAILURE is `closed`. */
    readonly refused: number;
    /** Questions that Redis did not answer in time. */
    readonly timeouts: number;
    /** The connections of all processes at the last heartbeat. */
    readonly totalCalls: number;
}

/** What several processes know together, in the Redis of REPLAY_STORE (docs/SHARED-STATE.md). */
export class SharedState {
    /** What this process has accepted itself; the authenticator asks it before `nonces`. */
    readonly replayGuard: ReplayGuard;
    readonly nonces: SharedNonces;
    private readonly link: RedisLink;
    private readonly calls: SharedCalls;

    constructor({ config: { abuse, maxCallMinutes }, store, local, clock, logger, ...options }: SharedStateDeps) {
        this.link = new RedisLink({ ...store, clock, logger, ...options });
        this.replayGuard = new ReplayGuard(clock);
        this.nonces = new SharedNonces(this.link, this.replayGuard, clock);
        const limits = { perKey: abuse.maxSessionsPerKey, total: abuse.maxSessionsTotal };
        this.calls = new SharedCalls(this.link, local, limits, maxCallMinutes * 60_000);
    }

    /** Every call is to be refused now: Redis is away, and REPLAY_STORE_FAILURE is `closed`. */
    get isClosed(): boolean {
        return this.link.isDown && this.link.failure === 'closed';
    }

    get figures(): SharedStateFigures {
        return { isDown: this.link.isDown, ...this.link.figures, totalCalls: this.calls.total };
    }

    /** @throws CodedError `ERR_REPLAY_STORE_REFUSED` if Redis answers that a setting is wrong. One that cannot be reached is an outage. */
    start(): Promise<void> {
        return this.link.start({
            heartbeat: () => this.calls.heartbeat(),
            beaten: (answer) => {
                this.calls.beaten(answer);
            },
            restore: async () => {
                await this.calls.restore();
                await this.nonces.restore();
            },
        });
    }

    /** Never rejects. `unavailable`: Redis has not answered, and REPLAY_STORE_FAILURE is `closed`. */
    async claim(entry: CallEntry, options: { isRetry: boolean; isLimited: boolean }): Promise<Claim | 'unavailable'> {
        const claim = await this.calls.claim(entry, options);
        return claim ?? (this.link.failure === 'local' ? 'free' : 'unavailable');
    }

    /** A call was refused because Redis is away: counted, and told by the line that ends the outage. */
    noteRefused(): void {
        this.link.noteRefused();
    }

    release(entry: CallEntry): void {
        this.calls.release(entry);
    }

    /** What other processes know of this one is void at once. May be called twice. */
    stop(): Promise<void> {
        return this.link.stop(this.calls.goodbye());
    }
}
