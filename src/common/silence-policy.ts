import type { BotWait, Conversation } from '../services/conversation';
import type { Clock } from '../support/clock';
import type { LogFields } from '../support/logger';
import type { TimerSet } from '../support/timer-set';
import type { Playback } from './playback';
import { PendingRules, type PendingRule } from './pending-rules';
import {
    FILLER_EVERY_MS,
    isForBot,
    isPlainWait,
    isRestOfResponse,
    isTurnWait,
    isVoiceWait,
    KEY_TONE_MS,
    PROGRESS_MS,
    PROMPT_VAD_MS,
    RECENT_VOICE_MS,
    SILENCE_RULES,
    type SilenceCode,
    type SilenceRule,
    type SilenceSettings,
    type SilenceState,
} from './silence-rules';
import { SparseSet } from '../support/sparse';

export type { SilenceCode } from './silence-rules';

const NEVER = Infinity;
/** The bot starts; it can hear. Other waits say nothing about that. */
const STARTING: ReadonlySet<BotWait> = new Set(['first_audio', 'start', 'probe', 'takeover', 'probe_takeover']);
const HEARING: ReadonlySet<BotWait> = new Set([
    'probe_ready',
    'probe_takeover_ready',
    'ready',
    'idle',
    'recovered',
    'nothing_awaited',
]);

/** The call whose silences the policy limits. */
export interface SilentCall {
    playback: Pick<Playback, 'soundLeftMs' | 'comfort'>;
    conversation: Pick<Conversation, 'responseActiveAtMs' | 'remoteVadMs' | 'onSilence' | 'askAgain'>;
    /** Logs what is done about a turn that the service does not end, and what the line and the service have said. */
    log(fields: LogFields): void;
    goodbye(code: SilenceCode): void;
    endCall(code: SilenceCode): void;
}

/**
 * Applies `SILENCE_RULES` to every silence of one call. The call reports what the caller hears, says and types, and what the bot
 * reports of its work. One timer checks the rules when the next one is due, so that a piece of bot audio sets no timer.
 */
export class SilencePolicy {
    private readonly rules: PendingRules;
    /** Responses with sound that have not ended. */
    private readonly openResponses = new SparseSet<string>();
    private hasFallback = false;
    private botState: 'can_hear' | 'starting' | 'reconnecting' = 'can_hear';
    /** By the service. */
    private callerSpeaks = false;
    /** By the line. */
    private voiceOnLine = false;
    private voiceEndedMs = -NEVER;
    private keyAtMs = -NEVER;
    /** undefined: the client's stream is not paused. */
    private pausedAtMs: number | undefined;
    private isFilling = false;
    private isEndingTurn = false;
    private stopped = false;
    private startedAtMs = 0;
    private lookAtMs = NEVER;
    private retriedAtMs = -NEVER;
    /** End of the last filler. */
    private fillerUntilMs = -NEVER;
    /** Audio of a busy bot until then belongs to the sentence that is playing. */
    private asideUntilMs = -NEVER;

    constructor(
        private readonly clock: Clock,
        private readonly timers: TimerSet,
        settings: SilenceSettings,
        private readonly call: SilentCall,
    ) {
        this.rules = new PendingRules(settings);
    }

    /** The bot starts. */
    start(speaksFirst: boolean): void {
        if (speaksFirst) this.enter('first_audio');
        else this.lookWhenDue();
    }

    /** The conversation says what the caller waits for. */
    waiting(wait: BotWait): void {
        this.hasFallback ||= wait !== 'response_requested' && wait !== 'nothing_awaited';
        if (STARTING.has(wait)) {
            this.botState = 'starting';
            this.startedAtMs = this.clock.nowMs();
        } else if (wait === 'reconnect') this.botState = 'reconnecting';
        else if (HEARING.has(wait)) this.botState = 'can_hear';
        if (wait === 'nothing_awaited' || wait === 'key_entry') this.endFallbackWait();
        this.enter(wait);
    }

    /** The client's stream is paused: no silence counts until it goes on. May be called twice. */
    pause(): void {
        this.pausedAtMs ??= this.clock.nowMs();
        this.timers.cancel('silence');
    }

