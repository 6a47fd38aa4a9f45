import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { wavToPcmu } from '../../src/audio/wav';
import type { Clock } from '../../src/support/clock';
import type { Caller } from '../caller/client';
import type { Step } from './case-schema';
import { quoted } from './matching';
import type { CallerVoice } from './voice';

/** After the bot has finished the caller takes so long to answer, ms. */
const ANSWER_MS = 300;
const INTERRUPT_MS = 1500;
const MHM_MS = 1000;
/** It is quiet for so long: the bot has finished, ms. */
const QUIET_MS = 500;
/** The same while the model cannot be reached: before another bot takes over, it is quiet for longer. */
const PATIENT_QUIET_MS = 3000;
/** Longest time that the caller waits while nothing is heard and nothing is at work, ms. */
const PATIENCE_MS = 20_000;
/** After their last step the caller waits so long for the server's end, ms. */
const LINGER_MS = 3000;
/** A pause of the bot after which it says something new, ms. */
const NEW_ANSWER_MS = 4000;
const LOOK_MS = 10;
const BYTES_PER_MS = 8;
const MHM = 'mm hm.';

/** What the caller did: ms since the call was dialled. */
export interface Done {
    readonly atMs: number;
    readonly toMs: number;
    readonly what: 'say' | 'keys' | 'interrupt' | 'mhm' | 'silent' | 'language' | 'hang up';
    readonly text: string;
}

/** What is known of the bot's side, beside the sound. */
export interface BotSide {
    /** It is about to say something: a response, a function, or a voice is at work. */
    readonly isBusy: boolean;
    /** Responses that the model has begun. */
    readonly responses: number;
}

/** What of the telephone the caller of a case uses. */
export type Telephone = Pick<Caller, 'on' | 'ended' | 'heardBytes' | 'queuedMs' | 'say' | 'dtmf' | 'update' | 'hangUp'>;

/** Makes all that the caller says. Rejects with a coded error when the local voice cannot say it. */
export async function prepareSpeech(steps: readonly Step[], sentences: CallerVoice): Promise<void> {
    const texts = steps.flatMap((step) => {
        if ('say' in step) return step.wav === undefined ? [step.say] : [];
        if ('interrupt' in step) return [step.interrupt];
        return 'mhm' in step ? [step.mhm === true ? MHM : step.mhm] : [];
    });
    await Promise.all(texts.map((text) => sentences.of(text)));
}

/** Plays the caller of a case: talks, presses keys, waits, interrupts, hangs up. */
export class ScriptedCaller {
    readonly done: Done[] = [];
    /** What could not be done, each in a sentence. */
    readonly problems: string[] = [];
    /** The bot may be silent for a moment and then go on: the caller waits longer before they take it for finished. */
    isPatient = false;
    /** They have hung up because all was done, and the server had not ended the call. */
    hasLeft = false;
    /** Answers of the bot that have begun to be heard. */
    answers = 0;
    private readonly startMs: number;
    /** Where in what was heard each answer begins; of those that follow one another without a pause, the first one's place. */
    private readonly answersFrom: number[] = [];
    /** What the caller wanted to do over an answer was not done: why, in a sentence without a full stop. */
    private tooShort: string | undefined;
    private completedAtMs = -Infinity;
    private actedSinceAnswer = false;
    private isOver = false;
    private isOwed = true;
    /** Responses that the model had begun when the caller acted last; undefined: they have not. */
    private responsesBefore: number | undefined;
    /** Index into `done` of the first utterance whose words were not asked for. */
    private told = 0;

    constructor(
        private readonly caller: Telephone,
        private readonly bot: BotSide,
        private readonly clock: Clock,
        private readonly sentences: CallerVoice,
        private readonly folder: string,
    ) {
        this.startMs = clock.nowMs();
        caller.on('event', (event) => {
            if (event.kind !== 'playback') return;
            if (event.what === 'started') this.sounds();
            else this.fallsSilent();
        });
        void caller.ended.then(() => {
            this.isOver = true;
        });
        caller.on('disconnected', () => {
            this.isOver = true;
        });
    }

    /** The call has ended, or is about to. */
    get hasEnded(): boolean {
        return this.isOver;
    }

    get nowMs(): number {
        return this.clock.nowMs() - this.startMs;
    }

    /** How much of the newest answer was heard, ms. */
    get heardOfAnswerMs(): number {
        return (this.caller.heardBytes - (this.answersFrom.at(-1) ?? 0)) / BYTES_PER_MS;
    }

