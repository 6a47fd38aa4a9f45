import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { CallReader } from '../../src/call-records/call-store';
import type { Clock } from '../../src/support/clock';
import { CodedError, ERRORS } from '../../src/support/errors';
import type { PageFile } from '../console/pages';
import { AuditTrail, type Audit, type View } from './audit';
import { isCallId, readQuery, SEARCH_FIELDS } from './call-query';
import { isFromElsewhere, PageAccess, REFUSALS } from './page-access';
import { whatWentWrong } from './what-went-wrong';
import { MOST_FINDINGS, worstFindings } from './worst-findings';

export interface CallsServerOptions {
    readonly reader: CallReader;
    /** Of `bundleCallPages`. */
    readonly pages: ReadonlyMap<string, PageFile>;
    readonly host: string;
    /** 0: any free port. */
    readonly port: number;
    /** undefined: none is asked for, which only a page on loopback may do. */
    readonly token: string | undefined;
    /** Names of the page beside addresses and `localhost`, in small letters. */
    readonly names: readonly string[];
    readonly clock: Clock;
    /** Told of each look, once. */
    readonly onView: (audit: Audit) => void;
    /** Told of a fault of the store or of this program. */
    readonly onFault: (fault: unknown) => void;
}

/** What a request gets. `view`: it is a look that is noted. */
interface Answer {
    readonly status: number;
    readonly contentType: string;
    readonly body: string | Uint8Array;
    readonly headers?: Readonly<Record<string, string>>;
    readonly view?: View;
    readonly what?: string;
    readonly calls?: readonly string[];
}

const HEADERS = {
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'same-origin',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'X-Frame-Options': 'DENY',
    'Permissions-Policy': 'microphone=(), camera=(), geolocation=()',
    'Content-Security-Policy': [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        'media-src blob:',
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ].join('; '),
} as const;

const MAX_FORM_BYTES = 4096;
const MAX_CONNECTIONS = 200;
const REQUEST_MS = 10_000;
const NOT_FOUND = plain(404, 'There is no such page here.');
const ONLY_READ = plain(405, 'This page is only read.', { Allow: 'GET, HEAD' });

/** The page of the calls: a list, and each call with its recording. It reads, and changes nothing. */
export class CallsServer {
    private readonly http: Server;
    private readonly access: PageAccess;
    private readonly trail: AuditTrail;

