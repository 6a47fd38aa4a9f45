import { createTranscoder } from '../src/audio/transcoder';
import { systemClock } from '../src/support/clock';
import type { Caller } from '../tools/caller/client';
import type { CheckName } from '../tools/caller/check-catalogue';
import {
    expectedPcm24k,
    expectedPcmu,
    type ScriptedResponse,
    type FakeSession,
    type SpokenItem,
} from '../tools/fake-openai';
import { pcm16Bytes } from '../tools/fake-openai/signal';
import { GapWatch } from './gap-watch';
import type { CallerTurns, InterruptionPlan } from './interruptions';
import type { LoopStalls } from './loop-stalls';
import { PlaybackTrack, type SpokenAudio } from './playback-track';
import { planRound, type Round } from './rounds';
import { TurnFigures } from './turn-figures';

const BYTES_PER_MS = 8;
/** Late deltas of an interrupted response, and the corrections, are there by then. */
const AFTER_BARGE_IN_MS = 120;
const GIVE_UP_MS = 4000;
/** The call is given up after so many turns without a response. */
const MAX_MISSING_RESPONSES = 3;
/** What the machine did so shortly before `barge_in` was on its way may have moved it. */
const BEFORE_BARGE_IN_MS = 30;
/** An item of which so much was sent and not heard was cut off. */
const CUT_OFF_MS = 150;
/** Time for a message to go through the sockets of one machine. */
const HANDLING_MS = 10;

export interface ScriptedCallOptions {
    caller: Caller;
    /** The stand-in's end of this call. */
    session: FakeSession;
    turns: CallerTurns;
    plan: InterruptionPlan;
    random: () => number;
    /** Times real time at which the stand-in delivers. */
    speed: number;
    bargeIns: number;
    /** A message takes at most this long from the server to the caller. */
    maxOneWayMs: number;
    loopStalls: LoopStalls;
    onBargeIn: () => void;
    /** When the last `barge_in` left the server, if that can be seen on the way. */
    bargeInLeftAtMs: () => number | undefined;
}

/** One call that follows a script: turn after turn the bot answers, and is heard out or interrupted at some moment. */
export class ScriptedCall {
    readonly figures = new TurnFigures();
    private readonly track: PlaybackTrack;
    private readonly gaps: GapWatch;
    private readonly spoken = new Map<number, SpokenAudio>();
    private next: Round;
    /** The first `barge_in` of this response, when it arrived and when it left the server. */
    private bargeIn: { arrivedAtMs: number; leftAtMs: number } | undefined;
    private heardAtBargeIn = 0;
    /** Responses since the last one was over. */
    private responses = 0;
    /** Of responses that were not interrupted. */
    private readonly uncutItems: SpokenItem[] = [];
    private firstAudioAtMs: number | undefined;
    private responseIds: readonly string[] = [];
    private doneItems = 0;

    constructor(private readonly options: ScriptedCallOptions) {
        const { caller, session, random, speed, maxOneWayMs, loopStalls } = options;
        this.next = planRound(random, speed);
        this.track = new PlaybackTrack((number) => this.itemOf(number));
        this.gaps = new GapWatch(session, maxOneWayMs, loopStalls);
        caller.on('audio', (pcmu) => {
            this.firstAudioAtMs ??= systemClock.nowMs();
            this.track.received(pcmu);
        });
        caller.on('playbackStarted', () => {
            this.gaps.started(systemClock.nowMs());
        });
        caller.on('playbackCompleted', (stretch) => {
            this.gaps.completed(stretch);
        });
        caller.on('bargeIn', () => {
            this.bargedIn();
        });
    }

    /** What the stand-in says next on this call; asked once for each response. */
    takeResponse(): ScriptedResponse {
        this.responses += 1;
        const items = this.next.itemsMs.map((audioMs) => ({ text: 'a response of some words', audioMs }));
        return { items };
    }

    /** Plays the whole script, and hangs up. */
    async run(): Promise<TurnFigures> {
        const { caller, turns, bargeIns } = this.options;
        let askedMs = turns.ask();
        while (this.figures.bargeIns < bargeIns && this.figures.missingResponses < MAX_MISSING_RESPONSES) {
            const hasInterrupted = await this.play(this.next, askedMs);
            this.next = planRound(this.options.random, this.options.speed);
            askedMs = 0;
            if (hasInterrupted) turns.endTurn();
            else askedMs = turns.ask();
        }
        await this.begun(askedMs);
        await wait(AFTER_BARGE_IN_MS);
        this.countResponses();
        caller.hangUp();
        this.finish((await caller.ended).protocol.broken.map(({ check }) => check.name));
        return this.figures;
    }

