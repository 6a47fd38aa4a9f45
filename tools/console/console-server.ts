import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import type { BotList } from './bot-list';
import { CallController, type CallControllerOptions, type PagePort } from './call-controller';
import { CallKeeper } from './call-keeper';
import { PageAccess, isOwnHost, isOwnOrigin, REFUSALS } from './origin-check';
import { readPageMessage, type ConsoleMessage, type ServerView } from './page-protocol';
import type { PageFile } from './pages';

/** The server that is called. */
export type CalledServer = Pick<CallControllerOptions, 'url' | 'watchInside'> & {
    /** Asked whenever a page comes: profiles are edited while the console runs. */
    bots: () => BotList;
};

export interface ConsoleServerOptions extends CallControllerOptions, CalledServer {
    pages: ReadonlyMap<string, PageFile>;
    /** 0: any free port. */
    port: number;
    /** Starts a server that can be seen from inside, to be called instead; undefined: none can be started. */
    startInside?: (() => Promise<CalledServer>) | undefined;
    /** Told when the page has gone: the link is a new one. */
    onPageGone?: (link: string) => void;
}

/** Four minutes of a recording in one message. */
const MAX_MESSAGE_BYTES = 2 * 1024 * 1024;
const HELLO_WITHIN_MS = 5000;
const CODE_REFUSED = 4403;

const HEADERS = {
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'X-Frame-Options': 'DENY',
    'Permissions-Policy': 'microphone=(self), camera=(), geolocation=()',
} as const;

/**
 * The console: a page on loopback and the one WebSocket behind it. It listens on 127.0.0.1 and nowhere else, answers under its
 * own name only, and lets in one page at a time, with the link that it gave out.
 */
export class ConsoleServer {
    private readonly access = new PageAccess();
    private readonly sockets = new WebSocketServer({
        noServer: true,
        perMessageDeflate: false,
        maxPayload: MAX_MESSAGE_BYTES,
    });
    private readonly http: Server;
    private readonly keeper = new CallKeeper();
    private controller: CallController | undefined;
    /** The page that was let in. */
    private page: PagePort | undefined;
    private starting = false;

    private constructor(private options: ConsoleServerOptions) {
        this.http = createServer((request, response) => {
            this.answer(request, response);
        });
        this.http.on('upgrade', (request, socket, head) => {
            this.upgrade(request, socket, head);
        });
    }

    /** Resolves when the page can be opened; rejects when the port is taken. */
    static async start(options: ConsoleServerOptions): Promise<ConsoleServer> {
        const server = new ConsoleServer(options);
        await new Promise<void>((resolve, reject) => {
            server.http.once('error', reject);
            server.http.listen(options.port, '127.0.0.1', resolve);
        });
        return server;
    }

    /** The link that lets one page in. The token stands behind the #: a browser does not send it with a request, and it is in no log. */
    get link(): string {
        return `${this.origin}/#${this.access.currentToken}`;
    }

    get origin(): string {
        return `http://127.0.0.1:${this.port}`;
    }

    get port(): number {
        const address = this.http.address();
        return typeof address === 'object' && address !== null ? address.port : 0;
    }

    /** The controller of the page that is open. */
    get currentController(): CallController | undefined {
        return this.controller;
    }

    /** Hangs up, and ends the page's connection. */
    async close(): Promise<void> {
        const caller = this.controller?.caller;
        this.controller?.pageGone();
        await caller?.ended;
        for (const socket of this.sockets.clients) socket.terminate();
        this.http.closeAllConnections();
        await new Promise((resolve) => this.http.close(resolve));
    }

    private answer(request: IncomingMessage, response: ServerResponse): void {
        request.resume();
        if (!isOwnHost(request.headers.host, this.port)) {
            send(response, 403, REFUSALS.host);
            return;
        }
        const file = this.options.pages.get((request.url ?? '').replace(/\?.*/, ''));
        if (request.method !== 'GET' && request.method !== 'HEAD') send(response, 405, 'The console is only read.');
        else if (file === undefined) send(response, 404, 'There is no such page here.');
        else this.sendFile(response, file, request.headers.host ?? '');
    }

    private sendFile(response: ServerResponse, { contentType, body }: PageFile, host: string): void {
        const policy = [
            "default-src 'none'",
            // The resampler is a WebAssembly program.
            "script-src 'self' 'wasm-unsafe-eval'",
            "style-src 'self'",
            "worker-src 'self'",
            "img-src 'self' blob:",
            'media-src blob:',
            `connect-src ws://${host}`,
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ].join('; ');
        response.writeHead(200, { ...HEADERS, 'Content-Type': contentType, 'Content-Security-Policy': policy });
        response.end(body);
    }

