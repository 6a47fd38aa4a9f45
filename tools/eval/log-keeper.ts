import type { LogFields, Logger } from '../../src/support/logger';

/** A logger that keeps its lines. */
export class LogKeeper implements Logger {
    constructor(
        readonly lines: { readonly level: string; readonly message: string; readonly fields: LogFields }[] = [],
        private readonly bound: LogFields = {},
    ) {}

    debug(fields: LogFields, message: string): void {
        this.keep('debug', fields, message);
    }

    info(fields: LogFields, message: string): void {
        this.keep('info', fields, message);
    }

    warn(fields: LogFields, message: string): void {
        this.keep('warn', fields, message);
    }

    error(fields: LogFields, message: string): void {
        this.keep('error', fields, message);
    }

    child(fields: LogFields): LogKeeper {
        return new LogKeeper(this.lines, { ...this.bound, ...fields });
    }

    private keep(level: string, fields: LogFields, message: string): void {
        this.lines.push({ level, message, fields: { ...this.bound, ...fields } });
    }
}