    /** The stream goes on: what the bot has to do is due later by the length of the pause, and the caller's time begins anew. */
    resume(): void {
        const { pausedAtMs } = this;
        if (pausedAtMs === undefined) return;
        const nowMs = this.clock.nowMs();
        this.pausedAtMs = undefined;
        this.retriedAtMs = nowMs;
        this.rules.resume(pausedAtMs, nowMs);
        this.lookAtMs = NEVER;
        this.lookWhenDue();
    }

    /** `ms` of a response are about to be handed to playback. */
    botAudio(responseId: string, ms: number): void {
        this.openResponses.add(responseId);
        // What the caller said last has its response, and is no part of the turn that the service reports next.
        this.voiceEndedMs = -NEVER;
        this.rules.end(() => true);
        this.enter('rest_of_response', ms);
    }

    /**
     * A busy bot is about to say that it takes a moment, or a piece of that sentence. It shows that the bot works, and is no response.
     *
     * @returns false: a filler ended within the last 5 s, and the caller must not hear another one
     */
    aside(ms: number): boolean {
        const nowMs = this.clock.nowMs();
        if (!this.isFilling) {
            this.enter('sign_of_work');
            if (this.hasFallback && nowMs < this.fillerUntilMs + FILLER_EVERY_MS && nowMs >= this.asideUntilMs)
                return false;
        }
        const quietAtMs = this.quietAtMs(ms);
        if (!this.isFilling) {
            this.asideUntilMs = quietAtMs;
            this.fillerPlays(quietAtMs);
        }
        this.rules.end(isPlainWait);
        // The limit for the rest of a response counts from the end of this sentence.
        for (const rule of SILENCE_RULES)
            if (isRestOfResponse(rule) && this.rules.pending(rule) !== undefined)
                this.rules.setDue(rule, quietAtMs + this.rules.afterMs(rule));
        this.lookWhenDue();
        return true;
    }

    /** No more audio will come of this response. */
    responseEnded(responseId: string): void {
        if (!this.openResponses.delete(responseId) || this.openResponses.size > 0) return;
        this.rules.end(isRestOfResponse);
        // The caller still waits for the rest of what a reconnecting bot has broken off.
        if (this.botState !== 'reconnecting') this.endFallbackWait();
    }

    /** The caller interrupted: they hear nothing now. */
    interrupted(): void {
        this.openResponses.clear();
        this.rules.end(isRestOfResponse);
        if (this.botState === 'can_hear') this.endFallbackWait();
        this.soundEnded();
    }

    /** By the playhead the caller has heard everything. May be called again and again. */
    drained(isCallersTurn: boolean): void {
        this.soundEnded();
        if (isCallersTurn) this.enter('caller_turn');
    }

    /** By the service the caller began to speak. */
    callerStarted(): void {
        this.callerSpeaks = true;
        this.callerIsActive();
        this.endFallbackWait();
    }

    /** The same, when what the caller hears was stopped for it: from now on the line is the second witness. */
    turnStarted(): void {
        if (this.call.conversation.remoteVadMs === undefined) return;
        const isHeard = this.voiceOnLine || this.clock.nowMs() - this.voiceEndedMs < RECENT_VOICE_MS;
        this.enter('turn');
        if (!isHeard) this.enter('unheard_turn');
        else if (!this.voiceOnLine) this.enter('voice_ended');
    }

    /** By the line the caller began to speak, while they heard nothing. */
    voiceStarted(): void {
        this.voiceOnLine = true;
        if (this.call.conversation.remoteVadMs === undefined) return;
        this.rules.end(isVoiceWait);
        this.rules.end(({ waitsFor }) => waitsFor === 'caller');
        if (!this.rules.has(({ state }) => state === 'turn')) this.enter('turn');
    }

    /** The bot is to be heard: the line is not watched meanwhile. */
    voiceHidden(): void {
        this.voiceOnLine = false;
    }

    /** By the line the caller's voice ended `agoMs` ago. */
    voiceEnded(agoMs: number): void {
        this.voiceOnLine = false;
        this.voiceEndedMs = this.clock.nowMs() - agoMs;
        const { remoteVadMs } = this.call.conversation;
        // The tone of a key is no voice, and what the bot is late with already is not begun anew.
        const isKey = this.voiceEndedMs - this.keyAtMs < KEY_TONE_MS;
        if (remoteVadMs === undefined || this.botState !== 'can_hear' || isKey || this.rules.has(isForBot)) return;
        this.enter('voice_ended');
    }

