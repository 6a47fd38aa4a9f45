import { WebSocket, type ClientOptions } from 'ws';
import type { OpenAIConfig } from '../../config/config';
import type { Clock } from '../../support/clock';
import type { BotMeter } from '../call-meter';
import { CodedError, isUnreachable, type ErrorCode, type FaultFacts } from '../../support/errors';
import { faultFields, type Logger } from '../../support/logger';
import { proxyAgentFor, ProxyFault } from '../../support/proxy';
import { loggedAddress, redact } from '../../support/redact';
import { TimerSet } from '../../support/timer-set';
import { apiFacts, classify, fatalError, judgeEnd, type TransportEnd, type Verdict } from './errors';
import { readErrorBody, readServerEvent, type ApiError, type ClientEvent, type SessionFormats } from './events';
import { agreeFormats, type AgreedFormats } from './session-config';

/** A peer that answers no ping counts as lost after at most `PING_EVERY_MS + PONG_WITHIN_MS`. */
const PING_EVERY_MS = 15_000;
const PONG_WITHIN_MS = 10_000;
/** The response to a refused upgrade says why in its body: so much of it is read, for so long. */
const MAX_BODY_BYTES = 16_384;
const BODY_WITHIN_MS = 500;

/** What the transport reports, in this order: opened?, frame*, ended?. */
export interface TransportListener {
    opened(): void;
    /** One text frame, UTF-8. */
    frame(frame: Buffer): void;
    ended(end: TransportEnd): void;
}

/** The part of the response to a refused upgrade that is used here. */
export interface RefusalResponse {
    readonly statusCode?: number | undefined;
    on(event: 'data', listener: (chunk: Buffer) => void): unknown;
    once(event: 'end' | 'error', listener: () => void): unknown;
}

/** The part of a `ws` socket that is used here; a test hands in its own. */
export interface RealtimeSocket {
    readonly bufferedAmount: number;
    on(event: 'message', listener: (data: unknown, isBinary: boolean) => void): unknown;
    on(event: 'open' | 'ping' | 'pong', listener: () => void): unknown;
    on(event: 'error', listener: (error: Error) => void): unknown;
    on(event: 'close', listener: (code: number, reason: Buffer) => void): unknown;
    on(event: 'unexpected-response', listener: (request: unknown, response: RefusalResponse) => void): unknown;
    removeAllListeners(): unknown;
    /** A text frame: a string, or UTF-8 bytes that may be used again afterwards. */
    send(frame: string | Uint8Array, options: { binary: false }): void;
    ping(): void;
    close(code: number): void;
    terminate(): void;
}

/** Opens a socket; it must not throw for a URL that the configuration has accepted. */
export type CreateSocket = (url: string, options: ClientOptions) => RealtimeSocket;

/** A socket of `ws`. */
export const createWebSocket: CreateSocket = (url, options) => new WebSocket(url, options);

const TEXT = { binary: false } as const;

/** Deltas may be large; fragments may not be many. Deflate costs time and memory, and base64 gains nothing from it. */
const SOCKET_OPTIONS: ClientOptions & { closeTimeout: number } = {
    perMessageDeflate: false,
    maxPayload: 16 * 1024 * 1024,
    maxFragments: 1024,
    handshakeTimeout: 5000,
    closeTimeout: 2000,
    followRedirects: false,
};

/**
 * One WebSocket to the Realtime API: text frames out and in, pings, and one typed reason at the end (docs/REALTIME.md, 1).
 * It never throws after construction and leaves no `error` event without a listener, also when it is closed while connecting.
 */
export class RealtimeTransport {
    private readonly socket: RealtimeSocket;
    private readonly timers: TimerSet;
    private state: 'connecting' | 'open' | 'over' = 'connecting';
    private heardSincePing = true;
    private pingedAtMs: number | undefined;

    constructor(
        url: string,
        headers: Readonly<Record<string, string>>,
        private readonly clock: Clock,
        private listener: TransportListener,
        createSocket: CreateSocket = createWebSocket,
        private readonly meter?: Pick<BotMeter, 'upstreamRoundTrip'>,
    ) {
        this.timers = new TimerSet(clock, () => {
            this.finish({ kind: 'dead' });
        });
        this.socket = createSocket(url, { ...SOCKET_OPTIONS, headers, agent: proxyAgentFor(url) });
        this.listen();
    }

