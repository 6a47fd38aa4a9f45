import type { OverlapControl, OverlapReport } from '../../services/conversation';
import type { Clock } from '../../support/clock';
import type { TimerSet } from '../../support/timer-set';
import type { Playback } from '../playback';
import type { CallerVoice } from './caller-voice';
import { ASK_WORDS_AFTER_MS, verdict } from './verdict';
import type { OverlapWords } from './word-list';

/** Speech that ends so shortly before the end of what the caller hears is their next turn, and no interruption, ms. */
const NEARLY_OVER_MS = 500;
/** Genesys sends frames of 200 ms, a little unevenly. */
const LONGEST_FRAME_MS = 260;
const NEARLY_OVER = 'turn: the bot had nearly finished';
/** So much later than a meter of loudness the network notices that a voice has ended, ms. */
const END_LAG_MS = 64;
/** How often an open overlap is judged without new audio, ms. */
const LOOK_EVERY_MS = 20;
/** Without an end an overlap is a turn: a service that reports speech for ever must not keep the bot from the caller. */
const MAX_JUDGED_MS = 6000;
const LEAST_VOICE_MS = 500;
/** So long words may come after it was given up to wait for them, ms. */
const LATE_WORDS_MS = 3000;

/** What the judge makes the call do. */
export interface OverlapActions {
    /** How the bot that is active is told; undefined: speech over it is not judged. */
    control: () => OverlapControl | undefined;
    /** Stops what the caller hears, and keeps it. */
    hold: () => void;
    /** Goes on with what is kept. @returns how far back it begins, ms */
    resume: () => number;
    report?: ((report: OverlapReport) => void) | undefined;
    /** No speech waits for a verdict any more. */
    judged?: (() => void) | undefined;
    /** Nothing is judged any more. */
    closed: () => void;
}

/**
 * Judges what the caller says while they hear the bot (docs/TURNS.md), one utterance at a time: begins with the first voice, on the line or by
 * the bot's own detection, and ends with a verdict. The rules are those of `verdict`; this class knows the time, the playback and the bot.
 */
export class OverlapJudge {
    /**
     * `judging`: the bot goes on; `held`: it was stopped, perhaps by mistake; `late`: it goes on, and words that come late may still stop
     * it; `turn`: the caller's turn, which has not ended.
     */
    private phase: 'none' | 'judging' | 'held' | 'late' | 'turn' = 'none';
    private lateUntilMs = 0;
    private control: OverlapControl | undefined;
    private openedAtMs = 0;
    private heardAtMs = 0;
    /** Bot audio that was left when the caller's voice was last heard, ms. */
    private leftMs = 0;
    private words: string | undefined;
    private isAnswer = false;
    /** The voice of which the words are known, or on their way, ms. */
    private askedVoicedMs = 0;
    /** The voice of which they are known, ms. */
    private knownVoicedMs = 0;
    /** For all words that are on their way: the voice until then, ms. */
    private readonly awaited: number[] = [];
    /** By the bot's own detection the caller speaks. */
    private isServiceHearing = false;
    /** The caller's turn goes on, as the bot reports it: what bot audio begins meanwhile does not make it an overlap. */
    private isTurnReported = false;

    constructor(
        private readonly clock: Clock,
        private readonly timers: TimerSet,
        private readonly voice: CallerVoice,
        private readonly lists: OverlapWords,
        private readonly playback: Pick<Playback, 'isAudible' | 'isHeld' | 'soundLeftMs'>,
        private readonly actions: OverlapActions,
    ) {}

    /** Speech of the caller waits for its verdict. */
    get isOpen(): boolean {
        return this.phase !== 'none' && this.phase !== 'turn';
    }

    /** The caller is about to hear the bot. */
    botAudio(): void {
        if (this.phase !== 'none' || (this.control !== undefined && this.playback.isAudible)) return;
        this.control = this.actions.control();
        this.control?.begin();
        this.voice.begin();
    }

    /** The caller may have interrupted the bot, or may yet be found not to have. */
    get isUndecided(): boolean {
        return this.phase === 'judging' || this.phase === 'held';
    }

    /** The caller has heard everything. Words that are on their way are still waited for. */
    drained(): void {
        if (this.phase === 'none') this.leave();
    }

    /** The bot reports a turn of the caller, and is interrupted: there is nothing to be judged, unless it was accepted as this turn. */
    turnStarted(): void {
        this.isTurnReported = true;
        this.interrupted();
    }

    /** The bot reports the end of the turn. */
    turnStopped(): void {
        this.isTurnReported = false;
    }

