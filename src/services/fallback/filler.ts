import { beepPcmu } from '../../audio/tone';
import type { AudioOrigin } from '../conversation';

/** Recordings by name: PCMU, 8 kHz, mono, to be read only. */
export interface FallbackPrompts {
    recording(name: string): Uint8Array | undefined;
}

/** "One moment please", for a caller who waits in silence; a beep where there is no such recording. */
export class Filler {
    private count = 0;

    constructor(
        private readonly prompts: FallbackPrompts,
        private readonly idPrefix: string,
    ) {}

    /** The next one, under an id of its own. The bytes are a copy: the listener owns them, and the recording serves all calls. */
    next(): { pcmu: Uint8Array; origin: AudioOrigin } {
        this.count += 1;
        const responseId = `${this.idPrefix}_wait_${this.count}`;
        const pcmu = Uint8Array.from(this.prompts.recording('one-moment') ?? beepPcmu());
        return { pcmu, origin: { responseId, itemId: responseId, contentIndex: 0, aside: true } };
    }
}
