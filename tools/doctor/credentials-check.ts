import { decodeClientSecret } from '../caller/signer';
import { fail, ok, warn, type Outcome } from './finding';
import type { Target } from './target';

const API_KEY = /^[a-zA-Z0-9+/_-]{1,512}={0,2}$/;
const LEAST_OCTETS = 16;
const WHERE = 'Admin → Integrations → Audio Connector → Configuration → Credentials';

/** The form of key and secret; whether they are those of the server is seen later. Shows neither. */
export function checkCredentials({ apiKey, clientSecret }: Pick<Target, 'apiKey' | 'clientSecret'>): Outcome {
    if (!API_KEY.test(apiKey))
        return fail(
            'the API key has characters that no key may have',
            'An API key is letters, digits, +, /, _ and -, with up to two = at its end; a blank or a quotation mark of the shell may have come with it.',
            `Make one with openssl rand -hex 16, and enter it under ${WHERE}, API Key, and in AUDIOHOOK_API_KEYS.`,
        );
    if (clientSecret === undefined)
        return warn(
            'API key without client secret',
            'Requests are not signed: the key alone, which travels with every call, lets anyone call; most servers refuse that.',
            `Give --secret, and enter a Client Secret under ${WHERE}.`,
        );
    const octets = decodedLength(clientSecret);
    if (octets === undefined)
        return fail(
            'the client secret is not base64',
            'Genesys and the server decode the client secret from base64, and this text cannot be decoded: it holds other characters, such as - and _, a blank, or a line end.',
            `Make one with openssl rand -base64 32, and enter that text under ${WHERE}, Client Secret, and in AUDIOHOOK_API_KEYS.`,
        );
    const found = `API key and client secret (${octets} octets)`;
    if (octets >= LEAST_OCTETS) return ok(found);
    return warn(
        found,
        'A secret that short can be guessed.',
        'Make one with openssl rand -base64 32, and enter it in both places.',
    );
}

function decodedLength(clientSecret: string): number | undefined {
    try {
        return decodeClientSecret(clientSecret).length;
    } catch {
        return undefined;
    }
}
