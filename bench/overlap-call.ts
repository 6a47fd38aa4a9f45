import { systemClock } from '../src/support/clock';
import type { Caller } from '../tools/caller/client';
import type { Stretch } from '../tools/caller/playout';
import type { FakeSession, ScriptedResponse } from '../tools/fake-openai';
import { codedSpeech, type HeardStretch } from './coded-speech';
import type { LoopStalls } from './loop-stalls';
import type { Play } from './overlap-corpus';
import type { CallerLine } from './overlap-line';
import { judgePlay, type PlayResult } from './overlap-result';

const BYTES_PER_MS = 8;
const POLL_MS = 20;
const GIVE_UP_MS = 8000;
/** Silence before the next question. */
const BETWEEN_PLAYS_MS = 500;
/** Nothing new comes so long after the voice, unless the caller waits in vain. */
const SETTLED_MS = 2500;
/** A caller who was given no answer after this waits in vain. */
const NO_ANSWER_MS = 5000;
const IDLE_MS = 500;
const ANSWER_MS = 900;

/** A question of the caller in their ordinary voice, PCMU; it is sound from its beginning to its end. */
export interface Question {
    pcmu: Uint8Array;
    words: string;
}

export interface OverlapCallOptions {
    caller: Caller;
    /** The stand-in's end of this call. */
    session: FakeSession;
    line: CallerLine;
    /** When sample 0 of the line was spoken, on the system clock. */
    lineStartedAtMs: number;
    plays: readonly Play[];
    questions: readonly Question[];
    random: () => number;
    loopStalls: LoopStalls;
    onPlayed: () => void;
}

/** A play in which the machine held everything up for so long says nothing. */
const HELD_UP_MS = 150;
/** So much of the response is on its way before it is heard. */
const LEAD_MS = 300;
/** What may be on its way between the caller's line and the stand-in. */
const UNDER_WAY_MS = 700;

/** One call: play after play the caller asks, the bot answers, and the caller utters something meanwhile. */
export class OverlapCall {
    readonly results: { play: Play; result: PlayResult }[] = [];
    readonly faults: string[] = [];
    /** Plays that were not measured, because the machine held everything up. */
    heldUp = 0;
    private received: Uint8Array[] = [];
    private stretches: HeardStretch[] = [];
    private bargeInsMs: number[] = [];
    private sources: Uint8Array[] = [];
    private startedAtMs: number | undefined;
    private isSounding = false;
    private soundedUntilMs = 0;
    private responseMs = ANSWER_MS;
    private responses = 0;

    constructor(private readonly options: OverlapCallOptions) {
        const { caller } = options;
        caller.on('audio', (pcmu) => {
            this.received.push(pcmu);
        });
        caller.on('playbackStarted', () => {
            this.startedAtMs ??= systemClock.nowMs();
            this.isSounding = true;
        });
        caller.on('playbackCompleted', (stretch) => {
            this.ended(stretch);
        });
        caller.on('bargeIn', (stretch) => {
            // Without a stretch nothing was playing: the response had been heard to its end.
            if (stretch === undefined) return;
            this.bargeInsMs.push(systemClock.nowMs());
            this.ended(stretch);
        });
    }

    /** What the stand-in says next on this call: the response that is spoken over, then short answers. */
    get response(): ScriptedResponse {
        this.responses += 1;
        const ms = this.sources.length === 0 ? this.responseMs : ANSWER_MS;
        const audio = codedSpeech(this.responses, ms, this.options.random);
        this.sources.push(audio);
        return { text: 'a response of some words', audio };
    }

    /** What the caller said between two moments of appended audio, ms. */
    wordsBetween(fromMs: number, toMs: number): string {
        return this.options.line.wordsBetween(fromMs, toMs);
    }

    /** Plays everything, and hangs up. */
    async run(): Promise<void> {
        const { caller, session, line, plays, onPlayed } = this.options;
        for (const play of plays) {
            const result = await this.play(play);
            if (result === 'held up') this.heldUp += 1;
            else if (result === undefined) this.faults.push(`no answer to the question before ${play.utterance.file}`);
            else this.results.push({ play, result });
            onPlayed();
        }
        // What the caller is understood to have said is looked up by the stand-in's clock.
        const missingMs = line.positionSamples / BYTES_PER_MS - session.appendedMs;
        if (Math.abs(missingMs) > UNDER_WAY_MS)
            this.faults.push(`${missingMs.toFixed(0)} ms of caller audio are missing`);
        caller.hangUp();
        for (const { check } of (await caller.ended).protocol.broken) this.faults.push(`rule ${check.name}`);
    }

