import type { Clock } from '../../src/support/clock';
import { isBenign, type ApiFault } from './api-faults';
import type { ReadFrame } from './schema-check';
import type { AudioFormat, ClientEvent, ClientEventType, EventOf, JsonObject, ServerEvent } from './protocol';
import { Waiters } from './waiters';

/** A client frame as it arrived. */
export interface ClientFrame {
    atMs: number;
    /** undefined: not JSON, binary, or without a type. */
    type: string | undefined;
    event: JsonObject | undefined;
}

export interface SentEvent {
    atMs: number;
    type: string;
    event: ServerEvent;
}

/** A wrong frame of the client. Tests of a bridge assert that there is none. */
export interface RecordedFault {
    sessionIndex: number;
    code: string | null;
    message: string;
    frameType: string | undefined;
    /** A correct client meets this one too, by a race (docs/REALTIME.md, 8.2). */
    benign: boolean;
}

/** One spoken item that the stand-in sent, with every byte of it. */
export interface SpokenItem {
    itemId: string;
    responseId: string;
    outputIndex: number;
    /** Counts the spoken items of the session from 1: the number `expectedPcmu` takes. */
    itemNumber: number;
    format: AudioFormat;
    /** What was to be said. */
    text: string;
    /** Audio sent so far, in order. Empty when recording is off. */
    chunks: Buffer[];
    sentBytes: number;
    /** Whole audio of the item, sent or not. */
    plannedBytes: number;
}

/** What one session saw and sent, kept for the tests to look at. */
export class Recorder {
    readonly frames: ClientFrame[] = [];
    readonly accepted: ClientEvent[] = [];
    readonly sent: SentEvent[] = [];
    readonly faults: RecordedFault[] = [];
    readonly items: SpokenItem[] = [];
    readonly pongs: { atMs: number; payload: Buffer }[] = [];
    readonly clientPings: { atMs: number }[] = [];
    private readonly appends: Buffer[] = [];
    private readonly clientWaiters = new Waiters<ClientEvent>();
    private readonly sentWaiters = new Waiters<ServerEvent>();

    constructor(
        private readonly clock: Clock,
        private readonly sessionIndex: number,
        readonly keeps: boolean,
    ) {}

    /** Assistant audio exists: the voice is locked. */
    get hasSpoken(): boolean {
        return this.items.some((item) => item.sentBytes > 0);
    }

    /** Every appended byte, in order. */
    get appended(): Buffer {
        return Buffer.concat(this.appends);
    }

    frameRead(frame: ReadFrame): void {
        if (this.keeps) this.frames.push({ atMs: this.clock.nowMs(), type: frame.type, event: frame.json });
        if (!('event' in frame.outcome)) return;
        const { event } = frame.outcome;
        if (event.type === 'input_audio_buffer.append' && !this.keeps) return;
        this.accepted.push(event);
        this.clientWaiters.offer(event);
    }

    bytesAppended(bytes: Buffer): void {
        if (this.keeps) this.appends.push(bytes);
    }

    eventSent(event: ServerEvent): void {
        if (!this.keeps) return;
        // Items go on changing after they were announced; a delta never does, and it is the big one.
        const kept = typeof event['delta'] === 'string' ? event : structuredClone(event);
        this.sent.push({ atMs: this.clock.nowMs(), type: event.type, event: kept });
        this.sentWaiters.offer(kept);
    }

    fault(fault: ApiFault, frameType: string | undefined): void {
        const { code, message } = fault;
        this.faults.push({ sessionIndex: this.sessionIndex, code, message, frameType, benign: isBenign(fault) });
    }

    pong(payload: Buffer): void {
        this.pongs.push({ atMs: this.clock.nowMs(), payload });
    }

    pinged(): void {
        this.clientPings.push({ atMs: this.clock.nowMs() });
    }

    received<T extends ClientEventType>(type: T): EventOf<T>[] {
        return this.accepted.filter((event): event is EventOf<T> => event.type === type);
    }

    async waitFor<T extends ClientEventType>(type: T, timeoutMs: number): Promise<EventOf<T>> {
        const isOfType = (event: ClientEvent): event is EventOf<T> => event.type === type;
        const event = await this.clientWaiters.next(`client event ${type}`, timeoutMs, isOfType);
        if (!isOfType(event)) throw new Error(`Expected ${type}.`);
        return event;
    }

    waitForSent(type: string, timeoutMs: number): Promise<ServerEvent> {
        return this.sentWaiters.next(`own event ${type}`, timeoutMs, (event) => event.type === type);
    }
}