    /** The caller stopped speaking. */
    callerStopped(): void {
        this.callerSpeaks = false;
        // The turn was ended from here, and the waits go on that led to it.
        if (this.isEndingTurn && this.rules.has(isVoiceWait)) return;
        this.rules.end(isTurnWait);
        // While bot audio still plays, only the rules for fallback options count.
        this.awaitResponse(this.call.playback.soundLeftMs === 0);
    }

    /** A key was pressed. */
    keyPressed(): void {
        this.keyAtMs = this.clock.nowMs();
        this.callerIsActive();
    }

    private callerIsActive(): void {
        this.rules.end(isVoiceWait);
        this.rules.forgetCounts();
        this.endCallersTurn();
    }

    /** A secret is to be typed: the caller may have to look for it. */
    awaitsSecret(): void {
        this.endCallersTurn();
    }

    /** An entry of the keypad is complete. */
    entryMade(): void {
        this.awaitResponse(true);
    }

    /** The bot was asked for its goodbye. */
    goodbyeAsked(): void {
        this.rules.end(isTurnWait);
        if (this.botState === 'can_hear') this.enter('goodbye');
    }

    /** Nothing is waited for any more: the call ends. */
    stop(): void {
        this.stopped = true;
        this.rules.end(() => true);
        this.timers.cancel('silence');
    }

    private awaitResponse(isAwaitedWithoutFallback: boolean): void {
        this.rules.end(({ waitsFor }) => waitsFor === 'caller');
        this.enter('response', 0, ({ needsFallback }) =>
            needsFallback === true ? this.botState === 'can_hear' : isAwaitedWithoutFallback,
        );
        // The wait for these words had its filler before the service reported their end.
        if (this.isWaitForWords() && this.fillerUntilMs > this.voiceEndedMs)
            this.rules.extend('filler', this.fillerUntilMs + FILLER_EVERY_MS, this.clock.nowMs());
    }

    /** Makes the rules of a state pending; `comingMs` of sound are about to be handed over. */
    private enter(state: SilenceState, comingMs = 0, holds: (rule: SilenceRule) => boolean = () => true): void {
        if (this.stopped) return;
        const nowMs = this.clock.nowMs();
        const quietAtMs = this.quietAtMs(comingMs);
        for (const rule of SILENCE_RULES) {
            if (rule.state !== state || rule.following !== undefined || !holds(rule)) continue;
            if (this.hasFallback ? rule.needsNoFallback === true : rule.needsFallback === true) continue;
            if (rule.keepsEarlier === true && this.rules.isPending(rule.action)) continue;
            if (rule.onlyExtends === true) this.rules.extend(rule.action, nowMs + this.rules.afterMs(rule), nowMs);
            else this.rules.begin(rule, this.fromMs(rule, nowMs, quietAtMs), nowMs);
        }
        this.lookWhenDue();
    }

    private endFallbackWait(): void {
        this.rules.end(({ needsFallback }) => needsFallback === true);
    }

    /** The caller speaks or types, or may take longer than usual: neither the caller nor the bot is late. */
    private endCallersTurn(): void {
        this.rules.end((rule) => rule.waitsFor === 'caller' || (isPlainWait(rule) && rule.state === 'response'));
    }

    /** The caller hears nothing now, which may be earlier than was computed. */
    private soundEnded(): void {
        this.rules.soundEnded(this.clock.nowMs());
        this.lookWhenDue();
    }

    /** A filler plays until `quietAtMs`. */
    private fillerPlays(quietAtMs: number): void {
        this.fillerUntilMs = quietAtMs;
        this.rules.fillerPlays(quietAtMs);
    }

    private quietAtMs(comingMs = 0): number {
        return this.clock.nowMs() + this.call.playback.soundLeftMs + comingMs;
    }

    /** Sets the timer where the next rule is due before it looks again. */
    private lookWhenDue(): void {
        if (this.stopped || this.pausedAtMs !== undefined) return;
        // A response that begins after now cannot have stalled sooner.
        const nextMs = Math.min(this.rules.nextDueMs, this.clock.nowMs() + PROGRESS_MS);
        if (nextMs >= this.lookAtMs) return;
        this.lookAtMs = nextMs;
        this.timers.set('silence', Math.max(0, Math.ceil(nextMs - this.clock.nowMs())), this.look);
    }

