import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { parseArgs } from 'node:util';
import { systemError } from './finding';

export interface CliOptions {
    /** The server to examine; undefined: this installation is. */
    url: URL | undefined;
    key: string | undefined;
    secret: string | undefined;
    backends: readonly string[];
    /** Authorities in PEM, Node's own among them. */
    ca: readonly string[] | undefined;
    placesCall: boolean;
    isLong: boolean;
    /** Listen at this port for what arrives. */
    listenPort: number | undefined;
    asksOpenAI: boolean;
    json: boolean;
    help: boolean;
}

export type CliOptionsRead = { ok: true; options: CliOptions } | { ok: false; why: string };

export const HELP = `Finds out why Genesys does not connect: follows the way of a call from the host name to the bot, and names what to change.

  npm run doctor -- URL [options]      URL: wss://host/path, the Base Connection URI, with the Connector ID or without
  npm run doctor -- [options]          without a URL: looks at this installation
  npm run doctor -- [URL] --listen PORT   shows what arrives at a port in place of the server; calls the URL once, if given

  --key KEY             API key                      (first of AUDIOHOOK_API_KEYS, or the development key)
  --secret SECRET       client secret, base64        (the one that belongs to the key)
  --backend HOST:PORT   what the proxy forwards to, a guess for a signature that is refused; may be repeated
  --ca FILE             trust these authorities too (PEM): for tests and private authorities, which Genesys does not take
  --long                hold a quiet call for 70 s, to find idle limits of proxies
  --no-call             place no call to the bot, whose model may cost money: connection probes only
  --listen PORT         listen at PORT and show each request; with --key and --secret, verify its signature
  --openai              without a URL: ask OpenAI for its list of models with your key (a request that costs nothing)
  --json                print all rows as JSON, when all is done
  --help                this page

Keys and secrets are never printed. A secret on the command line can be seen by other users of the machine: AUDIOHOOK_API_KEYS in
the environment or in .env cannot. A refused signature is tried in many variants, each of them one refused request at the server.
Exit code: 0 nothing is wrong, 1 something is, 2 the options cannot be used.`;

const OPTIONS = {
    key: { type: 'string' },
    secret: { type: 'string' },
    backend: { type: 'string', multiple: true },
    ca: { type: 'string' },
    long: { type: 'boolean', default: false },
    'no-call': { type: 'boolean', default: false },
    listen: { type: 'string' },
    openai: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
} as const;

/** Reads the command line. Never throws: what cannot be used is named in `why`, which holds no secret. */
export function readCliOptions(args: readonly string[]): CliOptionsRead {
    try {
        return { ok: true, options: readOptions(args) };
    } catch (error) {
        return { ok: false, why: error instanceof Error ? error.message : String(error) };
    }
}

function readOptions(args: readonly string[]): CliOptions {
    const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
    if (positionals.length > 1) throw new Error('One URL can be examined at a time.');
    const [address] = positionals;
    if (values.json && values.listen !== undefined) throw new Error('--listen has no end, and so no --json.');
    if (address === undefined && values.long) throw new Error('--long needs a URL.');
    return {
        url: address === undefined ? undefined : readUrl(address),
        key: values.key,
        secret: values.secret,
        backends: (values.backend ?? []).map(readBackend),
        ca: values.ca === undefined ? undefined : readAuthorities(values.ca),
        placesCall: !values['no-call'],
        isLong: values.long,
        listenPort: values.listen === undefined ? undefined : readPort(values.listen),
        asksOpenAI: values.openai,
        json: values.json,
        help: values.help,
    };
}

/** The text is not repeated where it is no URL: a secret may have slipped into this place. */
function readUrl(text: string): URL {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined || (url.protocol !== 'ws:' && url.protocol !== 'wss:'))
        throw new Error('The URL must be a wss:// address, as the Base Connection URI is (ws:// on this machine).');
    if (url.username !== '' || url.password !== '')
        throw new Error('The URL must not have user and password: Genesys sends none.');
    if (url.hash !== '') throw new Error('The URL must not have a # part: it is never sent.');
    return url;
}

function readBackend(text: string): string {
    const backend = text.replace(/^[a-z]+:\/\//i, '');
    if (/^[^\s/]+(\/\S*)?$/.test(backend)) return backend;
    throw new Error('--backend takes HOST:PORT, or HOST:PORT/PATH.');
}

function readPort(text: string): number {
    const port = Number(text);
    if (/^\d+$/.test(text) && port >= 0 && port <= 65_535) return port;
    throw new Error('--listen takes a port from 0 to 65535.');
}

function readAuthorities(path: string): string[] {
    let text = '';
    try {
        text = readFileSync(path, 'utf8');
    } catch (fault) {
        throw new Error(`The file of --ca cannot be read: ${path} (${systemError(fault)}).`, { cause: fault });
    }
    if (!text.includes('-----BEGIN CERTIFICATE-----'))
        throw new Error(`The file of --ca holds no certificate in PEM: ${path}`);
    return [...rootCertificates, text];
}