    /** One response, to a turn that goes on for `askedMs`; true: the caller has interrupted it, and that turn has not ended. */
    private async play(round: Round, askedMs: number): Promise<boolean> {
        const beganAtMs = await this.begun(askedMs);
        if (beganAtMs === undefined) return false;
        if (round.interruptAtMs === undefined) {
            await this.hearOut(round);
            return false;
        }
        await wait(beganAtMs + round.interruptAtMs - systemClock.nowMs());
        await this.interrupt(round, beganAtMs);
        return true;
    }

    /** When the next response is first heard; undefined: there is none. */
    private async begun(askedMs: number): Promise<number | undefined> {
        this.firstAudioAtMs = undefined;
        const beganAtMs = await waitFor(() => this.firstAudioAtMs, askedMs + GIVE_UP_MS);
        if (beganAtMs === undefined) this.figures.missingResponses += 1;
        return beganAtMs;
    }

    private async hearOut({ itemsMs }: Round): Promise<void> {
        const wholeMs = itemsMs.reduce((sum, ms) => sum + ms, 0);
        await wait(wholeMs - 300);
        await waitFor(() => this.isHeardOut(wholeMs) || undefined);
        this.countLost(wholeMs * BYTES_PER_MS);
        this.figures.heardOut += 1;
        this.endRound(false);
    }

    private isHeardOut(wholeMs: number): boolean {
        return this.receivedBytes() >= wholeMs * BYTES_PER_MS && !this.gaps.isSounding;
    }

    private async interrupt({ itemsMs }: Round, beganAtMs: number): Promise<void> {
        const { caller, turns, plan, maxOneWayMs } = this.options;
        const wholeBytes = itemsMs.reduce((sum, ms) => sum + ms, 0) * BYTES_PER_MS;
        this.bargeIn = undefined;
        this.responseIds = [...new Set(this.newItems().map((item) => item.responseId))];
        const leftMs = (wholeBytes - this.heardBytes(caller.heardBytes)) / BYTES_PER_MS;
        const saidAtMs = systemClock.nowMs();
        const speechMs = turns.interrupt();
        const seen = await waitFor(() => this.bargeIn, plan.waitMs);
        // The rest of the speech may be what makes it an interruption; the corrections come then.
        await wait(saidAtMs + speechMs - systemClock.nowMs());
        await wait(AFTER_BARGE_IN_MS);
        if (seen !== undefined) {
            this.figures.bargeIns += 1;
            this.options.onBargeIn();
            this.measure(beganAtMs, saidAtMs, seen);
        } else {
            // Without one nothing of the response may be missing.
            this.countLost(wholeBytes);
            if (leftMs > plan.leastLeftMs + 2 * maxOneWayMs) this.figures.missedBargeIns += 1;
        }
        this.endRound(seen !== undefined);
    }

    private bargedIn(): void {
        const { caller, bargeInLeftAtMs } = this.options;
        const arrivedAtMs = systemClock.nowMs();
        this.bargeIn ??= { arrivedAtMs, leftAtMs: bargeInLeftAtMs() ?? arrivedAtMs };
        this.heardAtBargeIn = caller.heardBytes;
        this.track.bargedIn(this.heardAtBargeIn, this.responseIds);
        this.gaps.cut();
    }

    /** Leaves out what was measured while the machine held everything up: on its way to the playback, or to the interruption. */
    private measure(
        beganAtMs: number,
        saidAtMs: number,
        { arrivedAtMs, leftAtMs }: { arrivedAtMs: number; leftAtMs: number },
    ): void {
        const { loopStalls, maxOneWayMs, plan } = this.options;
        const wayMs = maxOneWayMs + HANDLING_MS;
        const cutFromMs = Math.max(saidAtMs, arrivedAtMs - wayMs - BEFORE_BARGE_IN_MS);
        const isMoved =
            loopStalls.during(cutFromMs, arrivedAtMs) || loopStalls.during(beganAtMs - wayMs, beganAtMs + wayMs);
        if (isMoved) this.figures.heldUp += 1;
        else this.compare();
        if (!loopStalls.during(saidAtMs, arrivedAtMs, plan.leastStallMs))
            this.figures.delaysMs.push(leftAtMs - saidAtMs);
    }