    /** Caller audio: PCMU, 8 kHz, mono. `isTurn`: the bot is not to be heard, and by the loudness of the line the caller speaks. */
    hear(pcmu: Uint8Array, isTurn: boolean): void {
        this.heardAtMs = this.clock.nowMs();
        if (this.control === undefined) {
            if (isTurn) this.voice.hearTurn(pcmu);
        } else {
            this.voice.hear(pcmu, this.onStep);
            // After the frame, not within it: what began like a turn may end in the same frame.
            this.judge();
        }
    }

    /** By the bot's own detection the caller speaks, or has stopped. */
    serviceSpeech(state: 'started' | 'stopped'): void {
        this.isServiceHearing = state === 'started';
        if (state === 'stopped') this.awaitWords();
        else if (this.phase === 'none' || this.phase === 'late') this.begin();
        this.judge();
    }

    /** Words of the speech that is judged; `isAnswer`: they are what the bot has asked for. */
    serviceWords(text: string, isAnswer = false): void {
        if (this.phase === 'none') {
            // The speech was judged before its words were known.
            this.control?.dismiss();
            return;
        }
        this.words = `${this.words ?? ''} ${text}`.trim();
        this.knownVoicedMs = this.awaited.shift() ?? this.askedVoicedMs;
        this.isAnswer ||= isAnswer;
        this.judge();
    }

    /** A key, or speech that is not judged, has interrupted the bot. What is being judged is no turn; one that was accepted goes on. */
    interrupted(): void {
        if (this.phase === 'turn') return;
        if (this.phase !== 'none') this.dismiss();
        else if (!this.playback.isAudible) this.leave();
    }

    /** The bot was lost, or the rest of what it said must be heard: goes on with what is kept. */
    giveUp(): void {
        if (this.phase === 'held') this.actions.resume();
        this.control?.dismiss();
        this.reset();
    }

    private readonly onStep = (): void => {
        const { run } = this.voice;
        if (run.voicedMs === 0 || run.quietMs > 0) return;
        const isOpen = this.phase !== 'none' && this.phase !== 'late';
        if (!isOpen && !this.isTurnReported && this.playback.isAudible) this.open();
        if (this.phase === 'judging') this.leftMs = this.playback.soundLeftMs;
    };

    /** The service hears speech. Where the bot makes no sound at the moment, it is a turn like any other. */
    private begin(): void {
        this.open();
        if (this.phase === 'judging' && !this.playback.isAudible) this.stand('turn: the bot was silent');
    }

    private open(): void {
        // The bot that is active now may be another one, whose speech is not judged.
        if (this.control === undefined || this.actions.control() === undefined) return;
        this.phase = 'judging';
        this.openedAtMs = this.clock.nowMs();
        this.leftMs = this.playback.soundLeftMs;
        // The silence before does not count.
        if (this.voice.run.voicedMs === 0) this.voice.endRun();
        this.look();
    }

    private look(): void {
        this.timers.set('overlap', LOOK_EVERY_MS, () => {
            this.judge();
            if (this.phase !== 'none') this.look();
        });
    }

    /** By the clock, since the caller's voice was last heard, ms: it may have begun again in audio that is on its way. */
    private get quietMs(): number {
        return this.voice.run.quietMs + (this.clock.nowMs() - this.heardAtMs);
    }

    /** Whether the caller has been quiet for so long, in the audio that has come; without audio, by the clock. */
    private isQuietFor(ms: number): boolean {
        return this.voice.run.quietMs >= ms || this.quietMs >= ms + LONGEST_FRAME_MS;
    }

    private judge(): void {
        if (this.phase === 'none') return;
        if (this.phase === 'turn') {
            this.endTurnWhenQuiet();
            return;
        }
        if (this.phase === 'late' && this.clock.nowMs() > this.lateUntilMs) {
            this.dismiss();
            return;
        }
        this.askForWords();
        const { lists, phase } = this;
        const isHeld = phase === 'held';
        // The caller has gone on: what they said before is not all of it.
        const words = this.voice.run.voicedMs > this.knownVoicedMs ? undefined : this.words;
        const { givesWords = false } = this.control ?? {};
        const found = this.isAnswer
            ? ({ kind: 'stand', reason: 'turn: words that the bot has asked for' } as const)
            : verdict(
                  {
                      run: this.voice.run,
                      quietMs: this.quietMs,
                      words,
                      awaitsWords: givesWords,
                      hasYielded: isHeld,
                  },
                  lists,
              );
        if (this.phase === 'late' && this.words === undefined) return;
        if (found.kind === 'undecided') {
            if (this.clock.nowMs() - this.openedAtMs > MAX_JUDGED_MS) this.endLongOne();
            return;
        }
        this.pass(found.kind, found.reason);
    }