    /** The progress of a response is asked for, and not reported. */
    private lookForProgress(): void {
        const fromMs = Math.max(this.call.conversation.responseActiveAtMs ?? NEVER, this.retriedAtMs);
        for (const rule of SILENCE_RULES)
            if (rule.state === 'progress') this.rules.setDue(rule, fromMs + this.rules.afterMs(rule));
    }

    private readonly look = (): void => {
        this.lookAtMs = NEVER;
        this.lookForProgress();
        // In their order: what a rule does may begin or end those after it.
        for (const rule of SILENCE_RULES) {
            const each = this.rules.pending(rule);
            if (each !== undefined && !this.isOver() && each.dueMs <= this.clock.nowMs()) this.fallDue(each);
        }
        this.lookForProgress();
        this.lookWhenDue();
    };

    /** A rule is due. */
    private fallDue(each: PendingRule): void {
        const nowMs = this.clock.nowMs();
        if (this.isHeld(each.rule)) {
            each.dueMs = this.quietAtMs() + each.gapMs;
            return;
        }
        const rule = this.rules.take(each, nowMs);
        if (rule !== undefined) this.act(rule);
    }

    /** The silence has not begun, or is not the caller's. */
    private isHeld({ waitsFor, counts }: SilenceRule): boolean {
        const isSounding = this.call.playback.soundLeftMs > 0;
        // A filler breaks no silence.
        if (waitsFor === 'bot') return counts === undefined && isSounding && this.clock.nowMs() >= this.fillerUntilMs;
        return isSounding || this.callerSpeaks || this.rules.isPending('takeover') || this.rules.isPending('comfort');
    }

    private act(rule: SilenceRule): void {
        const { action, code = 'dead_air' } = rule;
        if (isTurnWait(rule)) this.logTurn(rule);
        switch (action) {
            case 'filler':
                this.fill();
                return;
            case 'comfort':
                this.call.playback.comfort();
                return;
            case 'end_turn':
                this.endTurn();
                return;
            case 'retry':
                this.retriedAtMs = this.clock.nowMs();
                this.call.conversation.onSilence('retry');
                return;
            case 'takeover':
                if (!this.call.conversation.onSilence('takeover')) this.call.endCall('dead_air');
                return;
            case 'ask_again':
                this.awaitResponse(true);
                this.call.conversation.askAgain();
                return;
            case 'goodbye':
                this.call.goodbye(code);
                return;
            case 'end_call':
                this.call.endCall(code);
                return;
        }
    }

    private endTurn(): void {
        this.isEndingTurn = true;
        try {
            this.call.conversation.onSilence('end_turn');
        } finally {
            this.isEndingTurn = false;
        }
    }

    /** A step about a turn that the service does not end: which witness said what. */
    private logTurn({ action, state }: SilenceRule): void {
        const quietMs = this.voiceEndedMs === -NEVER ? undefined : Math.round(this.clock.nowMs() - this.voiceEndedMs);
        const line = this.voiceOnLine ? 'voice' : 'quiet';
        const service = this.callerSpeaks ? 'speech' : 'no speech';
        this.call.log({ action, state, line, lineQuietMs: this.voiceOnLine ? 0 : quietMs, service });
    }

    private fromMs(rule: SilenceRule, nowMs: number, quietAtMs: number): number {
        switch (rule.counts ?? 'silence') {
            case 'silence':
                return rule.state === 'response' && this.isWaitForWords()
                    ? Math.min(quietAtMs, this.voiceEndedMs)
                    : quietAtMs;
            case 'time':
                return nowMs;
            case 'start':
                return this.startedAtMs;
            case 'voice':
                return this.voiceEndedMs + Math.max(0, (this.call.conversation.remoteVadMs ?? 0) - PROMPT_VAD_MS);
        }
    }

    /** A response to words whose end on the line is known is late by it, and not by the service's report. */
    private isWaitForWords(): boolean {
        const isRecent = this.clock.nowMs() - this.voiceEndedMs < RECENT_VOICE_MS;
        return isRecent && !this.voiceOnLine && this.call.conversation.remoteVadMs !== undefined;
    }

    private fill(): void {
        this.isFilling = true;
        try {
            if (!this.call.conversation.onSilence('filler')) this.call.playback.comfort();
        } finally {
            this.isFilling = false;
        }
        this.fillerPlays(this.quietAtMs());
    }

    /** A method, because an action may have ended the call in the middle of what we do. */
    private isOver(): boolean {
        return this.stopped;
    }
}
