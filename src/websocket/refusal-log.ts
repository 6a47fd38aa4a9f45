import type { Clock, Timer } from '../support/clock';
import { ERRORS, type ErrorCode } from '../support/errors';
import type { LogFields, Logger } from '../support/logger';

/** Refusals of one window that get a line each; of every code the first one does, whatever came before. */
export const MAX_REFUSAL_LINES = 20;
/** Length of a window, in ms. It begins with a refusal. */
export const REFUSAL_WINDOW_MS = 10_000;

/**
 * The log of refused connections, bounded: strangers can knock a thousand times a second, and must not fill the disk or bury
 * what an operator needs. The first refusals of a window are lines, the others one line with their number for each code.
 */
export class RefusalLog {
    private windowStartMs = -Infinity;
    private lines = 0;
    private readonly seen = new Set<ErrorCode>();
    private readonly unlogged = new Map<ErrorCode, number>();
    private timer: Timer | undefined;

    constructor(
        private readonly logger: Logger,
        private readonly clock: Clock,
    ) {}

    /** Notes one refusal. `fields` are only for its own line. */
    note(level: 'info' | 'warn' | 'error', code: ErrorCode, fields: LogFields): void {
        this.begin();
        if (this.lines >= MAX_REFUSAL_LINES && this.seen.has(code)) {
            this.count(code);
            return;
        }
        this.lines += 1;
        this.seen.add(code);
        this.logger[level]({ ...fields, code }, ERRORS[code].cause);
    }

    /** Writes what is only counted so far, and frees the timer. */
    flush(): void {
        this.timer?.cancel();
        this.timer = undefined;
        if (this.unlogged.size === 0) return;
        this.logger.warn({ refused: Object.fromEntries(this.unlogged) }, 'More connections were refused.');
        this.unlogged.clear();
    }

    private begin(): void {
        const nowMs = this.clock.nowMs();
        if (nowMs - this.windowStartMs < REFUSAL_WINDOW_MS) return;
        this.flush();
        this.windowStartMs = nowMs;
        this.lines = 0;
        this.seen.clear();
    }

    private count(code: ErrorCode): void {
        this.unlogged.set(code, (this.unlogged.get(code) ?? 0) + 1);
        const leftMs = this.windowStartMs + REFUSAL_WINDOW_MS - this.clock.nowMs();
        this.timer ??= this.clock.after(leftMs, () => {
            this.flush();
        });
    }
}
