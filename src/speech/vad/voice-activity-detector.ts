import { decodeMulaw, MULAW_SILENCE } from '../../audio/mulaw';
import { Upsampler } from '../../audio/resampler';
import { EndOfTurn, type EndOfTurnOptions, END_OF_TURN_DEFAULTS } from './end-of-turn';
import { isKeyTone } from './key-tone';
import { SileroNetwork, SileroState, STEP_SAMPLES } from '../silero/silero-network';
import { readSileroWeights } from '../silero/silero-weights';
import { UtteranceBuffer, type UtteranceLimits } from './utterance-buffer';
import type { ExpectedAnswer, VadEvent, VoiceActivityDetector } from '../../services/asr-service';

export interface SileroDetectorOptions {
    turn?: Partial<EndOfTurnOptions>;
    utterance?: Partial<UtteranceLimits>;
}

const RATIO = 2;
/** Samples of one step as the line carries them: 32 ms at 8 kHz. */
const STEP_BYTES = STEP_SAMPLES / RATIO;
const STEP_MS = STEP_BYTES / 8;
/** The code of −0: as silent as that of +0. */
const MULAW_MINUS_ZERO = 0x7f;
const FULL_SCALE = 32_768;
/** So much silence the network hears, and forgets the speech before it; the rest it need not be asked about. */
const SILENCE_STEPS_HEARD = 8;
/** Below this probability a key counts as no speech anyway. */
const KEY_DOUBT = 0.3;

/** Loads Silero’s network: once in a process, for all calls. Throws ERR_VAD_WEIGHTS. Takes about 25 ms and 3 MB. */
export function loadSileroNetwork(weightsPath?: string): SileroNetwork {
    return new SileroNetwork(readSileroWeights(weightsPath));
}

/**
 * A VoiceActivityDetector on Silero’s network, which takes 16 kHz: the line’s 8 kHz are raised.
 * Keys, ringing, noise and music are no speech to it. Costs half a percent of a core, nothing on digital silence; 25 KB
 * for a call, and the utterance.
 */
export class SileroDetector implements VoiceActivityDetector {
    private readonly state = new SileroState();
    private readonly upsampler = new Upsampler(RATIO);
    private readonly endOfTurn: EndOfTurn;
    private readonly buffer: UtteranceBuffer;
    private readonly step = new Uint8Array(STEP_BYTES);
    private readonly narrow = new Int16Array(STEP_BYTES);
    private readonly wide = new Int16Array(STEP_SAMPLES);
    private readonly samples = new Float32Array(STEP_SAMPLES);
    private filled = 0;
    private silentSteps = 0;
    private finished: Uint8Array = new Uint8Array(0);
    private readonly waiting: VadEvent[] = [];

    constructor(
        private readonly network: SileroNetwork,
        options: SileroDetectorOptions = {},
    ) {
        this.endOfTurn = new EndOfTurn(STEP_MS, options.turn);
        this.buffer = new UtteranceBuffer(
            options.turn?.onsetWindowMs ?? END_OF_TURN_DEFAULTS.onsetWindowMs,
            options.utterance,
        );
    }

    /** Between `speechStarted` and `speechStopped`. */
    get talking(): boolean {
        return this.endOfTurn.talking;
    }

    feed(pcmu: Uint8Array): VadEvent | undefined {
        for (let start = 0; start < pcmu.length;) {
            const end = Math.min(pcmu.length, start + STEP_BYTES - this.filled);
            for (let i = start; i < end; i++) this.step[this.filled++] = pcmu[i] ?? MULAW_SILENCE;
            start = end;
            if (this.filled === STEP_BYTES) this.takeStep();
        }
        return this.waiting.length === 0 ? undefined : this.waiting.shift();
    }

    expect(answer?: ExpectedAnswer): void {
        this.endOfTurn.expect(answer);
    }

    utterance(): Uint8Array {
        return this.talking ? this.buffer.soFar() : this.finished;
    }

    reset(): void {
        this.state.reset();
        this.upsampler.reset();
        this.endOfTurn.reset();
        this.buffer.reset();
        this.filled = 0;
        this.silentSteps = 0;
        this.finished = new Uint8Array(0);
        this.waiting.length = 0;
    }

    private takeStep(): void {
        this.filled = 0;
        this.buffer.append(this.step);
        const change = this.endOfTurn.step(this.speechProbability());
        if (change === 'started') {
            this.buffer.open(this.endOfTurn.onsetAgeMs);
            this.waiting.push({ type: 'speechStarted' });
        } else if (change === 'stopped') {
            const { silenceMs } = this.endOfTurn;
            this.finished = this.buffer.close(silenceMs);
            this.waiting.push({ type: 'speechStopped', silenceMs });
        }
    }

    private speechProbability(): number {
        this.silentSteps = isSilence(this.step) ? this.silentSteps + 1 : 0;
        if (this.silentSteps > SILENCE_STEPS_HEARD) return 0;
        decodeMulaw(this.step, this.narrow);
        this.upsampler.process(this.narrow, this.wide);
        for (let i = 0; i < STEP_SAMPLES; i++) this.samples[i] = (this.wide[i] ?? 0) / FULL_SCALE;
        const probability = this.network.probability(this.state, this.samples);
        // The network still hears a word in the silence right after it: it is no speech.
        const isOther = this.silentSteps > 0 || (probability >= KEY_DOUBT && isKeyTone(this.narrow));
        return isOther ? 0 : probability;
    }
}

function isSilence(pcmu: Uint8Array): boolean {
    for (let i = 0; i < STEP_BYTES; i++) {
        if (pcmu[i] !== MULAW_SILENCE && pcmu[i] !== MULAW_MINUS_ZERO) return false;
    }
    return true;
}
