import type { Clock } from './clock';

/** How much a bucket holds and how fast it fills. */
export interface TokenBucketOptions {
    /** Tokens at the start, and at most. */
    capacity: number;
    /** Tokens gained per second. */
    refillPerSecond: number;
}

/**
 * A token bucket for a rate limit: each message costs one token. Urgent messages may overdraw it (`spend`); others ask first
 * (`waitMs`).
 */
export class TokenBucket {
    private tokens: number;
    private filledAtMs: number;
    private refillPerSecond: number;

    constructor(
        private readonly clock: Clock,
        private readonly options: TokenBucketOptions,
    ) {
        this.tokens = options.capacity;
        this.filledAtMs = clock.nowMs();
        this.refillPerSecond = options.refillPerSecond;
    }

    /** Tokens in the bucket now; negative while overdrawn. */
    get level(): number {
        this.fill();
        return this.tokens;
    }

    /** Takes one token; the level may become negative. */
    spend(): void {
        this.fill();
        this.tokens -= 1;
    }

    /** Milliseconds until a token is available; 0 if one is available now. */
    waitMs(): number {
        this.fill();
        if (this.tokens >= 1) return 0;
        return ((1 - this.tokens) / this.refillPerSecond) * 1000;
    }

    /** Halves the refill rate for the rest of the bucket's life, at the least to one token in four seconds. */
    slowDown(): void {
        this.fill();
        this.refillPerSecond = Math.max(0.25, this.refillPerSecond / 2);
    }

    private fill(): void {
        const nowMs = this.clock.nowMs();
        const gained = ((nowMs - this.filledAtMs) / 1000) * this.refillPerSecond;
        this.tokens = Math.min(this.options.capacity, this.tokens + gained);
        this.filledAtMs = nowMs;
    }
}
