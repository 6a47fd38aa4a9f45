import { MAX_TEXT_MESSAGE_BYTES, PROTOCOL_VERSION, type Uuid } from '../protocol/core';
import type { ClientEnvelope, ServerMessageType, ServerParameters } from '../protocol/message';
import type { ErrorCode } from '../support/errors';

/**
 * The numbers of both sides (protocol sheet, section 4). A number is given at the moment of writing and never before:
 * a message that has one must be sent. Binary messages are not counted.
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
