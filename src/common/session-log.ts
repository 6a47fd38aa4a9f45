import { ERRORS, CodedError, type ErrorCode } from '../support/errors';
import { faultFields, type LogFields, type Logger } from '../support/logger';

/** Kinds of ignored messages that are logged, once each; more are only counted. */
const MAX_IGNORED_KINDS = 20;
/** Most log lines of one session with the same text; more are only counted. */
const MAX_SAME_LINES = 5;

/** The log of one session: repeated lines are counted instead of written, so that a client cannot fill the disk. */
export class SessionLog {
    private readonly ignored = new Set<string>();
    private ignoredMessages = 0;
    private readonly repeats = new Map<string, number>();

    constructor(private logger: Logger) {}

    /** From now on every line carries `fields` too. */
    bind(fields: LogFields): void {
        this.logger = this.logger.child(fields);
    }

    info(fields: LogFields, message: string): void {
        if (this.mayRepeat(message)) this.logger.info(fields, message);
    }

    /** The line at the end: the call's figures. */
    end(fields: LogFields): void {
        const frequent = [...this.repeats].filter(([, count]) => count > MAX_SAME_LINES);
        const repeated = frequent.length === 0 ? {} : { repeated: Object.fromEntries(frequent) };
        this.logger.info({ ...fields, ignoredMessages: this.ignoredMessages, ...repeated }, 'call ended');
    }

    /** A fault of the error catalogue happened. */
    note(code: ErrorCode, fields: LogFields = {}): void {
        if (this.mayRepeat(code)) this.logger.warn({ ...fields, code }, ERRORS[code].cause);
    }

    /** Something was thrown. @returns its code; ERR_INTERNAL for an error without one */
    fault(fault: unknown): ErrorCode {
        const code = fault instanceof CodedError ? fault.code : 'ERR_INTERNAL';
        this.logger.error({ ...faultFields(fault), code }, ERRORS[code].cause);
        return code;
    }

    /** A message was ignored. `what` names its kind, `where` the part at fault, never its value. */
    readonly ignore = (what: string, where?: string): void => {
        this.ignoredMessages += 1;
        if (this.ignored.size >= MAX_IGNORED_KINDS || this.ignored.has(what)) return;
        this.ignored.add(what);
        this.logger.info({ what, where }, 'ignored (more of this kind are only counted)');
    };

    private mayRepeat(what: string): boolean {
        const count = (this.repeats.get(what) ?? 0) + 1;
        this.repeats.set(what, count);
        return count <= MAX_SAME_LINES;
    }
}
