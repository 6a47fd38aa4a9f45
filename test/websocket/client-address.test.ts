import { addressReader, type AddressedRequest } from '../../src/websocket/client-address';

function requestFrom(remoteAddress: string | undefined, forwarded?: string): AddressedRequest {
    const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
    return { headers, socket: { remoteAddress } };
}

describe('the address of a client', () => {
    const THREE = '198.51.100.1, 198.51.100.2 ,198.51.100.3';

    it.each([
        [0, '10.0.0.1'],
        [1, '198.51.100.3'],
        [2, '198.51.100.2'],
        [3, '198.51.100.1'],
        [4, '198.51.100.1'],
    ])('behind %d proxies is counted from the end of X-Forwarded-For', (proxies, address) => {
        expect(addressReader(proxies)(requestFrom('10.0.0.1', THREE))).toBe(address);
    });

    it('is that of the connection without the header, and undefined when the connection is gone', () => {
        expect(addressReader(2)(requestFrom('10.0.0.1'))).toBe('10.0.0.1');
        expect(addressReader(2)(requestFrom('10.0.0.1', ''))).toBe('10.0.0.1');
        expect(addressReader(1)(requestFrom(undefined, THREE))).toBeUndefined();
    });

    it('is the last one that is an address', () => {
        expect(addressReader(3)(requestFrom('10.0.0.1', '198.51.100.1, unknown, 198.51.100.3'))).toBe('198.51.100.3');
        expect(addressReader(1)(requestFrom('10.0.0.1', '198.51.100.1:4711'))).toBe('10.0.0.1');
    });

    describe('behind proxies by address', () => {
        const read = addressReader(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32']);

        it('is the last one that is no proxy', () => {
            expect(read(requestFrom('10.0.0.1', '203.0.113.1, 198.51.100.2, 192.0.2.7, 2001:db8::7'))).toBe(
                '198.51.100.2',
            );
        });

        it('is that of the connection where this is no proxy, whatever the header says', () => {
            expect(read(requestFrom('192.0.2.8', THREE))).toBe('192.0.2.8');
        });

        it('knows a proxy whose IPv4 address is written as IPv6', () => {
            expect(read(requestFrom('::ffff:10.0.0.1', THREE))).toBe('198.51.100.3');
            expect(read(requestFrom('::ffff:11.0.0.1', THREE))).toBe('::ffff:11.0.0.1');
        });

        it('is the first proxy where all are', () => {
            expect(read(requestFrom('10.0.0.1', '10.0.0.3, 10.0.0.2'))).toBe('10.0.0.3');
        });
    });
});
