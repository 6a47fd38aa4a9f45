import fc from 'fast-check';
import { RequestHeaders } from '../../src/auth/request-headers';
import { hmacSha256, signatureBase } from '../../src/auth/signature-verifier';
import { parseDictionary } from '../../src/auth/structured-dictionary';
import { FakeClock } from '../support/fake-clock';
import { authenticateOnce, codeOf, provider } from './signing';
import { requestOf, SAMPLE_KEY, SAMPLE_SECRET, SAMPLE_SECRET_BASE64, V1, V2, V3, V5, type Vector } from './vectors';

const SECRETS = provider({ [SAMPLE_KEY]: [SAMPLE_SECRET] });

function codeAt(vector: Pick<Vector, 'url' | 'headers'>, atSeconds: number, secrets = SECRETS): Promise<string> {
    return codeOf(authenticateOnce(requestOf(vector), { secrets, clock: new FakeClock(atSeconds * 1000) }));
}

describe('the published signatures', () => {
    it.each([V1, V3, V5])('accepts $name one second after it was made', async (vector) => {
        await expect(codeAt(vector, vector.created + 1)).resolves.toBe('accepted');
    });

    it('accepts V3 until 13 seconds after it was made, and refuses it at 14', async () => {
        await expect(codeAt(V3, V3.created + 13)).resolves.toBe('accepted');
        await expect(codeAt(V3, V3.created + 14)).resolves.toBe('ERR_SIGNATURE_EXPIRED');
    });

    it('accepts V3 up to 3 seconds before it was made, and refuses it at 4', async () => {
        await expect(codeAt(V3, V3.created - 3)).resolves.toBe('accepted');
        await expect(codeAt(V3, V3.created - 4)).resolves.toBe('ERR_SIGNATURE_FUTURE');
    });

    it('refuses V1 after its age, although its expires lies in 2074', async () => {
        await expect(codeAt(V1, V1.created + 14)).resolves.toBe('ERR_SIGNATURE_EXPIRED');
    });

    it('refuses V2, which covers host instead of @authority', async () => {
        await expect(codeAt(V2, V2.created + 1)).resolves.toBe('ERR_SIGNATURE_COMPONENTS');
    });

    it('refuses V3 under the base64 text of the secret instead of its octets', async () => {
        const secrets = provider({ [SAMPLE_KEY]: [Buffer.from(SAMPLE_SECRET_BASE64)] });
        await expect(codeAt(V3, V3.created + 1, secrets)).resolves.toBe('ERR_SIGNATURE_MISMATCH');
    });

    it.each([
        [V2.name, V2.url, V2.headers, SAMPLE_SECRET, 'zupMJUMfd/kMuvKc5zhRyfJPE3jTROuz1S1hn8SCTpE='],
        [
            'V4, the sample of the IETF draft',
            '/foo',
            {
                Host: 'example.com',
                Date: 'Tue, 20 Apr 2021 02:07:55 GMT',
                'Content-Type': 'application/json',
                'Signature-Input':
                    'sig1=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
            },
            Buffer.from(
                'uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==',
                'base64',
            ),
            'pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=',
        ],
    ])('computes %s', (_name, target, lines, secret, expected) => {
        const headers = new RequestHeaders(Object.entries(lines).flat());
        const input = parseDictionary(headers.only('signature-input') ?? '')?.get('sig1');
        if (input?.kind !== 'inner-list') throw new Error('The vector is not an inner list.');
        const base = signatureBase(input, { target, authority: headers.only('host') ?? '', headers });
        expect(base && hmacSha256(base, secret).toString('base64')).toBe(expected);
    });

    it('builds the seven lines of V5 byte by byte', () => {
        const headers = new RequestHeaders(requestOf(V5).rawHeaders);
        const input = parseDictionary(headers.only('signature-input') ?? '')?.get('sig1');
        if (input?.kind !== 'inner-list') throw new Error('The vector is not an inner list.');
        const base = signatureBase(input, { target: V5.url, authority: 'voice.example.com', headers });
        expect(base?.toString().split('\n')).toEqual([
            '"@request-target": /audiohook/v1/bot?line=billing',
            '"audiohook-session-id": 7d0b3c9e-6a54-4c1b-9c0e-2f6b1d8a4e10',
            '"audiohook-organization-id": 3f1c9a52-0b7e-4d38-8a61-5be0c2d7f914',
            '"audiohook-correlation-id": 7d0b3c9e-6a54-4c1b-9c0e-2f6b1d8a4e10',
            '"x-api-key": SGVsbG8sIEkgYW0gdGhlIEFQSSBrZXkh',
            '"@authority": voice.example.com',
            `"@signature-params": ${(V5.headers['Signature-Input'] ?? '').slice('sig1='.length)}`,
        ]);
    });
});

/** Everything that a signature covers, or is: changed at any place, the request must be refused. */
const PARTS = [
    'url',
    'Host',
    'Audiohook-Organization-Id',
    'Audiohook-Session-Id',
    'Audiohook-Correlation-Id',
    'X-API-KEY',
    'Signature-Input',
    'Signature',
];

function textOf(vector: Vector, part: string): string {
    return part === 'url' ? vector.url : (vector.headers[part] ?? '');
}

function changed(vector: Vector, part: string, index: number, character: string): Vector {
    const text = textOf(vector, part);
    const mutated = text.slice(0, index) + character + text.slice(index + 1);
    if (part === 'url') return { ...vector, url: mutated };
    return { ...vector, headers: { ...vector.headers, [part]: mutated } };
}

/** A host name means the same in either case; everything else is compared octet by octet. */
function means(part: string, character: string): string {
    return part === 'Host' ? character.toLowerCase() : character;
}

describe('any one changed character', () => {
    it.each([V1, V3, V5])('is refused at every place of $name', async (vector) => {
        const accepted: string[] = [];
        let tried = 0;
        for (const part of PARTS) {
            const text = textOf(vector, part);
            for (let index = 0; index < text.length; index++) {
                const other = String.fromCharCode(text.charCodeAt(index) ^ 1);
                const code = await codeAt(changed(vector, part, index, other), vector.created + 1);
                tried++;
                if (code === 'accepted') accepted.push(`${part} at ${index}`);
            }
        }
        expect(accepted).toEqual([]);
        expect(tried).toBeGreaterThan(450);
    });

    it('is refused after every change', async () => {
        await fc.assert(
            fc.asyncProperty(
                fc.constantFrom(V1, V3, V5),
                fc.constantFrom(...PARTS),
                fc.nat(10_000),
                fc.string({ minLength: 1, maxLength: 1, unit: 'grapheme-ascii' }),
                async (vector, part, place, character) => {
                    const text = textOf(vector, part);
                    const index = place % text.length;
                    fc.pre(means(part, text.charAt(index)) !== means(part, character));
                    const code = await codeAt(changed(vector, part, index, character), vector.created + 1);
                    // A label may be called anything, as long as both headers agree: here they never do.
                    expect(code).not.toBe('accepted');
                },
            ),
            { seed: 20261122, numRuns: 1500 },
        );
    });
});
