import { Authenticator } from '../../src/auth/authenticator';
import { FakeClock } from '../support/fake-clock';
import { NOW_MS, SECRET, signedRequest, unsignedRequest } from './signing';

const FLOOD = 2000;

describe('a flood of requests that are refused', () => {
    it('is delayed in part only, so that the number of waiting requests is bounded; then all are delayed again', async () => {
        const clock = new FakeClock(NOW_MS);
        const authenticator = new Authenticator({ clock, secrets: { getSecretsForKey: () => [SECRET] } });
        let answered = 0;
        const ask = async (): Promise<void> => {
            const result = await authenticator.authenticate(unsignedRequest());
            expect(result).toMatchObject({ ok: false, status: 401 });
            answered += 1;
        };
        const flood = Array.from({ length: FLOOD }, ask);
        await new Promise((resolve) => setImmediate(resolve));
        expect(answered).toBe(FLOOD - 500);
        await expect(authenticator.authenticate(signedRequest())).resolves.toMatchObject({ ok: true });
        clock.advance(500);
        await Promise.all(flood);
        const late = ask();
        await new Promise((resolve) => setImmediate(resolve));
        expect(answered).toBe(FLOOD);
        clock.advance(500);
        await late;
    });
});
