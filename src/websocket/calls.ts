import type { RawData, WebSocket } from 'ws';
import type { Identity } from '../auth/authenticator';
import type { Clock } from '../support/clock';
import { ERRORS } from '../support/errors';
import { faultFields, type Logger } from '../support/logger';
import { loggedFault, TimerSet } from '../support/timer-set';
import { isConflict } from './call-slots';
import { ReadThrottle } from './read-throttle';
import type { AcceptedCall } from './upgrade';

/** The part of a session that the server uses. None of the methods throws, and `close` may be called twice. */
export interface ServedSession {
    /** The client has sent `open`: the connection is a call, and counts against MAX_SESSIONS. */
    readonly hasOpened: boolean;
    /** One text message of the client, not checked yet. */
    processTextMessage(text: string): void;
    /** One binary message of the client: audio. */
    processBinaryMessage(bytes: Uint8Array): void;
    /** The socket is closed: frees everything. */
    close(): void;
    /** The process is shutting down: the bot finishes its sentence and says goodbye, then the call ends. */
    endForShutdown(): void;
    /** The process is shutting down: ends the call at once. */
    shutDown(): void;
    /** For lines about its socket: carries the call's ids. Default: one with the session's id. */
    readonly logger?: Logger;
}

/** Makes the session of an accepted connection. */
export type CreateSession = (ws: WebSocket, call: AcceptedCall) => ServedSession;

export interface CallsOptions {
    createSession: CreateSession;
    logger: Logger;
    clock: Clock;
    /** How long a peer may take to answer the close frame after a fault, in ms. */
    lingerMs: number;
}

interface LiveCall {
    readonly ws: WebSocket;
    readonly identity: Identity;
    readonly session: ServedSession;
    readonly timers: TimerSet;
    readonly logger: Logger;
}

/** The connections of this server, calls or about to become calls: connects each socket with its session, and frees both together, once. */
export class Calls {
    private readonly live = new Map<string, LiveCall>();
    /** Those of `live` whose client has sent `open`. */
    private readonly opened = new Set<LiveCall>();
    private endWait: () => void = () => undefined;

    constructor(private readonly options: CallsOptions) {}

    /** All connections. */
    get count(): number {
        return this.live.size;
    }

    /** The connections whose client has sent `open`. */
    get openedCount(): number {
        return this.opened.size;
    }

    /** The connections whose client has not sent `open` yet. */
    get unopenedCount(): number {
        return this.live.size - this.opened.size;
    }

    /**
     * Whether a request must be refused because its session is already served here. Genesys does not retry a refused upgrade, so
     * this ends a call: it is a conflict only between two first attempts, or between two keys or organizations. A retry of the same
     * client means that Genesys has given up the older connection, which it then replaces (docs/PROTOCOL.md, 1.4).
     */
    conflicts(identity: Identity): boolean {
        const older = this.live.get(keyOf(identity))?.identity;
        return older !== undefined && isConflict(older, identity);
    }

    /** Whether the session with this id is served here. Upper and lower case are the same. */
    serves(sessionId: string): boolean {
        return this.live.has(sessionId.toLowerCase());
    }

    /** Serves an accepted connection until its socket is gone. Never throws. */
    open(ws: WebSocket, call: AcceptedCall): void {
        const { clock, lingerMs } = this.options;
        const made: { session?: ServedSession | undefined } = {};
        // The session's logger, where it has one: another one for the rare line of its socket would take 0.3 KiB of each call.
        const logger = (): Logger => made.session?.logger ?? this.loggerOf(call);
        const timers = new TimerSet(clock, (fault) => {
            logInternal(logger(), fault);
        });
        // Before all else: without this listener, a fault of the socket would end the process.
        ws.on('error', (fault) => {
            logger().warn({ ...faultFields(fault), code: 'ERR_WEBSOCKET' }, ERRORS.ERR_WEBSOCKET.cause);
            timers.set('linger', lingerMs, () => {
                ws.terminate();
            });
        });
        const session = this.createSession(ws, call);
        made.session = session;
        if (session === undefined) ws.terminate();
        else this.join({ ws, identity: call.identity, session, timers, logger: logger() });
    }

    /** Asks every call to end with a goodbye. */
    endForShutdown(): void {
        for (const call of this.live.values()) guard(call, 'endForShutdown');
    }

    /** Ends every call at once; the clients are expected to close their sockets. */
    shutDown(): void {
        for (const call of this.live.values()) guard(call, 'shutDown');
    }

    /** Cuts off the calls that are left. */
    terminate(): void {
        for (const call of this.live.values()) call.ws.terminate();
    }

    /** Resolves when no call is left, after `limitMs`, or at `stopWaiting`. @returns the number of calls that are left. */
    async whenEmpty(limitMs: number): Promise<number> {
        if (this.live.size === 0 || limitMs <= 0) return this.live.size;
        await new Promise<void>((resolve) => {
            const timer = this.options.clock.after(limitMs, resolve);
            this.endWait = () => {
                timer.cancel();
                resolve();
            };
        });
        return this.live.size;
    }

    /** Ends the `whenEmpty` that is running. */
    stopWaiting(): void {
        this.endWait();
    }

    private loggerOf({ identity }: AcceptedCall): Logger {
        return this.options.logger.child({ session: identity.sessionId });
    }

    private createSession(ws: WebSocket, call: AcceptedCall): ServedSession | undefined {
        try {
            return this.options.createSession(ws, call);
        } catch (fault) {
            logInternal(this.loggerOf(call), fault);
            return undefined;
        }
    }

    private join(call: LiveCall): void {
        const key = keyOf(call.identity);
        const older = this.live.get(key);
        if (older !== undefined) this.opened.delete(older);
        older?.ws.terminate();
        this.live.set(key, call);
        const throttle = new ReadThrottle(call.ws, this.options.clock);
        call.ws.on('message', (data, isBinary) => {
            receive(call, data, isBinary);
            if (!isBinary) this.noteOpen(key, call);
            throttle.messageHandled();
        });
        call.ws.once('close', () => {
            this.remove(key, call);
        });
    }

    private noteOpen(key: string, call: LiveCall): void {
        // A retry may have replaced this call.
        if (call.session.hasOpened && this.live.get(key) === call) this.opened.add(call);
    }

    private remove(key: string, call: LiveCall): void {
        call.timers.clear();
        guard(call, 'close');
        // A retry may have replaced this call.
        if (this.live.get(key) === call) this.live.delete(key);
        this.opened.delete(call);
        if (this.live.size === 0) this.endWait();
    }
}

function keyOf(identity: Identity): string {
    return identity.sessionId.toLowerCase();
}

function receive(call: LiveCall, data: RawData, isBinary: boolean): void {
    // `ws` joins fragments, so that a message is one Buffer, unless its binaryType was changed.
    if (!Buffer.isBuffer(data)) return;
    try {
        if (isBinary) call.session.processBinaryMessage(data);
        else call.session.processTextMessage(data.toString());
    } catch (fault) {
        logInternal(call.logger, fault);
    }
}

function guard(call: LiveCall, method: 'close' | 'endForShutdown' | 'shutDown'): void {
    try {
        call.session[method]();
    } catch (fault) {
        logInternal(call.logger, fault);
    }
}

function logInternal(logger: Logger, fault: unknown): void {
    loggedFault(logger, ERRORS.ERR_INTERNAL.cause)(fault);
}
