import type { Clock } from './clock';
import { isUnreachable, type CodedError } from './errors';
import type { Logger } from './logger';

/** When a breaker opens, and when it tries the service again. */
export interface BreakerOptions {
    /** The breaker opens at once where the service cannot be reached, and after this many other failures without a success between them … */
    failures: number;
    /** … within this time. */
    windowMs: number;
    /** How long it stays open; then one call at a time may try the service. */
    openMs: number;
}

const DEFAULTS: BreakerOptions = { failures: 3, windowMs: 30_000, openMs: 10_000 };

export type BreakerState = 'closed' | 'open' | 'half-open';

/** Lets one call use a service. The call reports every success and every failure, and calls `release` at the end. */
export interface Permit {
    /** This call decides whether the service is back: it should use short time limits. */
    readonly isProbe: boolean;
    /** The service worked. */
    succeeded(): void;
    /** The service failed; `fault` says how: for the log, and because one that cannot be reached is down. A caller who hangs up is no failure. */
    failed(fault?: CodedError): void;
    /** The call does not use the service any more. May be called after a success or a failure, and twice. */
    release(): void;
}

/** What a call may know and use of a breaker. */
export type Breaker = Pick<CircuitBreaker, 'state' | 'lastFault' | 'enter'>;

/** The breakers as a call sees them, by the name of the service. */
export interface Breakers {
    of(upstream: string): Breaker;
}

/**
 * Keeps new calls away from a service that is down: closed, then open after some failures or one that says enough, then half-open after a while for one
 * call at a time, then closed after a success. One for each service, shared by all calls of the process. Each change is logged.
 */
export class CircuitBreaker {
    private current: BreakerState = 'closed';
    private readonly options: BreakerOptions;
    private failuresMs: number[] = [];
    private openedMs = 0;
    private probe: Permit | undefined;
    private fault: CodedError | undefined;

    constructor(
        private readonly upstream: string,
        private readonly clock: Clock,
        private readonly logger: Logger,
        options: Partial<BreakerOptions> = {},
    ) {
        this.options = { ...DEFAULTS, ...options };
    }

    get state(): BreakerState {
        return this.current;
    }

    /** How the service failed last; undefined: it did not since its last success, or that is not known. */
    get lastFault(): CodedError | undefined {
        return this.fault;
    }

    /** Asks to use the service. undefined: it is down; use the next fallback option. */
    enter(): Permit | undefined {
        if (this.current === 'closed') return this.makePermit(false);
        if (this.current === 'open' && this.clock.nowMs() - this.openedMs >= this.options.openMs) this.halfOpen();
        if (this.current === 'open' || this.probe !== undefined) return undefined;
        this.probe = this.makePermit(true);
        return this.probe;
    }

    private makePermit(isProbe: boolean): Permit {
        const permit: Permit = {
            isProbe,
            succeeded: () => {
                this.succeeded();
            },
            failed: (fault) => {
                this.failed(permit, fault);
            },
            release: () => {
                if (this.probe === permit) this.probe = undefined;
            },
        };
        return permit;
    }

    private succeeded(): void {
        this.failuresMs = [];
        this.probe = undefined;
        this.fault = undefined;
        if (this.current === 'closed') return;
        this.current = 'closed';
        this.logger.info({ upstream: this.upstream, breaker: 'closed' }, 'The service is back.');
    }

    /** While the breaker is not closed, only a failure of the probe counts. */
    private failed(permit: Permit, fault: CodedError | undefined): void {
        this.fault = fault ?? this.fault;
        const isDown = fault !== undefined && isUnreachable(fault);
        if (this.current === 'closed') this.count(isDown);
        else if (this.probe === permit) this.open();
    }

    private count(isDown: boolean): void {
        const nowMs = this.clock.nowMs();
        this.failuresMs = this.failuresMs.filter((atMs) => nowMs - atMs < this.options.windowMs);
        this.failuresMs.push(nowMs);
        if (isDown || this.failuresMs.length >= this.options.failures) this.open();
    }

    private open(): void {
        this.current = 'open';
        this.openedMs = this.clock.nowMs();
        this.failuresMs = [];
        this.probe = undefined;
        const fields = { code: 'ERR_FALLBACK_UPSTREAM_DOWN', upstream: this.upstream, breaker: 'open' };
        const cause = this.fault === undefined ? {} : { why: this.fault.code, ...this.fault.facts };
        this.logger.warn(
            { ...fields, ...cause },
            'The service is down; new calls begin with the next fallback option.',
        );
    }

    private halfOpen(): void {
        this.current = 'half-open';
        this.logger.info({ upstream: this.upstream, breaker: 'half-open' }, 'One call tries the service again.');
    }
}

/** The breakers of a process, by the name of the service. */
export class CircuitBreakers implements Breakers {
    private readonly breakers = new Map<string, CircuitBreaker>();

    constructor(
        private readonly clock: Clock,
        private readonly logger: Logger,
        private readonly options: Partial<BreakerOptions> = {},
    ) {}

    /** Those that were asked for, in that order. */
    get states(): { name: string; state: BreakerState }[] {
        return [...this.breakers].map(([name, { state }]) => ({ name, state }));
    }

    of(upstream: string): CircuitBreaker {
        const known = this.breakers.get(upstream);
        if (known !== undefined) return known;
        const breaker = new CircuitBreaker(upstream, this.clock, this.logger, this.options);
        this.breakers.set(upstream, breaker);
        return breaker;
    }
}
