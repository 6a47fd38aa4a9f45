import {
    API_KEY,
    authenticateOnce,
    codeOf,
    COMPONENTS,
    goodParameters,
    NOW_SECONDS,
    sign,
    signedRequest,
    type Recipe,
} from './signing';

function codeFor(recipe: Recipe): Promise<string> {
    return codeOf(authenticateOnce(signedRequest(recipe)));
}

function withParameter(over: Record<string, string | undefined>): Promise<string> {
    return codeFor({ parameters: goodParameters(over) });
}

describe('the covered components', () => {
    it('may stand in any order, and the parameters too', async () => {
        await expect(codeFor({ components: [...COMPONENTS].reverse() })).resolves.toBe('accepted');
        await expect(codeFor({ parameters: goodParameters().reverse() })).resolves.toBe('accepted');
    });

    it.each(COMPONENTS)('must include %s', async (missing) => {
        const components = COMPONENTS.filter((name) => name !== missing);
        await expect(codeFor({ components })).resolves.toBe('ERR_SIGNATURE_COMPONENTS');
    });

    it('may include other headers, which then are checked too', async () => {
        const recipe = { components: [...COMPONENTS, 'user-agent'], headers: { 'user-agent': 'client 1' } };
        await expect(codeFor(recipe)).resolves.toBe('accepted');
        const forged = { ...recipe, signedValues: { 'user-agent': 'client 2' } };
        await expect(codeFor(forged)).resolves.toBe('ERR_SIGNATURE_MISMATCH');
    });

    it('covers header octets above ASCII as they are', async () => {
        const headers = { 'x-name': 'caf\u00e9\u00a0' };
        await expect(codeFor({ components: [...COMPONENTS, 'x-name'], headers })).resolves.toBe('accepted');
    });

    it.each([
        '@method',
        '@scheme',
        '@target-uri',
        '@path',
        '@query',
        '@signature-params',
        'signature',
        'Host',
        'x-absent',
    ])('must not include %s', async (name) => {
        const components = [...COMPONENTS, name];
        await expect(codeFor({ components })).resolves.toBe('ERR_SIGNATURE_COMPONENTS');
    });

    it('must not stand twice', async () => {
        const components = [...COMPONENTS, 'x-api-key'];
        await expect(codeFor({ components })).resolves.toBe('ERR_SIGNATURE_COMPONENTS');
    });

    it.each(['req', 'bs', 'sf', 'key="a"', 'name="a"'])('must not have the parameter %s', async (parameter) => {
        const { input, signature } = sign();
        const headers = {
            'signature-input': `sig1=${input.replace('"@authority"', `"@authority";${parameter}`)}`,
            signature: `sig1=:${signature}:`,
        };
        await expect(codeFor({ headers })).resolves.toBe('ERR_SIGNATURE_COMPONENTS');
    });

    it.each([
        ['a line break', 'a\n"@authority": evil.example.com'],
        ['a character wider than an octet', '\u0141'],
    ])('must not hold %s', async (_name, value) => {
        const recipe = { components: [...COMPONENTS, 'x-extra'], headers: { 'x-extra': value } };
        await expect(codeFor(recipe)).resolves.toBe('ERR_SIGNATURE_COMPONENTS');
    });
});

describe('the signature parameters', () => {
    it.each([
        ['created is missing', { created: undefined }],
        ['created is text', { created: '"1"' }],
        ['created is a decimal', { created: `${NOW_SECONDS}.0` }],
        ['expires is text', { expires: '"1"' }],
        ['nonce is missing', { nonce: undefined }],
        ['nonce has 21 characters', { nonce: `"${'n'.repeat(21)}"` }],
        ['nonce has 257 characters', { nonce: `"${'n'.repeat(257)}"` }],
        ['nonce is a token', { nonce: 'n'.repeat(24) }],
        ['alg is hmac-sha512', { alg: '"hmac-sha512"' }],
        ['alg is a token', { alg: 'hmac-sha256' }],
        ['an unknown one stands there', { tag: '"app"' }],
    ])('are refused when %s', async (_name, over) => {
        await expect(withParameter(over)).resolves.toBe('ERR_SIGNATURE_PARAMETERS');
    });

    it.each([{ keyid: '"b3RoZXI="' }, { keyid: undefined }, { keyid: 'token' }])(
        'are refused when keyid is not the API key: %j',
        async (over) => {
            await expect(withParameter(over)).resolves.toBe('ERR_SIGNATURE_KEYID');
        },
    );

    it('need neither alg nor expires', async () => {
        await expect(withParameter({ alg: undefined, expires: undefined })).resolves.toBe('accepted');
    });

    it.each([22, 256])('take a nonce of %d characters', async (characters) => {
        await expect(withParameter({ nonce: `"${'n'.repeat(characters)}"` })).resolves.toBe('accepted');
    });

    it('take expires=0 for a date of 1970, not for an absent one', async () => {
        await expect(withParameter({ expires: '0' })).resolves.toBe('ERR_SIGNATURE_EXPIRED');
    });

    it.each([
        [-3, 'accepted'],
        [-4, 'ERR_SIGNATURE_EXPIRED'],
    ])('allow 3 seconds of skew for expires: %d seconds from now is %s', async (seconds, code) => {
        await expect(withParameter({ expires: String(NOW_SECONDS + seconds) })).resolves.toBe(code);
    });
});

