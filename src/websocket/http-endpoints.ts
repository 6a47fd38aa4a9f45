import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

/**
 * Why no further call is accepted: the word that `/ready` returns. `full`: MAX_SESSIONS calls are running; `busy`:
 * MAX_UNOPENED_CONNECTIONS clients have not sent `open` yet. undefined: calls are accepted.
 */
export type Unavailable = 'draining' | 'full' | 'busy' | undefined;

/** The Retry-After header of a 503, in seconds. */
export const RETRY_AFTER_SECONDS = '5';

/** The path of a request target, without its query. */
export function pathOf(target: string): string {
    const queryAt = target.indexOf('?');
    return queryAt === -1 ? target : target.slice(0, queryAt);
}

/** Whether a path is the base path or below it. `base` has no trailing slash, unless it is the bare `/`. */
export function isBelow(base: string, path: string): boolean {
    return base === '/' ? path.startsWith('/') : path === base || path.startsWith(`${base}/`);
}

/**
 * The plain HTTP endpoints, for load balancers: `/health` is 200 while the process runs, `/ready` is 200 while further calls are
 * accepted and otherwise 503, and the WebSocket path answers a plain GET with 426, which asks for an upgrade.
 */
export function createHttpEndpoints(audiohookPath: string, unavailable: () => Unavailable): RequestListener {
    return (request, response) => {
        // An unread body would keep the connection busy.
        request.resume();
        const path = pathOf(request.url ?? '');
        const endpoint = findEndpoint(audiohookPath, path);
        if (endpoint === undefined) send(response, 404);
        else if (!isRead(request)) send(response, 405, { Allow: 'GET, HEAD', Connection: 'close' });
        else respond(endpoint, response, unavailable);
    };
}

type Endpoint = 'health' | 'ready' | 'websocket';

function findEndpoint(audiohookPath: string, path: string): Endpoint | undefined {
    if (path === '/health') return 'health';
    if (path === '/ready') return 'ready';
    return isBelow(audiohookPath, path) ? 'websocket' : undefined;
}

function isRead(request: IncomingMessage): boolean {
    return request.method === 'GET' || request.method === 'HEAD';
}

function respond(endpoint: Endpoint, response: ServerResponse, unavailable: () => Unavailable): void {
    switch (endpoint) {
        case 'health':
            sendStatus(response, 200, 'ok');
            return;
        case 'ready':
            sendReadiness(response, unavailable());
            return;
        case 'websocket':
            send(response, 426, { Connection: 'Upgrade, close', Upgrade: 'websocket' });
    }
}

function sendReadiness(response: ServerResponse, unavailable: Unavailable): void {
    if (unavailable === undefined) sendStatus(response, 200, 'ready');
    else sendStatus(response, 503, unavailable, { 'Retry-After': RETRY_AFTER_SECONDS });
}

function sendStatus(response: ServerResponse, code: number, status: string, headers?: Record<string, string>): void {
    send(response, code, { ...headers, 'Content-Type': 'application/json' }, JSON.stringify({ status }));
}

/** For a HEAD request, Node omits the body and keeps its length. */
function send(response: ServerResponse, code: number, headers: Record<string, string> = {}, body = ''): void {
    const length = { 'Content-Length': String(Buffer.byteLength(body)), 'Cache-Control': 'no-store' };
    response.writeHead(code, { ...headers, ...length });
    response.end(body);
}