    /** The words of what was said since the last time this was asked. */
    takeWords(): string {
        const fresh = this.done
            .slice(this.told)
            .filter(({ what }) => what === 'say' || what === 'interrupt' || what === 'mhm');
        this.told = this.done.length;
        return fresh.map(({ text }) => text).join(' ');
    }

    /** Does all steps, waits until the bot has finished, and hangs up if the server does not. */
    async play(steps: readonly Step[]): Promise<void> {
        for (const [at, step] of steps.entries()) {
            this.tooShort = undefined;
            const isDone = !this.isOver && (await this.act(step));
            if (isDone || step.optional === true) continue;
            this.problems.push(this.whyNotDone(`step ${at + 1} of ${steps.length} (${described(step)})`));
            return;
        }
        await this.leave();
    }

    private whyNotDone(which: string): string {
        if (this.tooShort !== undefined) return `The caller could not do ${which}: ${this.tooShort}.`;
        return `The call was over before the caller could do ${which}. \`optional: true\` in the step says that it may be.`;
    }

    /** Waits until the bot has finished, and hangs up if the server does not. */
    async leave(): Promise<void> {
        if (this.isOver) return;
        await this.botFinished();
        const isEnded = await this.until(() => this.isOver, LINGER_MS);
        if (isEnded) return;
        this.hasLeft = true;
        this.hangUp();
    }

    /** Waits until the bot has said what it owes. */
    async botFinished(): Promise<void> {
        let [quietSinceMs, stillSinceMs] = [this.nowMs, this.nowMs];
        const patience = { isOver: false };
        await this.until(() => {
            const { nowMs } = this;
            const isStill = this.caller.queuedMs === 0 && !this.bot.isBusy;
            if (!isStill) stillSinceMs = nowMs;
            if (!isStill || (this.isOwed && !this.hasResponded)) quietSinceMs = nowMs;
            patience.isOver = nowMs - stillSinceMs >= PATIENCE_MS;
            return (
                this.isOver || patience.isOver || nowMs - quietSinceMs >= (this.isPatient ? PATIENT_QUIET_MS : QUIET_MS)
            );
        }, Infinity);
        if (this.isOver || !patience.isOver) return;
        this.isOwed = false;
        this.problems.push(
            `The caller waited ${PATIENCE_MS / 1000} s for an answer, and heard none (at ${seconds(this.nowMs)}).`,
        );
    }

    async say(text: string, wav?: string, what: 'say' | 'interrupt' | 'mhm' = 'say'): Promise<void> {
        const pcmu =
            wav === undefined ? await this.sentences.of(text) : wavToPcmu(readFileSync(resolve(this.folder, wav)));
        const atMs = this.nowMs;
        const lengthMs = pcmu.length / BYTES_PER_MS;
        this.done.push({ atMs, toMs: atMs + lengthMs, what, text });
        if (what !== 'mhm') this.acted();
        this.caller.say(pcmu);
        await this.pause(lengthMs);
    }

    hangUp(): void {
        this.note('hang up', '');
        this.caller.hangUp();
    }

    /** Resolves with true when it holds, with false when so much time has passed. */
    async until(holds: () => boolean, limitMs: number): Promise<boolean> {
        const endMs = this.nowMs + limitMs;
        while (!holds()) {
            if (this.nowMs >= endMs) return false;
            await this.pause(LOOK_MS);
        }
        return true;
    }

    pause(ms: number): Promise<void> {
        return new Promise((resolve) => {
            this.clock.after(ms, resolve);
        });
    }

    /** Does one step, at its time. Resolves with false when the call was over before. */
    async act(step: Step): Promise<boolean> {
        if ('interrupt' in step)
            return this.interrupt(step.interrupt, 'interrupt', step.after_ms ?? INTERRUPT_MS, step.answer);
        if ('mhm' in step) return this.interrupt(step.mhm === true ? MHM : step.mhm, 'mhm', step.after_ms ?? MHM_MS);
        if ('language' in step) {
            this.note('language', step.language);
            this.caller.update(step.language);
            return true;
        }
        if ('answer' in step && step.answer !== undefined) {
            if (!(await this.isTalkingAt(step.answer, step.after_ms ?? INTERRUPT_MS))) return !this.isOver;
        } else {
            await this.botFinished();
            if ('wait_for_bot' in step) return true;
            const afterMs = 'silent_ms' in step ? 0 : (step.after_ms ?? ANSWER_MS);
            if (!this.isOver && afterMs > 0) await this.pause(afterMs);
            if (this.isOver) return false;
        }
        if ('silent_ms' in step) {
            this.note('silent', `${step.silent_ms} ms`, step.silent_ms);
            await this.until(() => this.isOver, step.silent_ms);
        } else if ('say' in step) {
            await this.say(step.say, step.wav);
        } else if ('keys' in step) {
            this.note('keys', step.keys);
            this.acted();
            this.caller.dtmf(step.keys);
        } else {
            this.hangUp();
        }
        return true;
    }

