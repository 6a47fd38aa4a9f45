import { MAX_TEXT_MESSAGE_BYTES, PROTOCOL_VERSION, type Uuid } from '../protocol/core';
import type { EventEntity } from '../protocol/entities';
import type { ClientEnvelope, ServerMessageType, ServerParameters } from '../protocol/message';
import type { CallMeter } from '../services/call-meter';
import type { Clock, Timer } from '../support/clock';
import type { ErrorCode } from '../support/errors';
import { TokenBucket } from '../support/token-bucket';
import type { CurrentState } from './session-state';

/** What a session needs of a WebSocket; a socket of `ws` fits. */
export interface SessionSocket {
    send(data: string | Uint8Array): void;
    close(code?: number): void;
    terminate(): void;
    /** Bytes that were handed over and are not yet written to the network. */
    readonly bufferedAmount: number;
}

/** Below Genesys' limit for text messages, 5 a second with a burst of 25 (docs/PROTOCOL.md, 5.5). */
const TEXT_BUCKET = { capacity: 20, refillPerSecond: 4.5 };

/** A client counts as not reading when more than this waits in its socket. */
const MAX_BUFFERED_BYTES = 1024 * 1024;

export interface SessionWireOptions {
    sessionId: Uuid;
    clock: Clock;
    /** What may be written follows its rules. */
    state: Pick<CurrentState, 'rules'>;
    /** More than `MAX_BUFFERED_BYTES` wait in the socket: the client does not read. */
    onOverflow: (code: ErrorCode) => void;
    onFault: (fault: unknown) => void;
    /** Hears how long turn reports wait, for the metrics. */
    meter?: Pick<CallMeter, 'eventWaited'> | undefined;
}

/**
 * The one place from which a session writes, and only what its state allows. It numbers each text message at the moment of writing,
 * and reports a client that does not read.
 */
export class SessionWire {
    readonly sequence: MessageSequence;
    private readonly textBucket: TokenBucket;
    private readonly outbox: EventOutbox;

    constructor(
        private readonly socket: SessionSocket,
        private readonly options: SessionWireOptions,
    ) {
        const { clock, onFault, meter } = options;
        this.sequence = new MessageSequence(options.sessionId);
        this.textBucket = new TokenBucket(clock, TEXT_BUCKET);
        this.outbox = new EventOutbox({
            clock,
            onFault,
            meter,
            bucket: this.textBucket,
            write: (entities) => {
                this.send('event', { entities });
            },
        });
    }

    /** Bytes that wait in the socket. */
    bufferedBytes(): number {
        return this.socket.bufferedAmount;
    }

    /**
     * Writes one message now.
     *
     * @returns false when nothing was written (the state forbids it, or it is too long), and when the message was written but the client
     * does not read (`onOverflow` was called)
     */
    send<T extends ServerMessageType>(type: T, parameters: ServerParameters[T]): boolean {
        if (!this.options.state.rules.sends.includes(type)) return false;
        const text = this.sequence.next(type, parameters);
        if (text === undefined) return false;
        this.textBucket.spend();
        this.socket.send(text);
        if (this.socket.bufferedAmount <= MAX_BUFFERED_BYTES) return true;
        this.options.onOverflow('ERR_SLOW_READER');
        return false;
    }

    sendAudio(pcmu: Uint8Array): void {
        if (this.options.state.rules.sendsAudio) this.socket.send(pcmu);
    }

    /** A barge-in goes now; a turn report when the text budget allows, merged with others. */
    sendEvent(entity: EventEntity): void {
        this.outbox.send(entity);
    }

    /** Genesys reported 429: no turn report for `ms`. */
    holdEvents(ms: number): void {
        this.outbox.hold(ms);
    }

    /** Events that wait go now: it is their last chance. */
    flushEvents(): void {
        this.outbox.flush();
    }

    /** No more events. */
    closeEvents(): void {
        this.outbox.close();
    }

    close(): void {
        this.socket.close(1000);
    }

    terminate(): void {
        this.socket.terminate();
    }
}

/** What one call writes: bot audio and events. */
export type CallWire = Pick<SessionWire, 'sendAudio' | 'sendEvent' | 'bufferedBytes'>;

/**
 * The numbers of both sides (docs/PROTOCOL.md, 2.2). A number is given at the moment of writing: a message that has one must be
 * sent. Binary messages are not counted.
 */
export class MessageSequence {
    private serverSeq = 0;
    private clientSeq = 0;
    private checking = true;

