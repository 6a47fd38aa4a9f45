import { samplesToDuration } from './media';
import type { JsonObject } from './server-message';

/** Fields of the envelope that a test wants wrong; `undefined` leaves the field out. */
export type EnvelopeOverrides = Partial<
    Record<'version' | 'id' | 'type' | 'seq' | 'serverseq' | 'position' | 'parameters', unknown>
>;

/** One numbered message, ready for the wire. */
export interface Envelope {
    type: string;
    seq: number;
    parameters: JsonObject;
    text: string;
}

/** Numbers and wraps the caller's text messages (protocol sheet, section 4; key order as on real traffic). */
export class Outbox {
    private seq = 0;
    /** `seq` of the last server message; 0 before the first. */
    serverSeq = 0;

    constructor(private readonly sessionId: string) {}

    /** Takes the next number; an overridden `seq` that is a number is counted on from. */
    wrap(type: string, parameters: JsonObject, positionSamples: number, overrides: EnvelopeOverrides = {}): Envelope {
        this.seq += 1;
        const envelope = {
            type,
            version: '2',
            id: this.sessionId,
            seq: this.seq,
            serverseq: this.serverSeq,
            position: samplesToDuration(positionSamples),
            parameters,
            ...overrides,
        };
        if (typeof overrides.seq === 'number') this.seq = overrides.seq;
        return { type, seq: this.seq, parameters, text: JSON.stringify(envelope) };
    }
}
