import type { Clock } from '../../src/support/clock';
import type { CallEvent, CallEventBody } from './call-event';
import type { ProtocolReport } from './check-catalogue';
import { BYTES_PER_MS } from './media';
import { layOut, type AudioMessage } from './recording';

/** How the server ended the call (docs/PROTOCOL.md, 8.2). */
export interface Disconnect {
    reason: string;
    info: string | undefined;
    outputVariables: Readonly<Record<string, unknown>>;
}

/** A finished call in figures. */
export interface CallSummary {
    /** `completed`: closed was answered; `refused`: no 101; `cut`: the socket went before `closed`. */
    outcome: 'completed' | 'refused' | 'cut';
    refusal: { status: number | undefined; code: string | undefined; why: string } | undefined;
    disconnect: Disconnect | undefined;
    /** From dialling to `opened`, ms; undefined: never. */
    openedAfterMs: number | undefined;
    /** From `opened` to the first bot audio, ms; undefined: never. */
    firstAudioAfterMs: number | undefined;
    /** Bot audio that the caller has heard, and that was received in all, ms. */
    heardMs: number;
    receivedMs: number;
    /** Caller audio sent, ms. */
    sentMs: number;
    /** Round trips of the pings, ms, in order. */
    rttsMs: readonly number[];
    durationMs: number;
    protocol: ProtocolReport;
    /** Faults inside this tool or its listeners; none in a good run. */
    faults: readonly string[];
}

/** Everything that happened on one call, in order. Zero of all its times is the moment it was made. */
export class CallRecord {
    readonly events: CallEvent[] = [];
    readonly sentAudio: AudioMessage[] = [];
    readonly receivedAudio: AudioMessage[] = [];
    readonly startedAtMs: number;
    sentBytes = 0;
    receivedBytes = 0;
    openedAtMs: number | undefined;
    firstAudioAtMs: number | undefined;

    constructor(
        private readonly clock: Clock,
        private readonly keepAudio: boolean,
    ) {
        this.startedAtMs = clock.nowMs();
    }

    /** Milliseconds since the call was dialled. */
    get nowMs(): number {
        return this.clock.nowMs() - this.startedAtMs;
    }

    add(body: CallEventBody): CallEvent {
        const event: CallEvent = { atMs: this.nowMs, ...body };
        this.events.push(event);
        return event;
    }

    addSentAudio(bytes: Uint8Array): CallEvent {
        this.sentBytes += bytes.length;
        if (this.keepAudio) this.sentAudio.push({ atMs: this.nowMs, bytes });
        return this.add({ kind: 'audioSent', bytes: bytes.length });
    }

    addReceivedAudio(bytes: Uint8Array): CallEvent {
        this.receivedBytes += bytes.length;
        this.firstAudioAtMs ??= this.nowMs;
        if (this.keepAudio) this.receivedAudio.push({ atMs: this.nowMs, bytes });
        return this.add({ kind: 'audioReceived', bytes: bytes.length });
    }

    /** The caller's own voice on the call's time line, PCMU mono; a frame ends when it is sent. */
    callerTrack(channels: 1 | 2): Uint8Array {
        const mono = this.sentAudio.map(({ atMs, bytes }) => {
            const pcmu = channels === 1 ? bytes : louderHalf(bytes);
            return { atMs: atMs - pcmu.length / BYTES_PER_MS, pcmu };
        });
        return layOut(mono, 0);
    }

    /** The part of the summary that the record alone knows. */
    figures(): Pick<
        CallSummary,
        'openedAfterMs' | 'firstAudioAfterMs' | 'receivedMs' | 'sentMs' | 'durationMs' | 'faults'
    > {
        return {
            openedAfterMs: this.openedAtMs,
            firstAudioAfterMs: this.firstAudioAfterMs(),
            receivedMs: this.receivedBytes / BYTES_PER_MS,
            sentMs: this.sentBytes / BYTES_PER_MS,
            durationMs: this.nowMs,
            faults: this.events.flatMap((event) => (event.kind === 'fault' ? [event.why] : [])),
        };
    }

    private firstAudioAfterMs(): number | undefined {
        if (this.openedAtMs === undefined || this.firstAudioAtMs === undefined) return undefined;
        return this.firstAudioAtMs - this.openedAtMs;
    }
}

/** The caller's half of two interleaved channels: the other one is silent throughout. */
function louderHalf(bytes: Uint8Array): Uint8Array {
    const left = bytes.filter((_code, index) => index % 2 === 0);
    return left.some((code) => code !== 0xff) ? left : bytes.filter((_code, index) => index % 2 === 1);
}
