import type { Clock } from '../../support/clock';
import { TimerSet } from '../../support/timer-set';

/** How long a caller waits in silence, ms. */
export interface WaitLimits {
    /** A turn of his, or the greeting → "one moment please". */
    fillerMs: number;
    /** A loss → "one moment please". */
    lossFillerMs: number;
    /** One such sentence → the next. */
    fillerEveryMs: number;
    /** A turn, the greeting, or the last sound of an unfinished answer → the bot counts as lost. */
    answerMs: number;
    /** The same from a sign of life without a sound: a function is running, a failed answer is asked for again. */
    workMs: number;
    /** A bot that lost its connection → it counts as lost. */
    recoverMs: number;
    /** A bot that tries a service which was down → it is not ready, and counts as lost. */
    probeMs: number;
    /** The same → it is not ready, and the caller hears "one moment please". */
    probeFillerMs: number;
}

export const WAIT_LIMITS: WaitLimits = {
    fillerMs: 2500,
    lossFillerMs: 1200,
    fillerEveryMs: 5000,
    answerMs: 6000,
    workMs: 10_000,
    recoverMs: 4000,
    // Patient enough for a service that has just come back and is slow: who gave up sooner would never find it again.
    probeMs: 2500,
    // A good connection stands after 200 to 700 ms.
    probeFillerMs: 800,
};

/** What is done about a caller who waits. */
export interface WaitActions {
    /** Says that it takes a moment. @returns its length, ms */
    filler(): number;
    /** He has waited long enough. */
    giveUp(): void;
}

const NEVER = Infinity;

/**
 * Counts the silence in a waiting caller's ear. When the ear falls silent is computed from the audio that was handed over, because
 * only the call itself knows it better. One timer looks again when it fires, so that audio costs nothing but a sum.
 */
export class ResponseDeadline {
    private readonly timers: TimerSet;
    private quietAtMs = -NEVER;
    private fillerAtMs = NEVER;
    private limitAtMs = NEVER;
    private lookAtMs = NEVER;
    /** He was told last that it takes a moment. */
    private filledAtMs = -NEVER;
    /** Until then what is said aside is one sentence, in pieces. */
    private asideUntilMs = -NEVER;

    constructor(
        private readonly clock: Clock,
        private readonly limits: WaitLimits,
        private readonly actions: WaitActions,
        onFault: (fault: unknown) => void,
    ) {
        this.timers = new TimerSet(clock, onFault);
    }

    /** He waits for something, and it will be enough at some time. */
    get isLimited(): boolean {
        return this.limitAtMs !== NEVER;
    }

    /** He waits: `fillerMs` of silence until he is told so, `limitMs` of it until it is enough (Infinity: for ever). */
    expect(fillerMs: number, limitMs: number): void {
        const fromMs = Math.max(this.clock.nowMs(), this.quietAtMs);
        this.fillerAtMs = fromMs + fillerMs;
        this.limitAtMs = fromMs + limitMs;
        this.awaitNext();
    }

    /** It is enough `limitMs` from now (Infinity: never), whatever he hears; when he is told stays as it is. */
    limitTo(limitMs: number): void {
        this.limitAtMs = this.clock.nowMs() + limitMs;
        this.awaitNext();
    }

    /** He is told so after `fillerMs` of silence from now (Infinity: not at all); when it is enough stays as it is. */
    fillAfter(fillerMs: number): void {
        this.fillerAtMs = Math.max(this.clock.nowMs(), this.quietAtMs) + fillerMs;
        this.awaitNext();
    }

    /** Sound of an unfinished answer was handed over: from its end on he waits for the rest. */
    sound(ms: number): void {
        this.quietAtMs = Math.max(this.clock.nowMs(), this.quietAtMs) + ms;
        this.fillerAtMs = this.quietAtMs + this.limits.fillerMs;
        this.limitAtMs = this.quietAtMs + this.limits.answerMs;
        // Mostly the timer is set for an earlier time, and moves on by itself.
        if (this.fillerAtMs < this.lookAtMs) this.awaitNext();
    }

    /** Somebody else says that it takes a moment. @returns false: he was told so within `fillerEveryMs` */
    aside(ms: number): boolean {
        const nowMs = this.clock.nowMs();
        // Whoever says so is at work.
        if (this.isLimited) this.limitAtMs = Math.max(this.limitAtMs, nowMs + this.limits.workMs);
        if (nowMs < this.filledAtMs + this.limits.fillerEveryMs && nowMs >= this.asideUntilMs) return false;
        this.quietAtMs = Math.max(nowMs, this.quietAtMs) + ms;
        this.asideUntilMs = this.quietAtMs;
        this.filledAtMs = this.quietAtMs;
        if (!this.isLimited) return true;
        this.fillerAtMs = this.quietAtMs + this.limits.fillerEveryMs;
        this.awaitNext();
        return true;
    }

    /** He interrupted: there is silence now. */
    quiet(): void {
        this.quietAtMs = this.clock.nowMs();
    }

    /** He waits for nothing. */
    over(): void {
        this.fillerAtMs = NEVER;
        this.limitAtMs = NEVER;
        this.awaitNext();
    }

    /** Frees the timer, for good. */
    close(): void {
        this.timers.clear();
    }

    private awaitNext(): void {
        this.lookAtMs = Math.min(this.fillerAtMs, this.limitAtMs);
        if (this.lookAtMs === NEVER) this.timers.cancel('look');
        else this.timers.set('look', Math.max(0, Math.ceil(this.lookAtMs - this.clock.nowMs())), this.look);
    }

    private readonly look = (): void => {
        const nowMs = this.clock.nowMs();
        if (nowMs >= this.limitAtMs) {
            this.over();
            this.actions.giveUp();
            return;
        }
        if (nowMs >= this.fillerAtMs) this.fill(nowMs);
        this.awaitNext();
    };

    /** One who waits for nothing in particular is told once. */
    private fill(nowMs: number): void {
        this.quietAtMs = Math.max(nowMs, this.quietAtMs) + this.actions.filler();
        this.filledAtMs = this.quietAtMs;
        this.fillerAtMs = this.isLimited ? this.quietAtMs + this.limits.fillerEveryMs : NEVER;
    }
}
