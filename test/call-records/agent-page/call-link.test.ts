import { CallLinks } from '../../../src/call-records/agent-page/call-link';
import { SAMPLE_SESSION } from '../sample-call';

const NOW = Date.UTC(2026, 10, 22, 12);
const HOUR_MS = 3_600_000;
const SECRET = 'a-secret-of-more-than-32-characters';

function links(changes: { base?: string; secret?: string; hours?: number } = {}): CallLinks {
    const { base = 'https://bot.example.com', secret = SECRET, hours = 24 } = changes;
    return new CallLinks({ base: new URL(base), secret, hours });
}

function tokenOf(link: string): string {
    return link.slice(link.lastIndexOf('/') + 1);
}

describe('a link to a call', () => {
    const link = links().linkTo(SAMPLE_SESSION, NOW);

    it('leads to the public address of the server, below its path', () => {
        expect(link).toMatch(/^https:\/\/bot\.example\.com\/call\/[\w-]{71}$/);
        const below = links({ base: 'https://example.com/bots/' }).linkTo(SAMPLE_SESSION, NOW);
        expect(below).toMatch(/^https:\/\/example\.com\/bots\/call\/[\w-]{71}$/);
    });

    it('names its session until it expires', () => {
        const token = tokenOf(link);
        expect(links().sessionIdOf(token, NOW)).toBe(SAMPLE_SESSION);
        expect(links().sessionIdOf(token, NOW + 24 * HOUR_MS - 1)).toBe(SAMPLE_SESSION);
        expect(links().sessionIdOf(token, NOW + 24 * HOUR_MS)).toBeUndefined();
    });

    it('is made in small letters, however the session id is written', () => {
        const token = tokenOf(links().linkTo(SAMPLE_SESSION.toUpperCase(), NOW));
        expect(links().sessionIdOf(token, NOW)).toBe(SAMPLE_SESSION);
    });

    it('is void under another secret', () => {
        expect(links({ secret: `${SECRET}.` }).sessionIdOf(tokenOf(link), NOW)).toBeUndefined();
    });

    it('is void when any bit of it is another one', () => {
        const bytes = Buffer.from(tokenOf(link), 'base64url');
        for (let bit = 0; bit < bytes.length * 8; bit++) {
            const forged = Buffer.from(bytes);
            forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
            expect(links().sessionIdOf(forged.toString('base64url'), NOW)).toBeUndefined();
        }
    });

    it.each([
        '',
        'x',
        'A'.repeat(71),
        `${tokenOf(link)}A`,
        tokenOf(link).slice(1),
        `${tokenOf(link).slice(0, -1)}=`,
        '%'.repeat(71),
    ])('is not %s', (token) => {
        expect(links().sessionIdOf(token, NOW)).toBeUndefined();
    });

    it('is written in one way only: unused bits of the last character make another token, which is void', () => {
        const token = tokenOf(link);
        const signs = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
        const ways = Array.from(signs)
            .map((last) => token.slice(0, -1) + last)
            .filter((each) => links().sessionIdOf(each, NOW) !== undefined);
        expect(ways).toEqual([token]);
    });
});
