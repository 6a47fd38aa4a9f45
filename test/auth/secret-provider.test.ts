import { Authenticator, type SecretProvider } from '../../src/auth/authenticator';
import { FakeClock } from '../support/fake-clock';
import { authenticateOnce, codeOf, NOW_MS, SECRET, signedRequest } from './signing';

describe('a secret provider', () => {
    it('may answer later', async () => {
        const secrets: SecretProvider = { getSecretsForKey: () => Promise.resolve([SECRET]) };
        await expect(codeOf(authenticateOnce(signedRequest(), { secrets }))).resolves.toBe('accepted');
    });

    it.each([
        [
            'throws',
            () => {
                throw new Error('vault');
            },
        ],
        ['rejects', () => Promise.reject(new Error('vault'))],
    ])('that %s refuses the request, and its fault is there for our log', async (_name, getSecretsForKey) => {
        const result = await authenticateOnce(signedRequest(), { secrets: { getSecretsForKey } });
        expect(result).toMatchObject({ ok: false, status: 401, code: 'ERR_SECRETS_UNAVAILABLE' });
        expect(!result.ok && result.fault).toEqual(new Error('vault'));
    });

    it('that gives an empty secret is not believed', async () => {
        const secrets: SecretProvider = { getSecretsForKey: () => [SECRET, Buffer.alloc(0)] };
        const signedWithNothing = signedRequest({ secret: Buffer.alloc(0) });
        await expect(codeOf(authenticateOnce(signedWithNothing, { secrets }))).resolves.toBe('ERR_SECRETS_UNAVAILABLE');
    });

    it('that never answers is given up after its time', async () => {
        const clock = new FakeClock(NOW_MS);
        const secrets: SecretProvider = { getSecretsForKey: () => new Promise(() => undefined) };
        const authenticator = new Authenticator({ secrets, clock, secretTimeoutMs: 2_000 });
        const code = codeOf(authenticator.authenticate(signedRequest()));
        await clock.advanceAsync(2_000, 100);
        await expect(code).resolves.toBe('ERR_SECRETS_UNAVAILABLE');
        expect(clock.pendingCount).toBe(0);
    });

    it('is not asked about a request that is refused without it', async () => {
        const getSecretsForKey = jest.fn(() => [SECRET]);
        const request = signedRequest({ headers: { signature: 'sig1=:' } });
        await authenticateOnce(request, { secrets: { getSecretsForKey } });
        expect(getSecretsForKey).not.toHaveBeenCalled();
    });

    it('is answered with a refusal when our own code fails, never with a rejection', async () => {
        const clock = new FakeClock(NOW_MS);
        jest.spyOn(clock, 'epochMs').mockImplementation(() => {
            throw new Error('bug');
        });
        const result = await authenticateOnce(signedRequest(), { clock });
        expect(result).toEqual({ ok: false, status: 401, code: 'ERR_INTERNAL', fault: new Error('bug') });
    });

    it('leaves no timer behind', async () => {
        const clock = new FakeClock(NOW_MS);
        await authenticateOnce(signedRequest(), { clock });
        expect(clock.pendingCount).toBe(0);
    });
});
