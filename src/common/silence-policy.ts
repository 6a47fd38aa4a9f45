import type { BotWait, Conversation } from '../services/conversation';
import type { Clock } from '../support/clock';
import type { TimerSet } from '../support/timer-set';
import type { Playback } from './playback';
import {
    FILLER_EVERY_MS,
    PROGRESS_MS,
    SILENCE_RULES,
    type Setting,
    type SilenceAction,
    type SilenceCode,
    type SilenceRule,
    type SilenceSettings,
    type SilenceState,
} from './silence-rules';

export type { SilenceCode } from './silence-rules';

const NEVER = Infinity;

/** The call whose silences the policy limits. */
export interface SilentCall {
    playback: Pick<Playback, 'soundLeftMs' | 'comfort'>;
    conversation: Pick<Conversation, 'responseActiveAtMs' | 'onSilence' | 'askAgain'>;
    goodbye(code: SilenceCode): void;
    endCall(code: SilenceCode): void;
}

/** A rule at work in one call. */
interface PendingRule {
    readonly rule: SilenceRule;
    readonly afterMs: number;
    readonly everyMs: number | undefined;
    readonly atMost: number;
    /** Infinity: it is not pending. */
    dueMs: number;
    /** What `dueMs` was counted with. */
    gapMs: number;
    count: number;
}

/**
 * Applies `SILENCE_RULES` to every silence of one call. The call reports what the caller hears, says and types, and what the bot
 * reports of its work. One timer checks the rules when the next one is due, so that a piece of bot audio costs a few sums.
 */
export class SilencePolicy {
    private readonly pending: readonly PendingRule[];
    /** Responses with sound that have not ended. */
    private readonly openResponses = new Set<string>();
    private hasFallback = false;
    private botState: 'can_hear' | 'starting' | 'reconnecting' = 'can_hear';
    private callerSpeaks = false;
    private isFilling = false;
    private stopped = false;
    private startedAtMs = 0;
    private lookAtMs = NEVER;
    private retriedAtMs = -NEVER;
    /** End of the last filler. */
    private fillerUntilMs = -NEVER;
    /** Until then what a busy bot says is one sentence, in pieces. */
    private asideUntilMs = -NEVER;

    constructor(
        private readonly clock: Clock,
        private readonly timers: TimerSet,
        private readonly settings: SilenceSettings,
        private readonly call: SilentCall,
    ) {
        this.pending = SILENCE_RULES.map((rule) => ({
            rule,
            afterMs: this.valueOf(rule.afterMs),
            everyMs: rule.everyMs === undefined ? undefined : this.valueOf(rule.everyMs),
            atMost: rule.atMost === undefined ? NEVER : this.valueOf(rule.atMost),
            dueMs: NEVER,
            gapMs: 0,
            count: 0,
        }));
    }

    /** The bot starts. */
    start(speaksFirst: boolean): void {
        if (speaksFirst) this.enter('first_audio');
        else this.lookWhenDue();
    }

    /** The conversation says what the caller waits for. */
    waiting(wait: BotWait): void {
        this.hasFallback = true;
        switch (wait) {
            case 'first_audio':
            case 'start':
            case 'probe':
            case 'takeover':
            case 'probe_takeover':
                this.botState = 'starting';
                this.startedAtMs = this.clock.nowMs();
                break;
            case 'reconnect':
                this.botState = 'reconnecting';
                break;
            case 'probe_ready':
            case 'probe_takeover_ready':
            case 'ready':
            case 'idle':
            case 'recovered':
                this.botState = 'can_hear';
                break;
            case 'nothing':
                this.botState = 'can_hear';
                this.endFallbackWait();
                break;
            case 'key_entry':
                this.endFallbackWait();
                break;
            case 'work':
            case 'words_repeated':
                break;
        }
        this.enter(wait);
    }

