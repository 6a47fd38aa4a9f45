import type { CallerAudioBuffer } from '../audio/caller-audio-buffer';
import { MULAW_SILENCE } from '../audio/mulaw';
import type { TurnTakingConfig } from '../config/config';
import type { BotResponse } from '../services/bot-response';
import type { AudioOrigin, BotWait, Conversation, ConversationEnd, TranscriptItem } from '../services/conversation';
import type { SpeechMeter } from '../services/asr-service';
import { isTelephoneKey, type DigitRequest } from '../services/dtmf-service';
import type { Clock } from '../support/clock';
import { CodedError, type ErrorCode } from '../support/errors';
import type { LogFields } from '../support/logger';
import { TimerSet } from '../support/timer-set';
import { bargeInDetector, type BargeInDetector } from './barge-in';
import type { CallRecord } from './call-record';
import { EchoGuard } from './echo/echo-guard';
import { EndOfCall, limitReached } from './end-of-call';
import { Keypad } from './keypad';
import { LineVoice } from './line-voice';
import { CallerVoice } from './overlap/caller-voice';
import { OverlapJudge, type OverlapActions } from './overlap/overlap-judge';
import { Playback } from './playback';
import type { CallWire } from './session-wire';
import type { SaidLog } from './said-log';
import { SilencePolicy, type SilenceCode } from './silence-policy';
import { turnEntity, TurnReports } from './turn-reports';

export interface CallBridgeOptions {
    conversation: Conversation;
    clock: Clock;
    record: CallRecord;
    /** Keeps what the bot may hear for the cursors that are open. */
    callerAudio: CallerAudioBuffer;
    /** Most audio, in ms, that may be ahead of the playhead. */
    maxLeadMs: number;
    turnTaking: TurnTakingConfig;
    wire: CallWire;
    /** Tells speech from noise while the caller hears the bot; undefined: all speech that the bot reports interrupts it. */
    speechMeter?: SpeechMeter | undefined;
    /** Hears of every verdict about speech over the bot. */
    onOverlap?: OverlapActions['report'];
    /** The conversation is over and the caller has heard the last of it. Called once at most. */
    onFinished: (end: ConversationEnd) => void;
    /** The bot was silent for longer than the last limit allows: the call must end at once. `cause`: why, if that is known. */
    onFailed: (code: ErrorCode, cause: CodedError | undefined) => void;
    onFault: (fault: unknown) => void;
    /** Logs what is said; undefined: it is not to be logged. */
    said?: SaidLog | undefined;
    /** Logs a step of the call; the line carries the call's names. */
    log: (fields: LogFields, message: string) => void;
}

/** One second of silence, given to the bot when the stream is paused: voice activity detection then ends a sentence that was cut off. */
const PAUSE_SILENCE = new Uint8Array(8000).fill(MULAW_SILENCE);

/**
 * Joins one caller to one bot. Caller audio goes through echo guard, barge-in detection and keypad masking to the conversation; bot
 * audio goes to playback; both are reported to the silence policy. It deals with audio and turns, not with messages and session states.
 */
export class CallBridge {
    readonly keypad: Keypad;
    private readonly playback: Playback;
    private readonly timers: TimerSet;
    private readonly echoGuard: EchoGuard | undefined;
    /** undefined: speech does not interrupt the bot. */
    private readonly bargeIn: BargeInDetector | undefined;
    /** undefined: speech over the bot is not judged. */
    private readonly overlap: OverlapJudge | undefined;
    private readonly silence: SilencePolicy;
    private readonly voice: LineVoice;
    private readonly ending: EndOfCall;
    private readonly turns: TurnReports;
    private closed = false;

