import { lookup } from 'node:dns/promises';
import { connect, isIP } from 'node:net';
import { withinLimit } from './time-limit';
import { fail, ok, systemError, warn, type Outcome } from './finding';
import { bareHost, isPrivateAddress, portOf, type Target } from './target';

/** The addresses of the host, and what is to be said of them. None: the host name leads nowhere. */
export interface Addresses {
    addresses: readonly string[];
    outcome: Outcome;
}

/** Scheme, port and form of the URL: what Genesys takes, and what only this command does. `isLocal`: Genesys cannot reach it anyway. */
export function checkUrl({ url }: Target, isLocal: boolean): Outcome {
    const port = portOf(url);
    const address = `${url.protocol}//${url.host}${url.pathname}`;
    if (url.protocol === 'wss:' && port === 443) return checkSlash(url, address);
    const cause =
        url.protocol === 'ws:'
            ? 'Genesys calls wss:// addresses only.'
            : `Genesys calls port 443 only, and this address names port ${port}.`;
    const change =
        'Give the server a wss:// address on port 443 (a load balancer, proxy or tunnel that ends TLS), and enter that one as Base Connection URI in Admin → Integrations → Audio Connector → Configuration → Properties.';
    return isLocal ? warn(address, cause, change) : fail(address, cause, change);
}

/** Genesys joins the two texts as they are; only the end of the Base Connection URI decides whether that makes a new path. */
function checkSlash({ pathname, search }: URL, address: string): Outcome {
    if (pathname.endsWith('/') || search !== '' || pathname.split('/').length > 2) return ok(address);
    return warn(
        address,
        'Where this is the Base Connection URI, it ends without a slash: Genesys appends the Connector ID as it is, and /audiohook and billing become /audiohookbilling.',
        'End the Base Connection URI (Admin → Integrations → Audio Connector → Configuration → Properties) with a slash. Where the last part is the Connector ID already, all is well.',
    );
}

/** Looks the host name up. Never rejects. */
export async function findAddresses({ url, limits }: Target): Promise<Addresses> {
    const host = bareHost(url);
    if (isIP(host) !== 0) return { addresses: [host], outcome: ofAddresses(host, [host]) };
    try {
        const found = await withinLimit(limits.dnsMs, 'no answer', lookup(host, { all: true }));
        const addresses = found.map(({ address }) => address);
        return { addresses, outcome: ofAddresses(host, addresses) };
    } catch (fault) {
        return { addresses: [], outcome: notFound(host, systemError(fault), limits.dnsMs) };
    }
}

function ofAddresses(host: string, addresses: readonly string[]): Outcome {
    const found = `${host} is ${addresses.join(', ')}`;
    if (addresses.every(isPrivateAddress))
        return warn(
            found,
            'This is an address of this machine or of a private network: Genesys Cloud cannot reach it.',
            'For Genesys, give the server a public name. What follows is still worth checking from here.',
        );
    return ok(found);
}

function notFound(host: string, why: string, limitMs: number): Outcome {
    if (why === 'ENOTFOUND' || why === 'ENODATA')
        return fail(
            `${host} is not known (${why})`,
            'The host name of the address does not exist in DNS.',
            'Correct the host name in the Base Connection URI (Admin → Integrations → Audio Connector → Configuration → Properties), or add the DNS record; a new one may take an hour to be seen everywhere.',
        );
    return fail(
        `${host} cannot be looked up (${why}, within ${limitMs / 1000} s)`,
        'The name server of this machine does not answer.',
        'Look at the network of this machine, and try again; from another network, `nslookup` says whether the name exists.',
    );
}

/** Opens a TCP connection to each address. Fails unless one answers; an address that does not is told of. */
export async function checkPort(target: Target, addresses: readonly string[]): Promise<Outcome> {
    const port = portOf(target.url);
    const results = await Promise.all(
        addresses.map(async (address) => ({ address, ...(await tryPort(address, port, target.limits.connectMs)) })),
    );
    const dead = results.filter(({ why }) => why !== undefined);
    const described = dead.map(({ address, why }) => `${address}: ${why ?? ''}`).join(', ');
    if (dead.length === results.length) return closed(port, described, dead[0]?.why ?? '');
    const live = results.filter(({ why }) => why === undefined);
    const found = `port ${port} answers within ${Math.ceil(Math.max(...live.map(({ tookMs }) => tookMs)))} ms`;
    if (dead.length === 0) return ok(found);
    return warn(
        `${found}, but not at ${described}`,
        'The host name has an address behind which nothing listens: some calls go there and fail.',
        'Remove that DNS record (A or AAAA), or let the proxy listen there too.',
    );
}

function closed(port: number, described: string, why: string): Outcome {
    if (why === 'ECONNREFUSED')
        return fail(
            `port ${port} refuses (${described})`,
            'Nothing listens at this port: the proxy or the server does not run, or listens on another port or address.',
            'Start it. The server alone listens at PORT and HOST of its settings; in a container, HOST must be 0.0.0.0 and the port must be published.',
        );
    return fail(
        `port ${port} does not answer (${described})`,
        'A firewall or a security group drops the connection, or the address belongs to no machine.',
        `Allow inbound TCP ${port} from the internet (Genesys lists its addresses under “public ip ranges” of the Platform API, service audiohook), and compare the DNS record with the address of the proxy.`,
    );
}

function tryPort(host: string, port: number, limitMs: number): Promise<{ why: string | undefined; tookMs: number }> {
    return new Promise((resolve) => {
        const startedMs = performance.now();
        const socket = connect({ host, port });
        const end = (why: string | undefined): void => {
            socket.destroy();
            resolve({ why, tookMs: performance.now() - startedMs });
        };
        socket.setTimeout(limitMs, () => {
            end('no answer');
        });
        socket.once('connect', () => {
            end(undefined);
        });
        socket.once('error', (fault) => {
            end(systemError(fault));
        });
    });
}
