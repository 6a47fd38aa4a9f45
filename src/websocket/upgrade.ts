import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket, WebSocketServer } from 'ws';
import type { AuthRefusal, AuthRequest, AuthResult, Identity } from '../auth/authenticator';
import type { ErrorCode } from '../support/errors';
import { faultFields, type Logger } from '../support/logger';
import type { TraceHeaders } from '../tracing/trace-context';
import type { LoadReason } from './admission';
import type { AbuseLog } from './abuse-log';
import { UNCOUNTED, type CallSlots, type NoSlot, type Slot } from './call-slots';
import type { ReadAddress } from './client-address';
import { isBelow, pathOf, RETRY_AFTER_SECONDS, type Unavailable } from './http-endpoints';
import type { RefusalLog, Refusals } from './refusals';

/** An upgrade request that was accepted. */
export interface AcceptedCall {
    /** The request target as received, with its query: it chooses the bot. */
    url: string;
    identity: Identity;
    /** Address of the client, see `addressReader`; undefined: it is gone. */
    from?: string | undefined;
    /** What the request says about the trace that the call belongs to. */
    traceHeaders?: TraceHeaders | undefined;
}

/** The part of `Authenticator` that is used here. */
export interface UpgradeAuthenticator {
    authenticate(request: AuthRequest): Promise<AuthResult>;
}

export interface UpgradeGateOptions {
    audiohookPath: string;
    addressOf: ReadAddress;
    maxPendingUpgrades: number;
    authenticator: UpgradeAuthenticator;
    webSockets: WebSocketServer;
    refusals: Refusals;
    refusalLog: RefusalLog;
    logger: Logger;
    /** Why no further call is accepted now; undefined: calls are accepted. */
    unavailable: () => Unavailable;
    /** A call was refused because the process is loaded: counted there, and not in `refusalLog`. */
    noteOverload: (reason: LoadReason) => void;
    /** A call was refused because the replay store is away: the same. */
    noteStoreDown: () => void;
    abuseLog: AbuseLog;
    slots: CallSlots;
    /** Whether this session is already served on another connection. */
    conflicts: (identity: Identity) => boolean;
    /** Whether a session with this id, in any case of letters, is served now. */
    serves: (sessionId: string) => boolean;
    accept: (ws: WebSocket, call: AcceptedCall) => void;
}

interface Refusal {
    status: number;
    code: ErrorCode;
    headers?: Readonly<Record<string, string>>;
    fault?: unknown;
    /** The process is loaded; undefined: it is refused for another reason. */
    load?: LoadReason;
    /** Counted, and not logged. */
    isQuiet?: boolean;
}

const WEBSOCKET_KEY = /^[+/\dA-Za-z]{22}==$/;
const SUB_PROTOCOL = 'audiohook';
const MAX_LOGGED_PATH_CHARACTERS = 200;

/** Genesys offers no sub-protocol (docs/PROTOCOL.md, 1.1); a client that offers `audiohook` gets that one, and no other. */
export function selectSubProtocol(offered: ReadonlySet<string>): string | false {
    return offered.has(SUB_PROTOCOL) ? SUB_PROTOCOL : false;
}

/**
 * Decides about each upgrade request, cheapest check first (docs/PROTOCOL.md, 1.4): malformed 400, draining, full or busy 503, another
 * path 404, then the signature (401, 429, 400), then a session that is already served (409) and the limits of its key and of all processes (503),
 * then 101. The peer gets only the status; the code is logged.
 */
export class UpgradeGate {
    private readonly waiting = new Set<Duplex>();

    constructor(private readonly options: UpgradeGateOptions) {
        options.webSockets.on('wsClientError', (fault, socket, request) => {
            this.refuse(request, socket, { ...MALFORMED, fault });
        });
    }

    /** For the `upgrade` event of the HTTP server. Never throws. */
    handle(request: IncomingMessage, socket: Duplex, head: Buffer): void {
        this.watch(socket);
        const refusal = this.examine(request);
        if (refusal !== undefined) {
            this.refuse(request, socket, refusal);
            return;
        }
        void this.admit(request, socket, head).catch((fault: unknown) => {
            this.refuse(request, socket, { status: 500, code: 'ERR_INTERNAL', fault });
        });
    }

