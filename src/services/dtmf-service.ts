import { EventEmitter } from 'node:events';
import type { DTMFConfig } from '../config/config';
import type { Clock } from '../support/clock';
import { TimerSet } from '../support/timer-set';

/** What became of an entry that was asked for. */
export interface DigitResult {
    /**
     * Without the terminator; empty when nothing came, and always when it was cancelled. After a time-out: what had come
     * by then. Of a secure entry: only for the request.
     */
    digits: string;
    /** What ended it. */
    by: 'terminator' | 'length' | 'timeout' | 'cancelled';
}

/** An entry of the keypad that is asked for: a customer number, a card, a PIN. */
export interface DigitRequest {
    /** Name of the output variable that tells Architect of it: letters, digits, underscores. */
    name: string;
    /** Complete at this many digits. */
    maxDigits: number;
    /** Nothing of it reaches the model, a log or a record; the output variable holds it masked. */
    secure: boolean;
    /** Ends the entry; default: the configured one. Empty: only length and time do. */
    terminator?: string;
    /** Cancels the request. */
    signal?: AbortSignal;
    /** Called once. */
    done: (result: DigitResult) => void;
}

export interface DTMFOptions {
    clock: Clock;
    /** Hears what a listener of `entry` or a request's `done` throws. */
    onFault: (fault: unknown) => void;
    /** Default: `#` ends an entry, 20 digits at most, 3 s between two keys, 30 s for the whole. */
    config?: DTMFConfig;
}

export interface DTMFEvents {
    /** One whole entry that was not asked for, without the terminator. Not emitted for a terminator alone. */
    entry: [digits: string];
}

