import { meanSquare } from '../audio/loudness';

/** 20 ms of PCMU, 8 kHz: the step in which speech is counted. */
const WINDOW_BYTES = 160;
const WINDOW_MS = 20;
/** Speech is looked for in the last second. */
const WINDOWS = 50;
/** Quieter than this (−45 dBFS) is not speech on a telephone line. */
const LEAST_POWER = 10 ** -4.5;

/**
 * Decides when the caller's speech counts as an interruption: at once, or when there was at least so much of it that it
 * is more than a cough. Speech is counted in his audio, because voice activity reports its start too early for that and
 * its end too late.
 */
export class Interruption {
    private readonly voiced = new Uint8Array(WINDOWS);
    private next = 0;
    private voicedWindows = 0;
    private pending = false;

    constructor(
        /** Speech that counts, in ms; 0: the first sound. */
        private readonly minSpeechMs: number,
        private readonly interrupt: () => void,
    ) {}

    /** Caller audio; costs nothing while every sound counts. */
    hear(pcmu: Uint8Array): void {
        if (this.minSpeechMs === 0) return;
        for (let start = 0; start + WINDOW_BYTES <= pcmu.length; start += WINDOW_BYTES) {
            this.count(meanSquare(pcmu, start, start + WINDOW_BYTES) > LEAST_POWER ? 1 : 0);
        }
        this.decide();
    }

    /** Voice activity began. */
    speechStarted(): void {
        this.pending = true;
        this.decide();
    }

    /** It ended before it counted: the bot goes on. */
    speechStopped(): void {
        this.pending = false;
    }

    private count(isVoiced: 0 | 1): void {
        this.voicedWindows += isVoiced - (this.voiced[this.next] ?? 0);
        this.voiced[this.next] = isVoiced;
        this.next = (this.next + 1) % WINDOWS;
    }

    private decide(): void {
        if (!this.pending || this.voicedWindows * WINDOW_MS < this.minSpeechMs) return;
        this.pending = false;
        this.interrupt();
    }
}
