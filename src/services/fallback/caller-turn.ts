import type { TranscriptItem } from '../conversation';
import { AudioRingBuffer } from './audio-ring-buffer';

/** What the caller said last, and whether anybody knows it: a bot that takes over hears again what nobody has understood. */
export class CallerTurn {
    private readonly words = new AudioRingBuffer();
    private state: 'quiet' | 'speaking' | 'unknown' | 'known' = 'quiet';
    private lastItemId: string | undefined;

    get isSpeaking(): boolean {
        return this.state === 'speaking';
    }

    /** Nothing was said that is not in writing. */
    get isKnown(): boolean {
        return this.state === 'quiet' || this.state === 'known';
    }

    /** His last seconds, as far as they are not known or answered: PCMU, 8 kHz, mono; a copy. */
    get unknownPcmu(): Uint8Array {
        return this.words.pcmu;
    }

    hear(pcmu: Uint8Array): void {
        this.words.push(pcmu);
    }

    started(): void {
        this.state = 'speaking';
    }

    stopped(): void {
        this.state = 'unknown';
    }

    /** An item of his appeared, or its words became known. */
    said({ itemId, text }: TranscriptItem): void {
        if (text === undefined) this.lastItemId = itemId;
        if (text === undefined || text === '' || (this.lastItemId ?? itemId) !== itemId) return;
        if (this.state === 'unknown') this.settle('known');
    }

    /** A bot has answered to the end. */
    answered(): void {
        if (this.state !== 'speaking') this.settle('quiet');
    }

    private settle(state: 'quiet' | 'known'): void {
        this.state = state;
        this.words.forget();
    }
}
