import { isIP } from 'node:net';
import { requestTarget, type Target } from './target';
import type { SignedAs } from './knock';

/** One explanation of a signature that is refused: when a request that is signed like this is accepted, it is the right one. */
export interface Variant {
    /** What differs between the two ends: a component of the signature, the secret or the clock. */
    component: 'Host' | 'path' | 'query' | 'scheme' | 'client secret' | 'clock';
    as: SignedAs;
    cause: string;
    change: string;
}

const SECRET_IN_GENESYS = 'Admin → Integrations → Audio Connector → Configuration → Credentials, Client Secret';
const KEEP_HOST =
    'Let the proxy pass Host on as it came (nginx: proxy_set_header Host $http_host; Apache: ProxyPreserveHost On; ngrok: without --host-header; cloud load balancers do it by default). Where it cannot, let it always write the public name into X-Forwarded-Host, and set AUDIOHOOK_TRUST_PROXY=true.';
const KEEP_PATH =
    'Let the proxy pass path and query on unchanged (nginx: proxy_pass http://server:8080; without a slash or path at its end; Kubernetes: no rewrite-target; Traefik: no StripPrefix), and set AUDIOHOOK_PATH to the path of the Base Connection URI. There is no setting that undoes it, as the path is signed.';
const KEEP_QUERY =
    'Let the proxy, firewall or cache pass the query on as it came, byte for byte (no sorting of parameters, no new encoding). Where it cannot, name the bot by the Connector ID in the path instead of the query of the Base Connection URI.';

/** Every single change, those first that are met most often. `clockAheadSeconds`: by the header Date, if known. */
export function variantsOf(target: Target, addresses: readonly string[], clockAheadSeconds?: number): Variant[] {
    return [
        ...ofSecret(target),
        ...ofHost(target, addresses),
        ...ofPath(target),
        ...ofQuery(target),
        ...ofClock(clockAheadSeconds),
        ...ofScheme(target),
    ];
}

/** Two changes at once: what a proxy does that rewrites both Host and path. */
export function pairsOf(target: Target, addresses: readonly string[]): Variant[] {
    const hosts = ofHost(target, addresses).slice(0, MOST_HOSTS_IN_PAIRS);
    const places = [...ofPath(target), ...ofQuery(target)].slice(0, MOST_PLACES_IN_PAIRS);
    return hosts.flatMap((host) =>
        places.map((place) => ({
            component: host.component,
            as: { ...host.as, ...place.as },
            cause: `${host.cause} ${place.cause}`,
            change: `${host.change} ${place.change}`,
        })),
    );
}

const MOST_HOSTS_IN_PAIRS = 12;
const MOST_PLACES_IN_PAIRS = 8;

function ofSecret({ clientSecret = '', localSecret }: Target): Variant[] {
    const make = (key: Uint8Array | string, cause: string, change: string): Variant => ({
        component: 'client secret',
        as: { clientSecret: Buffer.from(key).toString('base64') },
        cause,
        change,
    });
    const octets = Buffer.from(clientSecret, 'base64');
    const once = octets.toString('latin1');
    const variants = [
        make(
            clientSecret,
            'The server uses the characters of the client secret as they are, where the secret is base64 and the octets behind it are the key.',
            `Decode it there; in AUDIOHOOK_API_KEYS write the same base64 text that is entered under ${SECRET_IN_GENESYS}, and do not encode it once more.`,
        ),
    ];
    if (localSecret !== undefined && localSecret !== clientSecret)
        variants.push({
            component: 'client secret',
            as: { clientSecret: localSecret },
            cause: 'The client secret given here is not that of the server: the one in AUDIOHOOK_API_KEYS of this folder is accepted.',
            change: `Enter the secret of AUDIOHOOK_API_KEYS under ${SECRET_IN_GENESYS}.`,
        });
    if (isBase64(once))
        variants.push(
            make(
                Buffer.from(once, 'base64'),
                'The client secret given here is encoded in base64 twice.',
                `Decode it once, and enter what comes out under ${SECRET_IN_GENESYS}.`,
            ),
        );
    if (/^(?:[\da-f]{2})+$/i.test(clientSecret))
        variants.push(
            make(
                Buffer.from(clientSecret, 'hex'),
                'The server takes the client secret for hexadecimal, where Genesys takes it for base64.',
                `Make a secret with openssl rand -base64 32, and enter it in the settings of the server and under ${SECRET_IN_GENESYS}.`,
            ),
        );
    const change = `Make a new secret with openssl rand -base64 32, and enter it in both places, the other one being ${SECRET_IN_GENESYS}.`;
    variants.push(
        make(Buffer.concat([octets, Buffer.from('\n')]), 'On the server a line end belongs to the secret.', change),
    );
    if (octets.at(-1) === 0x0a)
        variants.push(
            make(octets.subarray(0, -1), 'A line end was encoded with the secret, and the server has none.', change),
        );
    return variants;
}

