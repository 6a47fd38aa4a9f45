import type { Uuid } from '../protocol/core';
import type { EventEntity } from '../protocol/entities';
import type { ServerMessageType, ServerParameters } from '../protocol/message';
import type { Clock } from '../support/clock';
import type { ErrorCode } from '../support/errors';
import { TokenBucket } from '../support/token-bucket';
import { EventOutbox } from './event-outbox';
import { MessageSequence } from './message-sequence';
import type { StateRules } from './session-state';

/** What a session needs of a WebSocket; `ws` fits it, and so does a ten-line fake. */
export interface SessionSocket {
    send(data: string | Uint8Array): void;
    close(code?: number): void;
    terminate(): void;
    /** Bytes handed over and not yet taken by the network. */
    readonly bufferedAmount: number;
}

/** Below Genesys' limit for text, 5 a second with a burst of 25 (protocol sheet, section 8). */
const TEXT_BUCKET = { capacity: 20, refillPerSecond: 4.5 };

/** A client that lets this much pile up does not read at all any more. */
const MAX_BUFFERED_BYTES = 1024 * 1024;

export interface SessionWireOptions {
    sessionId: Uuid;
    clock: Clock;
    /** What the session's state allows now. */
    rules: () => StateRules;
    /** The client has let more pile up than it will ever read. */
    onOverflow: (code: ErrorCode) => void;
    onFault: (fault: unknown) => void;
}

/**
 * The one place from which a session writes, and only what its state allows. It gives each text message its number
 * directly in front of the socket, and notices a client that does not read.
 */
export class SessionWire {
    readonly sequence: MessageSequence;
    private readonly textBucket: TokenBucket;
    private readonly outbox: EventOutbox;

    constructor(
        private readonly socket: SessionSocket,
        private readonly options: SessionWireOptions,
    ) {
        const { clock, onFault } = options;
        this.sequence = new MessageSequence(options.sessionId);
        this.textBucket = new TokenBucket(clock, TEXT_BUCKET);
        this.outbox = new EventOutbox({
            clock,
            onFault,
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

    /** Writes one message now. @returns false when the state forbids it or it is too long (nothing was written), and when it was one too many */
    send<T extends ServerMessageType>(type: T, parameters: ServerParameters[T]): boolean {
        if (!this.options.rules().sends.includes(type)) return false;
        const text = this.sequence.next(type, parameters);
        if (text === undefined) return false;
        this.textBucket.spend();
        this.socket.send(text);
        if (this.socket.bufferedAmount <= MAX_BUFFERED_BYTES) return true;
        this.options.onOverflow('ERR_SLOW_READER');
        return false;
    }

    sendAudio(pcmu: Uint8Array): void {
        if (this.options.rules().sendsAudio) this.socket.send(pcmu);
    }

    /** A barge-in goes now; a turn report when the text budget allows, merged with others. */
    sendEvent(entity: EventEntity): void {
        this.outbox.send(entity);
    }

    /** Genesys said 429: no turn report for `ms`. */
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
