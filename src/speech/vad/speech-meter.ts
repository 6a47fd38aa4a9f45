import { decodeMulaw, MULAW_SILENCE } from '../../audio/mulaw';
import { Upsampler } from '../../audio/resampler';
import type { SpeechMeter } from '../../services/asr-service';
import { readSileroWeights } from '../silero/silero-weights';
import { isKeyTone } from '../../audio/key-tone';
import { SileroNetwork, SileroState, STEP_SAMPLES } from '../silero/silero-network';

const RATIO = 2;
/** Samples of one step as the line carries them: 32 ms at 8 kHz. */
export const STEP_BYTES = STEP_SAMPLES / RATIO;
/** The code of −0: as silent as that of +0. */
const MULAW_MINUS_ZERO = 0x7f;
const FULL_SCALE = 32_768;
/** So much silence the network hears, and forgets the speech before it; the rest it need not be asked about. */
const SILENCE_STEPS_HEARD = 8;
/** Below this probability a key counts as no speech anyway. */
const KEY_DOUBT = 0.3;

/** Working memory of one step, for all calls. */
const NARROW = new Int16Array(STEP_BYTES);
const WIDE = new Int16Array(STEP_SAMPLES);
const SAMPLES = new Float32Array(STEP_SAMPLES);

/**
 * How probably caller audio is speech, in steps of 32 ms, for one call: Silero’s network takes 16 kHz, therefore the line’s 8 kHz are
 * raised. Keys and digital silence are no speech. Takes 1.7 KiB from the first sound on, until it is reset; allocates nothing more.
 */
export class SileroSpeechMeter implements SpeechMeter {
    /** What was heard; undefined: nothing yet. */
    private heard: Heard | undefined;
    private silentSteps = 0;

    constructor(private readonly network: SileroNetwork) {}

    /** Takes the next step: 256 bytes of PCMU. @returns 0 to 1 */
    probability(pcmu: Uint8Array): number {
        this.silentSteps = isSilence(pcmu) ? this.silentSteps + 1 : 0;
        if (this.silentSteps > SILENCE_STEPS_HEARD) return 0;
        this.heard ??= { state: new SileroState(), upsampler: new Upsampler(RATIO) };
        decodeMulaw(pcmu, NARROW);
        this.heard.upsampler.process(NARROW, WIDE);
        for (let i = 0; i < STEP_SAMPLES; i++) SAMPLES[i] = (WIDE[i] ?? 0) / FULL_SCALE;
        const probability = this.network.probability(this.heard.state, SAMPLES);
        // The network still hears a word in the silence right after it: it is no speech.
        const isOther = this.silentSteps > 0 || (probability >= KEY_DOUBT && isKeyTone(NARROW));
        return isOther ? 0 : probability;
    }

    /** As new. */
    reset(): void {
        this.heard = undefined;
        this.silentSteps = 0;
    }
}

interface Heard {
    readonly state: SileroState;
    readonly upsampler: Upsampler;
}

let shared: SileroNetwork | undefined;

/**
 * Loads Silero’s network, once in a process and for all calls: about 25 ms and 3 MB. Weights from another file than the server’s are loaded
 * anew. Throws ERR_VAD_WEIGHTS.
 */
export function loadSileroNetwork(weightsPath?: string): SileroNetwork {
    if (weightsPath !== undefined) return new SileroNetwork(readSileroWeights(weightsPath));
    shared ??= new SileroNetwork(readSileroWeights());
    return shared;
}

function isSilence(pcmu: Uint8Array): boolean {
    for (let i = 0; i < STEP_BYTES; i++) {
        if (pcmu[i] !== MULAW_SILENCE && pcmu[i] !== MULAW_MINUS_ZERO) return false;
    }
    return true;
}
