import { EventEmitter } from 'node:events';
import type { Clock } from '../support/clock';
import { TimerSet } from '../support/timer-set';

export interface DTMFOptions {
    clock: Clock;
    onFault: (fault: unknown) => void;
    /** This key ends an entry and is not part of it. */
    terminator?: string;
    /** An entry of this many digits is complete. */
    maxDigits?: number;
    /** Silence after a key that ends an entry, in ms. */
    interDigitMs?: number;
}

export interface DTMFEvents {
    /** One whole entry, without the terminator. Not emitted for a terminator alone. */
    entry: [digits: string];
}

const KEYS = /^[0-9*#]$/;

/** One of the twelve keys: 0–9, * and #. */
export function isTelephoneKey(digit: string): boolean {
    return KEYS.test(digit);
}

/**
 * Gathers the caller's key presses into entries: one message of the client is one key, with no end and no time-out of
 * its own (protocol sheet, section 10). Keys other than 0–9, * and # are ignored.
 */
export class DTMFService extends EventEmitter<DTMFEvents> {
    private digits = '';
    private readonly timers: TimerSet;
    private readonly terminator: string;
    private readonly maxDigits: number;
    private readonly interDigitMs: number;

    constructor(options: DTMFOptions) {
        super();
        this.timers = new TimerSet(options.clock, options.onFault);
        this.terminator = options.terminator ?? '#';
        this.maxDigits = options.maxDigits ?? 20;
        this.interDigitMs = options.interDigitMs ?? 3000;
    }

    /** Takes one key; one that no telephone has is ignored. */
    processDigit(digit: string): void {
        if (!isTelephoneKey(digit)) return;
        if (digit === this.terminator) {
            this.complete();
            return;
        }
        this.digits += digit;
        if (this.digits.length >= this.maxDigits) this.complete();
        else {
            this.timers.set('interDigit', this.interDigitMs, () => {
                this.complete();
            });
        }
    }

    /** Frees the timer and forgets the digits. May be called twice. */
    close(): void {
        this.timers.clear();
        this.digits = '';
    }

    private complete(): void {
        this.timers.cancel('interDigit');
        const digits = this.digits;
        this.digits = '';
        if (digits !== '') this.emit('entry', digits);
    }
}
