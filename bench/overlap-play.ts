import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeMulaw, encodeMulaw } from '../src/audio/mulaw';
import { wavToPcmu } from '../src/audio/wav';
import { CallerVoice } from '../src/common/overlap/caller-voice';
import { ASK_WORDS_AFTER_MS, verdict } from '../src/common/overlap/verdict';
import type { SpeechMeter } from '../src/services/asr-service';
import { overlapPhrases } from '../src/services/words';

/** What the caller utters over the bot: PCMU, with sound between two moments, ms; '': no words. */
interface Said {
    readonly pcmu: Uint8Array;
    readonly startMs: number;
    readonly endMs: number;
    readonly words: string;
}

/** How it reaches the server. */
export interface OverlapCase {
    readonly frameMs: number;
    /** Of all that the caller says. */
    readonly loudnessDb: number;
    /** Noise of the line; undefined: digital silence. */
    readonly noiseDbfs: number | undefined;
    /** Moment of the recording's beginning, within a frame of 200 ms. */
    readonly offsetMs: number;
    /** What the caller said before; undefined: nothing. */
    readonly turn: Uint8Array | undefined;
}

/** What was decided, and when: first, if it was decided more than once. */
export interface OverlapOutcome {
    readonly hasTranscription: boolean;
    /** The last word is that the caller has the floor. */
    isForGood: boolean;
    /** Since the sound began, ms. */
    stoppedAfterMs: number | undefined;
    /** Since it ended, ms. */
    ignoredAfterMs: number | undefined;
    resumedAfterMs: number | undefined;
    readonly reasons: string[];
}

const LISTS = overlapPhrases(undefined);
const LEAD_MS = 1000;
const TAIL_MS = 2600;
const TICK_MS = 20;
/** What the service needs for the words of an utterance, and a round trip. */
const WORDS_TAKE_MS = 350 + 80;
const SERVICE_COMMITS_AFTER_MS = 500;
const FULL_SCALE = 32_768;
/** Ordinary turns, their peaks at −6 dBFS. */
export const TURNS = ['librivox_0880', 'librivox_0890', 'librivox_0930'].map(ordinaryTurn);

/** Plays one utterance over a bot, with a transcription of the caller and without one. */
export function playOverlap(meter: SpeechMeter, said: Said, how: OverlapCase): OverlapOutcome[] {
    const line = makeLine(said, how);
    const recorded = new RecordedMeter(meter);
    return [true, false].map((hasTranscription) => {
        recorded.rewind();
        return new OverlapPlay(said, how, recorded, line, hasTranscription).play();
    });
}

class OverlapPlay {
    private readonly voice: CallerVoice;
    private readonly startMs: number;
    private readonly endMs: number;
    private nowMs = 0;
    private voiceAtMs = 0;
    private hasYielded = false;
    private isAsked = false;
    private wordsAtMs: number | undefined;
    private words: string | undefined;
    private readonly outcome: OverlapOutcome;

    constructor(
        private readonly said: Said,
        private readonly how: OverlapCase,
        meter: SpeechMeter,
        private readonly line: Uint8Array,
        hasTranscription: boolean,
    ) {
        this.voice = new CallerVoice(meter);
        this.startMs = LEAD_MS + how.offsetMs + said.startMs;
        this.endMs = LEAD_MS + how.offsetMs + said.endMs;
        this.outcome = {
            hasTranscription,
            isForGood: false,
            stoppedAfterMs: undefined,
            ignoredAfterMs: undefined,
            resumedAfterMs: undefined,
            reasons: [],
        };
    }

    play(): OverlapOutcome {
        const { frameMs, turn, loudnessDb } = this.how;
        if (turn !== undefined) this.voice.hearTurn(encodeMulaw(louder(decodeMulaw(turn), loudnessDb)));
        const frameBytes = 8 * frameMs;
        for (let at = 0; at + frameBytes <= this.line.length && !this.outcome.isForGood; at += frameBytes) {
            const arrivesAtMs = at / 8 + frameMs;
            while ((this.nowMs += TICK_MS) < arrivesAtMs) this.judge();
            this.nowMs = arrivesAtMs;
            this.voice.hear(this.line.subarray(at, at + frameBytes), this.onStep);
            this.askForWords();
            this.judge();
        }
        return this.outcome;
    }

