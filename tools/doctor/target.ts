import { isIP } from 'node:net';
import type { Clock } from '../../src/support/clock';

/** The server that is examined, as the integration in Genesys would name it, and what is known of the way to it. */
export interface Target {
    /** Base Connection URI and Connector ID joined: ws:// or wss://. */
    url: URL;
    apiKey: string;
    /** Base64 text as entered in Genesys; undefined: calls with this key are not signed. */
    clientSecret: string | undefined;
    /** The secret of the same key in the settings of this folder, where it is another one. */
    localSecret: string | undefined;
    /** Authorities in PEM in place of Node's; undefined: Node's own. */
    ca: readonly string[] | undefined;
    /** What the proxy forwards to: `host:port`, with a path where it adds one. Guesses for what the server may see. */
    backends: readonly string[];
    /** AUDIOHOOK_PATH and PORT of this folder, two more guesses. */
    localPath: string;
    localPort: string;
    clock: Clock;
    limits: Limits;
}

/** How long each step may take, in ms. */
export interface Limits {
    readonly dnsMs: number;
    readonly connectMs: number;
    readonly tlsMs: number;
    readonly httpMs: number;
    /** From the upgrade request to its answer. */
    readonly answerMs: number;
    /** From `open` to `opened`: what Genesys waits. */
    readonly openedMs: number;
    /** From `close` to the end of the socket. */
    readonly closeMs: number;
    /** How long a paused call is held without sound. */
    readonly quietMs: number;
    /** How long the bot is listened to. */
    readonly callMs: number;
    /** All attempts to explain a signature that is refused. */
    readonly searchMs: number;
}

export const LIMITS: Limits = {
    dnsMs: 5000,
    connectMs: 5000,
    tlsMs: 5000,
    httpMs: 5000,
    answerMs: 8000,
    openedMs: 5000,
    closeMs: 3000,
    quietMs: 1500,
    callMs: 3000,
    searchMs: 30_000,
};

/** Longer than the idle limits that proxies have at their defaults, most of them 60 s. */
export const LONG_QUIET_MS = 70_000;

/** Path and query as they are signed. */
export function requestTarget({ pathname, search }: URL): string {
    return pathname + search;
}

/** The host without the brackets of an IPv6 address. */
export function bareHost({ hostname }: URL): string {
    return hostname.replace(/^\[|\]$/g, '');
}

/** The port, also where the URL leaves out that of its scheme. */
export function portOf({ protocol, port }: URL): number {
    if (port !== '') return Number(port);
    return protocol === 'wss:' ? 443 : 80;
}

/** An address that Genesys Cloud cannot reach: of this machine, of a private network, or of a link. */
export function isPrivateAddress(address: string): boolean {
    const four = address.replace(/^::ffff:/i, '');
    if (isIP(four) === 4) {
        const [a = 0, b = 0] = four.split('.').map(Number);
        const isCarrier = a === 100 && b >= 64 && b < 128;
        const isPrivate = a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168);
        return a === 0 || a === 127 || (a === 169 && b === 254) || isPrivate || isCarrier;
    }
    return /^(?:::1?$|fc|fd|fe[89ab])/i.test(address);
}
