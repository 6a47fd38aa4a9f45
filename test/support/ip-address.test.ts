import fc from 'fast-check';
import { addressBlock, isNetwork } from '../../src/support/ip-address';

describe('addressBlock', () => {
    it.each([
        ['192.0.2.7', '192.0.2.7'],
        ['::ffff:192.0.2.7', '192.0.2.7'],
        ['::FFFF:c000:207', '192.0.2.7'],
        ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
        ['2001:0DB8:0001:0002::', '2001:db8:1:2::/64'],
        ['2001:db8::1', '2001:db8:0:0::/64'],
        ['::1', '0:0:0:0::/64'],
        ['fe80::1%eth0', 'fe80:0:0:0::/64'],
        ['2001:db8::198.51.100.1', '2001:db8:0:0::/64'],
        ['', ''],
        ['no address', 'no address'],
    ])('of %s is %s', (address, block) => {
        expect(addressBlock(address)).toBe(block);
    });

    it('is the same for all addresses of a /64 network, however they are written, and another for another network', () => {
        const group = fc.integer({ min: 1, max: 0xfffe });
        const four = fc.tuple(group, group, group, group);
        fc.assert(
            fc.property(four, four, four, (network, a, b) => {
                const text = (parts: readonly number[]): string => parts.map((part) => part.toString(16)).join(':');
                const block = addressBlock(text([...network, ...a]));
                expect(addressBlock(text([...network, ...b]).toUpperCase())).toBe(block);
                expect(addressBlock(`${text(network)}::`)).toBe(block);
                const other = network.with(3, network[3] ^ 1);
                expect(addressBlock(`${text(other)}::`)).not.toBe(block);
            }),
        );
    });
});

describe('isNetwork', () => {
    it.each([
        '10.0.0.0/8',
        '192.0.2.7',
        '192.0.2.7/32',
        '128.0.0.0/1',
        '::1',
        '2001:db8::/32',
        'fd00::/8',
        '2001:db8::1/128',
    ])('takes %s', (network) => {
        expect(isNetwork(network)).toBe(true);
    });

    it.each([
        '',
        '10.0.0.0/',
        '10.0.0.0/0',
        '10.0.0.0/33',
        '10.0.0.1/31',
        '10.1.0.0/15',
        '::/0',
        '::1/127',
        '2001:db8::/129',
        'a/8',
        '1.2.3/8',
        '10.0.0.0/8x',
        '10.0.0.0/-1',
    ])('does not take %s', (network) => {
        expect(isNetwork(network)).toBe(false);
    });
});