    constructor(private readonly options: CallBridgeOptions) {
        const { clock, onFault, turnTaking } = options;
        this.timers = new TimerSet(clock, onFault);
        this.keypad = new Keypad({
            clock,
            config: turnTaking.dtmf,
            onEntry: this.guarded(this.processEntry),
            onCollected: this.guarded(this.processCollected),
            onFault,
        });
        this.echoGuard = turnTaking.echoGuard ? new EchoGuard() : undefined;
        this.bargeIn = bargeInDetector(turnTaking);
        this.playback = this.createPlayback();
        this.overlap = this.createOverlapJudge();
        this.silence = this.createSilencePolicy();
        this.voice = new LineVoice(this.silence);
        this.ending = this.createEndOfCall();
        this.turns = new TurnReports(options.record.transcript, (turn) => {
            options.said?.said(turn.text);
            options.record.turnReported(turn);
            options.wire.sendEvent(turnEntity(turn));
        });
        this.listen();
    }

    /** Starts the bot; its failure ends the call like its end. */
    start(): void {
        const { conversation } = this.options;
        this.silence.start(conversation.speaksFirst);
        conversation.start().catch((fault: unknown) => {
            if (!this.closed && !this.ending.isPlayingOut) this.options.onFault(fault);
        });
    }

    /** The caller's samples: PCMU, 8 kHz, mono. */
    hear(pcmu: Uint8Array): void {
        const audible = this.pass(pcmu);
        if (audible !== undefined) this.options.record.observers.audio?.callerHeard(audible, this.keypad.isSecret);
    }

    /** The client's stream is paused: lets a sentence that was cut off end. */
    pause(): void {
        this.pass(PAUSE_SILENCE);
        this.suspend();
    }

    /** Until `resume` no silence counts, and no entry of the keypad runs out of time. */
    suspend(): void {
        this.silence.pause();
        this.keypad.pause();
    }

    /** The stream goes on. */
    resume(): void {
        this.silence.resume();
        this.keypad.resume();
    }

    /** The client's measured round trip, ms. */
    setRoundTrip(ms: number): void {
        this.playback.setRoundTrip(ms);
    }

    /** Genesys reported 429: nothing is sent for `ms`, and the message rate is halved from now on. */
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

    /** One key. It interrupts the bot; the whole entry reaches the bot as one message. @returns false: the key was ignored */
    processDTMF(digit: string): boolean {
        if (this.ending.isPlayingOut || !isTelephoneKey(digit)) return false;
        this.options.record.digits += 1;
        this.silence.keyPressed();
        this.voice.reset();
        // The bot is interrupted first: the key may complete an entry, and the response to that must not be cut.
        this.interrupt();
        this.overlap?.interrupted();
        this.keypad.press(digit);
        return true;
    }

    /**
     * The call must end, and does so with a spoken goodbye. `reason` becomes the output variable `end_reason`.
     *
     * @returns false when it is ending already
     */
    endPolitely(reason: string): boolean {
        if (this.closed) return false;
        const info = `Call ended: ${reason}`;
        return this.ending.askForGoodbye({ reason: 'completed', info, outputVariables: { end_reason: reason } });
    }

    /** Output variables of the digits that were asked for, secure ones masked. */
    get variables(): Readonly<Record<string, string>> {
        return this.keypad.variables;
    }

    /** See `Playback.blockedMs`. */
    get blockedMs(): number | undefined {
        return this.playback.blockedMs;
    }

    /**
     * The call ends now: reports the turns whose audio still plays, as far as the caller has heard them, and frees the bot, the queue
     * and every timer. May be called twice.
     */
    close(): void {
        if (this.closed) return;
        this.closed = true;
        this.options.record.cutOff(this.playback.flush());
        this.turns.heard();
        this.options.said?.close();
        this.silence.stop();
        this.timers.clear();
        this.playback.close();
        if (!this.ending.isPlayingOut) this.freeConversation();
    }

