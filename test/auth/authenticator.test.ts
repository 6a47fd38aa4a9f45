import fc from 'fast-check';
import { Authenticator, type AuthRequest, type AuthResult, type NonceStore } from '../../src/auth/authenticator';
import { ReplayGuard } from '../../src/auth/replay-guard';
import { FakeClock } from '../support/fake-clock';
import * as signing from './signing';
import { API_KEY, authenticateOnce, codeOf, NOW_MS, SECRET, sign, signedRequest, unsignedRequest } from './signing';

const UNSIGNED_KEY = 'dW5zaWduZWQ=';

describe('Authenticator', () => {
    it('hands out the identity of a signed request', async () => {
        const request = signedRequest({ headers: { 'audiohook-retry-attempt': '2' } });
        await expect(authenticateOnce(request)).resolves.toEqual({
            ok: true,
            identity: {
                apiKey: API_KEY,
                organizationId: '3f1c9a52-0b7e-4d38-8a61-5be0c2d7f914',
                sessionId: '7d0b3c9e-6a54-4c1b-9c0e-2f6b1d8a4e10',
                correlationId: 'e160e428-53e2-487c-977d-96989bf5c99d',
                signed: true,
                retryAttempt: 2,
            },
        });
    });

    it.each(['-1', 'x', '1.5', '99999', ''])('ignores the retry attempt %j, which is not signed', async (value) => {
        const result = await authenticateOnce(signedRequest({ headers: { 'audiohook-retry-attempt': value } }));
        expect(result.ok && 'retryAttempt' in result.identity).toBe(false);
        expect(result.ok).toBe(true);
    });

    it.each([undefined, '', 'a b', 'key,key', '=', 'a===', 'k'.repeat(513), 'k'.repeat(65_536)])(
        'refuses the API key %j',
        async (apiKey) => {
            const request = unsignedRequest({ headers: { 'x-api-key': apiKey } });
            await expect(codeOf(authenticateOnce(request))).resolves.toBe('ERR_KEY_MISSING');
        },
    );

    it('refuses two X-API-KEY lines, be they equal', async () => {
        const request = signedRequest();
        const rawHeaders = [...request.rawHeaders, 'X-API-KEY', API_KEY];
        await expect(codeOf(authenticateOnce({ ...request, rawHeaders }))).resolves.toBe('ERR_KEY_MISSING');
    });

    it.each(['dW5rbm93bg==', '__proto__', 'constructor'])('refuses the unknown key %s, unsigned', async (apiKey) => {
        const request = unsignedRequest({ headers: { 'x-api-key': apiKey } });
        await expect(codeOf(authenticateOnce(request))).resolves.toBe('ERR_KEY_UNKNOWN');
    });

    it('refuses an unsigned request for a key that has a secret', async () => {
        await expect(codeOf(authenticateOnce(unsignedRequest()))).resolves.toBe('ERR_SIGNATURE_MISSING');
    });

    it('accepts an unsigned request for a key that is explicitly unsigned', async () => {
        const result = await authenticateOnce(unsignedRequest({ headers: { 'x-api-key': UNSIGNED_KEY } }));
        expect(result).toMatchObject({ ok: true, identity: { signed: false, apiKey: UNSIGNED_KEY } });
    });

    it.each([
        ['an empty secret', Buffer.alloc(0)],
        ['a secret of zeros', Buffer.alloc(32)],
        ['the secret of another key', SECRET],
    ])('refuses an unknown key signed with %s', async (_name, secret) => {
        const recipe = { secret, headers: { 'x-api-key': 'bm9ib2R5' } };
        const parameters = signing.goodParameters({ keyid: '"bm9ib2R5"' });
        await expect(codeOf(authenticateOnce(signedRequest({ ...recipe, parameters })))).resolves.toBe(
            'ERR_KEY_UNKNOWN',
        );
    });

    it('never verifies a signature with the empty secret of an unsigned key', async () => {
        const recipe = { secret: Buffer.alloc(0), headers: { 'x-api-key': UNSIGNED_KEY } };
        const parameters = signing.goodParameters({ keyid: `"${UNSIGNED_KEY}"` });
        const result = authenticateOnce(signedRequest({ ...recipe, parameters }));
        await expect(codeOf(result)).resolves.toBe('ERR_SIGNATURE_UNEXPECTED');
    });

    it('accepts either of two secrets while they are being changed', async () => {
        const old = Buffer.alloc(32, 7);
        const secrets = signing.provider({ [API_KEY]: [old, SECRET] });
        await expect(codeOf(authenticateOnce(signedRequest(), { secrets }))).resolves.toBe('accepted');
        await expect(codeOf(authenticateOnce(signedRequest({ secret: old }), { secrets }))).resolves.toBe('accepted');
        const wrong = signedRequest({ secret: Buffer.alloc(32, 8) });
        await expect(codeOf(authenticateOnce(wrong, { secrets }))).resolves.toBe('ERR_SIGNATURE_MISMATCH');
    });

    it('refuses the second use of a nonce', async () => {
        const clock = new FakeClock(NOW_MS);
        const authenticator = new Authenticator({ secrets: signing.TEST_SECRETS, clock, failureDelayMs: 0 });
        await expect(codeOf(authenticator.authenticate(signedRequest()))).resolves.toBe('accepted');
        await expect(codeOf(authenticator.authenticate(signedRequest()))).resolves.toBe('ERR_SIGNATURE_REPLAYED');
        const signedAnew = signedRequest({ url: '/audiohook/other' });
        await expect(codeOf(authenticator.authenticate(signedAnew))).resolves.toBe('ERR_SIGNATURE_REPLAYED');
    });

    it('lets one of two simultaneous copies through', async () => {
        const authenticator = new Authenticator({
            secrets: signing.TEST_SECRETS,
            clock: new FakeClock(NOW_MS),
            failureDelayMs: 0,
        });
        const copies = [authenticator.authenticate(signedRequest()), authenticator.authenticate(signedRequest())];
        const codes = await Promise.all(copies.map(codeOf));
        expect(codes.sort()).toEqual(['ERR_SIGNATURE_REPLAYED', 'accepted']);
    });

    it('does not use a nonce up for a request that fails', async () => {
        const clock = new FakeClock(NOW_MS);
        const authenticator = new Authenticator({ secrets: signing.TEST_SECRETS, clock, failureDelayMs: 0 });
        const forged = signedRequest({ secret: Buffer.alloc(32, 9) });
        await expect(codeOf(authenticator.authenticate(forged))).resolves.toBe('ERR_SIGNATURE_MISMATCH');
        await expect(codeOf(authenticator.authenticate(signedRequest()))).resolves.toBe('accepted');
    });

    it('refuses what it cannot remember', async () => {
        const clock = new FakeClock(NOW_MS);
        const replayGuard = new ReplayGuard(clock, { maxPerKey: 0 });
        await expect(codeOf(authenticateOnce(signedRequest(), { clock, replayGuard }))).resolves.toBe(
            'ERR_REPLAY_GUARD_FULL',
        );
    });

    it.each(['audiohook-organization-id', 'audiohook-session-id', 'audiohook-correlation-id'])(
        'says 400 for a malformed or missing %s, but only to a peer with a good key',
        async (name) => {
            const malformed = { ok: false, status: 400, code: 'ERR_IDENTITY_HEADERS' };
            await expect(authenticateOnce(signedRequest({ headers: { [name]: 'not-a-uuid' } }))).resolves.toEqual(
                malformed,
            );
            const known = { 'x-api-key': UNSIGNED_KEY, [name]: undefined };
            await expect(authenticateOnce(unsignedRequest({ headers: known }))).resolves.toEqual(malformed);
            const stranger = unsignedRequest({ headers: { 'x-api-key': 'c3RyYW5nZXI=', [name]: undefined } });
            await expect(authenticateOnce(stranger)).resolves.toMatchObject({ status: 401 });
            const uncovered = signedRequest({ headers: { [name]: undefined } });
            await expect(authenticateOnce(uncovered)).resolves.toMatchObject({ status: 401 });
        },
    );

    it('refuses two lines of an id, be they signed', async () => {
        const id = '3f1c9a52-0b7e-4d38-8a61-5be0c2d7f914';
        const request = signedRequest({ signedValues: { 'audiohook-organization-id': `${id}, ${id}` } });
        const rawHeaders = [...request.rawHeaders, 'Audiohook-Organization-Id', id];
        await expect(codeOf(authenticateOnce({ ...request, rawHeaders }))).resolves.toBe('ERR_IDENTITY_HEADERS');
    });

    it.each(['00000000-0000-0000-0000-000000000000', '0192F3A0-7C1E-7D00-8000-0123456789AB'])(
        'accepts the session id %s of any UUID version',
        async (id) => {
            const request = signedRequest({ headers: { 'audiohook-session-id': id } });
            await expect(authenticateOnce(request)).resolves.toMatchObject({ ok: true, identity: { sessionId: id } });
        },
    );

    it('survives any headers at all, and accepts none of them', async () => {
        const name = fc.constantFrom('Host', 'X-API-KEY', 'Signature', 'Signature-Input', 'X-Other');
        const value = fc.oneof(
            fc.string(),
            fc.constantFrom(API_KEY, `sig1=${sign().input}`, 'sig1=::', 'sig1=();keyid="x"'),
        );
        const headers = fc.array(fc.tuple(name, value), { maxLength: 12 });
        await fc.assert(
            fc.asyncProperty(headers, fc.string(), async (lines, url) => {
                const result = await authenticateOnce({ url, rawHeaders: lines.flat() });
                expect(result).toMatchObject({ ok: false, status: 401 });
            }),
            { seed: 20261122, numRuns: 500 },
        );
    });

    it('a refusal holds no key, signature or nonce', async () => {
        const forged = signedRequest({ secret: Buffer.alloc(32, 9) });
        const text = JSON.stringify(await authenticateOnce(forged));
        const { signature } = sign({ secret: Buffer.alloc(32, 9) });
        for (const secret of [API_KEY, signing.NONCE, signature, SECRET.toString('base64')]) {
            expect(text).not.toContain(secret);
        }
    });

    it('does work in proportion to a long covered header', async () => {
        async function charactersRead(length: number): Promise<number> {
            const spy = jest.spyOn(String.prototype, 'charCodeAt');
            const headers = { 'x-extra': `a${' '.repeat(length)}b` };
            const request = signedRequest({ components: [...signing.COMPONENTS, 'x-extra'], headers });
            await expect(codeOf(authenticateOnce(request))).resolves.toBe('accepted');
            const count = spy.mock.calls.length;
            spy.mockRestore();
            return count;
        }
        const small = await charactersRead(8_000);
        expect(small).toBeGreaterThan(8_000);
        expect(await charactersRead(32_000)).toBeLessThan(4.1 * small);
    });
});

