import { MULAW_SILENCE } from '../audio/mulaw';
import type { BotResponse } from '../services/bot-response';
import type { AudioOrigin, Conversation, ConversationEnd, TranscriptItem } from '../services/conversation';
import { isTelephoneKey, type DigitRequest } from '../services/dtmf-service';
import type { Clock } from '../support/clock';
import { guarded } from '../support/guarded';
import { TimerSet } from '../support/timer-set';
import { BotPlayback, type CallWire } from './bot-playback';
import type { CallRecord } from './call-record';
import type { VitalSigns } from './call-watch';
import { EchoGuard } from './echo/echo-guard';
import type { TurnTakingConfig } from '../config/config';
import { Farewell } from './farewell';
import { Interruption } from './interruption';
import { Keypad } from './keypad';
import { SilenceWatch } from './silence-watch';
import { limitReached, turnEntity } from './turn-report';
import { WrapUp } from './wrap-up';

export interface CallBridgeOptions {
    conversation: Conversation;
    clock: Clock;
    record: CallRecord;
    maxLeadMs: number;
    turnTaking: TurnTakingConfig;
    wire: CallWire;
    /** The conversation is over and the caller has heard the last of it. Called once at most. */
    onFinished: (end: ConversationEnd) => void;
    onFault: (fault: unknown) => void;
}

/** Silence given to the bot when the stream is paused, so that a sentence cut off there still comes to its end. */
const PAUSE_SILENCE = new Uint8Array(8000).fill(MULAW_SILENCE);

/**
 * One caller's line to one bot: what is said goes down, what is answered comes up through playback, and the two meet in
 * the barge-in. It knows sound and turns; of messages, numbers and states it knows nothing.
 */
export class CallBridge {
    private readonly voice: BotPlayback;
    private readonly keypad: Keypad;
    private readonly timers: TimerSet;
    private readonly echoGuard: EchoGuard | undefined;
    private readonly interruption: Interruption;
    private readonly silence: SilenceWatch;
    private readonly farewell: Farewell;
    private readonly wrapUp: WrapUp;
    private closed = false;

    constructor(private readonly options: CallBridgeOptions) {
        const { clock, onFault, maxLeadMs, wire, turnTaking, conversation, record } = options;
        this.timers = new TimerSet(clock, onFault);
        this.keypad = new Keypad({
            clock,
            config: turnTaking.dtmf,
            onEntry: this.guarded(this.processEntry),
            onCollected: this.guarded(this.processCollected),
            onFault,
        });
        this.echoGuard = turnTaking.echoGuard ? new EchoGuard() : undefined;
        this.interruption = new Interruption(turnTaking.bargeInMinSpeechMs, () => {
            this.interrupt();
        });
        this.voice = new BotPlayback({
            clock,
            record,
            maxLeadMs,
            wire,
            onFault,
            onSent: (pcmu) => {
                record.turnClock.botAudio(clock.nowMs());
                this.echoGuard?.sent(pcmu);
                this.farewell.audioSent();
            },
            onDrained: () => {
                this.processDrained();
            },
        });
        this.silence = this.createSilenceWatch();
        this.farewell = new Farewell(this.timers, (end) => {
            this.close();
            options.onFinished(end);
        });
        this.wrapUp = new WrapUp(this.timers, {
            sayGoodbye: () => {
                conversation.sayGoodbye();
            },
            giveUp: (end) => {
                this.finish(end);
            },
        });
        this.listen();
    }

    /** Starts the bot; its failure ends the call like its end. */
    start(): void {
        this.options.conversation.start().catch((fault: unknown) => {
            if (!this.closed && !this.farewell.isUnderWay) this.options.onFault(fault);
        });
    }

    /** The caller's samples: PCMU, 8 kHz, mono. */
    hear(pcmu: Uint8Array): void {
        if (this.farewell.isUnderWay || this.closed) return;
        const clean = this.echoGuard?.filter(pcmu, this.voice.playheadBytes) ?? pcmu;
        this.interruption.hear(clean);
        this.options.conversation.hear(this.keypad.audible(clean));
    }

    /** The client's stream is paused: lets a sentence that was cut off end. */
    pause(): void {
        this.hear(PAUSE_SILENCE);
    }

    setRoundTrip(ms: number): void {
        this.voice.setRoundTrip(ms);
    }

    /** Genesys said 429: nothing for `ms`, and half the pace from now on. */
    slowDown(ms: number): void {
        this.voice.slowDown(ms);
    }

    processPlaybackStarted(): void {
        this.voice.processPlaybackStarted();
    }

    processPlaybackCompleted(): void {
        this.farewell.confirmed();
        this.voice.processPlaybackCompleted();
    }

    /** One key. It interrupts what is being said; the whole entry reaches the bot as one message. */
    processDTMF(digit: string): boolean {
        if (this.farewell.isUnderWay || !isTelephoneKey(digit)) return false;
        this.options.record.digits += 1;
        this.silence.callerIsActive();
        // First what is being said stops, then the key counts: it may complete an entry, whose answer must not be cut.
        this.interrupt();
        this.keypad.press(digit);
        return true;
    }

    /**
     * The call must end, and does so with a spoken goodbye. `reason` becomes the output variable `end_reason`.
     *
     * @returns false when it is ending already
     */
    endPolitely(reason: string): boolean {
        if (this.farewell.isUnderWay || this.closed || this.wrapUp.isUnderWay) return false;
        const info = `Call ended: ${reason}`;
        this.wrapUp.begin({ reason: 'completed', info, outputVariables: { end_reason: reason } });
        return true;
    }