    private endLongOne(): void {
        if (this.voice.run.voicedMs > LEAST_VOICE_MS) this.stand('turn: it does not end');
        else this.goOn('ignored', 'ignored: no voice');
    }

    private pass(kind: 'yield' | 'stand' | 'ignore' | 'resume', reason: string): void {
        // The bot had nearly finished, or has: what the caller says then is their turn, also “yes”.
        const isNext = this.leftMs < NEARLY_OVER_MS;
        switch (kind) {
            case 'yield':
                if (isNext) this.stand(NEARLY_OVER);
                else this.hold(reason);
                return;
            case 'stand':
                this.stand(reason);
                return;
            case 'ignore':
                if (isNext && this.voice.run.voicedMs > 0) this.stand(NEARLY_OVER);
                else this.goOn('ignored', reason);
                return;
            case 'resume':
                this.goOn('resumed', reason);
        }
    }

    private hold(reason: string): void {
        this.phase = 'held';
        this.report('held', reason);
        this.actions.hold();
    }

    private stand(reason: string): void {
        const { control } = this;
        this.phase = 'turn';
        this.report('turn', reason);
        // It is reported as speech now, and like any other it interrupts the bot.
        control?.accept();
        this.actions.judged?.();
        // A bot that takes no turns has taken the place of the one that was stopped.
        if (this.playback.isHeld) this.actions.resume();
        if (control?.turnSilenceMs === undefined) this.close();
    }

    /** The bot goes on. Words that are still on their way are waited for. */
    private goOn(verdictName: 'ignored' | 'resumed', reason: string): void {
        if (this.phase === 'late') {
            this.dismiss();
            return;
        }
        const backMs = this.phase === 'held' ? this.actions.resume() : undefined;
        this.report(verdictName, reason, backMs);
        if (this.words !== undefined || this.control?.givesWords !== true) {
            this.dismiss();
            return;
        }
        this.phase = 'late';
        this.lateUntilMs = this.clock.nowMs() + LATE_WORDS_MS;
        this.voice.endRun();
        this.askedVoicedMs = 0;
        this.knownVoicedMs = 0;
        this.awaited.fill(0);
    }

    private dismiss(): void {
        this.control?.dismiss();
        this.close();
    }

    private endTurnWhenQuiet(): void {
        const { control } = this;
        const limitMs = Math.max(0, (control?.turnSilenceMs ?? 0) - END_LAG_MS);
        // The service may hear what is not to be heard here.
        if (!this.isQuietFor(this.isServiceHearing ? 2 * limitMs : limitMs)) return;
        control?.endTurn(this.quietMs);
        this.close();
    }

    /** Once the voice has paused: what was said until then is to be transcribed. */
    private askForWords(): void {
        const isNew = this.voice.run.voicedMs > this.askedVoicedMs;
        if (!isNew || !this.isQuietFor(ASK_WORDS_AFTER_MS) || this.control?.givesWords !== true) return;
        this.awaitWords();
        this.control.transcribe();
        // With the commit the service begins anew.
        this.isServiceHearing = false;
    }

    /** The words of what was said until now are to come. */
    private awaitWords(): void {
        const { voicedMs } = this.voice.run;
        if (voicedMs > this.askedVoicedMs) this.awaited.push(voicedMs);
        this.askedVoicedMs = voicedMs;
    }

    /** By the caller's audio; where no voice was measured, since the utterance was noticed, ms. */
    private get sinceBeginningMs(): number {
        const { voicedMs, spanMs } = this.voice.run;
        return voicedMs > 0 ? this.quietMs + spanMs : this.clock.nowMs() - this.openedAtMs;
    }

    private report(overlap: OverlapReport['overlap'], reason: string, backMs?: number): void {
        const { voicedMs, spanMs } = this.voice.run;
        this.actions.report?.({
            overlap,
            reason,
            words: this.words === '' ? undefined : this.words,
            voicedMs,
            spanMs,
            afterMs: Math.round(this.sinceBeginningMs),
            ...(backMs !== undefined && { backMs: Math.round(backMs) }),
        });
    }

    private close(): void {
        this.reset();
        this.actions.closed();
    }

    private reset(): void {
        this.phase = 'none';
        this.timers.cancel('overlap');
        this.voice.endRun();
        this.words = undefined;
        this.isAnswer = false;
        this.askedVoicedMs = 0;
        this.knownVoicedMs = 0;
        this.awaited.length = 0;
        this.isServiceHearing = false;
        this.actions.judged?.();
        if (!this.playback.isAudible) this.leave();
    }

    /** The bot is not to be heard, and nothing is to be judged. */
    private leave(): void {
        this.control?.end();
        this.control = undefined;
    }
}
