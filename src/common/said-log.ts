import type { TranscriptItem } from '../services/conversation';
import { NOT_UNDERSTOOD } from '../services/transcript';
import type { Clock } from '../support/clock';
import { loggedFault, TimerSet } from '../support/timer-set';
import type { Logger } from '../support/logger';

/** So long a line waits for the caller's words before it: they come after the response to them, by a second at most as a rule. */
const WORDS_WITHIN_MS = 2000;
/** Turns of the caller whose words are awaited at once; a service that never sends them must not fill the memory. */
const MAX_WAITING = 64;

interface SaidLine {
    speaker: 'caller' | 'bot';
    /** undefined: a turn of the bot. */
    itemId: string | undefined;
    /** When it was said, ms since the start of the call. */
    atMs: number;
    /** undefined: its words are not known yet. */
    text: string | undefined;
}

/**
 * What caller and bot say, as log lines in the order of the talk, for LOG_TRANSCRIPTS. The caller's words are known only after they were
 * said: later lines wait for them for 2 s. `atMs` says when a line was said, also where it comes later than that.
 */
export class SaidLog {
    private readonly timers: TimerSet;
    private readonly startedMs: number;
    private waiting: SaidLine[] = [];
    /** Those that no other line waits for any more. */
    private late: SaidLine[] = [];

    constructor(
        private readonly logger: Logger,
        private readonly clock: Clock,
    ) {
        this.timers = new TimerSet(clock, loggedFault(logger, 'A line of the transcript could not be logged.'));
        this.startedMs = clock.nowMs();
    }

    /** An item of the conversation appeared, or its words became known. Only the caller's are logged here. */
    heard({ speaker, itemId, text }: TranscriptItem): void {
        if (speaker !== 'caller') return;
        const known = [...this.waiting, ...this.late].find((line) => line.itemId === itemId);
        // Words that are empty from the beginning are not transcribed at all.
        if (known === undefined && text !== '') this.add({ speaker, itemId, text, atMs: this.nowMs() });
        if (known === undefined || text === undefined) return;
        known.text = text === '' ? NOT_UNDERSTOOD : text;
        this.late = this.late.filter((line) => !this.logged(line));
        this.release();
    }

    /** The bot said something. */
    said(text: string): void {
        if (text !== '') this.add({ speaker: 'bot', itemId: undefined, text, atMs: this.nowMs() });
    }

    /** Logs what still waits. May be called twice. */
    close(): void {
        this.timers.clear();
        for (const line of [...this.late, ...this.waiting]) this.logged({ ...line, text: line.text ?? NOT_UNDERSTOOD });
        this.waiting = [];
        this.late = [];
    }

    private nowMs(): number {
        return Math.round(this.clock.nowMs() - this.startedMs);
    }

    private add(line: SaidLine): void {
        this.waiting.push(line);
        if (this.waiting.length > MAX_WAITING) this.giveUpFirst();
        this.release();
    }

    private release(): void {
        while (this.waiting[0] !== undefined && this.logged(this.waiting[0])) this.waiting.shift();
        const [first] = this.waiting;
        if (first === undefined) return;
        const leftMs = first.atMs + WORDS_WITHIN_MS - this.nowMs();
        this.timers.set('words', Math.max(0, leftMs), () => {
            this.giveUpFirst();
            this.release();
        });
    }

    private giveUpFirst(): void {
        const first = this.waiting.shift();
        if (first !== undefined && !this.logged(first)) this.late.push(first);
        if (this.late.length > MAX_WAITING) this.late.shift();
    }

    /** @returns false: its words are not known yet */
    private logged({ speaker, atMs, text }: SaidLine): boolean {
        if (text !== undefined) this.logger.info({ speaker, atMs, text }, 'Said.');
        return text !== undefined;
    }
}
