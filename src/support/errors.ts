import { AFTER_CALL_ERRORS } from './error-catalogue-after-call';
import { BOT_ERRORS } from './error-catalogue-bots';
import { SERVER_ERRORS } from './error-catalogue-server';
import { CALL_STORE_ERRORS } from './error-catalogue-stores';
import type { Fault } from './error-entry';

export type { ErrorDescription, Fault } from './error-entry';

/**
 * Every coded error of the product. docs/ERRORS.md is generated from it, and a test compares the two. Codes are part of the public
 * interface: the log and the output variables carry them. A rejected peer never sees them.
 */
export const ERRORS = { ...SERVER_ERRORS, ...BOT_ERRORS, ...CALL_STORE_ERRORS, ...AFTER_CALL_ERRORS };

export type ErrorCode = keyof typeof ERRORS;

/** What is known of an error beside its code, as fields of a log line. Nothing of the caller's, and no secret. */
export interface FaultFacts {
    /** A service refused: its own code, the parameter that it names, and its words, shortened. */
    apiCode?: string | undefined;
    param?: string | undefined;
    apiMessage?: string | undefined;
    /** HTTP status of its response. */
    status?: number | undefined;
    /** Code of its WebSocket close frame. */
    closeCode?: number | undefined;
    /** The system's or the TLS library's name of the fault, such as ECONNREFUSED, ENOTFOUND, CERT_HAS_EXPIRED. */
    systemError?: string | undefined;
    /** Address of the service, without user and query. */
    address?: string | undefined;
    /** Address of the proxy that did not let the connection through, without user and password. */
    proxy?: string | undefined;
}

/** An error of the catalogue, with the details of this case (a variable's name, a path, a limit; never a secret). */
export class CodedError extends Error {
    override readonly name = 'CodedError';

    constructor(
        readonly code: ErrorCode,
        /** The details alone; undefined: there are none. The message is the cause followed by them. */
        readonly detail?: string,
        /** The same details and more, one by one, for the log. */
        readonly facts: FaultFacts = {},
    ) {
        super(detail === undefined ? ERRORS[code].cause : `${ERRORS[code].cause} ${detail}`);
    }

    /** The same error, with more facts. */
    with(facts: FaultFacts): CodedError {
        return new CodedError(this.code, this.detail, { ...facts, ...this.facts });
    }

    get whose(): Fault {
        return ERRORS[this.code].whose;
    }

    /** What to do next, as docs/ERRORS.md says it. */
    get cure(): string {
        return ERRORS[this.code].cure;
    }
}

/** An address that refuses, a name or a network that is not found, a certificate or a TLS version that is not accepted. */
const UNREACHABLE =
    /^(ECONNREFUSED|ENOTFOUND|EAI_.+|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|EPROTO|ERR_(TLS|SSL)_.+|.*CERT.*|UNABLE_TO_.+)$/;

/** The system has said at once why no connection comes about: waiting does not help, unlike where nothing answers at all. */
export function isUnreachable({ facts }: CodedError): boolean {
    return UNREACHABLE.test(facts.systemError ?? '');
}
