import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { fail, ok, plain, systemError, warn, type Outcome } from './finding';
import { requestTarget, type Target } from './target';

/** The answer to a plain GET, without key and signature. */
export interface HttpAnswer {
    status: number;
    /** What answered, by its headers Server and Via; empty: they say nothing. */
    by: string;
    /** It asks for a login of its own. */
    wantsLogin: boolean;
    /** Header Location of a redirect. */
    location: string | undefined;
    /** Clock there minus the clock here, in seconds, by the header Date, which has whole seconds. undefined: there is none. */
    clockAheadSeconds: number | undefined;
}

/** Asks for the path as a browser would. Rejects when nothing that is HTTP comes in time. */
async function getPath(target: Target, path: string): Promise<HttpAnswer> {
    const { url, ca, limits, clock } = target;
    const address = new URL(url);
    address.protocol = url.protocol === 'wss:' ? 'https:' : 'http:';
    const signal = AbortSignal.timeout(limits.httpMs);
    const options = { method: 'GET', agent: false as const, signal, ...(ca !== undefined && { ca: [...ca] }) };
    const sentMs = clock.epochMs();
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
        const start = address.protocol === 'https:' ? httpsRequest : httpRequest;
        // The path apart from the URL, which would normalize it.
        const request = start(new URL(address.origin), { ...options, path }, resolve);
        request.once('upgrade', (answer: IncomingMessage) => {
            resolve(answer);
        });
        request.once('error', reject);
        request.end();
    });
    const halfWayMs = (sentMs + clock.epochMs()) / 2;
    response.destroy();
    const { headers, statusCode = 0 } = response;
    return {
        status: statusCode,
        by: plain([headers['server'], headers.via].filter((part) => part !== undefined).join(', '), 80),
        wantsLogin: headers['www-authenticate'] !== undefined,
        location: headers.location === undefined ? undefined : plain(headers.location),
        clockAheadSeconds: aheadSeconds(headers.date, halfWayMs),
    };
}

/** A second is cut off in the header: half of one is added. */
function aheadSeconds(date: string | undefined, epochMs: number): number | undefined {
    const parsed = Date.parse(date ?? '');
    return Number.isNaN(parsed) ? undefined : (parsed + 500 - epochMs) / 1000;
}

/** What the plain answer says of itself. Whether the WebSocket is served is decided by the upgrade. Never rejects. */
export async function checkHttp(target: Target): Promise<{ outcome: Outcome; answer: HttpAnswer | undefined }> {
    try {
        const answer = await getPath(target, requestTarget(target.url));
        const by = answer.by === '' ? '' : `, by ${answer.by}`;
        return { outcome: ok(`${answer.status} ${meaningOf(answer.status)}${by}`), answer };
    } catch (fault) {
        return { outcome: noHttp(target, systemError(fault)), answer: undefined };
    }
}

function meaningOf(status: number): string {
    if (status === 426) return '(a WebSocket path)';
    if (status === 404) return '(no such page)';
    if (status >= 500) return '(a fault)';
    return '';
}

function noHttp({ limits }: Target, why: string): Outcome {
    return warn(
        `no answer to a plain GET (${why})`,
        `Something accepts the connection, but gives no HTTP/1.1 answer within ${limits.httpMs / 1000} s: the proxy waits for a server that hangs, or this is the port of another service.`,
        'Look whether the server runs (GET /health at its own PORT), and whether the proxy forwards to that port. Whether upgrade requests are answered is seen next.',
    );
}

/** A clock that differs by more than this is told of, in seconds: what the header Date and the way there cannot explain. */
const NOTED_SECONDS = 2;

/** Compares the clocks by the header Date. `isAccepted`: the signature is accepted, so the clock that counts is right. */
export function checkDate(answer: HttpAnswer | undefined, isAccepted: boolean): Outcome {
    const ahead = answer?.clockAheadSeconds;
    if (ahead === undefined) return { verdict: 'skip', found: 'the answer has no header Date' };
    const found = `by the header Date ${describeSkew(ahead)}`;
    if (Math.abs(ahead) <= NOTED_SECONDS) return ok(found);
    const cause =
        'The clock of this machine and that of what answers differ. A signature lives for 10 s, and may be from 3 s in the future.';
    const change =
        'Turn on NTP on both machines (timedatectl set-ntp true; in a virtual machine also that of the host), and compare again.';
    return isAccepted ? warn(found, cause, change) : fail(found, cause, change);
}

/** A difference of clocks in words. */
export function describeSkew(aheadSeconds: number): string {
    const whole = Math.round(Math.abs(aheadSeconds));
    if (whole <= 1) return 'as here, to a second';
    return `${whole} s ${aheadSeconds > 0 ? 'ahead of' : 'behind'} this machine`;
}

/** A path that is served where the one of the URL is not. */
export interface ServedPath {
    path: string;
    /** The proxy takes the first part of the path away: the server serves it, where it is written twice. */
    isStripped: boolean;
}

/** Looks for a path that answers as a WebSocket path (426). undefined: none of the usual ones does. Never rejects. */
export async function findServedPath(target: Target): Promise<ServedPath | undefined> {
    const { pathname } = target.url;
    const [first = ''] = pathname.split('/').filter((part) => part !== '');
    const doubled = first === '' ? [] : [{ path: `/${first}${pathname}`, isStripped: true }];
    const parents = pathname.split('/').map((_part, index, parts) => `${parts.slice(0, index).join('/')}/`);
    const others = [target.localPath, '/audiohook', '/audiohook/', ...parents].filter((path) => path !== pathname);
    const paths = [...doubled, ...[...new Set(others)].map((path) => ({ path, isStripped: false }))];
    const served = await Promise.all(
        paths.map(async (each) => {
            const answer = await getPath(target, each.path).catch(() => undefined);
            return answer?.status === 426 ? [each] : [];
        }),
    );
    return served.flat()[0];
}
