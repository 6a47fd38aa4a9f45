import { beepPcmu } from '../../audio/tone';
import type { AudioOrigin } from '../conversation';
import { FALLBACK_PREFIX } from './active-bot';

/** Recordings by name: PCMU, 8 kHz, mono, to be read only. */
export interface FallbackPrompts {
    recording(name: string): Uint8Array | undefined;
}

/** "One moment please": what a caller hears who would be left in silence. A beep where there is no such recording. */
export class Filler {
    private played = 0;

    constructor(private readonly prompts: FallbackPrompts) {}

    /** How often it was said. */
    get count(): number {
        return this.played;
    }

    /** The next one: an answer by itself. The bytes are a copy. */
    next(): { pcmu: Uint8Array; origin: AudioOrigin } {
        this.played += 1;
        const responseId = `${FALLBACK_PREFIX}_wait_${this.played}`;
        const pcmu = Uint8Array.from(this.prompts.recording('one-moment') ?? beepPcmu());
        return { pcmu, origin: { responseId, itemId: responseId, contentIndex: 0 } };
    }
}