describe('several labels', () => {
    function twoLabels(other: Recipe): Promise<string> {
        const own = sign();
        const second = sign(other);
        const headers = {
            'signature-input': `sig1=${own.input}, sig2=${second.input}`,
            signature: `sig2=:${second.signature}:, sig1=:${own.signature}:`,
        };
        return codeFor({ headers });
    }

    const otherNonce = goodParameters({ nonce: '"BBBBBBBBBBBBBBBBBBBBBBBB"' });

    it('are accepted when all of this key verify', async () => {
        await expect(twoLabels({ parameters: otherNonce })).resolves.toBe('accepted');
    });

    it('are refused when one of this key does not', async () => {
        const secret = Buffer.alloc(32, 1);
        await expect(twoLabels({ parameters: otherNonce, secret })).resolves.toBe('ERR_SIGNATURE_MISMATCH');
    });

    it('leave those of other keys alone', async () => {
        const parameters = goodParameters({ keyid: '"proxy"', alg: '"rsa-pss-sha512"' });
        await expect(twoLabels({ parameters, secret: Buffer.alloc(32, 1) })).resolves.toBe('accepted');
    });

    it.each([
        [4, 'accepted'],
        [5, 'ERR_SIGNATURE_MALFORMED'],
    ])('are four at most: %d are %s', async (labels, code) => {
        const own = sign();
        const others = Array.from({ length: labels - 1 }, (_, at) => `other${at}`);
        const headers = {
            'signature-input': [`sig1=${own.input}`, ...others.map((label) => `${label}=()`)].join(', '),
            signature: [`sig1=:${own.signature}:`, ...others.map((label) => `${label}=::`)].join(', '),
        };
        await expect(codeFor({ headers })).resolves.toBe(code);
    });

    it('must be the same in both headers, those of other keys too', async () => {
        const own = sign();
        const headers = {
            'signature-input': `sig1=${own.input}, sig2=()`,
            signature: `sig1=:${own.signature}:, sig3=::`,
        };
        await expect(codeFor({ headers })).resolves.toBe('ERR_SIGNATURE_MALFORMED');
    });

    it('may be spread over several header lines', async () => {
        const own = sign();
        const second = sign({ parameters: otherNonce });
        const request = signedRequest({
            headers: { 'signature-input': `sig1=${own.input}`, signature: `sig1=:${own.signature}:` },
        });
        const more = ['Signature-Input', `sig2=${second.input}`, 'Signature', `sig2=:${second.signature}:`];
        const result = authenticateOnce({ ...request, rawHeaders: [...request.rawHeaders, ...more] });
        await expect(codeOf(result)).resolves.toBe('accepted');
    });
});

describe('malformed signature headers', () => {
    const good = sign();

    it.each([
        ['no Signature', { 'signature-input': `sig1=${good.input}`, signature: undefined }],
        ['no Signature-Input', { 'signature-input': undefined }],
        ['empty fields', { 'signature-input': '', signature: '' }],
        ['other labels', { signature: `sig2=:${good.signature}:` }],
        ['one label more', { signature: `sig1=:${good.signature}:, sig2=:${good.signature}:` }],
        ['a label twice', { 'signature-input': `sig1=${good.input}, sig1=${good.input}` }],
        ['a signature twice', { signature: `sig1=:${good.signature}:, sig1=:${good.signature}:` }],
        ['a parameter twice', { 'signature-input': `sig1=${good.input};created=1` }],
        [
            'five labels',
            { 'signature-input': 'a=(), b=(), c=(), d=(), e=()', signature: 'a=::, b=::, c=::, d=::, e=::' },
        ],
        ['an item instead of a list', { 'signature-input': `sig1="x";keyid="${API_KEY}"` }],
        ['a signature that is text', { signature: `sig1="${good.signature}"` }],
        ['a signature that is a list', { signature: `sig1=(:${good.signature}:)` }],
        ['base64 without its padding', { signature: `sig1=:${good.signature.replace('=', '')}:` }],
        ['an open list', { 'signature-input': 'sig1=("@request-target"' }],
        ['no octets', { signature: 'sig1=::' }],
        ['64 KB of blanks', { 'signature-input': `sig1=(${' '.repeat(65_536)})` }],
        ['64 KB of signature', { signature: `sig1=:${'A'.repeat(65_536)}:` }],
        ['64 KB of nothing known', { 'signature-input': '\u00ff'.repeat(65_536) }],
    ])('are refused: %s', async (_name, headers) => {
        await expect(codeFor({ headers })).resolves.toBe('ERR_SIGNATURE_MALFORMED');
    });

    it.each([
        [8192, 'accepted'],
        [8193, 'ERR_SIGNATURE_MALFORMED'],
    ])('a field of %d characters is %s', async (characters, code) => {
        const padding = ' '.repeat(characters - `sig1=${good.input}`.length);
        const headers = {
            'signature-input': `sig1=${good.input.replace('(', `(${padding}`)}`,
            signature: `sig1=:${good.signature}:`,
        };
        await expect(codeFor({ headers })).resolves.toBe(code);
    });

    it.each([0, 1, 3, 31, 33, 64])('a signature of %d octets is refused without throwing', async (octets) => {
        const signature = `sig1=:${Buffer.alloc(octets, 1).toString('base64')}:`;
        await expect(codeFor({ headers: { signature } })).resolves.toBe('ERR_SIGNATURE_MALFORMED');
    });
});
