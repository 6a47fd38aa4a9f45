import { systemClock } from '../../../src/support/clock';
import { LIMITS, isPrivateAddress, type Target } from '../../../tools/doctor/target';
import { pairsOf, variantsOf } from '../../../tools/doctor/variants';

const OCTETS = Buffer.from('0123456789abcdef0123456789abcdef');
const SECRET = OCTETS.toString('base64');

function targetOf(url: string, changes: Partial<Target> = {}): Target {
    return {
        url: new URL(url),
        apiKey: 'key',
        clientSecret: SECRET,
        localSecret: undefined,
        ca: undefined,
        backends: [],
        localPath: '/',
        localPort: '',
        clock: systemClock,
        limits: LIMITS,
        ...changes,
    };
}

function targetsOf(url: string, changes: Partial<Target> = {}): (string | undefined)[] {
    return variantsOf(targetOf(url, changes), []).map(({ as }) => as.requestTarget);
}

function hostsOf(url: string, changes: Partial<Target> = {}, addresses: string[] = []): (string | undefined)[] {
    return variantsOf(targetOf(url, changes), addresses).map(({ as }) => as.authority);
}

function causesOfSecret(clientSecret: string, wanted: Uint8Array): string[] {
    const text = Buffer.from(wanted).toString('base64');
    const variants = variantsOf(targetOf('wss://bot.example.com/', { clientSecret }), []);
    return variants.filter(({ as }) => as.clientSecret === text).map(({ cause }) => cause);
}

describe('the variants of a signature', () => {
    it('hold each way to misread a secret, and only those that this secret allows', () => {
        expect(causesOfSecret(SECRET, Buffer.from(SECRET))).toEqual([
            expect.stringMatching(/characters of the client/),
        ]);
        const twice = Buffer.from(SECRET).toString('base64');
        expect(causesOfSecret(twice, OCTETS)).toEqual([expect.stringMatching(/twice/)]);
        const hex = OCTETS.toString('hex');
        expect(causesOfSecret(hex, OCTETS)).toEqual([expect.stringMatching(/hexadecimal/)]);
        const withLine = Buffer.concat([OCTETS, Buffer.from('\n')]);
        expect(causesOfSecret(SECRET, withLine)).toEqual([expect.stringMatching(/line end belongs/)]);
        expect(causesOfSecret(withLine.toString('base64'), OCTETS)).toEqual([
            expect.stringMatching(/line end was encoded/),
        ]);
    });

    it('hold the secret of this folder, if it is another one', () => {
        const local = variantsOf(targetOf('wss://a/', { localSecret: 'b3RoZXI=' }), []);
        expect(local.map(({ as }) => as.clientSecret)).toContain('b3RoZXI=');
        const same = variantsOf(targetOf('wss://a/', { localSecret: SECRET }), []);
        expect(same.map(({ as }) => as.clientSecret)).not.toContain(SECRET);
    });

    it('hold the hosts that a server behind a proxy sees, and never the true one', () => {
        const hosts = hostsOf('wss://bot.example.com/', { backends: ['pool:9000/x'], localPort: '7001' }, [
            '192.0.2.7',
            '2001:db8::7',
        ]);
        for (const host of [
            'pool:9000',
            'pool',
            '127.0.0.1:7001',
            '127.0.0.1:8080',
            'bot.example.com:443',
            'bot.example.com:7001',
            '192.0.2.7',
            '[2001:db8::7]:8080',
        ])
            expect(hosts).toContain(host);
        expect(hosts).not.toContain('bot.example.com');
        expect(hostsOf('wss://bot.example.com:8443/')).toContain('bot.example.com');
    });

    it('hold the changes of a path', () => {
        const targets = targetsOf('wss://a/x//Y%20z/?q=1', { localPath: '/hook', backends: ['b:1/base/'] });
        for (const target of [
            '//Y%20z/?q=1',
            '/x//Y%20z?q=1',
            '/hook/x//Y%20z/?q=1',
            '/base/x//Y%20z/?q=1',
            '/x/Y%20z/?q=1',
            '/x//Y z/?q=1',
            '/x//y%20z/?q=1',
        ])
            expect(targets).toContain(target);
        expect(targets).not.toContain('/x//Y%20z/?q=1');
    });

    it('hold the changes of a query, where there is one', () => {
        const targets = targetsOf('wss://a/?c=1&a=2+3&b=%20');
        for (const query of ['', '?a=2+3&b=%20&c=1', '?b=%20&a=2+3&c=1', '?c=1&a=2%203&b=%20', '?c=1&a=2+3&b=+'])
            expect(targets).toContain(`/${query}`);
        expect(variantsOf(targetOf('wss://a/'), []).some(({ component }) => component === 'query')).toBe(false);
        // All orders of many parameters would be thousands of attempts.
        const ofMany = targetsOf('wss://a/?a&b&c&d&e&f&g&h').filter((target) => target !== undefined);
        expect(ofMany.length).toBeLessThan(40);
    });

    it('hold a whole address with each scheme, and the difference that the header Date shows', () => {
        expect(targetsOf('wss://a/p?q')).toContain('http://a/p?q');
        const shifts = variantsOf(targetOf('wss://a/'), [], -431.4).map(({ as }) => as.shiftSeconds);
        expect(shifts).toContain(-431);
        expect(shifts).toContain(9);
    });

    it('of Host and place together stay within a hundred', () => {
        const pairs = pairsOf(targetOf('wss://a/b/c?d=1&e=2'), ['192.0.2.1']);
        expect(pairs.length).toBeLessThanOrEqual(100);
        expect(pairs.every(({ as }) => as.authority !== undefined && as.requestTarget !== undefined)).toBe(true);
    });
});

describe('isPrivateAddress', () => {
    it.each([
        '127.0.0.1',
        '10.1.2.3',
        '172.31.0.1',
        '192.168.1.1',
        '169.254.1.1',
        '100.64.0.1',
        '::1',
        'fd00::1',
        'fe80::1',
        '::ffff:10.0.0.1',
    ])('of %s is true', (address) => {
        expect(isPrivateAddress(address)).toBe(true);
    });

    it.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '2001:db8::1', '192.0.2.1'])('of %s is false', (address) => {
        expect(isPrivateAddress(address)).toBe(false);
    });
});
