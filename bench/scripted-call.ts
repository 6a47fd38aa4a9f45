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
import type { LoopStalls } from './loop-stalls';
import { PlaybackTrack, type SpokenAudio } from './playback-track';
import { planRound, type Round } from './rounds';
import { TurnFigures } from './turn-figures';

const BYTES_PER_MS = 8;
/** Late deltas of an interrupted response, and the corrections, are there by then. */
const AFTER_BARGE_IN_MS = 120;
/** With less than this left of a response, an interruption may come too late to be one. */
const NEARLY_OVER_MS = 80;
const GIVE_UP_MS = 4000;
/** Time for a message to go through the sockets of one machine. */
const HANDLING_MS = 10;

export interface ScriptedCallOptions {
    caller: Caller;
    /** The stand-in's end of this call. */
    session: FakeSession;
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
    private bargedInAtMs: number | undefined;
    private heardAtBargeIn = 0;
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

    /** What the stand-in says next on this call. */
    get response(): ScriptedResponse {
        const items = this.next.itemsMs.map((audioMs) => ({ text: 'a response of some words', audioMs }));
        return { items };
    }

    /** Plays the whole script, and hangs up. */
    async run(): Promise<TurnFigures> {
        const { caller, session, bargeIns } = this.options;
        session.speechStarted();
        session.speechStopped();
        while (this.figures.bargeIns < bargeIns) {
            const round = this.next;
            const over = await this.play(round);
            this.next = planRound(this.options.random, this.options.speed);
            if (!over) session.speechStarted();
            session.speechStopped();
        }
        caller.hangUp();
        this.finish((await caller.ended).protocol.broken.map(({ check }) => check.name));
        return this.figures;
    }

    /** One response; true: the caller is talking when it has ended. */
    private async play(round: Round): Promise<boolean> {
        this.firstAudioAtMs = undefined;
        const beganAtMs = await waitFor(() => this.firstAudioAtMs);
        if (beganAtMs === undefined) {
            this.figures.faults.push('no response came');
            return false;
        }
        if (round.interruptAtMs === undefined) {
            await this.hearOut(round);
            return false;
        }
        await wait(beganAtMs + round.interruptAtMs - systemClock.nowMs());
        await this.interrupt(round, beganAtMs);
        return true;
    }

    private async hearOut({ itemsMs }: Round): Promise<void> {
        const wholeMs = itemsMs.reduce((sum, ms) => sum + ms, 0);
        await wait(wholeMs - 300);
        await waitFor(() => this.isHeardOut(wholeMs) || undefined);
        this.figures.lostBytes += Math.max(0, wholeMs * BYTES_PER_MS - this.receivedBytes());
        this.figures.heardOut += 1;
        this.endRound();
    }

    private isHeardOut(wholeMs: number): boolean {
        return this.receivedBytes() >= wholeMs * BYTES_PER_MS && !this.gaps.isSounding;
    }

    private async interrupt({ itemsMs }: Round, beganAtMs: number): Promise<void> {
        const { session, caller } = this.options;
        const wholeBytes = itemsMs.reduce((sum, ms) => sum + ms, 0) * BYTES_PER_MS;
        this.bargedInAtMs = undefined;
        this.responseIds = [...new Set(this.newItems().map((item) => item.responseId))];
        const leftMs = (wholeBytes - this.heardBytes(caller.heardBytes)) / BYTES_PER_MS;
        const saidAtMs = systemClock.nowMs();
        session.speechStarted();
        const arrivedAtMs = await waitFor(() => this.bargedInAtMs, AFTER_BARGE_IN_MS * 4);
        await wait(AFTER_BARGE_IN_MS);
        if (arrivedAtMs !== undefined) {
            this.figures.bargeIns += 1;
            this.options.onBargeIn();
            this.measure(beganAtMs, saidAtMs, arrivedAtMs);
        } else if (leftMs > NEARLY_OVER_MS) {
            this.figures.missedBargeIns += 1;
        }
        this.endRound();
    }

    private bargedIn(): void {
        const { caller } = this.options;
        this.bargedInAtMs = systemClock.nowMs();
        this.heardAtBargeIn = caller.heardBytes;
        this.track.bargedIn(this.heardAtBargeIn, this.responseIds);
        this.gaps.cut();
    }

    /** Leaves out what was measured while the machine held everything up: on its way to the playback, or to the interruption. */
    private measure(beganAtMs: number, saidAtMs: number, arrivedAtMs: number): void {
        const { loopStalls, maxOneWayMs, bargeInLeftAtMs } = this.options;
        const wayMs = maxOneWayMs + HANDLING_MS;
        const late = loopStalls.during(saidAtMs, arrivedAtMs);
        if (late || loopStalls.during(beganAtMs - wayMs, beganAtMs + wayMs)) this.figures.heldUp += 1;
        else this.compare();
        if (!late) this.figures.delaysMs.push((bargeInLeftAtMs() ?? arrivedAtMs) - saidAtMs);
    }

    /** What the model was told that was heard of the response, against what was heard. */
    private compare(): void {
        let toldMs = 0;
        let heardMs = 0;
        for (const item of this.newItems()) {
            toldMs += this.toldMs(item);
            heardMs += this.track.heardOf(item.itemNumber, this.heardAtBargeIn) / BYTES_PER_MS;
        }
        this.figures.errorsMs.push(Math.abs(toldMs - heardMs));
    }

    private toldMs(item: SpokenItem): number {
        const { session } = this.options;
        const cuts = session.truncations.filter((cut) => cut.item_id === item.itemId).map((cut) => cut.audio_end_ms);
        const deletions = session.received('conversation.item.delete').filter((event) => event.item_id === item.itemId);
        if (cuts.length + deletions.length > 1) this.figures.repeatedCorrections += 1;
        if (deletions.length > 0) return 0;
        return cuts.at(-1) ?? item.sentBytes / bytesPerMs(item);
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

    private endRound(): void {
        this.gaps.endRound(this.newItems());
        this.doneItems = this.options.session.items.length;
    }

    private finish(broken: readonly CheckName[]): void {
        const { figures, track, gaps } = this;
        for (const name of broken) {
            if (name === 'audioRate' || name === 'textRate') figures.rateBreaches += 1;
            else figures.faults.push(`rule ${name}`);
        }
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
