import { CodedError, ERRORS, type ErrorCode } from '../support/errors';
import { faultFields, type LogFields, type Logger } from '../support/logger';
import { systemErrorOf } from './process-mark';

/** A time in which something cannot be written: one line of the log when it begins, with the cure, and one when it is over. */
export class Outage {
    private sinceMs: number | undefined;

    /**
     * @param code of a fault that has none of the catalogue
     * @param overMessage the line that ends it
     */
    constructor(
        private readonly code: ErrorCode,
        private readonly overMessage: string,
        private readonly logger: Logger,
        private readonly nowMs: () => number,
    ) {}

    get isOn(): boolean {
        return this.sinceMs !== undefined;
    }

    /** It could not be written. */
    failed(fault: unknown): void {
        if (this.sinceMs !== undefined) return;
        this.sinceMs = this.nowMs();
        const isCoded = fault instanceof CodedError;
        const code = isCoded ? fault.code : this.code;
        const fields = isCoded ? faultFields(fault) : { systemError: systemErrorOf(fault), fault: String(fault) };
        const { cause, cure } = ERRORS[code];
        this.logger.error({ ...fields, code }, `${cause} ${cure}`);
    }

    /** It could be written. */
    worked(fields: LogFields = {}): void {
        if (this.sinceMs === undefined) return;
        const outageMs = Math.round(this.nowMs() - this.sinceMs);
        this.sinceMs = undefined;
        this.logger.info({ ...fields, outageMs }, this.overMessage);
    }
}
