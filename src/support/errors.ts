import { AUTHENTICATION_ERRORS } from './error-entries/authentication';
import { CALL_ERRORS } from './error-entries/call';
import type { Fault } from './error-entries/entry';
import { LOCAL_ERRORS } from './error-entries/local';
import { LADDER_ERRORS } from './error-entries/ladder';
import { OPENAI_ERRORS } from './error-entries/openai';
import { PROFILE_ERRORS } from './error-entries/profiles';
import { SERVER_ERRORS } from './error-entries/server';
import { SPEECH_ERRORS } from './error-entries/speech';
import { TOOL_ERRORS } from './error-entries/tools';

export type { ErrorDescription, Fault } from './error-entries/entry';

/**
 * Every coded error of the product. docs/ERRORS.md explains each; a test keeps the two together. A rejected peer learns
 * nothing from them; the log learns the code.
 */
export const ERRORS = {
    ...SERVER_ERRORS,
    ...AUTHENTICATION_ERRORS,
    ...CALL_ERRORS,
    ...OPENAI_ERRORS,
    ...SPEECH_ERRORS,
    ...LOCAL_ERRORS,
    ...LADDER_ERRORS,
    ...PROFILE_ERRORS,
    ...TOOL_ERRORS,
};

export type ErrorCode = keyof typeof ERRORS;

/** An error of the catalogue, with the particulars of this case (a variable's name, a path, a limit: never a secret). */
export class CodedError extends Error {
    override readonly name = 'CodedError';

    constructor(
        readonly code: ErrorCode,
        /** The particulars alone. */
        readonly detail?: string,
    ) {
        super(detail === undefined ? ERRORS[code].cause : `${ERRORS[code].cause} ${detail}`);
    }

    get whose(): Fault {
        return ERRORS[this.code].whose;
    }

    get cure(): string {
        return ERRORS[this.code].cure;
    }
}
