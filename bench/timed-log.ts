import type { Clock } from '../src/support/clock';
import type { LogFields, Logger } from '../src/support/logger';

/** A log line and its moment. */
export interface TimedLine {
    atMs: number;
    fields: LogFields;
}

/** A logger that keeps what has a code or tells of a breaker, with its time. */
export class TimedLog implements Logger {
    readonly lines: TimedLine[] = [];
    private readonly listeners: ((fields: LogFields) => void)[] = [];

    constructor(private readonly clock: Clock) {}

    readonly debug = (): void => undefined;
    readonly info = (fields: LogFields): void => {
        this.keep(fields);
    };
    readonly warn = this.info;
    readonly error = this.info;

    child(): Logger {
        return this;
    }

    /** Tells of each line that is kept. */
    onLine(listener: (fields: LogFields) => void): void {
        this.listeners.push(listener);
    }

    /** When a code was logged first; undefined: never. */
    firstMs(code: string): number | undefined {
        return this.lines.find(({ fields }) => fields['code'] === code)?.atMs;
    }

    count(code: string): number {
        return this.lines.filter(({ fields }) => fields['code'] === code).length;
    }

    private keep(fields: LogFields): void {
        if (fields['code'] === undefined && fields['breaker'] === undefined) return;
        this.lines.push({ atMs: this.clock.nowMs(), fields });
        for (const listener of this.listeners) listener(fields);
    }
}

/** What the ladder decided, in a line for the caller's timeline; undefined: the line tells of something else. */
export function decisionIn(fields: LogFields): string | undefined {
    if (fields['code'] === 'ERR_FALLBACK_STEP')
        return `${word(fields['from']) || 'the call begins'} → ${word(fields['to'])}, ${word(fields['why'])}`;
    return fields['breaker'] === undefined ? undefined : `${word(fields['upstream'])} is ${word(fields['breaker'])}`;
}

function word(value: unknown): string {
    return typeof value === 'string' ? value : '';
}
