import { createServer, type RequestListener, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { CodedError, type ErrorCode } from '../support/errors';
import type { RefusalLog, Refusals } from './refusals';
import { selectSubProtocol } from './upgrade';

/** What a peer may cost before it is authenticated, and what one call may cost afterwards. */
export interface ServerLimits {
    /** Whole header of a request, in bytes; more is answered 431. */
    readonly maxHeaderBytes: number;
    readonly maxHeaderCount: number;
    /** From the first byte of a request to the end of its header, in ms. */
    readonly headersTimeoutMs: number;
    /** From the first byte of a request to its last, in ms. */
    readonly requestTimeoutMs: number;
    /** A connection without traffic is closed after this time, in ms. */
    readonly idleTimeoutMs: number;
    /** How often the time limits of requests are checked, in ms. */
    readonly checkIntervalMs: number;
    /** How long a refused peer may take to read the response, in ms. */
    readonly lingerMs: number;
    /** Upgrade requests that wait to be authenticated; further ones are answered 503. */
    readonly maxPendingUpgrades: number;
    /** Longest WebSocket message, in bytes. Genesys sends 64,000 at most (docs/PROTOCOL.md, 2.4). */
    readonly maxMessageBytes: number;
    /** Frames that one message may consist of. */
    readonly maxFragments: number;
    /** Network chunks that may wait for the rest of their frame. */
    readonly maxBufferedChunks: number;
    /** Idle time before the first TCP keep-alive probe, in ms, so that a vanished peer is noticed. */
    readonly keepAliveDelayMs: number;
}

export const SERVER_LIMITS: ServerLimits = {
    maxHeaderBytes: 16_384,
    maxHeaderCount: 100,
    headersTimeoutMs: 8000,
    requestTimeoutMs: 10_000,
    idleTimeoutMs: 10_000,
    checkIntervalMs: 1000,
    lingerMs: 3000,
    maxPendingUpgrades: 1000,
    maxMessageBytes: 65_536,
    maxFragments: 64,
    maxBufferedChunks: 4096,
    keepAliveDelayMs: 15_000,
};

/** An HTTP server with limits on headers and on time, which answers input that is not HTTP with a complete response. */
export function createHttpServer(
    limits: ServerLimits,
    refusals: Refusals,
    log: RefusalLog,
    onRequest: RequestListener,
): HttpServer {
    const options = {
        maxHeaderSize: limits.maxHeaderBytes,
        headersTimeout: limits.headersTimeoutMs,
        requestTimeout: limits.requestTimeoutMs,
        connectionsCheckingInterval: limits.checkIntervalMs,
        keepAlive: true,
        keepAliveInitialDelay: limits.keepAliveDelayMs,
        noDelay: true,
    };
    const server = createServer(options, onRequest);
    server.maxHeadersCount = limits.maxHeaderCount;
    server.timeout = limits.idleTimeoutMs;
    server.on('clientError', (fault, socket) => {
        refuseClient(fault, socket, refusals, log);
    });
    return server;
}

/** What turns accepted upgrade requests into WebSockets. It listens nowhere. */
export function createWebSocketServer(limits: ServerLimits): WebSocketServer {
    return new WebSocketServer({
        noServer: true,
        clientTracking: false,
        // Speech does not compress, and each call would pay for the attempt in memory.
        perMessageDeflate: false,
        maxPayload: limits.maxMessageBytes,
        maxFragments: limits.maxFragments,
        maxBufferedChunks: limits.maxBufferedChunks,
        handleProtocols: selectSubProtocol,
    });
}

/** Which settings a listener got its address from, and the code of its failure. */
interface ListenWords {
    readonly code: ErrorCode;
    readonly host: string;
    readonly port: string;
}

const OF_CALLS: ListenWords = { code: 'ERR_LISTEN', host: 'HOST', port: 'PORT' };

/** Resolves with the address once the server listens; rejects with ERR_LISTEN or the code of `words`, naming the settings. */
export function listen(server: HttpServer, port: number, host: string, words = OF_CALLS): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
        const onError = (fault: NodeJS.ErrnoException): void => {
            const address = `${words.host}=${host} ${words.port}=${port}`;
            reject(new CodedError(words.code, `${address}: ${fault.code ?? fault.message}.`));
        };
        server.once('error', onError);
        server.listen(port, host, () => {
            server.off('error', onError);
            resolve(addressOf(server));
        });
    });
}

/** Resolves when the server has stopped listening and has closed its plain HTTP connections. */
export function closeServer(server: HttpServer): Promise<void> {
    if (!server.listening) return Promise.resolve();
    return new Promise((resolve) => {
        server.close(() => {
            resolve();
        });
        server.closeAllConnections();
    });
}

function addressOf(server: HttpServer): AddressInfo {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new CodedError('ERR_INTERNAL', 'No TCP address.');
    return address;
}

const STATUS_OF_FAULT: ReadonlyMap<string, number> = new Map([
    ['HPE_HEADER_OVERFLOW', 431],
    ['ERR_HTTP_REQUEST_TIMEOUT', 408],
]);

function refuseClient(fault: NodeJS.ErrnoException, socket: Duplex, refusals: Refusals, log: RefusalLog): void {
    // The parser reports every further chunk of the same stream again.
    if (socket.destroyed || socket.writableEnded) return;
    if (fault.code === 'ECONNRESET' || !socket.writable) {
        socket.destroy();
        return;
    }
    const status = STATUS_OF_FAULT.get(fault.code ?? '') ?? 400;
    // The fault of the parser holds the raw bytes, which may hold a key: only its code is logged.
    log.note('info', 'ERR_HTTP_MALFORMED', { reason: fault.code, status });
    refusals.refuse(socket, status);
}
