import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { Authenticator, type AuthRefusal } from '../../src/auth/authenticator';
import type { Clock } from '../../src/support/clock';
import { ERRORS } from '../../src/support/errors';
import { decodeClientSecret } from '../caller/signer';
import { fail, ok, plain, skip, warn, type Finding, type Outcome } from './finding';
import { requestTarget } from './target';

/** The key that arriving requests are verified with. */
export interface ExpectedKey {
    apiKey: string;
    clientSecret: string | undefined;
}

export interface ListenerOptions {
    port: number;
    /** Undefined: signatures are not verified. */
    expected: ExpectedKey | undefined;
    /** The address as Genesys calls it, to name what was changed on the way; undefined: unknown. */
    publicUrl: URL | undefined;
    clock: Clock;
    tell: (finding: Finding) => void;
}

const BUSY = 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';
const IDLE_MS = 10_000;

/**
 * Stands in place of the server, and says of each request what arrived: from where, with which headers, and whether the signature
 * fits what arrived, or what was sent. Answers 503 to all of them. Header values that are secret are never told.
 */
export class ArrivalListener {
    private readonly server = createServer();
    private arrived = 0;

    constructor(private readonly options: ListenerOptions) {
        this.server.setTimeout(IDLE_MS);
        this.server.on('request', (request, response) => {
            void this.examine(request, false);
            response.writeHead(503, { 'Content-Length': '0', Connection: 'close' }).end();
        });
        this.server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
            socket.on('error', () => socket.destroy());
            void this.examine(request, true);
            socket.end(BUSY);
        });
        this.server.on('clientError', (_fault, socket: Duplex) => {
            this.arrived += 1;
            this.row('request', 'arrived', noHttp());
            socket.destroy();
        });
    }

    /** How many requests have arrived. */
    get count(): number {
        return this.arrived;
    }

    get port(): number {
        return (this.server.address() as AddressInfo).port;
    }

    /** Listens on all addresses of this machine. Rejects with the system's fault where the port cannot be had. */
    async start(): Promise<void> {
        this.server.listen(this.options.port);
        await once(this.server, 'listening');
    }

    async stop(): Promise<void> {
        const closed = once(this.server, 'close');
        this.server.close();
        this.server.closeAllConnections();
        await closed;
    }

    private async examine(request: IncomingMessage, isUpgrade: boolean): Promise<void> {
        this.arrived += 1;
        const { headers, method = '', url = '', socket, httpVersion } = request;
        const from = headers['x-forwarded-for'] ?? socket.remoteAddress ?? 'unknown';
        this.row('request', 'arrived', ok(plain(`${method} ${url} HTTP/${httpVersion} from ${String(from)}`)));
        this.row('client', 'who', judgeClient(request));
        this.row('headers', 'headers', judgeHeaders(request, isUpgrade));
        this.row('signature', 'signature', await this.judgeSignature(request));
    }

    private async judgeSignature(request: IncomingMessage): Promise<Outcome> {
        const { expected, publicUrl } = this.options;
        if (expected === undefined) return skip('not verified: give --key and --secret');
        const received = { host: request.headers.host ?? '', target: request.url ?? '' };
        const sent = publicUrl === undefined ? received : { host: publicUrl.host, target: requestTarget(publicUrl) };
        const asItCame = await this.verify(request, expected, received);
        if (asItCame === undefined) return ok('fits what arrived');
        if (asItCame.code !== 'ERR_SIGNATURE_MISMATCH') return refused(asItCame);
        for (const [host, target] of [
            [sent.host, received.target],
            [received.host, sent.target],
            [sent.host, sent.target],
        ] as const) {
            if ((await this.verify(request, expected, { host, target })) === undefined)
                return changed(received, { host, target });
        }
        return refused(asItCame);
    }

    /** @returns undefined: the signature fits this host and target. A fresh memory of nonces each time. */
    private async verify(
        request: IncomingMessage,
        { apiKey, clientSecret }: ExpectedKey,
        { host, target }: { host: string; target: string },
    ): Promise<AuthRefusal | undefined> {
        const secrets = clientSecret === undefined ? [] : [decodeClientSecret(clientSecret)];
        const authenticator = new Authenticator({
            secrets: { getSecretsForKey: (key) => (key === apiKey ? secrets : undefined) },
            clock: this.options.clock,
            failureDelayMs: 0,
        });
        const { rawHeaders } = request;
        const isHost = (at: number): boolean => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === 'host';
        const headers = rawHeaders.map((text, at) => (isHost(at) ? host : text));
        const result = await authenticator.authenticate({ url: target, rawHeaders: headers });
        return result.ok ? undefined : result;
    }

    private row(id: string, title: string, outcome: Outcome): void {
        this.options.tell({ id, title, ...outcome });
    }
}

function noHttp(): Outcome {
    return fail(
        'something that is not HTTP',
        'The proxy speaks TLS or another protocol to this port, which takes plain HTTP.',
        'Let the proxy end TLS, and forward plain HTTP/1.1 to the server.',
    );
}

/** What Genesys names itself. Only a signature proves it. */
const GENESYS = 'GenesysCloud-AudioHook-Client';

function judgeClient({ headers }: IncomingMessage): Outcome {
    const agent = plain(headers['user-agent'] ?? 'none', 80);
    if (agent === GENESYS) return ok(`${agent}, or who names itself so`);
    return skip(`User-Agent ${agent}: not Genesys, but a health check, a browser or the like`);
}

const OF_UPGRADE = ['upgrade', 'connection', 'sec-websocket-key', 'sec-websocket-version'];
const OF_GENESYS = [
    'x-api-key',
    'signature-input',
    'signature',
    'audiohook-organization-id',
    'audiohook-session-id',
    'audiohook-correlation-id',
];

function judgeHeaders({ headers, httpVersion }: IncomingMessage, isUpgrade: boolean): Outcome {
    const isCall = headers['user-agent'] === GENESYS || headers['x-api-key'] !== undefined;
    if (!isCall) return skip(`Host ${plain(headers.host ?? 'none', 100)}`);
    const missing = [...OF_UPGRADE, ...OF_GENESYS].filter((name) => headers[name] === undefined);
    if (missing.length === 0 && isUpgrade) return ok(`all there; Host ${plain(headers.host ?? 'none', 100)}`);
    const names = missing.length === 0 ? 'Connection: Upgrade' : missing.join(', ');
    return fail(
        `missing: ${names}`,
        `A proxy drops these headers on the way${httpVersion === '1.0' ? ', and speaks HTTP/1.0' : ''}, or, for the signature, no Client Secret is entered in Genesys.`,
        'Let the proxy pass all request headers on (nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"). Client Secret: Admin → Integrations → Audio Connector → Configuration → Credentials.',
    );
}

function refused({ code, status }: AuthRefusal): Outcome {
    const { cause, cure } = ERRORS[code];
    return status === 401 ? fail(code, cause, cure) : warn(code, cause, cure);
}

interface Place {
    host: string;
    target: string;
}

function changed(received: Place, signed: Place): Outcome {
    const parts = [
        ...(received.host === signed.host ? [] : [`Host ${signed.host} became ${received.host}`]),
        ...(received.target === signed.target ? [] : [`${signed.target} became ${received.target}`]),
    ].map((part) => plain(part, 300));
    return fail(
        `fits what was sent, and not what arrived`,
        `Changed on the way: ${parts.join(', and ')}.`,
        'Let the proxy pass Host, path and query on as they came: they are signed. For Host alone, AUDIOHOOK_TRUST_PROXY helps where the proxy always writes X-Forwarded-Host.',
    );
}