    /** Destroys the sockets of requests that are still being authenticated. */
    clear(): void {
        for (const socket of this.waiting) socket.destroy();
    }

    /** Apart from `handle`: the listener stays for the whole call, and must not keep the request. */
    private watch(socket: Duplex): void {
        socket.on('error', (fault) => {
            this.options.logger.debug(faultFields(fault), 'socket error');
            socket.destroy();
        });
    }

    private examine(request: IncomingMessage): Refusal | undefined {
        if (!isHandshake(request)) return MALFORMED;
        const unavailable = this.options.unavailable();
        if (unavailable !== undefined && !this.continuesCall(unavailable, sessionIdIn(request)))
            return BUSY[unavailable];
        if (this.waiting.size >= this.options.maxPendingUpgrades) return BUSY.full;
        if (!isBelow(this.options.audiohookPath, pathOf(request.url ?? ''))) return WRONG_PATH;
        return undefined;
    }

    private async admit(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
        const url = request.url ?? '';
        this.waiting.add(socket);
        try {
            const result = await this.options.authenticator.authenticate({ url, rawHeaders: request.rawHeaders });
            if (!socket.writable) socket.destroy();
            else if (!result.ok) this.refuse(request, socket, this.fromAuthentication(request, result));
            else {
                await this.complete(request, socket, head, {
                    url,
                    identity: result.identity,
                    from: this.from(request),
                    traceHeaders: traceHeadersIn(request),
                });
            }
        } finally {
            this.waiting.delete(socket);
        }
    }

    private async complete(request: IncomingMessage, socket: Duplex, head: Buffer, call: AcceptedCall): Promise<void> {
        const early = this.examineCall(call);
        if (early !== undefined) {
            this.refuse(request, socket, early);
            return;
        }
        const { identity } = call;
        const slot = await this.options.slots.take(identity, this.options.serves(identity.sessionId));
        if (typeof slot === 'string') {
            this.refuse(request, socket, this.fromSlots(slot, call));
            return;
        }
        // Redis took time, too.
        const late = socket.writable ? this.examineCall(call) : GONE;
        if (late === undefined && this.accept(request, socket, head, call, slot)) return;
        slot.release();
        if (late === GONE) socket.destroy();
        else if (late !== undefined) this.refuse(request, socket, late);
    }

    /** Authentication took time: the server may be full or draining by now. */
    private examineCall({ identity }: AcceptedCall): Refusal | undefined {
        const unavailable = this.options.unavailable();
        if (unavailable !== undefined && !this.continuesCall(unavailable, identity.sessionId)) return BUSY[unavailable];
        return this.options.conflicts(identity) ? CONFLICT : undefined;
    }

    /** @returns whether the handshake was completed; `ws` calls back in this tick or never */
    private accept(request: IncomingMessage, socket: Duplex, head: Buffer, call: AcceptedCall, slot: Slot): boolean {
        let isAccepted = false;
        this.options.webSockets.handleUpgrade(request, socket, head, (ws) => {
            isAccepted = true;
            if (slot !== UNCOUNTED) releaseWhenClosed(ws, slot);
            this.options.accept(ws, call);
        });
        return isAccepted;
    }

    /** A retry of Genesys for a call that is running here adds no call; it is refused only when the server shuts down. */
    private continuesCall(unavailable: NonNullable<Unavailable>, sessionId: string | undefined): boolean {
        return unavailable !== 'draining' && sessionId !== undefined && this.options.serves(sessionId);
    }

    private from(request: IncomingMessage): string | undefined {
        return this.options.addressOf(request);
    }

    /** Beyond the limit of its address a failure is answered 429, in the time of a 401. */
    private fromAuthentication(request: IncomingMessage, { status, code, fault }: AuthRefusal): Refusal {
        if (status === 503) return STORE_DOWN;
        const level = this.options.abuseLog.noteFailure(code, this.from(request));
        if (level !== 'below') return { status: 429, code: 'ERR_AUTH_FLOOD', isQuiet: level === 'beyond' };
        return { status, code, ...(fault !== undefined && { fault }) };
    }

