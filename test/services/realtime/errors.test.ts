import { classify, fatalError, judgeEnd, judgeFailures, retryWaitMs } from '../../../src/services/realtime/errors';
import { redact } from '../../../src/support/redact';
import type { ApiError } from '../../../src/services/realtime/events';

function apiError(changes: Partial<ApiError>): ApiError {
    return {
        type: 'invalid_request_error',
        code: undefined,
        message: '',
        param: undefined,
        eventId: undefined,
        ...changes,
    };
}

describe('classify', () => {
    it.each([
        ['unknown_parameter', 'bug'],
        ['invalid_json', 'bug'],
        ['cannot_update_voice', 'bug'],
        ['response_cancel_not_active', 'benign'],
        ['conversation_already_has_active_response', 'benign'],
        ['item_truncate_invalid_item_id', 'benign'],
        ['item_delete_invalid_item_id', 'benign'],
        ['session_expired', 'retry'],
        ['rate_limit_exceeded', 'retry'],
        ['invalid_api_key', 'fatal'],
        ['insufficient_quota', 'fatal'],
        ['something_new', 'bug'],
    ])('takes %s for %s', (code, kind) => {
        expect(classify(apiError({ code }))).toBe(kind);
    });

    it('takes the truncation races for benign, whatever their code', () => {
        expect(
            classify(
                apiError({ code: 'invalid_value', message: 'Audio content of 3000ms is already shorter than 9000ms' }),
            ),
        ).toBe('benign');
        expect(classify(apiError({ message: 'Only model output audio messages can be truncated' }))).toBe('benign');
        expect(classify(apiError({ code: 'invalid_value', message: "Invalid value: 'nope'." }))).toBe('bug');
    });

    it('takes a server error without a code for one to retry, and a missing key for fatal', () => {
        expect(classify(apiError({ type: 'server_error' }))).toBe('retry');
        expect(classify(apiError({ message: 'Missing bearer or basic authentication in header' }))).toBe('fatal');
    });
});

describe('fatalError', () => {
    it.each([
        ['invalid_api_key', 'ERR_OPENAI_KEY'],
        ['invalid_model', 'ERR_OPENAI_MODEL'],
        ['insufficient_quota', 'ERR_OPENAI_QUOTA'],
        ['beta_api_shape_disabled', 'ERR_OPENAI_REFUSED'],
    ])('makes of %s %s, without the service’s sentence', (code, ours) => {
        const error = fatalError(apiError({ code, message: 'Incorrect API key provided: sk-bad-1234.' }));
        expect(error.code).toBe(ours);
        expect(error.message).toContain(code);
        expect(error.message).not.toContain('sk-bad');
    });
});

describe('judgeEnd', () => {
    it.each([
        [401, 'ERR_OPENAI_KEY'],
        [403, 'ERR_OPENAI_KEY'],
        [404, 'ERR_OPENAI_MODEL'],
        [400, 'ERR_OPENAI_REFUSED'],
        [302, 'ERR_OPENAI_REFUSED'],
    ])('takes HTTP %i for %s', (status, code) => {
        expect(judgeEnd({ kind: 'http', status })).toMatchObject({ kind: 'fatal', error: { code } });
    });

    it.each([408, 429, 500, 502, 503, 504])('tries again after HTTP %i', (status) => {
        expect(judgeEnd({ kind: 'http', status }).kind).toBe('retry');
    });

    it.each([1000, 1001, 1005, 1006, 1011, 1012, 1013])('tries again after close %i', (code) => {
        expect(judgeEnd({ kind: 'closed', code, reason: '' }).kind).toBe('retry');
    });

    it.each([1008, 3000, 4000, 4008])('gives up after close %i', (code) => {
        expect(judgeEnd({ kind: 'closed', code, reason: '' }).kind).toBe('fatal');
    });
});

it('waits as long as the service hints, 5 s at most, and 1 s without a hint', () => {
    expect(retryWaitMs(apiError({ message: 'Please try again in 1.5s.' }))).toBe(1500);
    expect(retryWaitMs(apiError({ message: 'Please try again in 20ms.' }))).toBe(20);
    expect(retryWaitMs(apiError({ message: 'Please try again in 900s.' }))).toBe(5000);
    expect(retryWaitMs(apiError({ message: 'Rate limit reached.' }))).toBe(1000);
    expect(retryWaitMs(undefined)).toBe(1000);
});

it('takes a rate limit that stays for fatal, and other failures for a reason to connect anew', () => {
    expect(judgeFailures(apiError({ code: 'rate_limit_exceeded' }))).toMatchObject({
        error: { code: 'ERR_OPENAI_RATE_LIMITED' },
    });
    expect(judgeFailures(undefined).kind).toBe('retry');
});

it('takes keys out of what is logged', () => {
    expect(redact('Incorrect API key provided: sk-proj-abc*****xyz. ek_12345678')).toBe(
        'Incorrect API key provided: [key] [key]',
    );
    expect(redact('x'.repeat(500))).toHaveLength(200);
});

it('takes out of what is logged whatever the service quotes, and long numbers', () => {
    expect(redact('Invalid value: \'my words\'. Got "7" and 7 3 9 1 8 4, 4111-1111-1111-1111, 300 ms.')).toBe(
        'Invalid value: [quote]. Got [quote] and [number], [number], 300 ms.',
    );
});
