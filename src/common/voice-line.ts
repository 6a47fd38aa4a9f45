import { MULAW_SILENCE } from '../audio/mulaw';
import type { EventEntity } from '../protocol/entities';
import type { BotResponse } from '../services/bot-response';
import type { AudioOrigin, Conversation, ConversationEnd } from '../services/conversation';
import { DTMFService, isTelephoneKey } from '../services/dtmf-service';
import type { Clock } from '../support/clock';
import { TimerSet } from '../support/timer-set';
import { bargeIn } from './barge-in';
import type { CallRecord } from './call-record';
import { CALL_LIMITS, type VitalSigns } from './call-watch';
import { Playback } from './playback';

/** What a line needs of the session's wire. */
export interface LineWire {
    /** Puts one binary message on the wire. */
    sendAudio(pcmu: Uint8Array): void;
    /** Reports to Genesys: a barge-in at once, a turn when the budget allows. */
    sendEvent(entity: EventEntity): void;
    /** Bytes that wait in the socket. */
    bufferedBytes(): number;
}

export interface VoiceLineOptions {
    conversation: Conversation;
    clock: Clock;
    record: CallRecord;
    maxLeadMs: number;
    wire: LineWire;
    /** The conversation is over and the caller has heard the last of it. Called once at most. */
    onFinished: (end: ConversationEnd) => void;
    onFault: (fault: unknown) => void;
}

/** Silence given to the bot when the stream is paused, so that a sentence cut off there still comes to its end. */
const PAUSE_SILENCE = new Uint8Array(8000).fill(MULAW_SILENCE);

/** A farewell that does not come to its end in its own length and this much more is cut. */
const FAREWELL_SLACK_MS = 5000;

/**
 * One caller's line to one bot: what is said goes down, what is answered comes up through playback, and the two meet in
 * the barge-in. It knows sound and turns; of messages, numbers and states it knows nothing.
 */
export class VoiceLine {
    private readonly playback: Playback;
    private readonly dtmf: DTMFService;
    private readonly timers: TimerSet;
    private ending: ConversationEnd | undefined;
    private starvedSinceMs: number | undefined;
    /** Audio was sent that the client has not reported as played. */
    private unconfirmed = false;
    private closed = false;

    constructor(private readonly options: VoiceLineOptions) {
        const { clock, onFault, maxLeadMs, wire } = options;
        this.timers = new TimerSet(clock, onFault);
        this.dtmf = new DTMFService({ clock, onFault });
        this.playback = new Playback({
            clock,
            onFault,
            maxLeadMs,
            bufferedBytes: () => wire.bufferedBytes(),
            send: (pcmu) => {
                this.unconfirmed = true;
                options.record.botAudio(clock.nowMs());
                wire.sendAudio(pcmu);
            },
            onDrained: () => {
                this.processDrained();
            },
        });
        this.listen();
    }

    /** Starts the bot; its failure ends the call like its end. */
    start(): void {
        this.options.conversation.start().catch((fault: unknown) => {
            this.options.onFault(fault);
        });
    }

    /** The caller's samples: PCMU, 8 kHz, mono. */
    hear(pcmu: Uint8Array): void {
        if (this.ending === undefined && !this.closed) this.options.conversation.hear(pcmu);
    }

    /** The client's stream is paused: lets a sentence that was cut off end. */
    pause(): void {
        this.hear(PAUSE_SILENCE);
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
    }

    processPlaybackCompleted(): void {
        this.unconfirmed = false;
        this.playback.playbackCompleted();
    }

    /** One key. It interrupts what is being said; the whole entry reaches the bot as one message. */
    processDTMF(digit: string): boolean {
        if (this.ending !== undefined || !isTelephoneKey(digit)) return false;
        this.options.record.digits += 1;
        // First what is being said stops, then the key counts: it may complete an entry, whose answer must not be cut.
        this.interrupt();
        this.dtmf.processDigit(digit);
        return true;
    }

    /** Ends the conversation: no word goes to the bot any more, and `onFinished` comes when the caller has heard the rest. */
    finish(end: ConversationEnd): void {
        if (this.ending !== undefined || this.closed) return;
        this.ending = end;
        this.freeConversation();
        this.playback.endAllResponses();
        if (!this.playback.isAudible) {
            this.processDrained();
            return;
        }
        const restMs = this.playback.queuedMs + this.playback.leadMs;
        this.timers.set('farewell', restMs + FAREWELL_SLACK_MS, () => {
            this.depart();
        });
    }

