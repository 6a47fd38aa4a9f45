import { meanSquare } from '../audio/loudness';
import type { TurnTakingConfig } from '../config/config';

/** 20 ms of PCMU, 8 kHz: the step in which speech is counted. */
const WINDOW_BYTES = 160;
const WINDOW_MS = 20;
/** Speech is looked for in the last second. */
const WINDOWS = 50;
/** Quieter than this (−45 dBFS) is not speech on a telephone line. */
const LEAST_POWER = 10 ** -4.5;

/**
 * Decides when the caller's speech is a barge-in: at once, or when there was so much of it that it is more than a cough. Speech is
 * counted in the caller's audio, because voice activity reports its start too early for that and its end too late.
 */
export class BargeInDetector {
    /** undefined: none was counted, because every sound counts. */
    private voiced: Uint8Array | undefined;
    private next = 0;
    private voicedWindows = 0;
    private isPending = false;

    /** `minSpeechMs`: speech that is a barge-in, in ms; 0: the first sound. */
    constructor(private readonly minSpeechMs: number) {}

    /** Caller audio: PCMU, 8 kHz, mono. Costs nothing while every sound counts. @returns true: this is the barge-in */
    hear(pcmu: Uint8Array): boolean {
        if (this.minSpeechMs === 0) return false;
        for (let start = 0; start + WINDOW_BYTES <= pcmu.length; start += WINDOW_BYTES) {
            this.count(meanSquare(pcmu, start, start + WINDOW_BYTES) > LEAST_POWER ? 1 : 0);
        }
        return this.decide();
    }

    /** Voice activity began. @returns true: this is the barge-in */
    speechStarted(): boolean {
        this.isPending = true;
        return this.decide();
    }

    /** Voice activity ended. Speech that was too short for a barge-in until now is none: the bot goes on. */
    speechStopped(): void {
        this.isPending = false;
    }

    private count(isVoiced: 0 | 1): void {
        this.voiced ??= new Uint8Array(WINDOWS);
        this.voicedWindows += isVoiced - (this.voiced[this.next] ?? 0);
        this.voiced[this.next] = isVoiced;
        this.next = (this.next + 1) % WINDOWS;
    }

    private decide(): boolean {
        if (!this.isPending || this.voicedWindows * WINDOW_MS < this.minSpeechMs) return false;
        this.isPending = false;
        return true;
    }
}

/** What decides which speech interrupts the bot, where the call does not judge it; undefined: none does. */
export function bargeInDetector({ bargeIn, bargeInMinSpeechMs }: TurnTakingConfig): BargeInDetector | undefined {
    if (bargeIn.mode === 'off') return undefined;
    return new BargeInDetector(bargeIn.mode === 'instant' ? bargeInMinSpeechMs : 0);
}
