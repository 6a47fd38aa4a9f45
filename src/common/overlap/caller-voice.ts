import { isKeyTone } from '../../audio/key-tone';
import { meanSquare, peakDbfs, powerDbfs, SILENT_DBFS } from '../../audio/loudness';
import { decodeMulaw, MULAW_SILENCE } from '../../audio/mulaw';
import type { SpeechMeter } from '../../services/asr-service';
import { LineNoise } from '../echo/line-noise';

/** One utterance of the caller over the bot, as it sounds so far. Times are counted in the audio, not by a clock. */
export interface SpeechRun {
    /** Sound of any kind, voice or not, in ms. */
    readonly soundMs: number;
    /** Steps of voice, in ms. */
    readonly voicedMs: number;
    /** From the beginning of the voice to the end of its last step, in ms: pauses inside count. */
    readonly spanMs: number;
    /** The same since the last pause of 200 ms: two times "mhm" is not a long one. */
    readonly stretchMs: number;
    /** Audio since the last step of voice, or of sound if there was no voice yet, in ms. */
    readonly quietMs: number;
    /** Voice through a closed mouth, as in "mhm", in ms. */
    readonly humMs: number;
    /** How far the power of the last step of voice lies below that of the loudest one, in dB. */
    readonly fadedDb: number;
    /** How far the peak of the voice lies below the peaks of the caller's turns, in dB; undefined: too little of them was heard yet. */
    readonly belowUsualDb: number | undefined;
}

const STEP_BYTES = 256;
const FULL_SCALE = 32_768;
/** Working memory of one step, for all calls. */
const SAMPLES = new Int16Array(STEP_BYTES);
const PRE_ROLL_STEP = new Uint8Array(STEP_BYTES);
const STEP_MS = 32;
/** So many steps before sound the meter hears: words begin softly. */
const PRE_ROLL_STEPS = 3;
/** So many quiet steps it still hears after sound. */
const HANG_STEPS = 8;
const VOICE_PROBABILITY = 0.5;
/** Sound is what is louder than the line's noise by this much … */
const ABOVE_NOISE_DB = 6;
/** … and than this. */
const LEAST_SOUND_DBFS = -58;
const STRETCH_GAP_MS = 200;
/** Sound right before the first step of voice belongs to it: the meter is sure of a voice only some steps after its beginning. */
const MOST_ONSET_MS = 96;

/**
 * Hears the caller while the bot is audible, and keeps the evidence of what they utter. The speech meter is only asked when there is
 * sound on the line: 0.2 ms of processor time for 32 ms of sound, next to nothing for a quiet line.
 */
export class CallerVoice {
    private readonly noise = new LineNoise();
    private readonly usual = new UsualLevel();
    /** The step that is being filled: `begin` lies between audio of a turn and audio over the bot. */
    private readonly step = new Uint8Array(STEP_BYTES);
    private readonly preRoll = new Uint8Array(PRE_ROLL_STEPS * STEP_BYTES);
    private readonly current = new RunningRun();
    private preRollSteps = 0;
    private filled = 0;
    private turnBytes = 0;
    private stepsToAsk = 0;

    constructor(private readonly meter: SpeechMeter) {}

    /** Evidence of the present utterance; always the same object. */
    get run(): SpeechRun {
        return this.current;
    }

    /** Caller audio while the bot is silent: PCMU, 8 kHz, of any length. Learns how loud the caller usually is. Allocates nothing. */
    hearTurn(pcmu: Uint8Array): void {
        for (let start = 0; start < pcmu.length;) {
            const end = Math.min(pcmu.length, start + STEP_BYTES - this.turnBytes);
            for (let i = start; i < end; i++) this.step[this.turnBytes++] = pcmu[i] ?? MULAW_SILENCE;
            start = end;
            if (this.turnBytes < STEP_BYTES) return;
            this.turnBytes = 0;
            this.learn();
        }
    }