describe('with a memory of nonces that several processes share', () => {
    type Claim = NonceStore['claim'];

    function storeThat(...answers: ('fresh' | 'replayed' | 'unavailable')[]) {
        const claim = jest.fn<ReturnType<Claim>, Parameters<Claim>>(() => Promise.resolve(answers.shift() ?? 'fresh'));
        return { claim };
    }

    it('asks it about a verified signature, with the last moment at which this could be accepted', async () => {
        const nonceStore = storeThat('fresh');
        await expect(codeOf(authenticateOnce(signedRequest(), { nonceStore }))).resolves.toBe('accepted');
        const used = { apiKey: API_KEY, nonce: signing.NONCE, untilMs: NOW_MS + 13_000 };
        expect(nonceStore.claim.mock.calls).toEqual([[[used]]]);
    });

    it.each([
        ['of a stranger', signedRequest({ secret: Buffer.alloc(32, 9) })],
        ['that is too old', signedRequest({ parameters: signing.goodParameters({ created: '1', expires: '2' }) })],
        ['without a signature', unsignedRequest()],
        ['of an unsigned key', unsignedRequest({ headers: { 'x-api-key': UNSIGNED_KEY } })],
    ])('does not ask it about a request %s', async (_name, request) => {
        const nonceStore = storeThat();
        await authenticateOnce(request, { nonceStore });
        expect(nonceStore.claim).not.toHaveBeenCalled();
    });

    it('refuses what another process has accepted, like any replay', async () => {
        const result = await authenticateOnce(signedRequest(), { nonceStore: storeThat('replayed') });
        expect(result).toEqual({ ok: false, status: 401, code: 'ERR_SIGNATURE_REPLAYED' });
    });

    it('asks its own memory first: a copy that comes while the answer is awaited is refused', async () => {
        const nonceStore = storeThat('fresh', 'fresh');
        const clock = new FakeClock(NOW_MS);
        const secrets = signing.TEST_SECRETS;
        const authenticator = new Authenticator({ secrets, clock, failureDelayMs: 0, nonceStore });
        const copies = [authenticator.authenticate(signedRequest()), authenticator.authenticate(signedRequest())];
        expect((await Promise.all(copies.map(codeOf))).sort()).toEqual(['ERR_SIGNATURE_REPLAYED', 'accepted']);
        expect(nonceStore.claim).toHaveBeenCalledTimes(1);
    });

    it('answers 503 at once where it must not go without it', async () => {
        const clock = new FakeClock(NOW_MS);
        const nonceStore = storeThat('unavailable');
        const authenticator = new Authenticator({ secrets: signing.TEST_SECRETS, clock, nonceStore });
        const answer = { ok: false, status: 503, code: 'ERR_REPLAY_STORE_DOWN' };
        await expect(authenticator.authenticate(signedRequest())).resolves.toEqual(answer);
        expect(clock.nowMs()).toBe(0);
    });
});

