import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { AgentPages } from '../call-records/agent-page/agent-pages';
import { PAGE_HEADERS } from '../call-records/agent-page/page';
import type { LoadReason } from './admission';
import type { RefusalLog } from './refusals';

/**
 * Why no further call is accepted. `full`: MAX_SESSIONS calls are running; `unopened`: MAX_UNOPENED_CONNECTIONS clients have not sent
 * `open` yet; `replay-store`: Redis is away, and REPLAY_STORE_FAILURE is `closed`; the others: the process is loaded. undefined: calls are accepted.
 */
export type Unavailable = 'draining' | 'full' | BusyReason | undefined;

type BusyReason = 'unopened' | 'replay-store' | LoadReason;

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
 * accepted and otherwise 503, and the WebSocket path answers a plain GET with 426, which asks for an upgrade. A plain GET that
 * carries what Genesys sends with an upgrade is logged: a proxy has dropped the headers of the upgrade.
 *
 * With `pages`, the link of a call is answered with its page (docs/HANDOVER.md). One that is wrong or has expired is a path like any other.
 */
export function createHttpEndpoints(
    audiohookPath: string,
    refusalLog: RefusalLog,
    unavailable: () => Unavailable,
    pages?: AgentPages,
): RequestListener {
    const plain = plainEndpoints(audiohookPath, refusalLog, unavailable);
    return (request, response) => {
        // An unread body would keep the connection busy.
        request.resume();
        const sessionId = isRead(request) ? pages?.sessionIdIn(pathOf(request.url ?? '')) : undefined;
        if (pages === undefined || sessionId === undefined) plain(request, response);
        else
            void pages.page(sessionId).then((answer) => {
                if (answer === undefined) plain(request, response);
                else if (answer.status === 200) send(response, 200, PAGE_HEADERS, answer.html);
                else send(response, 503, { 'Retry-After': RETRY_AFTER_SECONDS });
            });
    };
}

function plainEndpoints(
    audiohookPath: string,
    refusalLog: RefusalLog,
    unavailable: () => Unavailable,
): RequestListener {
    return (request, response) => {
        const path = pathOf(request.url ?? '');
        const endpoint = findEndpoint(audiohookPath, path);
        if (endpoint === undefined) send(response, 404);
        else if (!isRead(request)) send(response, 405, { Allow: 'GET, HEAD', Connection: 'close' });
        else {
            if (endpoint === 'websocket') noteDroppedHeaders(request, path, refusalLog);
            respond(endpoint, response, unavailable);
        }
    };
}

const MAX_LOGGED_PATH_CHARACTERS = 200;

/** The request of a call that a proxy forwards without the headers of the upgrade arrives here, and not at the upgrade gate. */
function noteDroppedHeaders({ headers, socket }: IncomingMessage, path: string, log: RefusalLog): void {
    if (headers['x-api-key'] === undefined && headers['signature'] === undefined) return;
    const missing = [
        ...(headers.upgrade === undefined ? ['Upgrade'] : []),
        ...(/\bupgrade\b/i.test(headers.connection ?? '') ? [] : ['Connection: Upgrade']),
    ];
    const fields = { status: 426, path: path.slice(0, MAX_LOGGED_PATH_CHARACTERS), from: socket.remoteAddress };
    log.note('warn', 'ERR_UPGRADE_HEADERS_DROPPED', { ...fields, missing });
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
            sendJson(response, 200, { status: 'ok' });
            return;
        case 'ready':
            sendReadiness(response, unavailable());
            return;
        case 'websocket':
            send(response, 426, { Connection: 'Upgrade, close', Upgrade: 'websocket' });
    }
}

function sendReadiness(response: ServerResponse, unavailable: Unavailable): void {
    if (unavailable === undefined) sendJson(response, 200, { status: 'ready' });
    else sendJson(response, 503, readiness(unavailable), { 'Retry-After': RETRY_AFTER_SECONDS });
}

function readiness(unavailable: 'draining' | 'full' | BusyReason): Record<string, string> {
    const isBusy = unavailable !== 'draining' && unavailable !== 'full';
    return isBusy ? { status: 'busy', reason: unavailable } : { status: unavailable };
}

function sendJson(
    response: ServerResponse,
    code: number,
    body: Readonly<Record<string, string>>,
    headers?: Record<string, string>,
): void {
    send(response, code, { ...headers, 'Content-Type': 'application/json' }, JSON.stringify(body));
}

/** Answers a request. For HEAD, Node omits the body and keeps its length. */
export function send(
    response: ServerResponse,
    code: number,
    headers: Readonly<Record<string, string>> = {},
    body = '',
): void {
    const length = { 'Content-Length': String(Buffer.byteLength(body)), 'Cache-Control': 'no-store' };
    response.writeHead(code, { ...headers, ...length });
    response.end(body);
}