function isBase64(text: string): boolean {
    return text.length >= 8 && text.length % 4 === 0 && /^[A-Za-z\d+/]+={0,2}$/.test(text);
}

const DEFAULT_PORT = '8080';
const ADDED_PORTS = ['443', '80', '8443', '3000', '8000', '5000', '8081', '8888', '9000'];
const LOOPBACK = '127.0.0.1';
const BACKEND_HOSTS = [LOOPBACK, 'localhost'];
const BACKEND_NAMES = ['backend', 'app', 'server', 'upstream', 'audioconnector', 'host.docker.internal'];

function ofHost(target: Target, addresses: readonly string[]): Variant[] {
    const { url, backends, localPort } = target;
    const ports = [...new Set([localPort, DEFAULT_PORT])].filter((port) => port !== '');
    const withPorts = (host: string): string[] => [...ports.map((port) => `${host}:${port}`), host];
    const bare = url.hostname;
    const make = (authority: string, what: string): Variant => ({
        component: 'Host',
        as: { authority },
        cause: `${what}: the server sees Host ${authority}, and Genesys signs ${url.host}.`,
        change: KEEP_HOST,
    });
    const given = backends.map((backend) => backend.split('/')[0] ?? '').filter((host) => host !== '');
    const rewritten = 'The proxy rewrites the header Host';
    const own = addresses.map((address) => (isIP(address) === 6 ? `[${address}]` : address));
    const variants = [
        ...(url.port === '' ? [] : [make(bare, 'The proxy takes the port out of the header Host')]),
        ...given.flatMap((host) => [make(host, rewritten), make(host.replace(/:\d+$/, ''), rewritten)]),
        ...BACKEND_HOSTS.flatMap(withPorts).map((host) => make(host, rewritten)),
        ...[...ports, ...ADDED_PORTS].map((port) =>
            make(`${bare}:${port}`, 'The proxy adds a port to the header Host, or changes it'),
        ),
        ...own.flatMap(withPorts).map((host) => make(host, rewritten)),
        ...BACKEND_NAMES.flatMap(withPorts).map((host) => make(host, rewritten)),
        ...ADDED_PORTS.map((port) => make(`${LOOPBACK}:${port}`, rewritten)),
    ];
    return distinct(variants, ({ as }) => as.authority, url.host);
}

const MOST_STRIPPED = 4;
const ADDED_PREFIXES = ['/audiohook', '/api', '/ws', '/genesys', '/v1'];

function ofPath({ url, backends, localPath }: Target): Variant[] {
    const { pathname, search } = url;
    const make = (path: string, what: string): Variant => ({
        component: 'path',
        as: { requestTarget: path + search },
        cause: `${what}: the server sees ${path}, and Genesys signs ${pathname}.`,
        change: KEEP_PATH,
    });
    const parts = pathname.split('/').slice(1);
    const stripped = parts.slice(0, MOST_STRIPPED).map((_part, index) => `/${parts.slice(index + 1).join('/')}`);
    const given = backends.map((backend) => backend.slice((backend.split('/')[0] ?? '').length));
    const prefixes = [...given, localPath, `/${parts[0] ?? ''}`, ...ADDED_PREFIXES].map((path) =>
        path.replace(/\/+$/, ''),
    );
    const variants = [
        ...stripped.map((path) => make(path, 'The proxy strips a prefix of the path')),
        make(
            pathname.endsWith('/') ? pathname.replace(/\/+$/, '') : `${pathname}/`,
            'The proxy changes the slash at the end of the path',
        ),
        ...prefixes.map((prefix) => make(prefix + pathname, 'The proxy adds a prefix to the path')),
        make(pathname.replace(/\/{2,}/g, '/'), 'The proxy merges slashes of the path'),
        make(decoded(pathname), 'The proxy decodes the path'),
        make(pathname.toLowerCase(), 'The proxy changes the letters of the path to lower case'),
    ];
    return distinct(variants, ({ as }) => as.requestTarget, requestTarget(url)).filter(
        ({ as }) => as.requestTarget !== search,
    );
}

