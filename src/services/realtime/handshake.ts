import type { OpenAIConfig } from '../../config/config';
import type { Clock } from '../../support/clock';
import { CodedError, type ErrorCode } from '../../support/errors';
import { faultFields, type Logger } from '../../support/logger';
import { TimerSet } from '../../support/timer-set';
import { classify, fatalError, judgeEnd, redact, type Verdict } from './api-errors';
import { readServerEvent, type ApiError, type ClientEvent } from './events';
import { agreeFormats, type AgreedFormats } from './session-config';
import { RealtimeTransport, type CreateSocket, type TransportEnd } from './transport';

/** From the start of an attempt to `session.created`, and from the update to `session.updated`. */
const STEP_MS = 5000;
/** A caller waits no longer for a connection. */
export const CONNECT_WITHIN_MS = 8000;
/**
 * Before the second attempt, the third, and every later one, at most; at least half of it. Chance decides between them, so
 * that calls which were lost together do not come back together.
 */
const BACKOFF_MS = [250, 500, 1000] as const;

/** What a handshake needs, and where it leads: exactly one of `ready` and `failed` is called, unless it is closed first. */
export interface HandshakePort {
    clock: Clock;
    logger: Logger;
    createSocket: CreateSocket | undefined;
    /** 0 … 1, evenly spread. */
    random: () => number;
    /** The `session.update` to send. */
    update(): ClientEvent;
    /** The session is configured; from now on `frame` and `ended` are called. */
    ready(transport: RealtimeTransport, formats: AgreedFormats): void;
    failed(error: CodedError): void;
    frame(text: string): void;
    ended(end: TransportEnd): void;
}

/**
 * From nothing to a configured session (sheet, sections 3.4 and 4): connect, wait for `session.created`, send the whole
 * configuration, wait for `session.updated`, compare the formats. "Open" is no success: a wrong key is opened too.
 */
export class OpenAIHandshake {
    private readonly timers: TimerSet;
    private state: 'idle' | 'connecting' | 'configuring' | 'waiting' | 'done' = 'idle';
    private transport: RealtimeTransport | undefined;
    private deadlineMs = 0;
    private expiresAt: number | undefined;
    private attemptCount = 0;
    /** The last thing that went wrong was a connection without a session. */
    private wasOpen = false;

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

    /** Called once. */
    start(): void {
        this.deadlineMs = this.port.clock.nowMs() + CONNECT_WITHIN_MS;
        this.attempt();
    }

    /** Gives up, at once; nothing is reported. After `ready` the transport belongs to the one who took it. */
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
        const { clock, createSocket } = this.port;
        try {
            this.transport = new RealtimeTransport(
                this.config.url,
                this.config.headers,
                clock,
                this.listener(),
                createSocket,
            );
        } catch {
            // A character that no URL or header may hold; the system's sentence could quote the key.
            this.fail(new CodedError('ERR_OPENAI_REFUSED', 'The URL or a header holds a forbidden character.'));
        }
    }

    private listener(): ConstructorParameters<typeof RealtimeTransport>[3] {
        return {
            opened: () => {
                this.wasOpen = true;
            },
            frame: (text) => {
                if (this.state === 'done') this.port.frame(text);
                else this.onFrame(text);
            },
            ended: (end) => {
                if (this.state === 'done') this.port.ended(end);
                else this.onVerdict(judgeEnd(end));
            },
        };
    }

    private allow(ms: number, why: string): void {
        const leftMs = this.deadlineMs - this.port.clock.nowMs();
        this.timers.set('step', Math.max(0, Math.min(ms, leftMs)), () => {
            this.onVerdict({ kind: 'retry', why });
        });
    }

    private onFrame(text: string): void {
        const event = readServerEvent(text);
        if (event.type === 'session-created') this.expiresAt = event.expiresAtEpochMs;
        if (event.type === 'error') this.onError(event.error);
        else if (event.type === 'session-created' && this.state === 'connecting') this.configure();
        else if (event.type === 'session-updated' && this.state === 'configuring')
            this.finish(agreeFormats(event.formats));
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
        this.timers.clear();
        this.port.ready(this.transport, formats);
    }

    /** Nothing but the update has been sent: an error that is no refusal of the connection is one of the update. */
    private onError(error: ApiError): void {
        const kind = classify(error);
        if (kind === 'fatal') this.fail(fatalError(error));
        else if (kind === 'retry') this.onVerdict({ kind: 'retry', why: error.code ?? error.type });
        else if (this.state === 'configuring') this.fail(refusedUpdate(error));
    }

    private onVerdict(verdict: Verdict): void {
        if (verdict.kind === 'fatal') this.fail(verdict.error);
        else this.retry(verdict.why);
    }

    private retry(why: string): void {
        this.transport?.close();
        this.timers.cancel('step');
        this.state = 'waiting';
        const mostMs = BACKOFF_MS[Math.min(this.attemptCount, BACKOFF_MS.length) - 1] ?? 0;
        const delayMs = Math.round(mostMs * (0.5 + 0.5 * this.port.random()));
        if (this.port.clock.nowMs() + delayMs >= this.deadlineMs) {
            this.fail(
                new CodedError(this.givenUpCode(), `${this.attemptCount} attempts; the last one: ${redact(why)}.`),
            );
            return;
        }
        this.port.logger.debug(
            { attempt: this.attemptCount, why: redact(why), delayMs },
            'No session yet; trying again.',
        );
        this.timers.set('retry', delayMs, () => {
            this.attempt();
        });
    }

    private givenUpCode(): ErrorCode {
        return this.wasOpen ? 'ERR_OPENAI_NO_SESSION' : 'ERR_OPENAI_CONNECT';
    }

    private fail(error: CodedError): void {
        this.close();
        this.port.failed(error);
    }
}

function refusedUpdate(error: ApiError): CodedError {
    const field = error.param === undefined ? '' : ` Field: ${redact(error.param)}.`;
    return new CodedError('ERR_OPENAI_REFUSED_UPDATE', `Code: ${redact(error.code ?? 'none')}.${field}`);
}