    private readonly onStep = (): void => {
        const { run } = this.voice;
        if (run.voicedMs === 0 || run.quietMs > 0) return;
        this.voiceAtMs = this.nowMs;
        this.isAsked = false;
    };

    /** When the voice has paused; without a voice, when the service's own detection ends the turn. */
    private askForWords(): void {
        const { run } = this.voice;
        if (!this.outcome.hasTranscription || this.isAsked || run.soundMs === 0) return;
        const isQuiet = run.voicedMs > 0 && run.quietMs >= ASK_WORDS_AFTER_MS;
        if (!isQuiet && this.nowMs < this.endMs + SERVICE_COMMITS_AFTER_MS) return;
        this.isAsked = true;
        this.wordsAtMs = this.nowMs + WORDS_TAKE_MS;
    }

    private judge(): void {
        this.takeWords();
        const { run } = this.voice;
        if (run.voicedMs === 0 && this.words === undefined) return;
        const found = verdict(
            {
                run,
                quietMs: this.nowMs - this.voiceAtMs,
                // While words are on their way, those that are there are not all.
                words: this.isAsked && this.wordsAtMs === undefined ? this.words : undefined,
                awaitsWords: this.outcome.hasTranscription,
                hasYielded: this.hasYielded,
            },
            LISTS,
        );
        if (found.kind === 'undecided' || this.outcome.isForGood) return;
        this.outcome.reasons.push(found.reason);
        if (found.kind === 'yield' || found.kind === 'stand') this.stop(found.kind === 'stand');
        else this.goOn();
    }

    private takeWords(): void {
        if (this.wordsAtMs === undefined || this.nowMs < this.wordsAtMs) return;
        this.words = this.said.words;
        this.wordsAtMs = undefined;
    }

    private stop(isForGood: boolean): void {
        this.hasYielded = true;
        this.outcome.isForGood = isForGood;
        this.outcome.stoppedAfterMs ??= this.nowMs - this.startMs;
    }

    private goOn(): void {
        const afterMs = this.nowMs - this.endMs;
        if (this.hasYielded) this.outcome.resumedAfterMs = afterMs;
        else this.outcome.ignoredAfterMs = afterMs;
        this.hasYielded = false;
        this.isAsked = false;
        this.words = undefined;
        this.wordsAtMs = undefined;
        this.voice.endRun();
    }
}

/** Asks a meter, and after `rewind` repeats what it answered. */
class RecordedMeter implements SpeechMeter {
    private readonly answers: number[] = [];
    private at = 0;

    constructor(private readonly meter: SpeechMeter) {}

    probability(pcmu: Uint8Array): number {
        const answer = this.answers[this.at] ?? this.meter.probability(pcmu);
        this.answers[this.at++] = answer;
        return answer;
    }

    reset(): void {
        this.meter.reset();
    }

    rewind(): void {
        this.at = 0;
    }
}

function makeLine({ pcmu }: Said, { loudnessDb, noiseDbfs, offsetMs }: OverlapCase): Uint8Array {
    const at = Math.round(8 * (LEAD_MS + offsetMs));
    const samples = new Int16Array(at + pcmu.length + 8 * TAIL_MS);
    samples.set(louder(decodeMulaw(pcmu), loudnessDb), at);
    if (noiseDbfs === undefined) return encodeMulaw(samples);
    // Evenly spread numbers have an RMS of their limit through √3.
    const limit = FULL_SCALE * Math.sqrt(3) * 10 ** (noiseDbfs / 20);
    let state = Math.round(1000 * offsetMs);
    return encodeMulaw(
        samples.map((sample) => {
            state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
            return Math.round(sample + (state / 0x8000_0000) * limit);
        }),
    );
}

function louder(samples: Int16Array, db: number): Int16Array {
    return samples.map((sample) => Math.round(sample * 10 ** (db / 20)));
}

function ordinaryTurn(name: string): Uint8Array {
    const samples = decodeMulaw(wavToPcmu(readFileSync(join(__dirname, `../samples/${name}.wav`))));
    const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 1);
    return encodeMulaw(samples.map((sample) => Math.round((sample / peak) * 0.5 * FULL_SCALE)));
}
