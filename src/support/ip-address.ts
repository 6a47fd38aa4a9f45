/** IP addresses: what a list of networks may hold, and which addresses count as one. */
import { isIP } from 'node:net';

/**
 * The addresses that count as one client: an IPv4 address, also where it is written as IPv6 (`::ffff:192.0.2.1`), and the /64 network of an
 * IPv6 address, because a single machine has all of those addresses. Anything else stays as it is.
 */
export function addressBlock(address: string): string {
    const bare = address.split('%', 1)[0] ?? '';
    if (isIP(bare) !== 6) return address;
    const groups = ipv6Groups(bare);
    const [high = 0, low = 0] = groups.slice(6);
    if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff)
        return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
    return `${groups
        .slice(0, 4)
        .map((group) => group.toString(16))
        .join(':')}::/64`;
}

/** An IP address, or a network in CIDR notation (RFC 4632) without bits behind its prefix and with a prefix of 1 at least. */
export function isNetwork(given: string): boolean {
    const [address = '', prefix, ...rest] = given.split('/');
    const family = isIP(address);
    if (family === 0 || address.includes('%') || rest.length > 0) return false;
    if (prefix === undefined) return true;
    const bits = family === 4 ? 32 : 128;
    const length = /^\d{1,3}$/.test(prefix) ? Number(prefix) : 0;
    return length >= 1 && length <= bits && !hasBitsBehind(address, length, family === 4 ? 8 : 16);
}

function hasBitsBehind(address: string, length: number, groupBits: number): boolean {
    const groups = groupBits === 8 ? address.split('.').map(Number) : ipv6Groups(address);
    return groups.some((group, index) => {
        const kept = Math.min(groupBits, Math.max(0, length - index * groupBits));
        return (group & ((1 << (groupBits - kept)) - 1)) !== 0;
    });
}

/** The eight groups of a valid IPv6 address without a zone (RFC 4291, 2.2), as numbers. */
function ipv6Groups(address: string): number[] {
    const [head = '', tail] = address.split('::');
    const before = groupsOf(head);
    if (tail === undefined) return before;
    const after = groupsOf(tail);
    const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0);
    return [...before, ...zeros, ...after];
}

function groupsOf(part: string): number[] {
    if (part === '') return [];
    return part.split(':').flatMap((group) => {
        if (!group.includes('.')) return [Number.parseInt(group, 16)];
        const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
        return [a * 256 + b, c * 256 + d];
    });
}