    /** @returns what the bot was given; undefined: it hears no more */
    private pass(pcmu: Uint8Array): Uint8Array | undefined {
        if (this.ending.isPlayingOut || this.closed) return undefined;
        const clean = this.echoGuard?.filter(pcmu, this.playback.playheadBytes) ?? pcmu;
        if (this.bargeIn?.hear(clean) === true) this.interrupt();
        const audible = this.keypad.audible(clean);
        this.voice.hear(audible, this.playback.isAudible);
        this.options.callerAudio.push(audible);
        this.options.conversation.hear(audible);
        // Last: the bot has what a verdict is about.
        this.overlap?.hear(audible, this.voice.talking);
        return audible;
    }

    private createPlayback(): Playback {
        const { clock, onFault, maxLeadMs, wire, record } = this.options;
        return new Playback({
            clock,
            record,
            maxLeadMs,
            keepsHistory: this.options.speechMeter !== undefined,
            wire,
            echoGuard: this.echoGuard,
            onFault,
            onDrained: () => {
                this.processDrained();
            },
        });
    }

    private createOverlapJudge(): OverlapJudge | undefined {
        const { clock, conversation, turnTaking, speechMeter, onOverlap, said } = this.options;
        if (speechMeter === undefined) return undefined;
        return new OverlapJudge(clock, this.timers, new CallerVoice(speechMeter), turnTaking.bargeIn, this.playback, {
            control: () => conversation.overlap,
            hold: () => {
                this.playback.hold();
                this.options.wire.sendEvent({ type: 'barge_in', data: {} });
            },
            resume: () => {
                this.options.record.takenBack += 1;
                return this.playback.resume().backMs;
            },
            report: onOverlap,
            judged: said?.judged,
            closed: () => {
                if (this.ending.isHangingUp && !this.playback.isAudible) this.ending.drained();
            },
        });
    }

    private createSilencePolicy(): SilencePolicy {
        const { clock, conversation, turnTaking } = this.options;
        return new SilencePolicy(clock, this.timers, turnTaking, {
            playback: this.playback,
            conversation,
            log: (fields) => {
                this.options.log(fields, 'The line and the service differ about the caller’s turn.');
            },
            goodbye: (code) => {
                this.endPolitely(code);
            },
            endCall: (code) => {
                this.endForSilence(code);
            },
        });
    }

    private createEndOfCall(): EndOfCall {
        const { conversation, onFinished } = this.options;
        return new EndOfCall(this.timers, this.playback, {
            sayGoodbye: () => {
                this.silence.goodbyeAsked();
                conversation.sayGoodbye();
            },
            conversationOver: (end) => {
                this.finish(end);
            },
            onFinished: (end) => {
                this.close();
                onFinished(end);
            },
        });
    }

    private listen(): void {
        const { overlap } = this;
        const { conversation } = this.options;
        conversation.on('audio', this.guarded(this.processAudio));
        conversation.on('responseEnded', this.guarded(this.processResponseEnded));
        conversation.on('speechStarted', this.guarded(this.processSpeechStarted));
        conversation.on('speechStopped', this.guarded(this.processSpeechStopped));
        if (overlap !== undefined) {
            conversation.on('overlapSpeech', this.guarded(overlap.serviceSpeech.bind(overlap)));
            conversation.on('overlapWords', this.guarded(overlap.serviceWords.bind(overlap)));
        }
        conversation.on('waiting', this.guarded(this.processWaiting));
        conversation.on('transcript', this.guarded(this.processTranscript));
        conversation.on('turn', this.guarded(this.processTurn));
        conversation.on('collectDigits', this.guarded(this.collectDigits));
        conversation.on('hangUp', this.guarded(this.processHangUp));
        conversation.on('ended', this.guarded(this.processEnded));
    }

    private readonly processAudio = (pcmu: Uint8Array, origin: AudioOrigin): void => {
        const ms = pcmu.length / 8;
        if (origin.aside !== true) this.silence.botAudio(origin.responseId, ms);
        else if (!this.silence.aside(ms)) return;
        this.options.record.transcript.delivered(origin, ms);
        this.overlap?.botAudio();
        this.playback.enqueue(pcmu, origin);
    };

