import type { LogFields, Logger } from '../../src/support/logger';

export interface LogLine {
    level: 'debug' | 'info' | 'warn' | 'error';
    message: string;
    fields: LogFields;
}

/** A logger that keeps what it is told, children included. */
export class LogRecorder implements Logger {
    constructor(
        readonly lines: LogLine[] = [],
        private readonly bound: LogFields = {},
    ) {}

    debug(fields: LogFields, message: string): void {
        this.lines.push({ level: 'debug', message, fields: { ...this.bound, ...fields } });
    }

    info(fields: LogFields, message: string): void {
        this.lines.push({ level: 'info', message, fields: { ...this.bound, ...fields } });
    }

    warn(fields: LogFields, message: string): void {
        this.lines.push({ level: 'warn', message, fields: { ...this.bound, ...fields } });
    }

    error(fields: LogFields, message: string): void {
        this.lines.push({ level: 'error', message, fields: { ...this.bound, ...fields } });
    }

    child(fields: LogFields): LogRecorder {
        return new LogRecorder(this.lines, { ...this.bound, ...fields });
    }

    /** Everything that was logged, as one text to search in. */
    get text(): string {
        return JSON.stringify(this.lines);
    }

    /** The codes that were logged, in order. */
    get codes(): unknown[] {
        return this.lines.map((line) => line.fields['code']).filter((code) => code !== undefined);
    }
}