const DEFAULTS: DTMFConfig = { terminator: '#', singleKeys: '', maxDigits: 20, interDigitMs: 3000, totalMs: 30_000 };
const CANCELLED: DigitResult = Object.freeze({ digits: '', by: 'cancelled' });
const KEYS = /^[0-9*#]$/;
/** A card number has 12 to 19 digits, and may show its last four. */
const LEAST_CARD_DIGITS = 12;
const SHOWN_CARD_DIGITS = 4;

/** One of the twelve keys: 0–9, * and #. */
export function isTelephoneKey(digit: string): boolean {
    return KEYS.test(digit);
}

/** An entry as a record may show it: `*` for every digit; of 12 digits and more (cards) the last four stay. */
export function maskDigits(digits: string): string {
    const shown = digits.length >= LEAST_CARD_DIGITS ? SHOWN_CARD_DIGITS : 0;
    return '*'.repeat(digits.length - shown) + digits.slice(digits.length - shown);
}

/**
 * Gathers the caller's key presses into entries: one message of the client is one key, with no end and no time-out of
 * its own (docs/PROTOCOL.md, 6). Keys other than 0–9, * and # are ignored.
 *
 * A *free* entry begins with any key and is emitted as `entry`; a *requested* one begins with `collect` and goes to its
 * `done` only. Digits are kept only while their entry lasts, and are in no error and no log.
 */
export class DTMFService extends EventEmitter<DTMFEvents> {
    private readonly config: DTMFConfig;
    private readonly timers: TimerSet;
    private readonly onFault: (fault: unknown) => void;
    private readonly clock: Clock;
    private digits = '';
    private request: DigitRequest | undefined;
    /** The terminator of an entry that its length completed: pressed out of habit, it must not end the next entry. */
    private belated: { key: string; untilMs: number } | undefined;
    private isPaused = false;
    private closed = false;

    constructor({ clock, onFault, config = DEFAULTS }: DTMFOptions) {
        super();
        this.config = config;
        this.clock = clock;
        this.onFault = onFault;
        this.timers = new TimerSet(clock, onFault);
    }

    /** The entry that is being waited for; undefined while every key is free. */
    get collecting(): { name: string; secure: boolean } | undefined {
        return this.request && { name: this.request.name, secure: this.request.secure };
    }

    /** Takes one key; one that no telephone has is ignored, and every one after `close()`. Never throws. */
    processDigit(digit: string): void {
        if (this.closed || !isTelephoneKey(digit)) return;
        if (this.isBelated(digit)) return;
        if (this.isMenuChoice(digit)) this.deliver(digit);
        else if (digit === this.terminator) this.complete('terminator');
        else this.append(digit);
    }

    /**
     * Waits for an entry: the total time-out runs from now, the one between keys from the first key. `request.done` is
     * called exactly once: also by `close()` and by the next `collect`, both of which cancel it.
     *
     * A free entry in progress is dropped: its keys were not pressed in answer to the request. Delivered, they could be
     * the first digits of a secret; taken into it, a stray key would make a wrong number that has the right length.
     */
    collect(request: DigitRequest): void {
        if (this.closed || request.signal?.aborted === true) {
            this.answer(request, CANCELLED);
            return;
        }
        const former = this.request;
        this.forget();
        // In place before the former one hears of it: its `done` may ask for something itself, and is then the last word.
        this.request = request;
        request.signal?.addEventListener('abort', () => {
            this.cancel(request);
        });
        this.startTotal();
        if (former !== undefined) this.answer(former, CANCELLED);
    }

    /** No entry runs out of time until `resume`; its keys count meanwhile. May be called twice. */
    pause(): void {
        this.isPaused = true;
        this.timers.cancel('interDigit');
        this.timers.cancel('total');
    }

    /** The time limits of an entry begin anew. */
    resume(): void {
        if (!this.isPaused) return;
        this.isPaused = false;
        if (this.request !== undefined || this.digits !== '') this.startTotal();
        if (this.digits !== '') this.awaitKey();
    }

    /** Forgets the digits, cancels what was asked for, frees the timers. May be called twice. */
    close(): void {
        if (this.closed) return;
        const { request } = this;
        this.closed = true;
        this.forget();
        this.belated = undefined;
        this.timers.clear();
        if (request !== undefined) this.answer(request, CANCELLED);
    }

    private cancel(request: DigitRequest): void {
        if (this.request !== request) return;
        this.forget();
        this.answer(request, CANCELLED);
    }

    private get terminator(): string {
        return this.request?.terminator ?? this.config.terminator;
    }

    private isMenuChoice(key: string): boolean {
        return this.request === undefined && this.digits === '' && this.config.singleKeys.includes(key);
    }

    /** Takes out, once, the terminator that follows an entry which its length had already completed. */
    private isBelated(key: string): boolean {
        const { belated } = this;
        this.belated = undefined;
        return belated !== undefined && key === belated.key && this.clock.nowMs() < belated.untilMs;
    }

    private append(key: string): void {
        if (this.request === undefined && this.digits === '') this.startTotal();
        this.digits += key;
        if (this.digits.length < (this.request?.maxDigits ?? this.config.maxDigits)) {
            this.awaitKey();
            return;
        }
        this.belated = { key: this.terminator, untilMs: this.clock.nowMs() + this.config.interDigitMs };
        this.complete('length');
    }

    private awaitKey(): void {
        if (this.isPaused) return;
        this.timers.set('interDigit', this.config.interDigitMs, () => {
            this.complete('timeout');
        });
    }

    private startTotal(): void {
        if (this.isPaused) return;
        this.timers.set('total', this.config.totalMs, () => {
            this.complete('timeout');
        });
    }

    /** The entry is over before its listener hears of it, which may start another one. */
    private complete(by: DigitResult['by']): void {
        const { digits, request } = this;
        this.forget();
        if (request !== undefined) this.answer(request, { digits, by });
        else if (digits !== '') this.deliver(digits);
    }

    private forget(): void {
        this.timers.cancel('interDigit');
        this.timers.cancel('total');
        this.digits = '';
        this.request = undefined;
    }

    private deliver(digits: string): void {
        this.guard(() => {
            this.emit('entry', digits);
        });
    }

    private answer(request: DigitRequest, result: DigitResult): void {
        this.guard(() => {
            request.done(result);
        });
    }

    private guard(task: () => void): void {
        try {
            task();
        } catch (fault) {
            this.onFault(fault);
        }
    }
}
