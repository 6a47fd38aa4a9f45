import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

/** Why no further call can begin: the word that `/ready` gives. undefined: calls are welcome. */
export type Obstacle = 'draining' | 'full' | undefined;

/** Seconds after which a refused peer may ask again. */
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
 * The plain HTTP side (protocol sheet, sections 2.2 and 2.4), for load balancers and for people:
 * `/health` is 200 while the process serves, `/ready` is 200 while further calls are welcome and else 503, and the
 * WebSocket path tells a plain GET that it wants an upgrade (426).
 */
export function createHttpEndpoints(audiohookPath: string, obstacle: () => Obstacle): RequestListener {
    return (request, response) => {
        // A body that nobody reads must not keep the connection busy.
        request.resume();
        const path = pathOf(request.url ?? '');
        const endpoint = findEndpoint(audiohookPath, path);
        if (endpoint === undefined) send(response, 404);
        else if (!isRead(request)) send(response, 405, { Allow: 'GET, HEAD', Connection: 'close' });
        else answer(endpoint, response, obstacle);
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

function answer(endpoint: Endpoint, response: ServerResponse, obstacle: () => Obstacle): void {
    switch (endpoint) {
        case 'health':
            sendStatus(response, 200, 'ok');
            return;
        case 'ready':
            sendReadiness(response, obstacle());
            return;
        case 'websocket':
            send(response, 426, { Connection: 'Upgrade, close', Upgrade: 'websocket' });
    }
}

function sendReadiness(response: ServerResponse, obstacle: Obstacle): void {
    if (obstacle === undefined) sendStatus(response, 200, 'ready');
    else sendStatus(response, 503, obstacle, { 'Retry-After': RETRY_AFTER_SECONDS });
}

function sendStatus(response: ServerResponse, code: number, status: string, headers?: Record<string, string>): void {
    send(response, code, { ...headers, 'Content-Type': 'application/json' }, JSON.stringify({ status }));
}

/** Node leaves the body of an answer to HEAD away by itself, and keeps its length. */
function send(response: ServerResponse, code: number, headers: Record<string, string> = {}, body = ''): void {
    const length = { 'Content-Length': String(Buffer.byteLength(body)), 'Cache-Control': 'no-store' };
    response.writeHead(code, { ...headers, ...length });
    response.end(body);
}
