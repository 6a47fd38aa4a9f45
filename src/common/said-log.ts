import type { TranscriptItem } from '../services/conversation';
import { NOT_UNDERSTOOD } from '../services/transcript';
import type { Clock } from '../support/clock';
import { loggedFault, TimerSet } from '../support/timer-set';
import type { Logger } from '../support/logger';
import { SparseSet } from '../support/sparse';

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
    /** Said over the bot, and it is not known yet whether it is a turn. */
    isJudged: boolean;
}

/**
 * What caller and bot say, as log lines in the order of the talk, for LOG_TRANSCRIPTS. The caller's words are known only after they were
 * said, and what they say over the bot may be no turn: later lines wait for that for 2 s. `atMs` says when a line was said, also where it comes later than that.
 */
export class SaidLog {
    private readonly timers: TimerSet;
    private readonly startedMs: number;
    private waiting: SaidLine[] = [];
    /** Those that no other line waits for any more. */
    private late: SaidLine[] = [];
    /** Items that were said over the bot and are no turn. */
    private readonly ignored = new SparseSet<string>();

    constructor(
        private readonly logger: Logger,
        private readonly clock: Clock,
    ) {
        this.timers = new TimerSet(clock, loggedFault(logger, 'A line of the transcript could not be logged.'));
        this.startedMs = clock.nowMs();
    }

    /**
     * An item of the conversation appeared, or its words became known, or that it is no turn. Only the caller's are logged here. `isJudged`:
     * until `judged` is called it is not known whether they are a turn.
     */
    heard({ speaker, itemId, text, ignored }: TranscriptItem, isJudged = false): void {
        if (speaker !== 'caller') return;
        const isIgnored = ignored === true;
        if (isIgnored) this.ignore(itemId);
        const known = [...this.waiting, ...this.late].find((line) => line.itemId === itemId);
        // Words that are empty from the beginning are not transcribed at all; what is no turn is told after its words, or will be placed.
        if (known === undefined && text !== '' && !(isIgnored && text === undefined)) this.add(itemId, text, isJudged);
        if (known === undefined || (text === undefined && !isIgnored)) return;
        if (text !== undefined) known.text = text === '' ? NOT_UNDERSTOOD : text;
        known.isJudged = isJudged && !isIgnored;
        this.logLate();
    }

    /** Of no words it is open any more whether they are a turn. */
    readonly judged = (): void => {
        for (const line of [...this.waiting, ...this.late]) line.isJudged = false;
        this.logLate();
    };

    /** The bot said something. */
    said(text: string): void {
        if (text !== '') this.add(undefined, text, false);
    }

    /** Logs what still waits. May be called twice. */
    close(): void {
        this.timers.clear();
        for (const line of [...this.late, ...this.waiting])
            this.logged({ ...line, text: line.text ?? NOT_UNDERSTOOD, isJudged: false });
        this.waiting = [];
        this.late = [];
    }

    private nowMs(): number {
        return Math.round(this.clock.nowMs() - this.startedMs);
    }

    private ignore(itemId: string): void {
        this.ignored.add(itemId);
        const [oldest] = this.ignored;
        if (this.ignored.size > MAX_WAITING && oldest !== undefined) this.ignored.delete(oldest);
    }

    private logLate(): void {
        this.late = this.late.filter((line) => !this.logged(line));
        this.release();
    }

    /** `itemId` undefined: the bot's. */
    private add(itemId: string | undefined, text: string | undefined, isJudged: boolean): void {
        const speaker = itemId === undefined ? 'bot' : 'caller';
        this.waiting.push({ speaker, itemId, text, atMs: this.nowMs(), isJudged });
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

    /** @returns false: its words are not known yet, or not whether they are a turn */
    private logged({ speaker, itemId, atMs, text, isJudged }: SaidLine): boolean {
        if (text === undefined || isJudged) return false;
        const ignored = itemId !== undefined && this.ignored.has(itemId);
        this.logger.info({ speaker, atMs, text, ...(ignored && { ignored }) }, 'Said.');
        return true;
    }
}
