import { createHmac } from 'node:crypto';
import { CodedError, type ErrorCode } from './errors';
import { proxiedFetchFor } from './proxy';

export interface SignedPost {
    readonly url: URL;
    /** Key of the HMAC. */
    readonly secret: string;
    /** Wall clock, milliseconds since 1970. */
    readonly epochMs: number;
    /** JSON. */
    readonly body: string;
    /** Besides type and signature. */
    readonly headers?: Readonly<Record<string, string>>;
    readonly signal: AbortSignal;
    /** Code of the fault where the receiver answers anything but 2xx. */
    readonly code: ErrorCode;
}

/**
 * Posts JSON with the header `X-AudioConnector-Signature: t=SECONDS,v1=HEX`, where HEX is the HMAC-SHA-256 of `SECONDS.BODY`. Redirects are
 * not followed, and what the receiver answers is not read.
 *
 * @returns why it was not accepted; undefined: the receiver answered 2xx. Never rejects
 */
export async function signedPost({ url, secret, epochMs, body, headers, signal, code }: SignedPost): Promise<unknown> {
    const seconds = Math.floor(epochMs / 1000);
    const signature = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
    const all = {
        ...headers,
        'content-type': 'application/json',
        'x-audioconnector-signature': `t=${seconds},v1=${signature}`,
    };
    try {
        const send = proxiedFetchFor(url) ?? fetch;
        const response = await send(url, { method: 'POST', headers: all, body, redirect: 'manual', signal });
        await response.body?.cancel();
        if (response.status >= 200 && response.status < 300) return undefined;
        return new CodedError(code, `It answered ${response.status}.`, { status: response.status });
    } catch (fault) {
        return fault;
    }
}
