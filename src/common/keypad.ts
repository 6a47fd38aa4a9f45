import { MULAW_SILENCE } from '../audio/mulaw';
import { DTMFService, maskDigits, type DigitRequest } from '../services/dtmf-service';
import type { Clock } from '../support/clock';
import type { DTMFConfig } from '../config/config';

export interface KeypadOptions {
    clock: Clock;
    config: DTMFConfig;
    /** An entry that was not asked for. */
    onEntry: (digits: string) => void;
    /** The bot has to respond to an entry that was asked for, or to the end of the time for a secret. Not called for one that is cancelled. */
    onCollected: () => void;
    onFault: (fault: unknown) => void;
}

/**
 * The caller's keypad on this call: entries for the bot, entries that were asked for, and the output variables for them. A secure
 * entry (a card, a PIN) goes only to `DigitRequest.done`: its variable is masked, and while it is typed the bot hears silence,
 * because keys can be heard (docs/PROTOCOL.md, 6).
 */
export class Keypad {
    /** Output variables of the entries so far, secure ones masked. */
    readonly variables: Record<string, string> = {};
    private readonly dtmf: DTMFService;

    constructor(private readonly options: KeypadOptions) {
        const { clock, config, onFault } = options;
        this.dtmf = new DTMFService({ clock, config, onFault });
        this.dtmf.on('entry', options.onEntry);
    }

    /** A secure entry is being typed, or waited for. */
    get isSecret(): boolean {
        return this.dtmf.collecting?.secure === true;
    }

    /** One key. */
    press(digit: string): void {
        this.dtmf.processDigit(digit);
    }

    /** What the bot may hear of the caller's audio now: the same bytes, or as much silence. */
    audible(pcmu: Uint8Array): Uint8Array {
        return this.isSecret ? new Uint8Array(pcmu.length).fill(MULAW_SILENCE) : pcmu;
    }

    collect(request: DigitRequest): void {
        this.dtmf.collect({
            ...request,
            done: (result) => {
                if (result.by !== 'cancelled') this.collected(request, result.digits);
                request.done(result);
            },
        });
    }

    private collected({ name, secure }: DigitRequest, digits: string): void {
        this.variables[name] = secure ? maskDigits(digits) : digits;
        // A caller who has pressed no key waits for nothing; while a secret was awaited, nothing else was.
        if (digits !== '' || secure) this.options.onCollected();
    }

    /** The client's stream is paused: the time limits of entries do not run. */
    pause(): void {
        this.dtmf.pause();
    }

    /** The stream goes on. */
    resume(): void {
        this.dtmf.resume();
    }

    /** Cancels what is being typed, and forgets it. May be called twice. */
    close(): void {
        this.dtmf.removeAllListeners();
        this.dtmf.close();
    }
}