    /** Caller audio while the bot is to be heard; calls `onStep` after each step of 32 ms. Allocates nothing. */
    hear(pcmu: Uint8Array, onStep: () => void): void {
        for (let start = 0; start < pcmu.length;) {
            const end = Math.min(pcmu.length, start + STEP_BYTES - this.filled);
            for (let i = start; i < end; i++) this.step[this.filled++] = pcmu[i] ?? MULAW_SILENCE;
            start = end;
            if (this.filled < STEP_BYTES) return;
            this.filled = 0;
            this.measure();
            onStep();
        }
    }

    /** The utterance is dealt with: the next sound begins a new one. */
    endRun(): void {
        this.current.clear();
        this.current.usualDbfs = this.usual.dbfs;
    }

    /** The caller is about to hear the bot; how loud they usually are stays known. */
    begin(): void {
        this.meter.reset();
        this.endRun();
        this.preRollSteps = 0;
        this.filled = 0;
        this.turnBytes = 0;
        this.stepsToAsk = 0;
    }

    private learn(): void {
        if (!this.isSound(meanSquare(this.step))) return;
        const stepDbfs = peakDbfs(this.step);
        // Keys are louder than voices. What is not louder than usual does no harm, and the test is dear.
        if (stepDbfs > (this.usual.dbfs ?? SILENT_DBFS) && this.isKey(this.step)) return;
        this.usual.add(stepDbfs);
    }

    private isKey(pcmu: Uint8Array): boolean {
        return isKeyTone(decodeMulaw(pcmu, SAMPLES));
    }

    private measure(): void {
        const power = meanSquare(this.step);
        const isSound = this.isSound(power);
        if (isSound) {
            if (this.stepsToAsk === 0) this.hearPreRoll();
            this.stepsToAsk = HANG_STEPS + 1;
        }
        if (this.stepsToAsk === 0) {
            this.keepPreRoll();
            this.current.addQuiet();
            return;
        }
        this.stepsToAsk--;
        // Asked also about quiet: what the meter remembers must have no gap.
        const isVoice = this.meter.probability(this.step) >= VOICE_PROBABILITY && isSound;
        if (!isSound) this.current.addQuiet();
        else if (isVoice) this.addVoice(power);
        else this.current.addSound();
    }

    private addVoice(power: number): void {
        this.current.usualDbfs = this.usual.dbfs;
        const isHum = brightness(this.step, this.noise.power) < HUM_BRIGHTNESS;
        this.current.addVoice(powerDbfs(power), peakDbfs(this.step), isHum);
    }

    private isSound(power: number): boolean {
        this.noise.follow(power, STEP_BYTES);
        const leastDbfs = Math.max(LEAST_SOUND_DBFS, powerDbfs(this.noise.power) + ABOVE_NOISE_DB);
        return powerDbfs(power) > leastDbfs;
    }

    private hearPreRoll(): void {
        for (let i = 0; i < this.preRollSteps; i++) {
            PRE_ROLL_STEP.set(this.preRoll.subarray(i * STEP_BYTES, (i + 1) * STEP_BYTES));
            this.meter.probability(PRE_ROLL_STEP);
        }
        this.preRollSteps = 0;
    }

    private keepPreRoll(): void {
        if (this.preRollSteps === PRE_ROLL_STEPS) this.preRoll.copyWithin(0, STEP_BYTES);
        else this.preRollSteps++;
        this.preRoll.set(this.step, (this.preRollSteps - 1) * STEP_BYTES);
    }
}

/** A voice through a closed mouth has less: next to nothing of it lies above 500 Hz. */
const HUM_BRIGHTNESS = 0.08;
const WHITE_BRIGHTNESS = 2;

/**
 * Power of the differences of neighbouring samples by the power of the samples, without the noise of the line: 0.06 for a tone of 300 Hz,
 * 0.6 for one of 1 kHz, 2 for white noise.
 */
function brightness(pcmu: Uint8Array, noisePower: number): number {
    decodeMulaw(pcmu, SAMPLES);
    let power = 0;
    let change = 0;
    let last = SAMPLES[0] ?? 0;
    for (let i = 0; i < STEP_BYTES; i++) {
        const sample = SAMPLES[i] ?? 0;
        power += sample * sample;
        change += (sample - last) * (sample - last);
        last = sample;
    }
    const noise = STEP_BYTES * noisePower * FULL_SCALE ** 2;
    if (power <= noise) return WHITE_BRIGHTNESS;
    return Math.max(0, change - WHITE_BRIGHTNESS * noise) / (power - noise);
}