    /** Bytes that were sent but have not left this process. */
    get bufferedAmount(): number {
        return this.socket.bufferedAmount;
    }

    /** From now on another listener gets the frames and the end: the handshake hands the connection over to the session. */
    handOver(listener: TransportListener): void {
        this.listener = listener;
    }

    /**
     * Sends one text frame, a string or UTF-8 bytes; does nothing unless the connection is open. The bytes may be used again afterwards:
     * what a client sends is masked (RFC 6455, 5.3), and therefore copied by `ws` at once.
     */
    send(frame: string | Uint8Array): void {
        if (this.state === 'open') this.socket.send(frame, TEXT);
    }

    /** Ends the connection from this side. Nothing is reported afterwards. May be called twice, and while connecting. */
    close(code = 1000): void {
        if (this.state === 'over') return;
        this.release();
        this.socket.close(code);
    }

    private listen(): void {
        this.socket.on('open', () => {
            this.state = 'open';
            this.timers.set('ping', PING_EVERY_MS, this.ping);
            this.listener.opened();
        });
        this.socket.on('message', (data, isBinary) => {
            this.heardSincePing = true;
            if (!isBinary && Buffer.isBuffer(data)) this.listener.frame(data);
        });
        this.socket.on('ping', this.heard);
        this.socket.on('pong', this.ponged);
        this.socket.on('unexpected-response', (_request, response) => {
            this.readRefusal(response);
        });
        this.socket.on('error', (error) => {
            // After the handshake an error is followed by `close`, which says more.
            if (this.state === 'connecting') this.finish(unreachable(error));
        });
        this.socket.on('close', (code, reason) => {
            this.finish({ kind: 'closed', code, reason: reason.toString('utf8') });
        });
    }

    private readRefusal(response: RefusalResponse): void {
        const status = response.statusCode ?? 0;
        const chunks: Buffer[] = [];
        let bytes = 0;
        const done = (): void => {
            this.finish({ kind: 'http', status, error: readErrorBody(Buffer.concat(chunks).toString('utf8')) });
        };
        this.timers.set('body', BODY_WITHIN_MS, done);
        response.on('data', (chunk: Buffer) => {
            bytes += chunk.length;
            if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
            else done();
        });
        response.once('end', done);
        response.once('error', done);
    }

    private readonly heard = (): void => {
        this.heardSincePing = true;
    };

    private readonly ponged = (): void => {
        this.heardSincePing = true;
        if (this.pingedAtMs !== undefined) this.meter?.upstreamRoundTrip(this.clock.nowMs() - this.pingedAtMs);
        this.pingedAtMs = undefined;
    };

    private readonly ping = (): void => {
        this.heardSincePing = false;
        this.pingedAtMs = this.clock.nowMs();
        this.socket.ping();
        this.timers.set('pong', PONG_WITHIN_MS, () => {
            if (!this.heardSincePing) this.finish({ kind: 'dead' });
        });
        this.timers.set('ping', PING_EVERY_MS, this.ping);
    };

    private finish(end: TransportEnd): void {
        if (this.state === 'over') return;
        this.release();
        this.socket.terminate();
        this.listener.ended(end);
    }

    private release(): void {
        this.state = 'over';
        this.timers.clear();
        this.socket.removeAllListeners();
        // A socket that is closed while connecting still reports an error; without a listener it would end the process.
        this.socket.on('error', () => undefined);
    }
}

function unreachable(error: Error): TransportEnd {
    if (error instanceof ProxyFault) return { kind: 'proxy', fault: error };
    return { kind: 'unreachable', detail: systemCode(error) };
}

function systemCode(error: Error): string {
    const code: unknown = 'code' in error ? error.code : undefined;
    return typeof code === 'string' ? code : 'no answer in time, or no WebSocket';
}

/** From the start of an attempt to `session.created`, and from the update to `session.updated`. */
const STEP_MS = 5000;
/** All attempts together: a caller waits no longer for a connection. */
const CONNECT_WITHIN_MS = 8000;
/**
 * Longest wait before the second attempt, the third, and every later one; the shortest is half of it. Chance decides between them,
 * so that calls which lost their sessions together do not reconnect together.
 */