    /** What the model was told that was heard of the response, against what was heard. */
    private compare(): void {
        let toldMs = 0;
        let heardMs = 0;
        for (const item of this.newItems()) {
            const sentMs = item.sentBytes / bytesPerMs(item);
            const itemHeardMs = this.track.heardOf(item.itemNumber, this.heardAtBargeIn) / BYTES_PER_MS;
            const correctedMs = this.correctionsMs(item).at(-1);
            if (correctedMs === undefined && sentMs - itemHeardMs > CUT_OFF_MS) this.figures.missingCorrections += 1;
            toldMs += correctedMs ?? sentMs;
            heardMs += itemHeardMs;
        }
        this.figures.errorsMs.push(Math.abs(toldMs - heardMs));
    }

    /** Each time what the model was told that was heard of an item, ms; a deletion, which counts as 0, is the last one. */
    private correctionsMs({ itemId }: SpokenItem): number[] {
        const { session } = this.options;
        const cuts = session.truncations.filter((cut) => cut.item_id === itemId).map((cut) => cut.audio_end_ms);
        const deletions = session.received('conversation.item.delete').filter((event) => event.item_id === itemId);
        return [...cuts, ...deletions.map(() => 0)];
    }

    /** Items of the response that is played now. */
    private newItems(): SpokenItem[] {
        return this.options.session.items.slice(this.doneItems);
    }

    private receivedBytes(): number {
        return this.newItems().reduce((sum, item) => sum + this.track.receivedOf(item.itemNumber), 0);
    }

    private heardBytes(streamBytes: number): number {
        return this.newItems().reduce((sum, item) => sum + this.track.heardOf(item.itemNumber, streamBytes), 0);
    }

    private endRound(isCut: boolean): void {
        const items = this.newItems();
        this.gaps.endRound(items);
        if (!isCut) this.uncutItems.push(...items);
        this.doneItems = this.options.session.items.length;
        this.countResponses();
    }

    private countLost(wholeBytes: number): void {
        this.figures.lostBytes += Math.max(0, wholeBytes - this.receivedBytes());
    }

    private countResponses(): void {
        this.figures.doubledResponses += Math.max(0, this.responses - 1);
        this.responses = 0;
    }

    private finish(broken: readonly CheckName[]): void {
        const { figures, track, gaps } = this;
        for (const name of broken) {
            if (name === 'audioRate' || name === 'textRate') figures.rateBreaches += 1;
            else figures.faults.push(`rule ${name}`);
        }
        const { items } = this.options.session;
        figures.repeatedCorrections = items.filter((item) => this.correctionsMs(item).length > 1).length;
        figures.needlessCorrections = this.uncutItems.filter((item) => this.correctionsMs(item).length > 0).length;
        figures.cancelledBytes = track.cancelledBytes;
        figures.strayBytes = track.strayBytes;
        figures.starvations = gaps.starvations;
        figures.starvedMs = gaps.starvedMs;
        figures.networkGaps = gaps.networkGaps;
    }

    private itemOf(number: number): SpokenAudio | undefined {
        const known = this.spoken.get(number);
        if (known !== undefined) return known;
        const item = this.options.session.items.find(({ itemNumber }) => itemNumber === number);
        if (item === undefined) return undefined;
        const audio = { itemNumber: number, responseId: item.responseId, pcmu: asHeard(item) };
        this.spoken.set(number, audio);
        return audio;
    }
}

/** What `look` finds, as soon as it finds something; undefined when that takes too long. */
async function waitFor<T>(look: () => T | undefined, limitMs = GIVE_UP_MS): Promise<T | undefined> {
    const startedAtMs = systemClock.nowMs();
    for (;;) {
        const found = look();
        if (found !== undefined || systemClock.nowMs() - startedAtMs > limitMs) return found;
        await wait(2);
    }
}

/** An item's whole audio as the server should bring it to the caller. */
function asHeard(item: SpokenItem): Uint8Array {
    const ms = item.plannedBytes / bytesPerMs(item);
    if (item.format.type === 'audio/pcmu') return expectedPcmu(item.itemNumber, ms);
    return createTranscoder('pcm16').toCaller(pcm16Bytes(expectedPcm24k(item.itemNumber, ms)));
}

/** Bytes of one millisecond of the model's audio. */
function bytesPerMs({ format }: SpokenItem): number {
    return format.type === 'audio/pcm' ? 48 : 8;
}

function wait(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