    /** Vital signs of the line, for the call's watch. */
    signs(nowMs: number): Pick<VitalSigns, 'waitingForFirstAudioMs' | 'starvedMs' | 'chokedMs'> {
        const { conversation, record } = this.options;
        const mustSpeak = conversation.speaksFirst && !record.hasBotAudio && this.ending === undefined;
        const chokedSinceMs = this.playback.chokedSince;
        return {
            waitingForFirstAudioMs: mustSpeak ? record.sinceOpenedMs(nowMs) : undefined,
            starvedMs: this.starvedMs(nowMs),
            chokedMs: chokedSinceMs === undefined ? undefined : nowMs - chokedSinceMs,
        };
    }

    /** Since when the caller waits in silence for the rest of an answer, in ms. */
    private starvedMs(nowMs: number): number | undefined {
        if (!this.playback.isStarved || this.ending !== undefined) {
            this.starvedSinceMs = undefined;
            return undefined;
        }
        this.starvedSinceMs ??= nowMs;
        return nowMs - this.starvedSinceMs;
    }

    /** Frees the bot, the queue and every timer. May be called twice. */
    close(): void {
        if (this.closed) return;
        this.closed = true;
        this.timers.clear();
        this.playback.close();
        if (this.ending === undefined) this.freeConversation();
    }

    /** The bot's part, freed once: when it is over, or when the call is. */
    private freeConversation(): void {
        this.dtmf.close();
        this.dtmf.removeAllListeners();
        this.options.conversation.removeAllListeners();
        this.options.conversation.end();
    }

    private listen(): void {
        const { conversation, record } = this.options;
        conversation.on(
            'audio',
            this.guarded((pcmu: Uint8Array, origin: AudioOrigin) => {
                this.playback.enqueue(pcmu, origin);
            }),
        );
        conversation.on(
            'responseEnded',
            this.guarded((responseId: string) => {
                this.playback.responseEnded(responseId);
            }),
        );
        conversation.on(
            'speechStarted',
            this.guarded(() => {
                this.interrupt();
            }),
        );
        conversation.on(
            'turn',
            this.guarded((turn: BotResponse) => {
                record.turns += 1;
                this.options.wire.sendEvent(turnEntity(turn));
            }),
        );
        conversation.on(
            'ended',
            this.guarded((end: ConversationEnd) => {
                this.finish(end);
            }),
        );
        this.dtmf.on(
            'entry',
            this.guarded((digits: string) => {
                conversation.tell(`The caller entered ${Array.from(digits).join(' ')} on the telephone keypad.`);
            }),
        );
    }

    private interrupt(): void {
        const { conversation, record, wire } = this.options;
        const sendBargeIn = (): void => {
            wire.sendEvent({ type: 'barge_in', data: {} });
        };
        if (bargeIn({ playback: this.playback, sendBargeIn, conversation }) === undefined) return;
        record.bargeIns += 1;
        this.unconfirmed = false;
        if (this.ending !== undefined) this.depart();
    }

    /** The caller has heard all there is, by our count; his client's word is waited for, but not for long. */
    private processDrained(): void {
        if (this.ending === undefined) return;
        if (!this.unconfirmed) {
            this.depart();
            return;
        }
        this.timers.set('farewell', CALL_LIMITS.farewellMs, () => {
            this.depart();
        });
    }

    private depart(): void {
        const end = this.ending;
        if (end === undefined || this.closed) return;
        this.close();
        this.options.onFinished(end);
    }

    /** A listener that throws would throw into the bot's socket: its fault is caught here. */
    private guarded<A extends unknown[]>(task: (...args: A) => void): (...args: A) => void {
        return (...args) => {
            if (this.closed) return;
            try {
                task(...args);
            } catch (fault) {
                this.options.onFault(fault);
            }
        };
    }
}

function turnEntity(turn: BotResponse): EventEntity {
    const { disposition, text, confidence } = turn;
    return {
        type: 'bot_turn_response',
        data: { disposition, ...(text === '' ? {} : { text }), ...(confidence === undefined ? {} : { confidence }) },
    };
}
