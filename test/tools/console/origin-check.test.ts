import { PageAccess, isOwnHost, isOwnOrigin, REFUSALS } from '../../../tools/console/origin-check';

describe('PageAccess', () => {
    it('lets a page in with the token, once', () => {
        const access = new PageAccess();
        const token = access.currentToken;
        expect(access.enter(token)).toMatchObject({ ok: true });
        access.release();
        expect(access.enter(token)).toEqual({ ok: false, why: REFUSALS.token });
        expect(access.currentToken).not.toBe(token);
    });

    it.each(['', 'x', 'undefined'])('refuses the token %j with a sentence', (token) => {
        expect(new PageAccess().enter(token)).toEqual({ ok: false, why: REFUSALS.token });
    });

    it('lets the same tab in again with its pass, after it has gone, and only one at a time', () => {
        const access = new PageAccess();
        const entry = access.enter(access.currentToken);
        const pass = entry.ok ? entry.pass : '';
        expect(access.enter(pass)).toEqual({ ok: false, why: REFUSALS.busy });
        expect(access.enter(access.currentToken)).toEqual({ ok: false, why: REFUSALS.busy });
        access.release();
        expect(access.enter(pass)).toEqual({ ok: true, pass });
    });

    it('makes the pass of the tab before worthless when a new link was used', () => {
        const access = new PageAccess();
        const first = access.enter(access.currentToken);
        access.release();
        expect(access.enter(access.currentToken).ok).toBe(true);
        access.release();
        expect(access.enter(first.ok ? first.pass : '')).toEqual({ ok: false, why: REFUSALS.token });
    });
});

describe('the address of the console', () => {
    it('is its own on this machine, under no other name, port or machine', () => {
        expect(['127.0.0.1:80', 'localhost:80'].every((host) => isOwnHost(host, 80))).toBe(true);
        for (const host of [undefined, '', '127.0.0.1', '127.0.0.1:81', 'evil.example:80', '127.0.0.1:80.evil.example'])
            expect(isOwnHost(host, 80)).toBe(false);
    });

    it('is the only origin of a page that may open the line', () => {
        expect(isOwnOrigin({ host: 'localhost:80', origin: 'http://localhost:80' })).toBe(true);
        for (const origin of [undefined, 'null', 'http://127.0.0.1:80', 'https://localhost:80', 'http://localhost:81'])
            expect(isOwnOrigin({ host: 'localhost:80', ...(origin !== undefined && { origin }) })).toBe(false);
    });
});