    /** While the bot is heard. Resolves with false when the call was over before. */
    private async interrupt(
        text: string,
        what: 'interrupt' | 'mhm',
        afterMs: number,
        answer?: number,
    ): Promise<boolean> {
        // The sentence is made before: it must begin at its millisecond.
        await this.sentences.of(text);
        const target = answer ?? (this.caller.queuedMs > 0 ? this.answers : this.answers + 1);
        if (!(await this.isTalkingAt(target, afterMs))) return !this.isOver;
        await this.say(text, undefined, what);
        return true;
    }

    /** Waits until so much of an answer was heard. Resolves with whether the bot still speaks then. */
    private async isTalkingAt(target: number, afterMs: number): Promise<boolean> {
        const isTime = (): boolean => this.answers >= target && this.heardOfAnswerMs >= afterMs;
        await this.until(() => this.isOver || isTime(), PATIENCE_MS + afterMs);
        if (!this.isOver && isTime() && this.caller.queuedMs > 0) return true;
        const heardMs = this.heardOfMs(target);
        const isHeardOut = this.answers > target || (this.answers === target && this.caller.queuedMs === 0);
        if (heardMs < afterMs && isHeardOut)
            this.tooShort = `answer ${target} was heard for ${seconds(heardMs)}, and the step waits for ${seconds(afterMs)} of it (\`after_ms\`)`;
        if (!this.isOver)
            this.problems.push(
                `The caller could do nothing over answer ${target} after ${afterMs} ms: ` +
                    (this.tooShort ??
                        `${this.answers} answers were begun, and the last one was heard for ${Math.round(this.heardOfAnswerMs)} ms`) +
                    '.',
            );
        return false;
    }

    /** How much of an answer was heard, ms; 0: it was not begun. Those that follow without a pause count for it. */
    private heardOfMs(answer: number): number {
        const from = this.answersFrom[answer - 1];
        if (from === undefined) return 0;
        const to = this.answersFrom.find((each, at) => at >= answer && each > from) ?? this.caller.heardBytes;
        return (to - from) / BYTES_PER_MS;
    }

    private sounds(): void {
        this.isOwed = false;
        if (this.answers > 0 && !this.actedSinceAnswer && this.nowMs - this.completedAtMs < NEW_ANSWER_MS) return;
        this.answers += 1;
        this.actedSinceAnswer = false;
        this.answersFrom.push(this.caller.heardBytes);
    }

    private fallsSilent(): void {
        this.completedAtMs = this.nowMs;
        if (!this.actedSinceAnswer || !this.hasResponded) return;
        // An answer has followed the one before without a pause.
        this.answers += 1;
        this.answersFrom.push(this.answersFrom.at(-1) ?? 0);
        this.actedSinceAnswer = false;
    }

    private acted(): void {
        this.actedSinceAnswer = true;
        this.isOwed = true;
        this.responsesBefore = this.bot.responses;
    }

    /** The model has responded to the last act, though its sound may have followed an earlier one without a pause. */
    private get hasResponded(): boolean {
        return this.responsesBefore !== undefined && this.bot.responses > this.responsesBefore;
    }

    private note(what: Done['what'], text: string, ms = 0): void {
        this.done.push({ atMs: this.nowMs, toMs: this.nowMs + ms, what, text });
    }
}

/** Digits stand in no report: they may be private. */
function described(step: Step): string {
    if ('keys' in step) return `keys, ${step.keys.length} of them`;
    if ('say' in step) return `say ${quoted(step.say)}`;
    if ('interrupt' in step) return `interrupt ${quoted(step.interrupt)}`;
    return Object.keys(step)[0] ?? '';
}

function seconds(ms: number): string {
    return `${(ms / 1000).toFixed(1)} s`;
}
