import { RequestHeaders } from '../../src/auth/request-headers';
import type { SignatureClaim } from '../../src/auth/signature-input';
import {
    acceptedUntilMs,
    checkFreshness,
    decoySecret,
    hmacSha256,
    signatureBase,
    verifyClaims,
    type SignedRequest,
} from '../../src/auth/signature-verifier';
import type { BareItem, InnerList, Item } from '../../src/auth/structured-dictionary';

const SECRET = Buffer.from('the secret of a client');
const CREATED = 1_700_000_000;
const NOW_MS = CREATED * 1000;

function item(value: BareItem, parameters: Item['parameters'] = new Map()): Item {
    return { kind: 'item', value, parameters };
}

/** What a signature covers: these components, in this order. */
function covering(...names: (string | Item)[]): InnerList {
    const items = names.map((name) => (typeof name === 'string' ? item({ type: 'string', value: name }) : name));
    return { kind: 'inner-list', items, parameters: new Map([['created', { type: 'integer', value: CREATED }]]) };
}

function request(...rawHeaders: string[]): SignedRequest {
    return { target: '/path?a=b', authority: 'example.com', headers: new RequestHeaders(rawHeaders) };
}

function baseOf(covered: InnerList, of: SignedRequest): string | undefined {
    return signatureBase(covered, of)?.toString('latin1');
}

describe('what is signed', () => {
    it('is a line for each component in their order, and the list itself', () => {
        const covered = covering('@authority', 'x-api-key', '@request-target');
        expect(baseOf(covered, request('X-Api-Key', 'abc', 'x-api-key', 'def'))).toBe(
            [
                '"@authority": example.com',
                '"x-api-key": abc, def',
                '"@request-target": /path?a=b',
                '"@signature-params": ("@authority" "x-api-key" "@request-target");created=1700000000',
            ].join('\n'),
        );
        expect(baseOf(covering(), request())).toBe('"@signature-params": ();created=1700000000');
    });

    it.each([
        ['that is no string', item({ type: 'token', value: 'x-a' })],
        ['that is a number', item({ type: 'integer', value: 1 })],
        [
            'with parameters',
            item({ type: 'string', value: 'x-a' }, new Map([['sf', { type: 'boolean', value: true }]])),
        ],
        ['that the request does not have', 'x-b'],
        ['that is the header of the signatures', 'signature'],
        ['that is the method', '@method'],
        ['whose name is not in lower case', 'X-A'],
    ])('is nothing for a component %s', (_name, component) => {
        expect(
            baseOf(covering('@authority', component), request('x-a', '1', 'signature', 'sig1=:AA==:')),
        ).toBeUndefined();
    });

    it('is nothing for a component that is listed twice', () => {
        expect(baseOf(covering('x-a', '@authority', 'x-a'), request('x-a', '1'))).toBeUndefined();
        expect(baseOf(covering('@authority', '@authority'), request())).toBeUndefined();
    });

    it.each(['\n', '\r', '\0', '\u001f', '\u007f', '\u0100', '\ud83d\ude00'])(
        'is nothing for a value with %j in it',
        (character) => {
            expect(baseOf(covering('x-a'), request('x-a', `a${character}b`))).toBeUndefined();
        },
    );

    it('takes every other octet as it is', () => {
        const octets = Array.from({ length: 256 }, (_, code) => code).filter(
            (code) => code === 9 || (code >= 0x20 && code !== 0x7f),
        );
        const text = String.fromCharCode(...octets);
        const base = signatureBase(covering('x-a'), request('x-a', `a${text}b`));
        expect(base?.includes(Buffer.from([0x61, ...octets, 0x62]))).toBe(true);
        expect(baseOf(covering('x-a'), request('x-a', ''))).toMatch(/^"x-a": \n/);
    });
});

describe('a claim', () => {
    const covered = covering('@authority', 'x-a');
    const signed = request('x-a', '1');
    const base = signatureBase(covered, signed) ?? Buffer.alloc(0);

    function claim(changes: Partial<SignatureClaim> = {}): SignatureClaim {
        return {
            covered,
            signature: hmacSha256(base, SECRET),
            created: CREATED,
            expires: undefined,
            nonce: 'n',
            ...changes,
        };
    }

    it('verifies under one of the secrets, wherever it stands among them', () => {
        const others = [decoySecret(), decoySecret()];
        for (const at of [0, 1, 2])
            expect(verifyClaims([claim()], signed, others.toSpliced(at, 0, SECRET))).toBeUndefined();
        expect(verifyClaims([claim()], signed, others)).toBe('ERR_SIGNATURE_MISMATCH');
        expect(verifyClaims([claim()], signed, [])).toBe('ERR_SIGNATURE_MISMATCH');
    });

    it('verifies with all others, and the first that does not is told', () => {
        const wrong = claim({ signature: Buffer.alloc(32) });
        const short = claim({ signature: Buffer.alloc(31) });
        expect(verifyClaims([claim(), claim()], signed, [SECRET])).toBeUndefined();
        expect(verifyClaims([claim(), wrong, short], signed, [SECRET])).toBe('ERR_SIGNATURE_MISMATCH');
        expect(verifyClaims([short, claim(), wrong], signed, [SECRET])).toBe('ERR_SIGNATURE_MALFORMED');
    });

    it.each([0, 31, 33])('has a signature of 32 octets, not %i', (length) => {
        expect(verifyClaims([claim({ signature: Buffer.alloc(length) })], signed, [SECRET])).toBe(
            'ERR_SIGNATURE_MALFORMED',
        );
    });

    it('covers what the request has', () => {
        const missing = claim({ covered: covering('x-b') });
        expect(verifyClaims([missing], signed, [SECRET])).toBe('ERR_SIGNATURE_COMPONENTS');
    });

    it('is no older than 10 s, and 3 s for clocks that differ', () => {
        expect(acceptedUntilMs(claim())).toBe(NOW_MS + 13_000);
        expect(checkFreshness(claim(), NOW_MS + 13_000)).toBeUndefined();
        expect(checkFreshness(claim(), NOW_MS + 13_001)).toBe('ERR_SIGNATURE_EXPIRED');
        expect(checkFreshness(claim({ expires: CREATED + 60 }), NOW_MS + 13_001)).toBe('ERR_SIGNATURE_EXPIRED');
    });

    it('is no more than 3 s from the future', () => {
        expect(checkFreshness(claim(), NOW_MS - 3000)).toBeUndefined();
        expect(checkFreshness(claim(), NOW_MS - 3001)).toBe('ERR_SIGNATURE_FUTURE');
    });

    it('expires when it says so, and 3 s later', () => {
        const expiring = claim({ expires: CREATED + 5 });
        expect(checkFreshness(expiring, NOW_MS + 8000)).toBeUndefined();
        expect(checkFreshness(expiring, NOW_MS + 8001)).toBe('ERR_SIGNATURE_EXPIRED');
        expect(checkFreshness(claim({ expires: 0 }), NOW_MS)).toBe('ERR_SIGNATURE_EXPIRED');
    });
});

it('takes as long for an unknown key: a secret of chance, of 32 octets', () => {
    expect(decoySecret()).toHaveLength(32);
    expect(Buffer.from(decoySecret()).equals(decoySecret())).toBe(false);
});
