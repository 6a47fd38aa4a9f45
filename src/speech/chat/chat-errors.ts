import { CodedError } from '../../support/errors';

interface HTTPFault {
    status: number | undefined;
    code: string;
}

/** What went wrong, without the service's own words: they may hold parts of the key or of the talk. */
export function chatError(fault: unknown): CodedError {
    if (fault instanceof CodedError) return fault;
    const { status, code } = readFault(fault);
    if (code === 'insufficient_quota') return new CodedError('ERR_OPENAI_QUOTA');
    if (status === 401) return new CodedError('ERR_OPENAI_KEY');
    if (status === 429 || code === 'rate_limit_exceeded') return new CodedError('ERR_OPENAI_RATE_LIMITED');
    // A stream that has begun tells of its failure without a status.
    if (status === undefined)
        return new CodedError('ERR_CHAT_FAILED', code === '' ? 'The connection failed.' : `Code ${code}.`);
    return new CodedError('ERR_CHAT_FAILED', `HTTP status ${status}${code === '' ? '' : `, code ${code}`}.`);
}

/** Whether another try may help: the service is busy, broken or out of reach, and not of another opinion. */
export function isWorthAnotherTry(fault: unknown): boolean {
    if (fault instanceof CodedError) return false;
    const { status, code } = readFault(fault);
    if (code === 'insufficient_quota') return false;
    return status === undefined || status === 429 || status >= 500;
}

/** The service answers, and only has nothing to say to what it was asked. */
export function isOtherQuestion(fault: unknown): boolean {
    const { status } = readFault(fault);
    return status === 404 || status === 405 || status === 501;
}

function readFault(fault: unknown): HTTPFault {
    if (typeof fault !== 'object' || fault === null) return { status: undefined, code: '' };
    const status = 'status' in fault && typeof fault.status === 'number' ? fault.status : undefined;
    const code = 'code' in fault && typeof fault.code === 'string' && CODE.test(fault.code) ? fault.code : '';
    return { status, code };
}

const CODE = /^[\w.-]{1,64}$/;
