import { BOT_ERRORS } from './error-catalogue-bots';
import { SERVER_ERRORS } from './error-catalogue-server';
import type { Fault } from './error-entry';

export type { ErrorDescription, Fault } from './error-entry';

/**
 * Every coded error of the product. docs/ERRORS.md is generated from it, and a test compares the two. Codes are part of the public
 * interface: the log and the output variables carry them. A rejected peer never sees them.
 */
export const ERRORS = { ...SERVER_ERRORS, ...BOT_ERRORS };

export type ErrorCode = keyof typeof ERRORS;

/** An error of the catalogue, with the details of this case (a variable's name, a path, a limit; never a secret). */
export class CodedError extends Error {
    override readonly name = 'CodedError';

    constructor(
        readonly code: ErrorCode,
        /** The details alone; undefined: there are none. The message is the cause followed by them. */
        readonly detail?: string,
    ) {
        super(detail === undefined ? ERRORS[code].cause : `${ERRORS[code].cause} ${detail}`);
    }

    get whose(): Fault {
        return ERRORS[this.code].whose;
    }

    /** What to do next, as docs/ERRORS.md says it. */
    get cure(): string {
        return ERRORS[this.code].cure;
    }
}