    private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
        socket.on('error', () => {
            socket.destroy();
        });
        if (!isOwnHost(request.headers.host, this.port)) refuseUpgrade(socket, REFUSALS.host);
        else if (!isOwnOrigin(request.headers)) refuseUpgrade(socket, REFUSALS.origin);
        else
            this.sockets.handleUpgrade(request, socket, head, (page) => {
                this.greet(page);
            });
    }

    /** Waits for the token of a page that has the right origin. */
    private greet(page: WebSocket): void {
        page.on('error', () => undefined);
        const silence = setTimeout(() => {
            refuse(page, REFUSALS.silent);
        }, HELLO_WITHIN_MS);
        page.once('close', () => {
            clearTimeout(silence);
        });
        page.once('message', (data, isBinary) => {
            clearTimeout(silence);
            const message = isBinary ? undefined : readPageMessage(bytesOf(data).toString('utf8'));
            const entry = this.access.enter(message?.type === 'hello' ? message.token : '');
            if (entry.ok) this.welcome(page, entry.pass);
            else refuse(page, entry.why);
        });
    }

    private welcome(page: WebSocket, pass: string): void {
        const port = pagePort(page);
        this.page = port;
        this.controller = new CallController(this.options, this.keeper.port());
        page.on('message', (data, isBinary) => {
            const bytes = bytesOf(data);
            if (isBinary) this.controller?.handleAudio(bytes);
            else this.handle(port, bytes.toString('utf8'));
        });
        page.once('close', () => {
            this.controller?.pageGone();
            this.controller = this.page = undefined;
            this.keeper.detach();
            this.access.release();
            this.options.onPageGone?.(this.link);
        });
        const samples = [...this.options.samples].map(([name, pcmu]) => ({ name, seconds: pcmu.length / 8000 }));
        port.send({ type: 'welcome', pass, server: this.serverView, samples });
        this.keeper.attach(port);
    }

    private get serverView(): ServerView {
        const { url, bots, watchInside, startInside } = this.options;
        const { host, pathname } = new URL(url);
        const name = pathname === '/' ? host : host + pathname;
        return { name, inside: watchInside !== undefined, canLookInside: startInside !== undefined, ...bots() };
    }

    private handle(port: PagePort, text: string): void {
        const message = readPageMessage(text);
        if (message === undefined) port.send({ type: 'refused', why: REFUSALS.call });
        else if (message.type === 'lookInside') void this.lookInside();
        // The page cannot call meanwhile: which server would it be?
        else if (!this.starting) this.controller?.handle(message);
    }

    /** Calls a server of the console's own from now on. Only between calls, and once. The page may be loaded anew meanwhile. */
    private async lookInside(): Promise<void> {
        const { startInside } = this.options;
        if (startInside === undefined || this.starting || this.controller?.caller !== undefined) return;
        this.starting = true;
        try {
            this.options = { ...this.options, ...(await startInside()), startInside: undefined };
            if (this.controller !== undefined) this.controller = new CallController(this.options, this.keeper.port());
            this.page?.send({ type: 'server', server: this.serverView });
        } catch (fault) {
            this.page?.send({ type: 'notInside', why: fault instanceof Error ? fault.message : String(fault) });
        } finally {
            this.starting = false;
        }
    }
}

function pagePort(page: WebSocket): PagePort {
    return {
        send: (message) => {
            tell(page, message);
        },
        sendAudio: (kind, pcmu) => {
            const bytes = new Uint8Array(pcmu.length + 1);
            bytes[0] = kind;
            bytes.set(pcmu, 1);
            if (page.readyState === page.OPEN) page.send(bytes);
        },
    };
}

function tell(page: WebSocket, message: ConsoleMessage): void {
    if (page.readyState === page.OPEN) page.send(JSON.stringify(message));
}

function refuse(page: WebSocket, why: string): void {
    tell(page, { type: 'refused', why });
    page.close(CODE_REFUSED);
}

function refuseUpgrade(socket: Duplex, why: string): void {
    const head = ['HTTP/1.1 403 Forbidden', 'Content-Type: text/plain; charset=utf-8', 'Connection: close'];
    socket.end(`${head.join('\r\n')}\r\nContent-Length: ${Buffer.byteLength(why)}\r\n\r\n${why}`);
}

function send(response: ServerResponse, status: number, sentence: string): void {
    response.writeHead(status, { ...HEADERS, 'Content-Type': 'text/plain; charset=utf-8' });
    response.end(sentence);
}

function bytesOf(data: RawData): Buffer {
    if (Buffer.isBuffer(data)) return data;
    return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