    private fromSlots(why: NoSlot, { from }: AcceptedCall): Refusal {
        if (why === 'conflict') return CONFLICT;
        if (why === 'unavailable') return STORE_DOWN;
        return { ...FULL[why], isQuiet: !this.options.abuseLog.noteFull(why, from) };
    }

    private refuse(request: IncomingMessage, socket: Duplex, refusal: Refusal): void {
        const { status, headers, load, isQuiet } = refusal;
        if (load !== undefined) this.options.noteOverload(load);
        else if (refusal === STORE_DOWN) this.options.noteStoreDown();
        else if (isQuiet === true) this.options.refusalLog.noteQuiet(refusal.code);
        else this.log(request, refusal);
        this.options.refusals.refuse(socket, status, headers);
    }

    private log(request: IncomingMessage, { status, code, fault }: Refusal): void {
        this.options.refusalLog.note(status === 500 ? 'error' : 'warn', code, {
            ...(fault !== undefined && faultFields(fault)),
            status,
            path: pathOf(request.url ?? '').slice(0, MAX_LOGGED_PATH_CHARACTERS),
            from: this.from(request),
        });
    }
}

const MALFORMED: Refusal = {
    status: 400,
    code: 'ERR_UPGRADE_MALFORMED',
    headers: { 'Sec-WebSocket-Version': '13' },
};
/** The client has ended its connection: it gets no answer. */
const GONE: Refusal = { status: 400, code: 'ERR_UPGRADE_MALFORMED' };
const WRONG_PATH: Refusal = { status: 404, code: 'ERR_UPGRADE_PATH' };
const RETRY_LATER = { 'Retry-After': RETRY_AFTER_SECONDS };
const STORE_DOWN: Refusal = { status: 503, code: 'ERR_REPLAY_STORE_DOWN', headers: RETRY_LATER };
const FULL = {
    'key-full': { status: 503, code: 'ERR_KEY_FULL', headers: RETRY_LATER },
    'total-full': { status: 503, code: 'ERR_ALL_SERVERS_FULL', headers: RETRY_LATER },
} as const satisfies Record<string, Refusal>;
const BUSY = {
    draining: { status: 503, code: 'ERR_SHUTTING_DOWN', headers: RETRY_LATER },
    full: { status: 503, code: 'ERR_SERVER_FULL', headers: RETRY_LATER },
    unopened: { status: 503, code: 'ERR_SERVER_BUSY', headers: RETRY_LATER },
    'replay-store': STORE_DOWN,
    'event-loop-delay': overloaded('event-loop-delay'),
    cpu: overloaded('cpu'),
    memory: overloaded('memory'),
    arrivals: overloaded('arrivals'),
} as const satisfies Record<NonNullable<Unavailable>, Refusal>;
const CONFLICT: Refusal = { status: 409, code: 'ERR_SESSION_CONFLICT' };

function overloaded(load: LoadReason): Refusal {
    return { status: 503, code: 'ERR_SERVER_OVERLOADED', headers: RETRY_LATER, load };
}

/** A proxy in front may write them; they are not signed. undefined, as with Genesys alone: there are none. */
function traceHeadersIn({ headers }: IncomingMessage): TraceHeaders | undefined {
    const { traceparent, tracestate } = headers;
    if (typeof traceparent !== 'string') return undefined;
    return { traceparent, tracestate: typeof tracestate === 'string' ? tracestate : undefined };
}

/** The session id that a request claims, before its signature is checked. */
function sessionIdIn({ headers }: IncomingMessage): string | undefined {
    return headers['audiohook-session-id']?.toString();
}

/** Apart from `accept`: the listener stays for the whole call, and must not keep the request. */
function releaseWhenClosed(ws: WebSocket, slot: Slot): void {
    ws.once('close', () => {
        slot.release();
    });
}

/** Whether the request is a WebSocket handshake (RFC 6455, section 4.2.1). */
function isHandshake({ method, httpVersion, url, headers }: IncomingMessage): boolean {
    return (
        method === 'GET' &&
        httpVersion === '1.1' &&
        url?.startsWith('/') === true &&
        headers.upgrade?.toLowerCase() === 'websocket' &&
        WEBSOCKET_KEY.test(headers['sec-websocket-key'] ?? '') &&
        headers['sec-websocket-version'] === '13'
    );
}
