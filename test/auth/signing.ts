import { createHmac } from 'node:crypto';
import { Authenticator, type AuthRequest, type AuthResult, type SecretProvider } from '../../src/auth/authenticator';
import { FakeClock } from '../support/fake-clock';

export const API_KEY = 'dGVzdC1rZXk=';
export const SECRET = Buffer.from('0123456789abcdef0123456789abcdef');
export const NOW_MS = Date.UTC(2026, 10, 22, 12);
export const NOW_SECONDS = NOW_MS / 1000;
export const NONCE = 'AAAAAAAAAAAAAAAAAAAAAAAA';

/** What a test changes about an otherwise good request. */
export interface Recipe {
    url?: string;
    /** Added to, or put over, the good ones; undefined takes one away. */
    headers?: Record<string, string | undefined>;
    components?: readonly string[];
    /** Written as they are: `created=1`. */
    parameters?: readonly string[];
    secret?: Uint8Array;
    label?: string;
    /** Values that are signed instead of those in the headers. */
    signedValues?: Record<string, string>;
}

export const COMPONENTS = [
    '@request-target',
    '@authority',
    'audiohook-organization-id',
    'audiohook-session-id',
    'audiohook-correlation-id',
    'x-api-key',
];

export function goodParameters(over: Record<string, string | undefined> = {}): string[] {
    const parameters: Record<string, string | undefined> = {
        created: String(NOW_SECONDS),
        expires: String(NOW_SECONDS + 10),
        keyid: `"${API_KEY}"`,
        nonce: `"${NONCE}"`,
        alg: '"hmac-sha256"',
        ...over,
    };
    return Object.entries(parameters).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
}

const GOOD_HEADERS = {
    host: 'voice.example.com',
    'audiohook-organization-id': '3f1c9a52-0b7e-4d38-8a61-5be0c2d7f914',
    'audiohook-session-id': '7d0b3c9e-6a54-4c1b-9c0e-2f6b1d8a4e10',
    'audiohook-correlation-id': 'e160e428-53e2-487c-977d-96989bf5c99d',
    'x-api-key': API_KEY,
};

/** Signs with string building of its own, so that the verifier is not measured with itself. */
export function sign(recipe: Recipe = {}): { input: string; signature: string } {
    const url = recipe.url ?? '/audiohook/bot';
    const values: Record<string, string | undefined> = {
        ...GOOD_HEADERS,
        ...recipe.headers,
        '@request-target': url,
        '@authority': recipe.headers?.['host'] ?? GOOD_HEADERS.host,
        ...recipe.signedValues,
    };
    const components = recipe.components ?? COMPONENTS;
    const list = components.map((name) => `"${name}"`).join(' ');
    const input = `(${list})${(recipe.parameters ?? goodParameters()).map((parameter) => `;${parameter}`).join('')}`;
    const lines = components.map((name) => `"${name}": ${values[name] ?? ''}`);
    const base = [...lines, `"@signature-params": ${input}`].join('\n');
    const mac = createHmac('sha256', recipe.secret ?? SECRET);
    return { input, signature: mac.update(Buffer.from(base, 'latin1')).digest('base64') };
}

export function signedRequest(recipe: Recipe = {}): AuthRequest {
    const label = recipe.label ?? 'sig1';
    const { input, signature } = sign(recipe);
    return unsignedRequest({
        ...recipe,
        headers: {
            'signature-input': `${label}=${input}`,
            signature: `${label}=:${signature}:`,
            ...recipe.headers,
        },
    });
}

export function unsignedRequest(recipe: Recipe = {}): AuthRequest {
    const headers: Record<string, string | undefined> = { ...GOOD_HEADERS, ...recipe.headers };
    const rawHeaders = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [name, value]));
    return { url: recipe.url ?? '/audiohook/bot', rawHeaders };
}

export function provider(entries: Record<string, readonly Uint8Array[]>): SecretProvider {
    const secrets = new Map(Object.entries(entries));
    return { getSecretsForKey: (apiKey) => secrets.get(apiKey) };
}

export const TEST_SECRETS = provider({ [API_KEY]: [SECRET], 'dW5zaWduZWQ=': [] });

/** One decision by a new authenticator without delay. */
export function authenticateOnce(
    request: AuthRequest,
    options: Partial<ConstructorParameters<typeof Authenticator>[0]> = {},
): Promise<AuthResult> {
    const clock = new FakeClock(NOW_MS);
    return new Authenticator({ secrets: TEST_SECRETS, clock, failureDelayMs: 0, ...options }).authenticate(request);
}

/** The code of a refusal; `accepted` otherwise. */
export async function codeOf(result: AuthResult | Promise<AuthResult>): Promise<string> {
    const settled = await result;
    return settled.ok ? 'accepted' : settled.code;
}
