import type { AuthRequest } from '../../src/auth/authenticator';

/** The public sample of Genesys' documentation. */
export const SAMPLE_KEY = 'SGVsbG8sIEkgYW0gdGhlIEFQSSBrZXkh';
export const SAMPLE_SECRET_BASE64 = 'TXlTdXBlclNlY3JldEtleVRlbGxOby0xITJAMyM0JDU=';
export const SAMPLE_SECRET = Buffer.from(SAMPLE_SECRET_BASE64, 'base64');

export interface Vector {
    name: string;
    url: string;
    headers: Record<string, string>;
    created: number;
}

function vector(
    name: string,
    url: string,
    host: string,
    ids: [organization: string, session: string, correlation: string],
    input: [components: string, parameters: string],
    signature: string,
): Vector {
    return {
        name,
        url,
        headers: {
            Host: host,
            'Audiohook-Organization-Id': ids[0],
            'Audiohook-Session-Id': ids[1],
            'Audiohook-Correlation-Id': ids[2],
            'X-API-KEY': SAMPLE_KEY,
            'Signature-Input': `sig1=(${input[0]});${input[1]}`,
            Signature: `sig1=:${signature}:`,
        },
        created: Number(/created=(\d+)/.exec(input[1])?.[1]),
    };
}

const SAMPLE_IDS: [string, string, string] = [
    'd7934305-0972-4844-938e-9060eef73d05',
    '30b0e395-84d3-4570-ac13-9a62d8f514c0',
    'e160e428-53e2-487c-977d-96989bf5c99d',
];
const SAMPLE_PARAMETERS = `keyid="${SAMPLE_KEY}";nonce="VGhpc0lzQVVuaXF1ZU5vbmNl";alg="hmac-sha256";created=1641013200;expires=3282026430`;
const IDS_AND_KEY = '"audiohook-organization-id" "audiohook-session-id" "audiohook-correlation-id" "x-api-key"';
const REAL_ORDER =
    '"@request-target" "audiohook-session-id" "audiohook-organization-id" "audiohook-correlation-id" "x-api-key" "@authority"';

export const V1 = vector(
    'V1, the sample of the documentation',
    '/api/v1/voicebiometrics/ws',
    'audiohook.example.com',
    SAMPLE_IDS,
    [`"@request-target" "@authority" ${IDS_AND_KEY}`, SAMPLE_PARAMETERS],
    'NZBwyBHRRyRoeLqy1IzOa9VYBuI8TgMFt2GRDkDuJh4=',
);

export const V2 = vector(
    'V2, host instead of @authority',
    '/api/v1/voicebiometrics/ws',
    'audiohook.example.com',
    SAMPLE_IDS,
    [`"@request-target" "host" ${IDS_AND_KEY}`, SAMPLE_PARAMETERS],
    'zupMJUMfd/kMuvKc5zhRyfJPE3jTROuz1S1hn8SCTpE=',
);

export const V3 = vector(
    'V3, a real request of Genesys Cloud',
    '/webhooks/genesys/websocket',
    'pro-grouse-possibly.ngrok-free.app',
    [
        '22352111-6076-492a-8163-514a00723975',
        '386dc26f-6d1d-4cf0-b153-93c43f540874',
        '386dc26f-6d1d-4cf0-b153-93c43f540874',
    ],
    [
        REAL_ORDER,
        `created=1744210396;expires=1744210406;keyid="${SAMPLE_KEY}";nonce="9qAwwlMvkHqzxf0DoOOXVvNe";alg="hmac-sha256"`,
    ],
    'Y6jeGihkrFCi3XwNcwQzw1TeDurpB4bZsMAT6KUiGj4=',
);

export const V5 = vector(
    'V5, the real order with a query',
    '/audiohook/v1/bot?line=billing',
    'voice.example.com',
    [
        '3f1c9a52-0b7e-4d38-8a61-5be0c2d7f914',
        '7d0b3c9e-6a54-4c1b-9c0e-2f6b1d8a4e10',
        '7d0b3c9e-6a54-4c1b-9c0e-2f6b1d8a4e10',
    ],
    [
        REAL_ORDER,
        `created=1795334400;expires=1795334410;keyid="${SAMPLE_KEY}";nonce="q3Jc7m0bW1yTt0Zk9x2LhVfA";alg="hmac-sha256"`,
    ],
    'lLef8IuGdbnyKGRP3VvVbc6BKC5TRTgIprGWEAhx000=',
);

/** A vector as Node would hand it over. */
export function requestOf(source: Pick<Vector, 'url' | 'headers'>): AuthRequest {
    return { url: source.url, rawHeaders: Object.entries(source.headers).flat() };
}