    private readonly processResponseEnded = (responseId: string): void => {
        this.silence.responseEnded(responseId);
        this.playback.responseEnded(responseId);
    };

    private readonly processSpeechStarted = (): void => {
        this.silence.callerStarted();
        this.options.record.turnClock.callerStarted();
        if (this.bargeIn?.speechStarted() === true) this.interrupt();
        this.overlap?.turnStarted();
        this.silence.turnStarted();
    };

    private readonly processSpeechStopped = (silenceMs: number): void => {
        this.bargeIn?.speechStopped();
        this.overlap?.turnStopped();
        this.options.record.turnClock.callerStopped(this.options.clock.nowMs() - silenceMs);
        this.silence.callerStopped();
    };

    private readonly processWaiting = (wait: BotWait): void => {
        this.silence.waiting(wait);
    };

    private readonly processTranscript = (item: TranscriptItem): void => {
        this.options.record.transcript.add(item);
        this.options.said?.heard(item, this.overlap?.isOpen);
    };

    private readonly processTurn = (turn: BotResponse): void => {
        const { record, turnTaking, conversation } = this.options;
        record.turns += 1;
        this.turns.finished(turn, this.playback.isAudible);
        const limit = limitReached(turnTaking, record.turns, conversation.costUsd);
        if (limit !== undefined) this.endPolitely(limit);
    };

    private readonly collectDigits = (request: DigitRequest): void => {
        if (request.secure) {
            this.silence.awaitsSecret();
            this.options.record.observers.audio?.secretAwaited();
        }
        this.keypad.collect(request);
    };

    private readonly processCollected = (): void => {
        this.silence.entryMade();
    };

    private readonly processEntry = (digits: string): void => {
        this.silence.entryMade();
        this.options.conversation.digits(digits);
    };

    private readonly processHangUp = (end: ConversationEnd): void => {
        this.ending.hangUp(end);
    };

    private readonly processEnded = (end: ConversationEnd): void => {
        this.finish(this.ending.endOf(end));
    };

    private endForSilence(code: SilenceCode): void {
        const { lastFault } = this.options.conversation;
        if (code !== 'dead_air' && code !== 'no_input') {
            this.options.onFailed(code, lastFault);
            return;
        }
        const fault = lastFault ?? new CodedError('ERR_DEAD_AIR');
        const outputVariables = { end_reason: code, error_code: fault.code };
        this.finish({ reason: 'error', info: 'The bot does not answer', outputVariables, fault });
    }

    /** The conversation is over; `onFinished` comes when the caller has heard the rest. */
    private finish(end: ConversationEnd): void {
        if (this.ending.isPlayingOut || this.closed) return;
        this.freeConversation();
        this.silence.stop();
        this.overlap?.giveUp();
        this.playback.endAllResponses();
        this.ending.playOut(end);
    }

    /**
     * Stops what the caller hears, or the hang-up after it; does nothing while nothing plays. The order matters: first the queue here, then the client's,
     * then the bot, so that no byte of the interrupted response follows the `barge_in` (docs/PROTOCOL.md, 5.4).
     */
    private interrupt(): void {
        const { isAudible, isHeld } = this.playback;
        if (!isAudible && !this.ending.isHangingUp) return;
        const { wire, conversation, record } = this.options;
        const heard = this.playback.flush();
        // What was held was stopped by a `barge_in` before.
        if (isAudible && !isHeld) wire.sendEvent({ type: 'barge_in', data: {} });
        conversation.interrupt(heard);
        record.interrupted(heard);
        this.turns.heard();
        this.silence.interrupted();
        this.ending.interrupted();
    }

    /** By the playhead the caller has heard everything. */
    private processDrained(): void {
        this.overlap?.drained();
        this.turns.heard();
        const isHungUp = this.ending.isHangingUp && this.overlap?.isUndecided !== true;
        if (this.ending.isPlayingOut || isHungUp) this.ending.drained();
        else this.silence.drained(!this.keypad.isSecret);
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
