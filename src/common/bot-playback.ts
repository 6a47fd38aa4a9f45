import { tonePcmu } from '../audio/tone';
import type { EventEntity } from '../protocol/entities';
import type { AudioOrigin, Conversation, HeardPosition } from '../services/conversation';
import type { Clock } from '../support/clock';
import { bargeIn } from './barge-in';
import type { CallRecord } from './call-record';
import { Playback } from './playback';

/** What a line needs of the session's wire. */
export interface CallWire {
    /** Puts one binary message on the wire. */
    sendAudio(pcmu: Uint8Array): void;
    /** Reports to Genesys: a barge-in at once, a turn when the budget allows. */
    sendEvent(entity: EventEntity): void;
    /** Bytes that wait in the socket. */
    bufferedBytes(): number;
}

export interface BotPlaybackOptions {
    clock: Clock;
    record: CallRecord;
    maxLeadMs: number;
    wire: CallWire;
    /** Audio leaves, in this moment. */
    onSent: (pcmu: Uint8Array) => void;
    /** By our count the caller has heard everything, and no answer is running. May be called again and again. */
    onDrained: () => void;
    onFault: (fault: unknown) => void;
}

/** The sign for a caller whom the bot leaves waiting: 440 Hz, a tenth of full scale, with soft edges. */
const COMFORT = tonePcmu(440, 160, 0.1, 40);

/** The bot's voice on this call: what it says goes out paced and accounted for, and stops when the caller interrupts. */
export class BotPlayback {
    private readonly playback: Playback;
    private starvedSinceMs: number | undefined;
    private comforts = 0;

    constructor(private readonly options: BotPlaybackOptions) {
        const { clock, record, maxLeadMs, wire, onSent, onDrained, onFault } = options;
        this.playback = new Playback({
            clock,
            onFault,
            maxLeadMs,
            onDrained,
            bufferedBytes: () => wire.bufferedBytes(),
            send: (pcmu) => {
                record.botAudio(clock.nowMs());
                onSent(pcmu);
                wire.sendAudio(pcmu);
            },
        });
    }

    /** The caller hears something, or will. */
    get isAudible(): boolean {
        return this.playback.isAudible;
    }

    /** Audio that waits here, in ms. */
    get queuedMs(): number {
        return this.playback.queuedMs;
    }

    /** Audio ahead of the caller's ear, in ms. */
    get leadMs(): number {
        return this.playback.leadMs;
    }

    /** Position of the caller's ear in the sent stream, in bytes; goes on in real time while nothing plays. */
    get playheadBytes(): number {
        return this.playback.playheadBytes;
    }

    say(pcmu: Uint8Array, origin: AudioOrigin): void {
        this.playback.enqueue(pcmu, origin);
    }

    responseEnded(responseId: string): void {
        this.playback.responseEnded(responseId);
    }

    /** Nothing more will be said; what waits goes out to its end. */
    endAll(): void {
        this.playback.endAllResponses();
    }

    /** Plays a soft sound, so that a waiting caller knows that the call goes on. It belongs to no response of the bot. */
    comfort(): void {
        this.comforts += 1;
        const responseId = `comfort_${this.comforts}`;
        this.say(COMFORT, { responseId, itemId: responseId, contentIndex: 0 });
        this.responseEnded(responseId);
    }

    /** Falls silent. @returns what the caller had heard; undefined when there was nothing to stop. */
    interrupt(conversation: Conversation): HeardPosition | undefined {
        const { record, wire } = this.options;
        const sendBargeIn = (): void => {
            wire.sendEvent({ type: 'barge_in', data: {} });
        };
        const heard = bargeIn({ playback: this.playback, sendBargeIn, conversation });
        if (heard === undefined) return undefined;
        record.bargeIns += 1;
        record.transcript.interrupted(heard);
        return heard;
    }

    setRoundTrip(ms: number): void {
        this.playback.setRoundTrip(ms);
    }

    /** Genesys said 429: nothing for `ms`, and half the pace from now on. */
    slowDown(ms: number): void {
        this.playback.slowDown(ms);
    }

    processPlaybackStarted(): void {
        this.playback.playbackStarted();
        this.options.record.turnClock.playbackStarted(this.options.clock.nowMs());
    }

    processPlaybackCompleted(): void {
        this.playback.playbackCompleted();
    }

    /** Since when the caller waits in silence for the rest of an answer, and since when the client takes nothing. */
    signs(nowMs: number): { starvedMs: number | undefined; chokedMs: number | undefined } {
        this.starvedSinceMs = this.playback.isStarved ? (this.starvedSinceMs ?? nowMs) : undefined;
        return { starvedMs: since(this.starvedSinceMs, nowMs), chokedMs: since(this.playback.blockedSince, nowMs) };
    }

    /** Frees the queue and its timer. May be called twice. */
    close(): void {
        this.playback.close();
    }
}

function since(startMs: number | undefined, nowMs: number): number | undefined {
    return startMs === undefined ? undefined : nowMs - startMs;
}
