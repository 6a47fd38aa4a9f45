import { ERRORS, CodedError, type ErrorCode } from '../support/errors';
import { faultFields, type LogFields, type LogLevel, type Logger } from '../support/logger';
import { SparseSet } from '../support/sparse';

/** Kinds of ignored messages that are logged, once each; more are only counted. */
const MAX_IGNORED_KINDS = 20;
/** Most log lines of one session with the same text; more are only counted. */
const MAX_SAME_LINES = 5;

/** What all lines of one call have in common, and the last fault among them. */
interface CallOfLog {
    fields: LogFields;
    lastCode: string | undefined;
    readonly onFault: ((code: string) => void) | undefined;
}

/** Every line of everything that serves one call: with the ids of the call, those too that become known only later. */
class CallLogger implements Logger {
    constructor(
        private readonly target: Logger,
        private readonly call: CallOfLog,
    ) {}

    debug(fields: LogFields, message: string): void {
        this.write('debug', fields, message);
    }

    info(fields: LogFields, message: string): void {
        this.write('info', fields, message);
    }

    warn(fields: LogFields, message: string): void {
        this.noteFault(fields);
        this.write('warn', fields, message);
    }

    error(fields: LogFields, message: string): void {
        this.noteFault(fields);
        this.write('error', fields, message);
    }

    child(fields: LogFields): Logger {
        return new CallLogger(this.target.child(fields), this.call);
    }

    private write(level: Exclude<LogLevel, 'silent'>, fields: LogFields, message: string): void {
        this.target[level]({ ...this.call.fields, ...fields }, message);
    }

    /** A line about a step says in `why` what it was taken for. */
    private noteFault({ code, why }: LogFields): void {
        const isCause = typeof why === 'string' && Object.hasOwn(ERRORS, why);
        const named = isCause ? why : code;
        if (typeof named !== 'string') return;
        this.call.lastCode = named;
        this.call.onFault?.(named);
    }
}

/** The log of one session: repeated lines are counted instead of written, so that a client cannot fill the disk. */
export class SessionLog {
    private readonly ignored = new SparseSet<string>();
    private ignoredMessages = 0;
    private readonly repeats = new Map<string, number>();
    /** Texts that were repeated more often than they are logged. */
    private readonly cut = new SparseSet<string>();
    private readonly call: CallOfLog;
    /** For everything that serves the call: its lines carry what `bind` was given, and the last code among its warnings and errors is known here. */
    readonly logger: Logger;

    /** `onFault`: hears the code of each warning and error. */
    constructor(logger: Logger, onFault?: (code: string) => void) {
        this.call = { fields: {}, lastCode: undefined, onFault };
        this.logger = new CallLogger(logger, this.call);
    }

    /** From now on every line of the call carries `fields` too. */
    bind(fields: LogFields): void {
        this.call.fields = { ...this.call.fields, ...fields };
    }

    /** The last code that a line of the call had at warn or error; undefined: there was none. */
    get lastCode(): string | undefined {
        return this.call.lastCode;
    }

    /** `mostLines`: of this text in one session; more are only counted. */
    info(fields: LogFields, message: string, mostLines = MAX_SAME_LINES): void {
        if (this.mayRepeat(message, mostLines)) this.logger.info(fields, message);
    }

    /** The line at the end: the call's figures. */
    end(fields: LogFields): void {
        const frequent = [...this.repeats].filter(([what]) => this.cut.has(what));
        const repeated = frequent.length === 0 ? {} : { repeated: Object.fromEntries(frequent) };
        const { lastCode: faultCode } = this.call;
        const counted = { faultCode, ignoredMessages: this.ignoredMessages, ...repeated };
        this.logger.info({ ...fields, ...counted }, 'call ended');
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

    private mayRepeat(what: string, mostLines = MAX_SAME_LINES): boolean {
        const count = (this.repeats.get(what) ?? 0) + 1;
        this.repeats.set(what, count);
        if (count > mostLines) this.cut.add(what);
        return count <= mostLines;
    }
}