    /** Output variables of the digits that were asked for, secure ones masked. */
    get variables(): Readonly<Record<string, string>> {
        return this.keypad.variables;
    }

    /** Vital signs of the line, for the call's watch. */
    signs(nowMs: number): Pick<VitalSigns, 'waitingForFirstAudioMs' | 'starvedMs' | 'chokedMs'> {
        const { conversation, record } = this.options;
        const mustSpeak = conversation.speaksFirst && !record.hasBotAudio && !this.farewell.isUnderWay;
        return {
            waitingForFirstAudioMs: mustSpeak ? record.sinceOpenedMs(nowMs) : undefined,
            ...this.voice.signs(nowMs),
        };
    }

    /** Frees the bot, the queue and every timer. May be called twice. */
    close(): void {
        if (this.closed) return;
        this.closed = true;
        this.timers.clear();
        this.voice.close();
        if (!this.farewell.isUnderWay) this.freeConversation();
    }

    private createSilenceWatch(): SilenceWatch {
        const { conversation, turnTaking } = this.options;
        return new SilenceWatch(this.timers, turnTaking, {
            askAgain: () => {
                conversation.askAgain();
            },
            giveUpOnCaller: () => {
                this.endPolitely('no_input');
            },
            comfort: () => {
                this.voice.comfort();
            },
            giveUpOnBot: () => {
                const outputVariables = { end_reason: 'dead_air' };
                this.finish({ reason: 'error', info: 'The bot does not answer', outputVariables });
            },
        });
    }

    private listen(): void {
        const { conversation } = this.options;
        conversation.on('audio', this.guarded(this.processAudio));
        conversation.on('responseEnded', this.guarded(this.processResponseEnded));
        conversation.on('speechStarted', this.guarded(this.processSpeechStarted));
        conversation.on('speechStopped', this.guarded(this.processSpeechStopped));
        conversation.on('transcript', this.guarded(this.processSaid));
        conversation.on('turn', this.guarded(this.processTurn));
        conversation.on('collectDigits', this.guarded(this.collectDigits));
        conversation.on('ended', this.guarded(this.processEnded));
    }

    private readonly processAudio = (pcmu: Uint8Array, origin: AudioOrigin): void => {
        this.silence.botTalks();
        this.options.record.transcript.delivered(origin, pcmu.length / 8);
        this.voice.say(pcmu, origin);
    };

    private readonly processResponseEnded = (responseId: string): void => {
        this.voice.responseEnded(responseId);
    };

    private readonly processSpeechStarted = (): void => {
        this.silence.callerIsActive();
        this.options.record.turnClock.callerStarted();
        this.interruption.speechStarted();
    };

    private readonly processSpeechStopped = (silenceMs: number): void => {
        this.interruption.speechStopped();
        this.options.record.turnClock.callerStopped(this.options.clock.nowMs() - silenceMs);
        // A short sound that did not interrupt is no turn of the caller's: the bot goes on talking.
        if (!this.voice.isAudible) this.silence.botOwesAnswer();
    };

    private readonly processSaid = (item: TranscriptItem): void => {
        this.options.record.transcript.add(item);
    };

    private readonly processTurn = (turn: BotResponse): void => {
        const { record, wire, turnTaking, conversation } = this.options;
        record.turns += 1;
        wire.sendEvent(turnEntity(turn));
        const limit = limitReached(turnTaking, record.turns, conversation.costUsd);
        if (limit !== undefined) this.endPolitely(limit);
    };

    private readonly collectDigits = (request: DigitRequest): void => {
        if (request.secure) this.silence.stop(); // A card is looked for in a pocket.
        this.keypad.collect(request);
    };

    private readonly processCollected = (): void => {
        this.silence.botOwesAnswer();
    };

    private readonly processEntry = (digits: string): void => {
        this.options.conversation.digits(digits);
        this.silence.botOwesAnswer();
    };

    private readonly processEnded = (end: ConversationEnd): void => {
        this.finish(this.wrapUp.endOf(end));
    };

    /** No word goes to the bot any more, and `onFinished` comes when the caller has heard the rest. */
    private finish(end: ConversationEnd): void {
        if (this.farewell.isUnderWay || this.closed) return;
        this.freeConversation();
        this.silence.stop();
        this.voice.endAll();
        this.farewell.begin(end, this.voice);
    }

    private interrupt(): void {
        if (this.voice.interrupt(this.options.conversation) === undefined) return;
        this.farewell.confirmed();
        this.farewell.depart();
    }

    /** By our count the caller has heard everything. */
    private processDrained(): void {
        if (this.farewell.isUnderWay) this.farewell.drained();
        else if (!this.keypad.isSecret) this.silence.callerMayTalk();
    }

    /** The bot's part, freed once: when it is over, or when the call is. */
    private freeConversation(): void {
        const { conversation, record } = this.options;
        record.costUsd = conversation.costUsd;
        this.keypad.close();
        conversation.removeAllListeners();
        conversation.end();
    }

    /** A listener that throws would throw into the bot's socket: its fault is caught here. */
    private guarded<A extends unknown[]>(task: (...args: A) => void): (...args: A) => void {
        return guarded(task, () => this.closed, this.options.onFault);
    }
}