    private async play(play: Play): Promise<PlayResult | 'held up' | undefined> {
        const { session, loopStalls } = this.options;
        this.begin(play);
        const itemsBefore = session.items.length;
        const callerItemsBefore = this.callerItems;
        const questionEndedMs = this.ask();
        await this.until(() => this.startedAtMs !== undefined, questionEndedMs + GIVE_UP_MS);
        if (this.startedAtMs === undefined) return undefined;
        const { voiceBeganMs, voiceEndedMs } = this.utter(play, this.startedAtMs);
        await this.until(() => this.isOver(voiceEndedMs), voiceEndedMs + play.responseMs + GIVE_UP_MS);
        if (loopStalls.during(voiceBeganMs - LEAD_MS, voiceEndedMs + SETTLED_MS, HELD_UP_MS)) return 'held up';
        return judgePlay({
            questionEndedMs,
            voiceBeganMs,
            voiceEndedMs,
            sources: this.sources,
            stretches: this.stretches,
            bargeInsMs: this.bargeInsMs,
            toldMs: this.toldMs(session.items[itemsBefore]?.itemId),
            callerItems: this.callerItems - callerItemsBefore,
            wasHeldUp: (fromMs, toMs) => loopStalls.during(fromMs, toMs),
        });
    }

    private begin({ responseMs }: Play): void {
        this.received = [];
        this.stretches = [];
        this.bargeInsMs = [];
        this.sources = [];
        this.startedAtMs = undefined;
        this.responseMs = responseMs;
    }

    /** Returns when the question will have ended. */
    private ask(): number {
        const { line, questions, random } = this.options;
        const question = questions[Math.floor(random() * questions.length)];
        if (question === undefined) throw new Error('There is no question.');
        const durationMs = question.pcmu.length / BYTES_PER_MS;
        const atMs = this.lineMs + BETWEEN_PLAYS_MS + 200 * random();
        line.place(atMs, question.pcmu, { startMs: 0, endMs: durationMs }, question.words);
        return this.options.lineStartedAtMs + atMs + durationMs;
    }

    /** Lays the utterance over the response that began to sound at `startedAtMs`. */
    private utter({ utterance, atMs }: Play, startedAtMs: number): { voiceBeganMs: number; voiceEndedMs: number } {
        const { line, lineStartedAtMs } = this.options;
        const { pcmu, startMs, endMs, words } = utterance;
        const voiceBeganMs = startedAtMs + atMs;
        line.place(voiceBeganMs - startMs - lineStartedAtMs, pcmu, { startMs, endMs }, words);
        return { voiceBeganMs, voiceEndedMs: voiceBeganMs + endMs - startMs };
    }

    /** Now, on the line's clock. */
    private get lineMs(): number {
        return systemClock.nowMs() - this.options.lineStartedAtMs;
    }

    private isOver(voiceEndedMs: number): boolean {
        const nowMs = systemClock.nowMs();
        if (nowMs < voiceEndedMs + SETTLED_MS || this.isSounding) return false;
        if (nowMs < this.soundedUntilMs + IDLE_MS) return false;
        const waits = this.bargeInsMs.length > 0 && this.lastStretchWasCut;
        return !waits || nowMs >= voiceEndedMs + NO_ANSWER_MS;
    }

    private get lastStretchWasCut(): boolean {
        return this.soundedUntilMs === this.bargeInsMs.at(-1);
    }

    private ended({ startedAtMs, heardBytes, totalBytes }: Stretch): void {
        const pcmu = this.takeReceived(totalBytes).subarray(0, heardBytes);
        this.stretches.push({ startedAtMs, pcmu });
        this.isSounding = false;
        const bargedInAtMs = heardBytes < totalBytes ? this.bargeInsMs.at(-1) : undefined;
        this.soundedUntilMs = bargedInAtMs ?? startedAtMs + heardBytes / BYTES_PER_MS;
    }

    private takeReceived(byteCount: number): Uint8Array {
        const all = Buffer.concat(this.received);
        this.received = byteCount < all.length ? [all.subarray(byteCount)] : [];
        return all.subarray(0, byteCount);
    }

    /** Every correction of what was heard of an item, ms; a deletion counts as 0. */
    private toldMs(itemId: string | undefined): number[] {
        const { session } = this.options;
        const cuts = session.truncations.filter(({ item_id }) => item_id === itemId).map((cut) => cut.audio_end_ms);
        const deletions = session.received('conversation.item.delete').filter(({ item_id }) => item_id === itemId);
        return [...cuts, ...deletions.map(() => 0)];
    }

    private get callerItems(): number {
        return this.options.session.conversation.filter(({ role }) => role === 'user').length;
    }

    private async until(look: () => boolean, untilMs: number): Promise<void> {
        while (!look() && systemClock.nowMs() < untilMs) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
}
