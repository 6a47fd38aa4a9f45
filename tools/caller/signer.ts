import { createHmac, randomBytes } from 'node:crypto';

/** The caller's identity: the values of the four signed headers (docs/PROTOCOL.md, 1.1). */
interface UpgradeIdentity {
    organizationId: string;
    sessionId: string;
    correlationId: string;
    /** As entered in the integration's credentials; sent in clear. */
    apiKey: string;
}

/** Everything a signature covers (docs/PROTOCOL.md, 1.2). */
export interface SignatureInput extends UpgradeIdentity {
    /** Path and query exactly as on the request line, without the method: `/bot?line=1`. */
    requestTarget: string;
    /** Value of the Host header: lower case, port only if it is not the scheme's own. */
    authority: string;
    /** Unix seconds. */
    createdSeconds: number;
    /** Unix seconds; `createdSeconds` + 10 as real traffic has it, unless given. */
    expiresSeconds?: number | undefined;
    /** 18 random octets in base64 on real traffic; see `newNonce`. */
    nonce: string;
}

/** What `upgradeHeaders` makes the headers from. */
export interface UpgradeHeadersInput extends SignatureInput {
    /** Base64 text as shown by Genesys; absent: an unsigned request. */
    clientSecret?: string | undefined;
    /** Value of Audiohook-Retry-Attempt, which is not signed. 0 unless given. */
    retryAttempt?: number | undefined;
}

const LIFETIME_SECONDS = 10;
const NONCE_OCTETS = 18;
const BASE64 = /^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{3}=?|[A-Za-z\d+/]{2}(?:==)?)?$/;

/** A fresh nonce: 18 random octets, base64 (24 characters). */
export function newNonce(): string {
    return randomBytes(NONCE_OCTETS).toString('base64');
}

/** The octets behind a client secret. Throws on text that is not base64, and on an empty one. */
export function decodeClientSecret(clientSecret: string): Buffer {
    if (clientSecret === '' || !BASE64.test(clientSecret)) throw new Error('The client secret is not base64 text.');
    return Buffer.from(clientSecret, 'base64');
}

/** The text that is signed: seven lines, LF between them and none at the end (docs/PROTOCOL.md, 1.2). */
export function signatureBase(input: SignatureInput): string {
    const lines = components(input).map(([name, value]) => `"${name}": ${value}`);
    return [...lines, `"@signature-params": ${signatureParams(input)}`].join('\n');
}

/** `Signature-Input` and `Signature` as Genesys Cloud writes them: HMAC-SHA256, label `sig1`, authority last. */
export function signUpgrade(input: SignatureInput, clientSecret: string): Record<string, string> {
    const mac = createHmac('sha256', decodeClientSecret(clientSecret)).update(signatureBase(input)).digest('base64');
    return { 'Signature-Input': `sig1=${signatureParams(input)}`, Signature: `sig1=:${mac}:` };
}

/** The headers Genesys adds to the WebSocket upgrade, in its order (docs/PROTOCOL.md, 1.1). */
export function upgradeHeaders(input: UpgradeHeadersInput): Record<string, string> {
    const headers = {
        'User-Agent': 'GenesysCloud-AudioHook-Client',
        'Audiohook-Organization-Id': input.organizationId,
        'Audiohook-Session-Id': input.sessionId,
        'Audiohook-Correlation-Id': input.correlationId,
        'Audiohook-Retry-Attempt': String(input.retryAttempt ?? 0),
        'X-API-KEY': input.apiKey,
    };
    if (input.clientSecret === undefined || input.clientSecret === '') return headers;
    return { ...headers, ...signUpgrade(input, input.clientSecret) };
}

/** The order seen on real traffic; the documentation's sample puts the authority second. */
function components(input: SignatureInput): [name: string, value: string][] {
    return [
        ['@request-target', input.requestTarget],
        ['audiohook-session-id', input.sessionId],
        ['audiohook-organization-id', input.organizationId],
        ['audiohook-correlation-id', input.correlationId],
        ['x-api-key', input.apiKey],
        ['@authority', input.authority],
    ];
}

function signatureParams(input: SignatureInput): string {
    const names = components(input).map(([name]) => quoted(name));
    const expiresSeconds = input.expiresSeconds ?? input.createdSeconds + LIFETIME_SECONDS;
    const parameters = [
        `created=${input.createdSeconds}`,
        `expires=${expiresSeconds}`,
        `keyid=${quoted(input.apiKey)}`,
        `nonce=${quoted(input.nonce)}`,
        'alg="hmac-sha256"',
    ];
    return `(${names.join(' ')});${parameters.join(';')}`;
}

/** A structured-field string (RFC 8941, section 3.3.3). */
function quoted(text: string): string {
    return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
