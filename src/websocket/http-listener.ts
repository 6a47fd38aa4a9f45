import { createServer, type RequestListener, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { CodedError } from '../support/errors';
import type { ServerLimits } from './limits';
import type { Refusals } from './refusal';
import type { RefusalLog } from './refusal-log';

/** An HTTP server that is hard to hold up: bounded headers, bounded patience, and a complete answer to what is not HTTP. */
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

/** Resolves with the address once the server listens; rejects with ERR_LISTEN, naming PORT and HOST. */
export function listen(server: HttpServer, port: number, host: string): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
        const onError = (fault: NodeJS.ErrnoException): void => {
            reject(new CodedError('ERR_LISTEN', `HOST=${host} PORT=${port}: ${fault.code ?? fault.message}.`));
        };
        server.once('error', onError);
        server.listen(port, host, () => {
            server.off('error', onError);
            resolve(addressOf(server));
        });
    });
}

/** Resolves when the server listens no more and has let go of its plain connections. */
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
    // The parser complains again about every further piece of the same stream.
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
