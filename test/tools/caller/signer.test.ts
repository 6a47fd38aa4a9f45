import { createHmac } from 'node:crypto';
import {
    decodeClientSecret,
    newNonce,
    signatureBase,
    signUpgrade,
    upgradeHeaders,
    type SignatureInput,
} from '../../../tools/caller/signer';

const apiKey = 'SGVsbG8sIEkgYW0gdGhlIEFQSSBrZXkh';
const clientSecret = 'TXlTdXBlclNlY3JldEtleVRlbGxOby0xITJAMyM0JDU=';

const v3: SignatureInput = {
    requestTarget: '/webhooks/genesys/websocket',
    authority: 'pro-grouse-possibly.ngrok-free.app',
    organizationId: '22352111-6076-492a-8163-514a00723975',
    sessionId: '386dc26f-6d1d-4cf0-b153-93c43f540874',
    correlationId: '386dc26f-6d1d-4cf0-b153-93c43f540874',
    apiKey,
    createdSeconds: 1744210396,
    nonce: '9qAwwlMvkHqzxf0DoOOXVvNe',
};

const v5: SignatureInput = {
    requestTarget: '/audiohook/v1/bot?line=billing',
    authority: 'voice.example.com',
    organizationId: '3f1c9a52-0b7e-4d38-8a61-5be0c2d7f914',
    sessionId: '7d0b3c9e-6a54-4c1b-9c0e-2f6b1d8a4e10',
    correlationId: '7d0b3c9e-6a54-4c1b-9c0e-2f6b1d8a4e10',
    apiKey,
    createdSeconds: 1795334400,
    nonce: 'q3Jc7m0bW1yTt0Zk9x2LhVfA',
};

const v5Params =
    '("@request-target" "audiohook-session-id" "audiohook-organization-id" "audiohook-correlation-id" "x-api-key" "@authority")' +
    `;created=1795334400;expires=1795334410;keyid="${apiKey}";nonce="q3Jc7m0bW1yTt0Zk9x2LhVfA";alg="hmac-sha256"`;

describe('signer', () => {
    it('reproduces V3, a real request of Genesys Cloud, byte for byte', () => {
        expect(signUpgrade(v3, clientSecret)['Signature']).toBe('sig1=:Y6jeGihkrFCi3XwNcwQzw1TeDurpB4bZsMAT6KUiGj4=:');
    });

    it('reproduces V5, a request with a query string, byte for byte', () => {
        expect(signUpgrade(v5, clientSecret)).toEqual({
            'Signature-Input': `sig1=${v5Params}`,
            Signature: 'sig1=:lLef8IuGdbnyKGRP3VvVbc6BKC5TRTgIprGWEAhx000=:',
        });
    });

    it('signs seven lines joined by single line feeds, none at the end', () => {
        expect(signatureBase(v5).split('\n')).toEqual([
            '"@request-target": /audiohook/v1/bot?line=billing',
            '"audiohook-session-id": 7d0b3c9e-6a54-4c1b-9c0e-2f6b1d8a4e10',
            '"audiohook-organization-id": 3f1c9a52-0b7e-4d38-8a61-5be0c2d7f914',
            '"audiohook-correlation-id": 7d0b3c9e-6a54-4c1b-9c0e-2f6b1d8a4e10',
            `"x-api-key": ${apiKey}`,
            '"@authority": voice.example.com',
            `"@signature-params": ${v5Params}`,
        ]);
    });

    it('uses the decoded octets of the secret, not its text', () => {
        const ofText = createHmac('sha256', clientSecret).update(signatureBase(v5)).digest('base64');
        expect(signUpgrade(v5, clientSecret)['Signature']).not.toContain(ofText);
        expect(decodeClientSecret(clientSecret).toString('latin1')).toBe('MySuperSecretKeyTellNo-1!2@3#4$5');
    });

    it('signs another expiry when one is given', () => {
        const signed = signUpgrade({ ...v5, expiresSeconds: 1795334401 }, clientSecret);
        expect(signed['Signature-Input']).toContain(';expires=1795334401;');
        expect(signed['Signature']).not.toBe(signUpgrade(v5, clientSecret)['Signature']);
    });

    it('refuses to sign with a secret that is empty or not base64', () => {
        expect(() => decodeClientSecret('')).toThrow('not base64');
        expect(() => decodeClientSecret('not base64!')).toThrow('not base64');
    });

    it('escapes quotes and backslashes of a key as structured fields do', () => {
        expect(signatureBase({ ...v5, apiKey: 'a"b\\c' })).toContain(';keyid="a\\"b\\\\c";');
    });

    it('sends the headers of an unsigned call without a signature', () => {
        const headers = upgradeHeaders({ ...v5, retryAttempt: 2 });
        expect(Object.keys(headers)).toEqual([
            'User-Agent',
            'Audiohook-Organization-Id',
            'Audiohook-Session-Id',
            'Audiohook-Correlation-Id',
            'Audiohook-Retry-Attempt',
            'X-API-KEY',
        ]);
        expect(headers['Audiohook-Retry-Attempt']).toBe('2');
        expect(upgradeHeaders({ ...v5, clientSecret })).toHaveProperty('Signature');
    });

    it('makes nonces of 18 octets that differ', () => {
        const nonces = new Set(Array.from({ length: 50 }, newNonce));
        expect(nonces.size).toBe(50);
        for (const nonce of nonces) expect(Buffer.from(nonce, 'base64')).toHaveLength(18);
    });
});