    constructor(private readonly sessionId: Uuid) {}

    /** Takes the numbers of a client message. @returns what is wrong with them; the message still counts. */
    accept(envelope: ClientEnvelope): ErrorCode | undefined {
        const expected = this.clientSeq + 1;
        // After a fault the client's numbers are taken as they come, so that its `close` can be answered.
        if (!this.checking) {
            this.clientSeq = envelope.seq;
            return undefined;
        }
        if (envelope.id !== this.sessionId) return 'ERR_MESSAGE_ID';
        if (envelope.seq !== expected) return 'ERR_MESSAGE_SEQ';
        this.clientSeq = envelope.seq;
        return envelope.serverseq > this.serverSeq ? 'ERR_MESSAGE_SERVERSEQ' : undefined;
    }

    /** From now on the client's numbers are taken as they come. */
    stopChecking(): void {
        this.checking = false;
    }

    /** The next message as text, numbered; undefined (and no number used) when it would be too long for the wire. */
    next<T extends ServerMessageType>(type: T, parameters: ServerParameters[T]): string | undefined {
        const text = JSON.stringify({
            version: PROTOCOL_VERSION,
            id: this.sessionId,
            type,
            seq: this.serverSeq + 1,
            clientseq: this.clientSeq,
            parameters,
        });
        if (Buffer.byteLength(text) > MAX_TEXT_MESSAGE_BYTES) return undefined;
        this.serverSeq += 1;
        return text;
    }
}

interface EventOutboxOptions {
    clock: Clock;
    /** Shared with every text message of the session. */
    bucket: TokenBucket;
    /** Writes one `event` message. */
    write: (entities: readonly [EventEntity, ...EventEntity[]]) => void;
    onFault: (fault: unknown) => void;
    meter: Pick<CallMeter, 'eventWaited'> | undefined;
}

/** Longest text of one turn report, in characters. */
const MAX_TURN_TEXT = 4000;
/** Entities that wait, at most; the oldest is dropped. */
const MAX_WAITING = 20;

/**
 * Events on their way to Genesys. A barge-in leaves at once; turn reports wait for a free token of the text budget and then leave
 * together, as one message (docs/PROTOCOL.md, 7.2).
 */
class EventOutbox {
    private waiting: EventEntity[] = [];
    private timer: Timer | undefined;
    private heldUntilMs = 0;
    private closed = false;

    constructor(private readonly options: EventOutboxOptions) {}

    /** A barge-in leaves now, together with everything that waits; a turn report as soon as the budget allows. */
    send(entity: EventEntity): void {
        if (entity.type === 'barge_in') this.sendNow(entity);
        else this.sendSoon(entity);
    }

    private sendNow(entity: EventEntity): void {
        this.waiting.push(entity);
        this.flush();
    }

    private sendSoon(entity: EventEntity): void {
        if (this.closed) return;
        this.waiting.push(shortened(entity));
        if (this.waiting.length > MAX_WAITING) this.waiting.shift();
        this.pump();
    }

    /** Genesys reported 429: no turn report for `ms`. */
    hold(ms: number): void {
        this.heldUntilMs = Math.max(this.heldUntilMs, this.options.clock.nowMs() + ms);
    }

    /** Sends what waits, also beyond the budget: the session is about to close. */
    flush(): void {
        this.timer?.cancel();
        this.timer = undefined;
        const [first, ...rest] = this.waiting;
        this.waiting = [];
        if (this.closed || first === undefined) return;
        this.options.write([first, ...rest]);
    }

    close(): void {
        this.closed = true;
        this.timer?.cancel();
        this.timer = undefined;
        this.waiting = [];
    }

    private pump(): void {
        if (this.timer !== undefined) return;
        const waitMs = Math.max(this.options.bucket.waitMs(), this.heldUntilMs - this.options.clock.nowMs());
        if (waitMs <= 0) {
            this.flush();
            return;
        }
        this.options.meter?.eventWaited(waitMs);
        this.timer = this.options.clock.after(Math.ceil(waitMs), () => {
            this.timer = undefined;
            try {
                this.pump();
            } catch (fault) {
                this.options.onFault(fault);
            }
        });
    }
}

function shortened(entity: EventEntity): EventEntity {
    if (entity.type !== 'bot_turn_response') return entity;
    const { text } = entity.data;
    if (text === undefined || text.length <= MAX_TURN_TEXT) return entity;
    return { ...entity, data: { ...entity.data, text: `${text.slice(0, MAX_TURN_TEXT - 1)}…` } };
}