const BACKOFF_MS = [250, 500, 1000] as const;

/** What a handshake needs, and where it leads: exactly one of `ready` and `failed` is called, unless it is closed first. */
export interface HandshakePort {
    clock: Clock;
    logger: Logger;
    createSocket: CreateSocket | undefined;
    /** 0 … 1, evenly spread. */
    random: () => number;
    /** Attempts in a row that find the service unreachable (`isUnreachable`), after which it gives up; undefined: as many as fit into 8 s. */
    maxUnreachable?: number | undefined;
    /** Hears how the attempts end, for the metrics. */
    meter?: BotMeter | undefined;
    /** The `session.update` to send. */
    update(): ClientEvent;
    /** The update was refused. @returns true: there is another one to send, without what was refused */
    refused(error: ApiError): boolean;
    /** An event that could not be used, by name. */
    ignored(name: string): void;
    /** The session is configured. The transport is handed over: it needs another listener (`handOver`), and another owner closes it. */
    ready(transport: RealtimeTransport, formats: AgreedFormats): void;
    failed(error: CodedError): void;
}

/**
 * From nothing to a configured session (docs/REALTIME.md, 1.2): connect, wait for `session.created`, send the whole configuration,
 * wait for `session.updated`, compare the formats. An open connection is no success: one with a wrong key opens, too.
 */
export class OpenAIHandshake {
    private readonly timers: TimerSet;
    private state: 'idle' | 'connecting' | 'configuring' | 'waiting' | 'done' = 'idle';
    private transport: RealtimeTransport | undefined;
    private startedAtMs = 0;
    private deadlineMs = 0;
    private expiresAt: number | undefined;
    private attemptCount = 0;
    /** The last thing that went wrong was a connection without a session. */
    private wasOpen = false;
    private fault: CodedError | undefined;
    private unreachableCount = 0;

    constructor(
        private readonly config: OpenAIConfig,
        private readonly port: HandshakePort,
    ) {
        this.timers = new TimerSet(port.clock, (fault) => {
            port.logger.error({ code: 'ERR_INTERNAL', ...faultFields(fault) }, 'A timer of the connection failed.');
        });
    }

    /** Sockets opened so far. */
    get attempts(): number {
        return this.attemptCount;
    }

    /** When the session says that it ends, ms since 1970; undefined: it does not say. */
    get expiresAtEpochMs(): number | undefined {
        return this.expiresAt;
    }

    /** Why the last attempt gave no session; undefined: none has failed. */
    get lastFault(): CodedError | undefined {
        return this.fault;
    }

    /** Called once. */
    start(): void {
        this.startedAtMs = this.port.clock.nowMs();
        this.deadlineMs = this.startedAtMs + CONNECT_WITHIN_MS;
        this.attempt();
    }

    /** Gives up, at once; nothing is reported. After `ready` the transport has another owner and stays open. */
    close(): void {
        if (this.state !== 'done') this.transport?.close();
        this.state = 'done';
        this.timers.clear();
    }

    private attempt(): void {
        this.state = 'connecting';
        this.attemptCount += 1;
        this.wasOpen = false;
        this.allow(STEP_MS, 'no session.created in time');
        const { clock, createSocket, meter } = this.port;
        try {
            this.transport = new RealtimeTransport(
                this.config.url,
                this.config.headers,
                clock,
                this.listener(),
                createSocket,
                meter,
            );
        } catch (fault) {
            // Else a character that no URL or header may hold; the system's sentence could quote the key.
            const isCoded = fault instanceof CodedError;
            this.fail(
                isCoded
                    ? fault
                    : new CodedError('ERR_OPENAI_REFUSED', 'The URL or a header holds a forbidden character.'),
            );
        }
    }

    private listener(): TransportListener {
        return {
            opened: () => {
                this.wasOpen = true;
            },
            frame: (frame) => {
                this.onFrame(frame);
            },
            ended: (end) => {
                this.onVerdict(judgeEnd(end));
            },
        };
    }