    private constructor(private readonly options: CallsServerOptions) {
        this.access = new PageAccess(options.token, options.names);
        this.trail = new AuditTrail(options.clock, options.onView);
        this.http = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }, (request, response) => {
            void this.respond(request, response);
        });
        this.http.maxConnections = MAX_CONNECTIONS;
        this.http.on('upgrade', (_request, socket) => socket.destroy());
    }

    /** Resolves when the page can be opened; rejects when the address cannot be listened on. */
    static async start(options: CallsServerOptions): Promise<CallsServer> {
        const server = new CallsServer(options);
        const { http } = server;
        await new Promise<void>((resolve, reject) => {
            http.once('error', reject);
            http.listen(options.port, options.host, resolve);
        });
        http.removeAllListeners('error').on('error', options.onFault);
        return server;
    }

    get port(): number {
        const address = this.http.address();
        return typeof address === 'object' && address !== null ? address.port : 0;
    }

    /** Frees everything but the reader. May be called twice. */
    async close(): Promise<void> {
        if (!this.http.listening) return;
        const closed = new Promise((resolve) => this.http.close(resolve));
        this.http.closeAllConnections();
        await closed;
    }

    /** Never rejects. */
    private async respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
        const form = request.method === 'POST' ? readForm(request) : undefined;
        if (form === undefined) request.resume();
        const answer = await this.answer(request, form).catch((fault: unknown) => this.faultAnswer(fault));
        const { status, contentType, body, headers, view } = answer;
        if (view !== undefined) this.trail.note(request, { ...answer, view });
        response.writeHead(status, { ...HEADERS, ...headers, 'Content-Type': contentType });
        response.end(body);
    }

    private async answer(request: IncomingMessage, form: Promise<string> | undefined): Promise<Answer> {
        const { method = '', headers } = request;
        const { path, search } = targetOf(request);
        if (!this.access.isOwnHost(headers.host)) return { ...plain(403, REFUSALS.host), view: 'refused' };
        if (isFromElsewhere(headers, method)) return { ...plain(403, REFUSALS.origin), view: 'refused' };
        const file = this.options.pages.get(path);
        // Scripts and styles hold nothing of a call: the form of a visitor who is not let in yet needs them.
        if (file !== undefined && !file.contentType.startsWith('text/html')) return fileAnswer(file);
        const isLetIn = this.access.isLetIn(headers, this.options.clock.epochMs());
        if (path === '/logout' && method === 'POST') return this.logOut(request);
        if (path.startsWith('/api/')) {
            const asked = { ...plain(401, REFUSALS.token, { 'WWW-Authenticate': 'Bearer' }), view: 'refused' as const };
            if (!isLetIn) return asked;
            return method === 'GET' || method === 'HEAD' ? this.data(path, search) : ONLY_READ;
        }
        const page = path === '/' ? '/' : /^\/calls\/[^/]+$/.test(path) ? '/call' : undefined;
        if (page === undefined) return NOT_FOUND;
        if (form !== undefined) return this.access.asksForToken ? this.logIn(request, path, await form) : ONLY_READ;
        if (method !== 'GET' && method !== 'HEAD') return ONLY_READ;
        return isLetIn ? this.page(page, 200) : this.page('/login', 401);
    }

    private async data(path: string, search: URLSearchParams): Promise<Answer> {
        if (path === '/api/calls') return this.list(search);
        if (path === '/api/findings') return this.findings(search);
        const [, id = '', file = 'call'] =
            /^\/api\/calls\/([^/]+?)(?:\/(record\.json|recording\.wav))?$/.exec(path) ?? [];
        const view: View = file === 'record.json' ? 'record' : file === 'recording.wav' ? 'recording' : 'call';
        const call = isCallId(id) ? await this.options.reader.get(id.toLowerCase()) : undefined;
        if (call === undefined) return { ...json({ message: 'There is no such call.' }, 404), view, what: id };
        const { sessionId, recording } = call;
        const look = { view, what: sessionId };
        if (view === 'call') return { ...json({ call, findings: whatWentWrong(call) }), ...look };
        if (view === 'record') return { ...json(call), ...look, headers: asFile(`call-${sessionId}.json`) };
        if (recording === undefined) return { ...json({ message: 'This call was not recorded.' }, 404), ...look };
        const body = await this.options.reader.file(sessionId, recording.name);
        if (body === undefined) return { ...json({ message: 'The recording is not there any more.' }, 404), ...look };
        return { status: 200, contentType: 'audio/wav', body, headers: asFile(`call-${sessionId}.wav`), ...look };
    }

    private async list(search: URLSearchParams): Promise<Answer> {
        const fields = Object.fromEntries(SEARCH_FIELDS.map((name) => [name, search.get(name) ?? '']));
        const read = readQuery(fields, this.options.clock.epochMs());
        if (!read.ok) return json({ message: read.why }, 400);
        const { limit, offset = 0 } = read.query;
        const found = await this.options.reader.list(read.query);
        // Of what the address has, only what was searched for is noted.
        const asked = new URLSearchParams(Object.entries(fields).filter(([, value]) => value !== ''));
        return { ...json({ ...found, limit, offset }), view: 'list', what: asked.toString() };
    }

    /** The gravest finding of each call that is in sight: a second request, so that the list need not wait for 50 records. */
    private async findings(search: URLSearchParams): Promise<Answer> {
        const ids = (search.get('ids') ?? '').split(',');
        if (ids.length > MOST_FINDINGS || !ids.every(isCallId))
            return json({ message: `ids must be session ids with commas, ${MOST_FINDINGS} at most.` }, 400);
        const lower = [...new Set(ids.map((id) => id.toLowerCase()))];
        const findings = await worstFindings(this.options.reader, lower, this.options.onFault);
        return { ...json({ findings }), view: 'findings', calls: findings.map(({ sessionId }) => sessionId) };
    }

    private logIn(request: IncomingMessage, path: string, form: string): Answer {
        const token = new URLSearchParams(form).get('token') ?? '';
        const cookie = this.access.enter(token, this.options.clock.epochMs(), isOverTls(request));
        if (cookie === undefined) return { ...this.page('/login', 401, REFUSALS.token), view: 'login' };
        // The path, and nothing else that the request has brought: it leads to no other place.
        return { ...plain(303, '', { 'Set-Cookie': cookie, Location: path }), view: 'login' };
    }

    private logOut(request: IncomingMessage): Answer {
        const headers = { 'Set-Cookie': this.access.leave(isOverTls(request)), Location: '/' };
        return { ...plain(303, '', headers), view: 'logout' };
    }

    private page(name: string, status: number, complaint = ''): Answer {
        const file = this.options.pages.get(name);
        if (file === undefined) return NOT_FOUND;
        const said = complaint === '' ? '' : `<p class="reason bad" role="alert">${complaint}</p>`;
        const body = file.body
            .replace('data-access=""', `data-access="${this.access.asksForToken ? 'token' : 'none'}"`)
            .replace('<!-- complaint -->', said);
        return { status, contentType: file.contentType, body };
    }

    private faultAnswer(fault: unknown): Answer {
        this.options.onFault(fault);
        if (fault instanceof CodedError) {
            const { code, message, cure } = fault;
            return json({ code, message, cure }, 503);
        }
        return json({ code: 'ERR_INTERNAL', message: ERRORS.ERR_INTERNAL.cause }, 500);
    }
}

function plain(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Answer {
    return { status, contentType: 'text/plain; charset=utf-8', body, headers };
}

function json(value: unknown, status = 200): Answer {
    return { status, contentType: 'application/json; charset=utf-8', body: JSON.stringify(value) };
}

function fileAnswer({ contentType, body }: PageFile): Answer {
    return { status: 200, contentType, body };
}

function asFile(name: string): Record<string, string> {
    return { 'Content-Disposition': `attachment; filename="${name}"` };
}

/** Whether a proxy says that the browser came by TLS. A client that lies about it deceives its own cookies only. */
function isOverTls({ headers }: IncomingMessage): boolean {
    return headers['x-forwarded-proto'] === 'https';
}

function targetOf({ url = '/' }: IncomingMessage): { path: string; search: URLSearchParams } {
    const queryAt = url.indexOf('?');
    if (queryAt === -1) return { path: url, search: new URLSearchParams() };
    return { path: url.slice(0, queryAt), search: new URLSearchParams(url.slice(queryAt + 1)) };
}

/** The body of a request; empty, if it is too long or breaks off. Never rejects. */
function readForm(request: IncomingMessage): Promise<string> {
    return new Promise((resolve) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        request.on('data', (chunk: Buffer) => {
            bytes += chunk.length;
            if (bytes <= MAX_FORM_BYTES) chunks.push(chunk);
        });
        request.on('close', () => {
            resolve('');
        });
        request.on('end', () => {
            resolve(bytes > MAX_FORM_BYTES ? '' : Buffer.concat(chunks).toString('utf8'));
        });
    });
}