describe('the failure delay', () => {
    async function settledAfter(request: AuthRequest, atMs: number, options = {}): Promise<AuthResult | undefined> {
        const clock = new FakeClock(NOW_MS);
        const authenticator = new Authenticator({ secrets: signing.TEST_SECRETS, clock, ...options });
        let settled: AuthResult | undefined;
        void authenticator.authenticate(request).then((result) => {
            settled = result;
        });
        await clock.advanceAsync(atMs);
        return settled;
    }

    it('holds a refusal back for half a second after the request came', async () => {
        await expect(settledAfter(unsignedRequest(), 499)).resolves.toBeUndefined();
        await expect(settledAfter(unsignedRequest(), 510)).resolves.toMatchObject({ ok: false, status: 401 });
    });

    it('holds a 400 back as well', async () => {
        const request = signedRequest({ headers: { 'audiohook-session-id': 'x' } });
        await expect(settledAfter(request, 499)).resolves.toBeUndefined();
        await expect(settledAfter(request, 510)).resolves.toMatchObject({ status: 400 });
    });

    it('does not touch a good request', async () => {
        await expect(settledAfter(signedRequest(), 1)).resolves.toMatchObject({ ok: true });
    });

    it('does not add to a slow secret provider', async () => {
        const clock = new FakeClock(NOW_MS);
        const secrets = {
            getSecretsForKey: () =>
                new Promise<undefined>((resolve) => {
                    clock.after(600, () => {
                        resolve(undefined);
                    });
                }),
        };
        let settled: AuthResult | undefined;
        void new Authenticator({ secrets, clock }).authenticate(unsignedRequest()).then((result) => {
            settled = result;
        });
        await clock.advanceAsync(600);
        expect(settled).toMatchObject({ ok: false, code: 'ERR_KEY_UNKNOWN' });
        expect(clock.pendingCount).toBe(0);
    });
});