/** All orders of more parameters would be too many attempts. */
const MOST_PERMUTED = 4;

function ofQuery({ url }: Target): Variant[] {
    const { pathname, search } = url;
    if (search === '') return [];
    const parameters = search.slice(1).split('&');
    const make = (query: string, what: string): Variant => ({
        component: 'query',
        as: { requestTarget: pathname + query },
        cause: `${what}: the server sees ${query === '' ? 'none' : query}, and Genesys signs ${search}.`,
        change: KEEP_QUERY,
    });
    const orders =
        parameters.length <= MOST_PERMUTED
            ? permutations(parameters)
            : [[...parameters].sort(), [...parameters].reverse()];
    const variants = [
        make('', 'The proxy drops the query'),
        ...orders.map((order) => make(`?${order.join('&')}`, 'The proxy changes the order of the query parameters')),
        make(search.replace(/\+/g, '%20'), 'The proxy encodes the query in another way'),
        make(search.replace(/%20/g, '+'), 'The proxy encodes the query in another way'),
        make(decoded(search), 'The proxy decodes the query'),
        make(`?${new URLSearchParams(search).toString()}`, 'The proxy encodes the query in another way'),
    ];
    return distinct(variants, ({ as }) => as.requestTarget, requestTarget(url));
}

function ofScheme({ url }: Target): Variant[] {
    return ['https', 'http', 'wss', 'ws'].map((scheme) => ({
        component: 'scheme',
        as: { requestTarget: `${scheme}://${url.host}${requestTarget(url)}` },
        cause: `The server verifies a whole address with the scheme ${scheme}, where path and query alone are signed.`,
        change: 'Let the proxy send the request line with path and query only, and let the server take @request-target from it without scheme and host.',
    }));
}

/** Half the width of what even a strict server accepts, which takes signatures of an age from −3 s to 7 s. */
const STEP_SECONDS = 9;
const WIDEST_SECONDS = 120;
const HOURS = [1, 2, 3, -1, -2, -3];

function ofClock(clockAheadSeconds: number | undefined): Variant[] {
    const steps = Array.from(
        { length: Math.floor(WIDEST_SECONDS / STEP_SECONDS) },
        (_, index) => (index + 1) * STEP_SECONDS,
    );
    const shown =
        clockAheadSeconds === undefined || Math.abs(clockAheadSeconds) < 3 ? [] : [Math.round(clockAheadSeconds)];
    const shifts = [...shown, ...steps.flatMap((step) => [step, -step]), ...HOURS.map((hours) => hours * 3600)];
    return shifts.map((shiftSeconds) => ({
        component: 'clock',
        as: { shiftSeconds },
        cause: `The clock of the server is about ${Math.abs(shiftSeconds)} s ${shiftSeconds > 0 ? 'ahead of' : 'behind'} the clock of this machine, to some ${STEP_SECONDS} s: a signature that is current here is not current there.`,
        change: 'Turn on NTP on the machine of the server, and look at the clock of this one too (timedatectl, `date -u` on both). A signature of Genesys lives for 10 s.',
    }));
}

function permutations(items: readonly string[]): string[][] {
    if (items.length < 2) return [[...items]];
    return items.flatMap((item, at) => permutations(items.toSpliced(at, 1)).map((rest) => [item, ...rest]));
}

function decoded(text: string): string {
    try {
        return decodeURI(text);
    } catch {
        return text;
    }
}

/** Without what is signed anyway, and without repetition; what the headers of HTTP cannot carry is left out. */
function distinct(
    variants: readonly Variant[],
    key: (variant: Variant) => string | undefined,
    usual: string,
): Variant[] {
    const seen = new Set<string | undefined>([usual]);
    return variants.filter((variant) => {
        const text = key(variant);
        if (text === undefined || seen.has(text)) return false;
        seen.add(text);
        return true;
    });
}
