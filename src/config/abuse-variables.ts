/** What several processes know together, and the limits that one client or one address has. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { isNetwork } from '../support/ip-address';
import { choice, HOST_NAME, splitAtCommas, variable, whole } from './fields';

/** How many addresses and networks TRUSTED_PROXIES may list. */
const MAX_NETWORKS = 100;

const store = z
    .string()
    .refine((given) => given.toLowerCase() === 'memory' || isStoreUrl(given))
    .transform((given) => (given.toLowerCase() === 'memory' ? 'memory' : given))
    .describe(
        '`memory`, or a `redis://` or `rediss://` URL with a host, at most a port, a password (with or without a user name) and the number of a database, and without query',
    );

const proxies = z
    .string()
    .toLowerCase()
    .transform((given): number | string[] => (/^\d+$/.test(given) ? Number(given) : splitAtCommas(given)))
    .refine((given) =>
        typeof given === 'number'
            ? given <= 10
            : given.length > 0 && given.length <= MAX_NETWORKS && given.every(isNetwork),
    )
    .describe(
        'a whole number from 0 to 10, or a comma-separated list of IP addresses and networks such as `10.0.0.0/8`, each with its first address and not the whole Internet',
    );

export const ABUSE_VARIABLES = {
    REPLAY_STORE: variable(
        store.default('memory'),
        'Where used signatures, the sessions that are served and the numbers of calls are kept. `memory`: in this process. The URL of a Redis: all processes with the same URL know them together, so that a signature is good once for all of them (docs/SHARED-STATE.md).',
        { unset: '`memory`', secret: true, example: 'redis://:password@redis.internal:6379/0' },
    ),
    REPLAY_STORE_FAILURE: variable(
        choice(['local', 'closed']).optional(),
        'Only with a Redis in REPLAY_STORE: what holds while it does not answer. `local`: each process goes by what it knows itself. `closed`: every call is answered 503.',
        { unset: '`local`', example: 'local' },
    ),
    MAX_SESSIONS_PER_KEY: variable(
        whole(0, 1_000_000).default(0),
        'Most connections at a time with the same API key; further ones are answered 503. With a Redis in REPLAY_STORE those of all processes count. 0: no limit.',
    ),
    MAX_SESSIONS_TOTAL: variable(
        whole(0, 1_000_000).default(0),
        'Only with a Redis in REPLAY_STORE: most connections at a time of all processes together; further ones are answered 503. MAX_SESSIONS holds for each process besides. 0: no limit.',
    ),
    MAX_FAILED_AUTH_PER_MINUTE: variable(
        whole(0, 1_000_000).default(60),
        'Failed authentications of one address in a minute (of an IPv6 address: of its /64 network) after which further failures are answered 429 and not logged one by one. A request with a good signature is accepted all the same, because the clients of Genesys share addresses. 0: no limit.',
    ),
    TRUSTED_PROXIES: variable(
        proxies.optional(),
        'Which proxies stand in front, for the address of a client: their number, or their addresses. So many entries are taken from the end of X-Forwarded-For, or those that the list holds. 0: the address of the connection.',
        { unset: '`1` with AUDIOHOOK_TRUST_PROXY, else `0`', example: '1' },
    ),
};

/** Whether a connection to this URL is possible in principle. */
function isStoreUrl(given: string): boolean {
    if (/\s/.test(given) || !URL.canParse(given)) return false;
    const url = new URL(given);
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    return (
        ['redis:', 'rediss:'].includes(url.protocol) &&
        (isIP(host) !== 0 || HOST_NAME.test(host)) &&
        url.port !== '0' &&
        /^\/?(\d{1,5})?$/.test(url.pathname) &&
        !/[?#]/.test(given) &&
        (url.username === '' || url.password !== '') &&
        isEncoded(url.username) &&
        isEncoded(url.password)
    );
}

function isEncoded(part: string): boolean {
    try {
        decodeURIComponent(part);
        return true;
    } catch {
        return false;
    }
}
