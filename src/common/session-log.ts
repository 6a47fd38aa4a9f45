import { ERRORS, CodedError, type ErrorCode } from '../support/errors';
import { faultFields, type LogFields, type Logger } from '../support/logger';

/** Different things that are logged once each as ignored; more are only counted. */
const MAX_IGNORED_KINDS = 20;
/** Lines of one session about the same thing: a client that repeats itself ten thousand times gets no more. */
const MAX_SAME_LINES = 5;

/** The log of one session. Says what is odd once and counts the rest: a client cannot fill the disk. */
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

    /** The closing line: the call's figures. */
    end(fields: LogFields): void {
        const frequent = [...this.repeats].filter(([, count]) => count > MAX_SAME_LINES);
        const repeated = frequent.length === 0 ? {} : { repeated: Object.fromEntries(frequent) };
        this.logger.info({ ...fields, ignoredMessages: this.ignoredMessages, ...repeated }, 'call ended');
    }

    /** Something of the catalogue happened. */
    note(code: ErrorCode, fields: LogFields = {}): void {
        if (this.mayRepeat(code)) this.logger.warn({ ...fields, code }, ERRORS[code].cause);
    }

    /** Something was thrown: by the catalogue if it is coded, else as a bug of ours. @returns its code */
    fault(fault: unknown): ErrorCode {
        const code = fault instanceof CodedError ? fault.code : 'ERR_INTERNAL';
        this.logger.error({ ...faultFields(fault), code }, ERRORS[code].cause);
        return code;
    }

    /** A message was counted and otherwise left alone. */
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
