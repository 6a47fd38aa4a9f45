import type { Clock } from './clock';
import type { Logger } from './logger';

/** When a breaker opens, and when it looks again. */
export interface BreakerOptions {
    /** So many failures, with no success between them, … */
    failures: number;
    /** … within this time open it. */
    windowMs: number;
    /** Open for so long; then one call at a time may try. */
    openMs: number;
}

const DEFAULTS: BreakerOptions = { failures: 3, windowMs: 30_000, openMs: 10_000 };

/** One call's leave to use a service. Tell what came of it, as often as something does. */
export interface Permit {
    /** This call decides whether the service is back: it should not be patient. */
    readonly isProbe: boolean;
    /** The service did what it is for. */
    succeeded(): void;
    /** The service failed; a caller who hangs up is no failure. */
    failed(): void;
    /** The call is over, or done with the service, without a verdict. May be called after a verdict, and twice. */
    release(): void;
}

/**
 * Keeps new calls away from a service that is down: closed → open after some failures → half-open after a while, for one call at
 * a time → closed after a success. One for each service, shared by all calls of the process. Each change is one log line.
 */
export class CircuitBreaker {
    private current: 'closed' | 'open' | 'half-open' = 'closed';
    private readonly options: BreakerOptions;
    private failuresMs: number[] = [];
    private openedMs = 0;
    private probe: Permit | undefined;

    constructor(
        private readonly upstream: string,
        private readonly clock: Clock,
        private readonly logger: Logger,
        options: Partial<BreakerOptions> = {},
    ) {
        this.options = { ...DEFAULTS, ...options };
    }

    get state(): 'closed' | 'open' | 'half-open' {
        return this.current;
    }

    /** undefined: not now; use something else. */
    enter(): Permit | undefined {
        if (this.current === 'closed') return this.makePass(false);
        if (this.current === 'open' && this.clock.nowMs() - this.openedMs >= this.options.openMs) this.halfOpen();
        if (this.current === 'open' || this.probe !== undefined) return undefined;
        this.probe = this.makePass(true);
        return this.probe;
    }

    private makePass(isProbe: boolean): Permit {
        const pass: Permit = {
            isProbe,
            succeeded: () => {
                this.succeeded();
            },
            failed: () => {
                this.failed(pass);
            },
            release: () => {
                if (this.probe === pass) this.probe = undefined;
            },
        };
        return pass;
    }

    private succeeded(): void {
        this.failuresMs = [];
        this.probe = undefined;
        if (this.current === 'closed') return;
        this.current = 'closed';
        this.logger.info({ upstream: this.upstream, breaker: 'closed' }, 'The service is back.');
    }

    /** While it is not closed, only the probe knows anything new. */
    private failed(pass: Permit): void {
        if (this.current === 'closed') this.count();
        else if (this.probe === pass) this.open();
    }

    private count(): void {
        const nowMs = this.clock.nowMs();
        this.failuresMs = this.failuresMs.filter((atMs) => nowMs - atMs < this.options.windowMs);
        this.failuresMs.push(nowMs);
        if (this.failuresMs.length >= this.options.failures) this.open();
    }

    private open(): void {
        this.current = 'open';
        this.openedMs = this.clock.nowMs();
        this.failuresMs = [];
        this.probe = undefined;
        const fields = { code: 'ERR_FALLBACK_UPSTREAM_DOWN', upstream: this.upstream, breaker: 'open' };
        this.logger.warn(fields, 'The service is down; new calls begin with the next bot.');
    }

    private halfOpen(): void {
        this.current = 'half-open';
        this.logger.info({ upstream: this.upstream, breaker: 'half-open' }, 'One call tries the service again.');
    }
}

/** The breakers of a process, by the name of the service. */
export class CircuitBreakers {
    private readonly breakers = new Map<string, CircuitBreaker>();

    constructor(
        private readonly clock: Clock,
        private readonly logger: Logger,
        private readonly options: Partial<BreakerOptions> = {},
    ) {}

    of(upstream: string): CircuitBreaker {
        const known = this.breakers.get(upstream);
        if (known !== undefined) return known;
        const breaker = new CircuitBreaker(upstream, this.clock, this.logger, this.options);
        this.breakers.set(upstream, breaker);
        return breaker;
    }
}