    /** An attempt that the end of all attempts cuts short tells nothing about the service: the failure before it is reported. */
    private allow(ms: number, why: string): void {
        const leftMs = Math.max(0, this.deadlineMs - this.port.clock.nowMs());
        this.timers.set('step', Math.min(ms, leftMs), () => {
            if (leftMs < ms && this.fault !== undefined) this.fail(this.fault);
            else this.retry(why);
        });
    }

    private onFrame(frame: Buffer): void {
        const event = readServerEvent(frame);
        if (event.type === 'session-created') this.expiresAt = event.expiresAtEpochMs;
        if (event.type === 'ignored') this.port.ignored(event.name);
        else if (event.type === 'error') this.onError(event.error);
        else if (event.type === 'session-created' && this.state === 'connecting') this.configure();
        else if (event.type === 'session-updated' && this.state === 'configuring') this.agree(event.formats);
    }

    private agree(formats: SessionFormats): void {
        if (formats.input === undefined || formats.output === undefined) this.port.ignored('odd session.updated');
        this.finish(agreeFormats(formats, this.config.audioFormat));
    }

    private configure(): void {
        this.state = 'configuring';
        this.transport?.send(JSON.stringify(this.port.update()));
        this.allow(STEP_MS, 'no session.updated in time');
    }

    private finish(formats: AgreedFormats | undefined): void {
        if (this.transport === undefined) return;
        if (formats === undefined) {
            this.fail(new CodedError('ERR_OPENAI_FORMAT', `Asked for: ${this.config.audioFormat}.`));
            return;
        }
        this.state = 'done';
        this.fault = undefined;
        this.timers.clear();
        this.port.meter?.upstreamReady(this.port.clock.nowMs() - this.startedAtMs);
        this.port.ready(this.transport, formats);
    }

    /** Only the update has been sent: an error that does not refuse the connection refuses the update. */
    private onError(error: ApiError): void {
        const kind = classify(error);
        if (kind === 'fatal') this.fail(fatalError(error));
        else if (kind === 'retry')
            this.onVerdict({ kind: 'retry', why: error.code ?? error.type, facts: apiFacts(error) });
        else if (this.state === 'configuring' && this.port.refused(error)) this.configure();
        else if (this.state === 'configuring') this.fail(refusedUpdate(error));
    }

    private onVerdict(verdict: Verdict): void {
        if (verdict.kind === 'fatal') this.fail(verdict.error);
        else this.retry(verdict.why, verdict.facts);
    }

    private retry(why: string, facts?: FaultFacts): void {
        this.transport?.close();
        this.timers.cancel('step');
        this.state = 'waiting';
        const summary = `${this.attemptCount} attempts; the last one: ${redact(why)}.`;
        this.fault = new CodedError(this.givenUpCode(), summary, facts).with(this.facts);
        this.unreachableCount = isUnreachable(this.fault) ? this.unreachableCount + 1 : 0;
        const mostMs = BACKOFF_MS[Math.min(this.attemptCount, BACKOFF_MS.length) - 1] ?? 0;
        const delayMs = Math.round(mostMs * (0.5 + 0.5 * this.port.random()));
        const { clock, maxUnreachable = Infinity } = this.port;
        if (this.unreachableCount >= maxUnreachable || clock.nowMs() + delayMs >= this.deadlineMs) {
            this.fail(this.fault);
            return;
        }
        const fields = { attempt: this.attemptCount, why: redact(why), ...this.fault.facts, delayMs };
        this.port.logger.debug(fields, 'No session yet; trying again.');
        this.timers.set('retry', delayMs, () => {
            this.attempt();
        });
    }

    private givenUpCode(): ErrorCode {
        return this.wasOpen ? 'ERR_OPENAI_NO_SESSION' : 'ERR_OPENAI_CONNECT';
    }

    private get facts(): FaultFacts {
        return { address: loggedAddress(this.config.url) };
    }

    private fail(error: CodedError): void {
        this.close();
        this.port.meter?.upstreamFailed(error.code);
        this.port.failed(error.with(this.facts));
    }
}

function refusedUpdate(error: ApiError): CodedError {
    const field = error.param === undefined ? '' : ` Field: ${redact(error.param)}.`;
    const detail = `Code: ${redact(error.code ?? 'none')}.${field}`;
    return new CodedError('ERR_OPENAI_REFUSED_UPDATE', detail, apiFacts(error));
}
