import { SpeechGate } from '../audio/speech-gate';
import type { SilencePolicy } from './silence-policy';

/** When sound on the line counts as a turn of the caller: not a click or a cough, and not the noise of the line (docs/AUDIO.md). */
const VOICE = { onsetMs: 240, releaseMs: 400, aboveFloorDb: 8 };

/**
 * Finds the caller's voice in their audio, so that the silence policy need not rely on what the bot reports alone. Bot audio may return as an echo:
 * the audio is looked at only while the caller hears nothing.
 */
export class LineVoice {
    private readonly gate = new SpeechGate(VOICE);

    constructor(private readonly silence: Pick<SilencePolicy, 'voiceHidden' | 'voiceStarted' | 'voiceEnded'>) {}

    /** The caller talks, as far as the line shows. */
    get talking(): boolean {
        return this.gate.talking;
    }

    /** PCMU, 8 kHz, mono, any length. `isBotAudible`: the caller hears the bot. */
    hear(pcmu: Uint8Array, isBotAudible: boolean): void {
        if (isBotAudible) {
            if (this.gate.talking) this.silence.voiceHidden();
            this.gate.reset();
            return;
        }
        const change = this.gate.feed(pcmu);
        if (change === 'started') this.silence.voiceStarted();
        if (change === 'stopped') this.silence.voiceEnded(VOICE.releaseMs);
    }

    /** What sounded until now was no voice. */
    reset(): void {
        this.gate.reset();
    }
}
