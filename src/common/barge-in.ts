import { meanSquare } from '../audio/loudness';
import type { HeardPosition } from '../services/conversation';

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
    private readonly voiced = new Uint8Array(WINDOWS);
    private next = 0;
    private voicedWindows = 0;
    private isPending = false;

    constructor(
        /** Speech that counts, in ms; 0: the first sound. */
        private readonly minSpeechMs: number,
        private readonly onBargeIn: () => void,
    ) {}

    /** Caller audio: PCMU, 8 kHz, mono. Costs nothing while every sound counts. */
    hear(pcmu: Uint8Array): void {
        if (this.minSpeechMs === 0) return;
        for (let start = 0; start + WINDOW_BYTES <= pcmu.length; start += WINDOW_BYTES) {
            this.count(meanSquare(pcmu, start, start + WINDOW_BYTES) > LEAST_POWER ? 1 : 0);
        }
        this.decide();
    }

    /** Voice activity began. */
    speechStarted(): void {
        this.isPending = true;
        this.decide();
    }

    /** It ended before it counted: the bot goes on. */
    speechStopped(): void {
        this.isPending = false;
    }

    private count(isVoiced: 0 | 1): void {
        this.voicedWindows += isVoiced - (this.voiced[this.next] ?? 0);
        this.voiced[this.next] = isVoiced;
        this.next = (this.next + 1) % WINDOWS;
    }

    private decide(): void {
        if (!this.isPending || this.voicedWindows * WINDOW_MS < this.minSpeechMs) return;
        this.isPending = false;
        this.onBargeIn();
    }
}

/** What a barge-in has to stop, and what it has to tell. */
export interface BargeInParts {
    playback: { readonly isAudible: boolean; flush(): HeardPosition };
    /** Tells Genesys to stop playing and to throw its queue away. */
    sendBargeIn: () => void;
    conversation: { interrupt(heard: HeardPosition): void };
}

/**
 * Carries a barge-in out. The order matters: our own queue first, then the client's, then the bot, so that no byte of the interrupted
 * response follows the `barge_in` (docs/PROTOCOL.md, 5.4).
 *
 * @returns what the caller had heard; undefined when nothing was playing: then nothing is stopped and nothing is told
 */
export function bargeIn(parts: BargeInParts): HeardPosition | undefined {
    if (!parts.playback.isAudible) return undefined;
    const heard = parts.playback.flush();
    parts.sendBargeIn();
    parts.conversation.interrupt(heard);
    return heard;
}
