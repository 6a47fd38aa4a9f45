import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** What the address of a client is read from; an `IncomingMessage` has it. */
export interface AddressedRequest {
    readonly headers: IncomingHttpHeaders;
    readonly socket: { readonly remoteAddress?: string | undefined };
}

/** Reads the address of the client of a request; undefined: its connection is gone. */
export type ReadAddress = (request: AddressedRequest) => string | undefined;

/**
 * The address of a client behind proxies. Each proxy adds the address from which a request came to the end of X-Forwarded-For; what stands before
 * the entries of the trusted ones was written by the client, and is not read. Where an entry is no IP address, the one behind it counts.
 *
 * @param trusted the number of proxies, or their addresses and networks in CIDR notation
 */
export function addressReader(trusted: number | readonly string[]): ReadAddress {
    if (trusted === 0) return ({ socket }) => socket.remoteAddress;
    const isProxy = typeof trusted === 'number' ? (hops: number) => hops < trusted : inNetworks(trusted);
    return ({ headers, socket }) => {
        const entries = [headers['x-forwarded-for'] ?? ''].flat().join(',').split(',');
        let client = socket.remoteAddress;
        for (let hops = 0; client !== undefined && isProxy(hops, client); hops += 1) {
            const entry = entries.pop()?.trim() ?? '';
            if (isIP(entry) === 0) break;
            client = entry;
        }
        return client;
    };
}

function inNetworks(networks: readonly string[]): (hops: number, address: string) => boolean {
    const list = new BlockList();
    for (const network of networks) {
        const [address = '', prefix] = network.split('/');
        if (prefix === undefined) list.addAddress(address, familyOf(address));
        else list.addSubnet(address, Number(prefix), familyOf(address));
    }
    return (_hops, address) => list.check(address, familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
    return isIP(address) === 4 ? 'ipv4' : 'ipv6';
}
