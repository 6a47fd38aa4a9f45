import { BlockList, isIP } from 'node:net';

/** Addresses that are never asked, even where a profile allows them: metadata services of clouds, link-local, multicast. */
const NEVER = blockList(
    [
        '0.0.0.0/8',
        '169.254.0.0/16',
        '100.100.100.200/32',
        '168.63.129.16/32',
        '192.0.0.192/32',
        '224.0.0.0/4',
        '240.0.0.0/4',
    ],
    ['::/128', 'fe80::/10', 'fec0::/10', 'ff00::/8', 'fd00:ec2::254/128', 'fd20:ce::254/128'],
);
/** This machine. */
const LOOPBACK = blockList(['127.0.0.0/8'], ['::1/128']);
/** Networks that are not the public one: private, shared, for documents and tests, and tunnels that lead anywhere. */
const PRIVATE = blockList(
    [
        ...['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16', '192.0.0.0/24', '192.0.2.0/24'],
        ...['192.88.99.0/24', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
    ],
    [
        ...['::ffff:0:0:0/96', '64:ff9b:1::/48', '100::/64', '2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'],
        ...['5f00::/16', 'fc00::/7'],
    ],
);
/** IPv6 that stands for IPv4 (RFC 6052): what it leads to decides. */
const TRANSLATED = blockList([], ['64:ff9b::/96']);
const COMPATIBLE = blockList([], ['::/96']);

/** Where an IP address leads. `forbidden`: it is never asked. */
export type AddressKind = 'public' | 'private' | 'loopback' | 'forbidden';

/** Classifies an IP address in text, without brackets. What is no IP address is forbidden, and so is one with a zone (`%eth0`). */
export function addressKind(address: string): AddressKind {
    const version = isIP(address);
    if (version === 0 || address.includes('%')) return 'forbidden';
    const family = version === 4 ? 'ipv4' : 'ipv6';
    if (LOOPBACK.check(address, family)) return 'loopback';
    if (NEVER.check(address, family)) return 'forbidden';
    if (family === 'ipv6' && TRANSLATED.check(address, family)) return addressKind(lastIPv4(address));
    if (family === 'ipv6' && COMPATIBLE.check(address, family)) return 'forbidden';
    return PRIVATE.check(address, family) ? 'private' : 'public';
}

/** Hosts that a tool may ask: exact names or IP literals in small letters, with a port where it is not the scheme's. */
export class HostList {
    private readonly entries: ReadonlySet<string>;

    constructor(entries: readonly string[]) {
        this.entries = new Set(entries);
    }

    /** Why this address may not be asked, as a sentence; undefined: it may, if its name resolves to an allowed address. */
    problemWith(url: URL): string | undefined {
        if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'The scheme is neither https nor http.';
        if (url.username !== '' || url.password !== '') return 'An address must not hold a user name or a password.';
        if (!this.has(url)) return 'The host is not one of the allowed ones.';
        const literal = literalOf(url);
        const kind = isIP(literal) === 0 ? undefined : addressKind(literal);
        if (kind === 'forbidden') return 'This address is never asked.';
        const isLocal = kind === 'loopback' || url.hostname === 'localhost';
        return url.protocol === 'https:' || isLocal ? undefined : 'Unencrypted is right only to this machine.';
    }

    private has(url: URL): boolean {
        const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
        return this.entries.has(url.host) || this.entries.has(`${url.hostname}:${port}`);
    }
}

/**
 * Whether a host name may resolve to this address: `localhost` only to this machine, every other name only to the public network.
 * A DNS server therefore cannot lead a tool into a private network.
 */
export function mayLeadTo(hostname: string, address: string): boolean {
    const kind = addressKind(address);
    if (hostname === 'localhost') return kind === 'loopback';
    return kind === 'public';
}

/** The host without the brackets of IPv6. */
function literalOf(url: URL): string {
    return url.hostname.replace(/^\[|\]$/g, '');
}

function blockList(ipv4: readonly string[], ipv6: readonly string[]): BlockList {
    const list = new BlockList();
    for (const [subnets, family] of [[ipv4, 'ipv4'] as const, [ipv6, 'ipv6'] as const]) {
        for (const subnet of subnets) {
            const [net = '', bits = ''] = subnet.split('/');
            list.addSubnet(net, Number(bits), family);
        }
    }
    return list;
}

/** The IPv4 address in the last 32 bits. */
function lastIPv4(address: string): string {
    const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
    const [low = '0', high = '0'] = canonical.split(':').reverse();
    const bits = [high === '' ? '0' : high, low === '' ? '0' : low].map((group) => Number.parseInt(group, 16));
    return bits.flatMap((group) => [group >> 8, group & 0xff]).join('.');
}
