import type { EventEntity } from '../protocol/entities';
import type { Clock, Timer } from '../support/clock';
import type { TokenBucket } from '../support/token-bucket';

export interface EventOutboxOptions {
    clock: Clock;
    /** Shared with every text message of the session. */
    bucket: TokenBucket;
    /** Writes one `event` message. */
    write: (entities: readonly [EventEntity, ...EventEntity[]]) => void;
    onFault: (fault: unknown) => void;
}

/** Longest report of one turn, in characters: a report is for statistics, not an archive. */
const MAX_TURN_TEXT = 4000;
/** Entities that wait, at most; the oldest turn report gives way. */
const MAX_WAITING = 20;

/**
 * Events on their way out. A barge-in leaves at once; turn reports wait for a free token of the text budget and then go
 * together, as one message (protocol sheet, section 8.2).
 */
export class EventOutbox {
    private waiting: EventEntity[] = [];
    private timer: Timer | undefined;
    private heldUntilMs = 0;
    private closed = false;

    constructor(private readonly options: EventOutboxOptions) {}

    /** A barge-in goes now, and with it whatever waits; a report as soon as the budget allows, merged with others. */
    send(entity: EventEntity): void {
        if (entity.type === 'barge_in') this.sendNow(entity);
        else this.sendSoon(entity);
    }

    private sendNow(entity: EventEntity): void {
        this.waiting.push(entity);
        this.flush();
    }

    private sendSoon(entity: EventEntity): void {
        if (this.closed) return;
        this.waiting.push(shortened(entity));
        if (this.waiting.length > MAX_WAITING) this.waiting.shift();
        this.pump();
    }

    /** Genesys said 429: no turn report for `ms`. */
    hold(ms: number): void {
        this.heldUntilMs = Math.max(this.heldUntilMs, this.options.clock.nowMs() + ms);
    }

    /** Sends what waits, budget or not: the session is about to close. */
    flush(): void {
        this.timer?.cancel();
        this.timer = undefined;
        const [first, ...rest] = this.waiting;
        this.waiting = [];
        if (this.closed || first === undefined) return;
        this.options.write([first, ...rest]);
    }

    close(): void {
        this.closed = true;
        this.timer?.cancel();
        this.timer = undefined;
        this.waiting = [];
    }

    private pump(): void {
        if (this.timer !== undefined) return;
        const waitMs = Math.max(this.options.bucket.waitMs(), this.heldUntilMs - this.options.clock.nowMs());
        if (waitMs <= 0) {
            this.flush();
            return;
        }
        this.timer = this.options.clock.after(Math.ceil(waitMs), () => {
            this.timer = undefined;
            try {
                this.pump();
            } catch (fault) {
                this.options.onFault(fault);
            }
        });
    }
}

function shortened(entity: EventEntity): EventEntity {
    if (entity.type !== 'bot_turn_response') return entity;
    const { text } = entity.data;
    if (text === undefined || text.length <= MAX_TURN_TEXT) return entity;
    return { ...entity, data: { ...entity.data, text: `${text.slice(0, MAX_TURN_TEXT - 1)}…` } };
}