    /** `ms` of a response are about to be handed to playback. */
    botAudio(responseId: string, ms: number): void {
        this.openResponses.add(responseId);
        this.endAll(() => true);
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
            this.enter('work');
            if (this.hasFallback && nowMs < this.fillerUntilMs + FILLER_EVERY_MS && nowMs >= this.asideUntilMs)
                return false;
        }
        const quietAtMs = this.quietAtMs(ms);
        if (!this.isFilling) {
            this.asideUntilMs = quietAtMs;
            this.fillerPlays(quietAtMs);
        }
        this.endAll(isPlainWait);
        for (const each of this.pending) {
            // The limit for the rest of a response counts from the end of this sentence.
            const isStall = each.rule.state === 'rest_of_response' && each.rule.needsFallback !== true;
            if (isStall && each.dueMs !== NEVER) each.dueMs = quietAtMs + each.afterMs;
        }
        this.lookWhenDue();
        return true;
    }

    /** No more audio will come of this response. */
    responseEnded(responseId: string): void {
        if (!this.openResponses.delete(responseId) || this.openResponses.size > 0) return;
        this.endAll(isRestOfResponse);
        // The caller still waits for the rest of what a reconnecting bot has broken off.
        if (this.botState !== 'reconnecting') this.endFallbackWait();
    }

    /** The caller interrupted: they hear nothing now. */
    interrupted(): void {
        this.openResponses.clear();
        this.endAll(isRestOfResponse);
        if (this.botState === 'can_hear') this.endFallbackWait();
        this.soundEnded();
    }

    /** By the playhead the caller has heard everything. May be called again and again. */
    drained(isCallersTurn: boolean): void {
        this.soundEnded();
        if (isCallersTurn) this.enter('caller_turn');
    }

    /** The caller began to speak. */
    callerStarted(): void {
        this.callerSpeaks = true;
        this.callerIsActive();
        this.endFallbackWait();
    }

    /** The caller stopped speaking. */
    callerStopped(): void {
        this.callerSpeaks = false;
        // While bot audio still plays, only the rules for fallback options count.
        this.awaitResponse(this.call.playback.soundLeftMs === 0);
    }

    /** A key was pressed. */
    callerIsActive(): void {
        for (const each of this.pending) if (each.rule.waitsFor === 'caller') each.count = 0;
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
        if (this.botState === 'can_hear') this.enter('goodbye');
    }

    /** Nothing is waited for any more: the call ends. */
    stop(): void {
        this.stopped = true;
        this.endAll(() => true);
        this.timers.cancel('silence');
    }

    private awaitResponse(isAwaitedWithoutFallback: boolean): void {
        this.endAll(({ waitsFor }) => waitsFor === 'caller');
        this.enter('response', 0, ({ needsFallback }) =>
            needsFallback === true ? this.botState === 'can_hear' : isAwaitedWithoutFallback,
        );
    }

    /** Makes the rules of a state pending; `comingMs` of sound are about to be handed over. */
    private enter(state: SilenceState, comingMs = 0, holds: (rule: SilenceRule) => boolean = () => true): void {
        if (this.stopped) return;
        const nowMs = this.clock.nowMs();
        const quietAtMs = this.quietAtMs(comingMs);
        for (const each of this.pending) {
            const { rule } = each;
            if (rule.state !== state || rule.following !== undefined || !holds(rule)) continue;
            if (rule.needsFallback === true && !this.hasFallback) continue;
            if (rule.onlyExtends === true) this.extend(rule.action, nowMs + each.afterMs);
            else this.begin(each, fromMs(rule, nowMs, quietAtMs, this.startedAtMs));
        }
        this.lookWhenDue();
    }

    private begin(each: PendingRule, atMs: number): void {
        const { rule } = each;
        if (rule.needsFallback === true) this.endAll((other) => isSameWait(other, rule));
        if (rule.waitsFor === 'bot') each.count = 0;
        each.gapMs = each.afterMs;
        // A setting of 0 switches its rules off.
        each.dueMs = each.afterMs === 0 ? NEVER : atMs + each.afterMs;
    }

    private extend(action: SilenceAction, untilMs: number): void {
        for (const each of this.pending)
            if (each.rule.action === action && each.dueMs !== NEVER && each.dueMs < untilMs) {
                each.dueMs = untilMs;
                each.gapMs = untilMs - this.clock.nowMs();
            }
    }

    private endAll(isMeant: (rule: SilenceRule) => boolean): void {
        for (const each of this.pending) if (isMeant(each.rule)) each.dueMs = NEVER;
    }

    private endFallbackWait(): void {
        this.endAll(({ needsFallback }) => needsFallback === true);
    }

    /** The caller speaks or types, or may take longer than usual: neither the caller nor the bot is late. */
    private endCallersTurn(): void {
        this.endAll((rule) => rule.waitsFor === 'caller' || (isPlainWait(rule) && rule.state === 'response'));
    }

    /** The caller hears nothing now, which may be earlier than was computed. */
    private soundEnded(): void {
        const nowMs = this.clock.nowMs();
        for (const each of this.pending)
            if (each.rule.counts === undefined && each.dueMs !== NEVER)
                each.dueMs = Math.min(each.dueMs, nowMs + each.gapMs);
        this.lookWhenDue();
    }

    /** A filler plays until `quietAtMs`. */
    private fillerPlays(quietAtMs: number): void {
        this.fillerUntilMs = quietAtMs;
        if (!this.isPending('takeover')) return;
        for (const each of this.pending) {
            if (each.rule.action !== 'filler' || each.dueMs === NEVER) continue;
            each.gapMs = FILLER_EVERY_MS;
            each.dueMs = quietAtMs + FILLER_EVERY_MS;
        }
    }

    private isPending(action: SilenceAction): boolean {
        return this.pending.some((each) => each.rule.action === action && each.dueMs !== NEVER);
    }

    private quietAtMs(comingMs = 0): number {
        return this.clock.nowMs() + this.call.playback.soundLeftMs + comingMs;
    }

    /** Sets the timer where the next rule is due before it looks again. */
    private lookWhenDue(): void {
        if (this.stopped) return;
        // Sooner no response can be late that begins after now.
        let nextMs = this.clock.nowMs() + PROGRESS_MS;
        for (const { dueMs } of this.pending) nextMs = Math.min(nextMs, dueMs);
        if (nextMs >= this.lookAtMs) return;
        this.lookAtMs = nextMs;
        this.timers.set('silence', Math.max(0, Math.ceil(nextMs - this.clock.nowMs())), this.look);
    }

    /** Progress is not reported, but looked up. */
    private lookForProgress(): void {
        const activeAtMs = this.call.conversation.responseActiveAtMs;
        for (const each of this.pending)
            if (each.rule.state === 'progress')
                each.dueMs = activeAtMs === undefined ? NEVER : Math.max(activeAtMs, this.retriedAtMs) + each.afterMs;
    }

    private readonly look = (): void => {
        this.lookAtMs = NEVER;
        this.lookForProgress();
        for (const each of this.pending) if (!this.isOver() && each.dueMs <= this.clock.nowMs()) this.fallDue(each);
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
        each.dueMs = NEVER;
        if (each.count >= each.atMost) {
            const next = SILENCE_RULES.find(
                (rule) => rule.state === each.rule.state && rule.following === each.rule.action,
            );
            if (next !== undefined) this.act(next);
            return;
        }
        each.count += 1;
        if (each.everyMs !== undefined) this.repeat(each, nowMs, each.everyMs);
        this.act(each.rule);
    }

    private repeat(each: PendingRule, nowMs: number, everyMs: number): void {
        if (each.rule.action === 'filler' && !this.isPending('takeover')) return;
        each.gapMs = everyMs;
        each.dueMs = nowMs + everyMs;
    }

    /** The silence has not begun, or is not the caller's. */
    private isHeld({ waitsFor, counts }: SilenceRule): boolean {
        const isSounding = this.call.playback.soundLeftMs > 0;
        // A filler breaks no silence.
        if (waitsFor === 'bot') return counts === undefined && isSounding && this.clock.nowMs() >= this.fillerUntilMs;
        return isSounding || this.callerSpeaks || this.isPending('takeover') || this.isPending('comfort');
    }

    private act({ action, code = 'dead_air' }: SilenceRule): void {
        switch (action) {
            case 'filler':
                this.fill();
                return;
            case 'comfort':
                this.call.playback.comfort();
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

    private fill(): void {
        this.isFilling = true;
        try {
            if (!this.call.conversation.onSilence('filler')) this.call.playback.comfort();
        } finally {
            this.isFilling = false;
        }
        this.fillerPlays(this.quietAtMs());
    }

    private valueOf(setting: Setting): number {
        return typeof setting === 'number' ? setting : setting(this.settings);
    }

    /** A method, because an action may have ended the call in the middle of what we do. */
    private isOver(): boolean {
        return this.stopped;
    }
}

function fromMs({ counts }: SilenceRule, nowMs: number, quietAtMs: number, startedAtMs: number): number {
    if (counts === undefined) return quietAtMs;
    return counts === 'time' ? nowMs : startedAtMs;
}

function isSameWait(other: SilenceRule, rule: SilenceRule): boolean {
    return other.needsFallback === true && other.action === rule.action;
}

/** A wait without fallback options that any sound of the bot ends. */
function isPlainWait({ waitsFor, state, needsFallback }: SilenceRule): boolean {
    return waitsFor === 'caller' || (needsFallback !== true && (state === 'response' || state === 'first_audio'));
}

function isRestOfResponse({ state, needsFallback }: SilenceRule): boolean {
    return state === 'rest_of_response' && needsFallback !== true;
}