/** The evidence of one utterance while it grows. */
class RunningRun implements SpeechRun {
    soundMs = 0;
    voicedMs = 0;
    spanMs = 0;
    stretchMs = 0;
    quietMs = 0;
    humMs = 0;
    usualDbfs: number | undefined;
    private loudestDbfs = SILENT_DBFS;
    private lastDbfs = SILENT_DBFS;
    private peakDbfs = SILENT_DBFS;
    /** Sound right before this step that was no voice, in ms. */
    private leadMs = 0;

    get fadedDb(): number {
        return this.loudestDbfs - this.lastDbfs;
    }

    get belowUsualDb(): number | undefined {
        return this.usualDbfs === undefined || this.voicedMs === 0 ? undefined : this.usualDbfs - this.peakDbfs;
    }

    addVoice(levelDbfs: number, stepPeakDbfs: number, isHum: boolean): void {
        const onsetMs = Math.min(this.leadMs, MOST_ONSET_MS);
        const gapMs = this.voicedMs === 0 ? onsetMs : this.quietMs;
        this.soundMs += STEP_MS;
        this.voicedMs += STEP_MS;
        this.spanMs += gapMs + STEP_MS;
        const isNewStretch = gapMs - onsetMs >= STRETCH_GAP_MS;
        this.stretchMs = isNewStretch ? onsetMs + STEP_MS : this.stretchMs + gapMs + STEP_MS;
        this.quietMs = 0;
        this.leadMs = 0;
        if (isHum) this.humMs += STEP_MS;
        this.lastDbfs = levelDbfs;
        this.loudestDbfs = Math.max(this.loudestDbfs, levelDbfs);
        this.peakDbfs = Math.max(this.peakDbfs, stepPeakDbfs);
    }

    /** Sound that is no voice. */
    addSound(): void {
        this.soundMs += STEP_MS;
        this.leadMs += STEP_MS;
        this.quietMs = this.voicedMs === 0 ? 0 : this.quietMs + STEP_MS;
    }

    addQuiet(): void {
        this.leadMs = 0;
        this.quietMs += STEP_MS;
    }

    clear(): void {
        this.soundMs = 0;
        this.voicedMs = 0;
        this.spanMs = 0;
        this.stretchMs = 0;
        this.quietMs = 0;
        this.humMs = 0;
        this.loudestDbfs = SILENT_DBFS;
        this.lastDbfs = SILENT_DBFS;
        this.peakDbfs = SILENT_DBFS;
        this.leadMs = 0;
    }
}

const LOWEST_USUAL_DBFS = -60;
/** A third of a second of sound is enough to begin with. */
const LEAST_STEPS = 10;
/** Twenty seconds of sound; what is older counts half. */
const MOST_STEPS = 640;
const LOUD_SHARE = 0.05;

/** How loud the caller's turns are: the peak that a twentieth of their sound exceeds. */
class UsualLevel {
    private readonly counts = new Uint16Array(-LOWEST_USUAL_DBFS);
    private total = 0;

    /** undefined: too little was heard. */
    get dbfs(): number | undefined {
        if (this.total < LEAST_STEPS) return undefined;
        let bin = this.counts.length;
        for (let louder = 0; bin > 0 && louder <= LOUD_SHARE * this.total; bin--) louder += this.counts[bin - 1] ?? 0;
        return LOWEST_USUAL_DBFS + bin + 0.5;
    }

    add(dbfs: number): void {
        const bin = Math.min(this.counts.length - 1, Math.max(0, Math.floor(dbfs - LOWEST_USUAL_DBFS)));
        this.counts[bin] = (this.counts[bin] ?? 0) + 1;
        this.total++;
        if (this.total >= MOST_STEPS) this.halve();
    }

    private halve(): void {
        this.total = 0;
        for (let bin = 0; bin < this.counts.length; bin++) {
            this.counts[bin] = (this.counts[bin] ?? 0) >> 1;
            this.total += this.counts[bin] ?? 0;
        }
    }
}
