import type { CallSummary } from './call-record';

type Refusal = NonNullable<CallSummary['refusal']>;

const BY_STATUS: Readonly<Record<number, string>> = {
    400: 'The server finds the Audiohook headers malformed. Its log names the header.',
    401: 'The server does not accept the key, the secret or the signature. Compare --key and --secret with its AUDIOHOOK_API_KEYS, and the clocks of both machines (a signature lives 10 s); a proxy must pass Host, path and query on unchanged. Its log holds the reason.',
    403: 'Something in front of the server refuses the call. Look at the proxy or the firewall.',
    404: 'The server does not serve this path. Compare the path of --url with its AUDIOHOOK_PATH.',
    409: 'The server already has a call with this session id. Use a new one.',
    426: 'This address wants another kind of upgrade. Compare the path of --url with AUDIOHOOK_PATH.',
    429: 'Too many attempts failed from this address. Wait a minute, then correct --key and --secret.',
    431: 'The headers are too large for the server. Shorten the key or the path.',
    503: 'The server is full, busy or shutting down: its /ready says which. Try again in a moment, or raise its MAX_SESSIONS.',
};

const BY_CODE: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'Nothing listens there. Start the server with `npm start`, or give its address with --url.',
    ENOTFOUND: 'This host name does not exist. Check --url.',
    EAI_AGAIN: 'The host name cannot be looked up now. Check --url and the network.',
    ECONNRESET:
        'The connection was cut during the upgrade. Check that --url points to the server itself, not to a TLS port.',
    ETIMEDOUT: 'No answer. Check the address, the port and the firewall.',
    EPROTO: 'This port does not speak TLS. Use ws:// instead of wss://, or the port of the TLS proxy.',
};

/** Why a call was refused, and what to do next, in a sentence or two. */
export function explainRefusal({ status, code, why }: Refusal, url: string): string {
    const { host } = new URL(url);
    if (status !== undefined) return `${host} answered ${status}. ${BY_STATUS[status] ?? byClass(status)}`;
    if (code !== undefined && BY_CODE[code] !== undefined) return `No call to ${host}. ${BY_CODE[code]}`;
    if (/certificate|CERT|self.signed/i.test(`${code ?? ''} ${why}`))
        return `No call to ${host}. Its certificate is not trusted (${why}); Genesys would refuse it too. Install one from a public CA, with the whole chain.`;
    return `No call to ${host}: ${why}. Check --url.`;
}

/** How an accepted call failed; undefined: it did not. */
export function explainEnd({ outcome, disconnect }: CallSummary): string | undefined {
    if (outcome === 'cut') return 'The line went dead before the server answered close with closed. Look at its log.';
    if (disconnect === undefined || disconnect.reason === 'completed') return undefined;
    const info = disconnect.info === undefined ? '' : ` (${disconnect.info.replace(/\p{Cc}/gu, ' ')})`;
    return `The server ended the call: ${disconnect.reason}${info}. Its log says more.`;
}

function byClass(status: number): string {
    if (status >= 500) return 'The server, or a proxy before it, has a fault. Look at its log.';
    if (status >= 300 && status < 400) return 'Redirects are not followed, by Genesys neither. Give the final address.';
    return 'That is no AudioConnector server. Check --url.';
}
