import { powerDbfs, SILENT_DBFS, sumOfSquares } from '../../audio/loudness';
import { decodeMulaw } from '../../audio/mulaw';
import type { SpeechMeter } from '../../services/asr-service';
import { LineNoise } from '../echo/line-noise';

/** One utterance of the caller over the bot, as it sounds so far. Times are counted in the audio, not by a clock. */
export interface SpeechRun {
    /** Sound of any kind, voice or not, in ms. */
    readonly soundMs: number;
    /** Steps of voice, in ms. */
    readonly voicedMs: number;
    /** From the first step of voice to the end of the last one, in ms: pauses inside count. */
    readonly spanMs: number;
    /** The same since the last pause of 200 ms: a second "mhm" is not a longer one. */
    readonly stretchMs: number;
    /** Audio since the last step of voice, or of sound if there was no voice yet, in ms. */
    readonly quietMs: number;
    /** Voice through a closed mouth, as in "mhm", in ms. */
    readonly humMs: number;
    /** How far the last step of voice lies below the loudest one, in dB. */
    readonly fadedDb: number;
    /** How far the loudest step lies below the caller's usual level, in dB; undefined: no turn was heard yet. */
    readonly belowUsualDb: number | undefined;
}

const STEP_BYTES = 256;
export const STEP_MS = 32;
const PRE_ROLL_STEPS = 3;
/** So many quiet steps the network still hears after sound: it must see the end of a word. */
const HANG_STEPS = 8;
const VOICE_PROBABILITY = 0.5;
/** Sound is what is louder than the line's noise by this much … */
const ABOVE_NOISE_DB = 6;
/** … and than this. */
const LEAST_SOUND_DBFS = -58;
const STRETCH_GAP_MS = 200;

/**
 * Hears the caller while the bot is audible, and keeps the evidence of what they utter. The speech meter is only asked when there is
 * sound on the line.
 */
export class CallerVoice {
    private readonly noise = new LineNoise();
    private readonly usual = new UsualLevel();
    private readonly step = new Uint8Array(STEP_BYTES);
    private readonly preRoll = new Uint8Array(PRE_ROLL_STEPS * STEP_BYTES);
    private readonly preRollStep = new Uint8Array(STEP_BYTES);
    private readonly current = new RunningRun();
    private preRollSteps = 0;
    private filled = 0;
    private turnPower = 0;
    private turnBytes = 0;
    private stepsToAsk = 0;

    constructor(private readonly meter: SpeechMeter) {}

    get run(): SpeechRun {
        return this.current;
    }

    hearTurn(pcmu: Uint8Array): void {
        for (let start = 0; start < pcmu.length;) {
            const end = Math.min(pcmu.length, start + STEP_BYTES - this.turnBytes);
            this.turnPower += sumOfSquares(pcmu, start, end);
            this.turnBytes += end - start;
            start = end;
            if (this.turnBytes === STEP_BYTES) this.endTurnStep();
        }
    }

    hear(pcmu: Uint8Array, onStep: () => void): void {
        for (let start = 0; start < pcmu.length;) {
            const end = Math.min(pcmu.length, start + STEP_BYTES - this.filled);
            for (let i = start; i < end; i++) this.step[this.filled++] = pcmu[i] ?? 0xff;
            start = end;
            if (this.filled < STEP_BYTES) return;
            this.filled = 0;
            this.measure();
            onStep();
        }
    }

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
        this.turnPower = 0;
        this.turnBytes = 0;
        this.stepsToAsk = 0;
    }

    private endTurnStep(): void {
        const power = this.turnPower / STEP_BYTES;
        this.turnPower = 0;
        this.turnBytes = 0;
        if (this.isSound(power)) this.usual.add(powerDbfs(power));
    }

    private measure(): void {
        const power = sumOfSquares(this.step, 0, STEP_BYTES) / STEP_BYTES;
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
        const isVoice = this.meter.probability(this.step) >= VOICE_PROBABILITY && isSound;
        this.current.usualDbfs = this.usual.dbfs;
        if (isVoice) this.current.addVoice(powerDbfs(power), brightness(this.step) < HUM_BRIGHTNESS);
        else if (isSound) this.current.addSound();
        else this.current.addQuiet();
    }

    private isSound(power: number): boolean {
        this.noise.follow(power, STEP_BYTES);
        const leastDbfs = Math.max(LEAST_SOUND_DBFS, powerDbfs(this.noise.power) + ABOVE_NOISE_DB);
        return powerDbfs(power) > leastDbfs;
    }

    private hearPreRoll(): void {
        for (let i = 0; i < this.preRollSteps; i++) {
            this.preRollStep.set(this.preRoll.subarray(i * STEP_BYTES, (i + 1) * STEP_BYTES));
            this.meter.probability(this.preRollStep);
        }
        this.preRollSteps = 0;
    }

    private keepPreRoll(): void {
        if (this.preRollSteps === PRE_ROLL_STEPS) this.preRoll.copyWithin(0, STEP_BYTES);
        else this.preRollSteps++;
        this.preRoll.set(this.step, (this.preRollSteps - 1) * STEP_BYTES);
    }
}

/** Below this a step of voice is a hum. */
const HUM_BRIGHTNESS = 0.08;
const SAMPLES = Int16Array.from({ length: 256 }, () => 0);

/** Power of the differences of neighbouring samples by the power of the samples: 0.06 at 300 Hz, 0.6 at 1 kHz, 2 for white noise. */
function brightness(pcmu: Uint8Array): number {
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
    return power === 0 ? 0 : change / power;
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

    get fadedDb(): number {
        return this.loudestDbfs - this.lastDbfs;
    }

    get belowUsualDb(): number | undefined {
        return this.usualDbfs === undefined || this.voicedMs === 0 ? undefined : this.usualDbfs - this.loudestDbfs;
    }

    addVoice(dbfs: number, isHum: boolean): void {
        const gapMs = this.voicedMs === 0 ? 0 : this.quietMs;
        this.soundMs += STEP_MS;
        this.voicedMs += STEP_MS;
        this.spanMs += gapMs + STEP_MS;
        this.stretchMs = gapMs >= STRETCH_GAP_MS ? STEP_MS : this.stretchMs + gapMs + STEP_MS;
        this.quietMs = 0;
        if (isHum) this.humMs += STEP_MS;
        this.lastDbfs = dbfs;
        if (dbfs > this.loudestDbfs) this.loudestDbfs = dbfs;
    }

    /** Sound that is no voice. */
    addSound(): void {
        this.soundMs += STEP_MS;
        this.quietMs = this.voicedMs === 0 ? 0 : this.quietMs + STEP_MS;
    }

    addQuiet(): void {
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
    }
}

const LOWEST_USUAL_DBFS = -60;
const LEAST_STEPS = 10;
/** Twenty seconds of sound; what is older counts half. */
const MOST_STEPS = 640;
const LOUD_SHARE = 0.1;

/** How loud the caller's turns are: the level that a tenth of their sound exceeds. */
class UsualLevel {
    private readonly counts = new Uint16Array(-LOWEST_USUAL_DBFS);
    private total = 0;

    /** undefined: too little was heard. */
    get dbfs(): number | undefined {
        if (this.total < LEAST_STEPS) return undefined;
        let louder = 0;
        for (let bin = this.counts.length - 1; bin > 0; bin--) {
            louder += this.counts[bin] ?? 0;
            if (louder > LOUD_SHARE * this.total) return LOWEST_USUAL_DBFS + bin + 0.5;
        }
        return LOWEST_USUAL_DBFS;
    }

    add(dbfs: number): void {
        const bin = Math.min(this.counts.length - 1, Math.max(0, Math.floor(dbfs - LOWEST_USUAL_DBFS)));
        this.counts[bin] = (this.counts[bin] ?? 0) + 1;
        this.total++;
        if (this.total >= MOST_STEPS) this.halve();
    }

    reset(): void {
        this.counts.fill(0);
        this.total = 0;
    }

    private halve(): void {
        this.total = 0;
        for (let bin = 0; bin < this.counts.length; bin++) {
            this.counts[bin] = (this.counts[bin] ?? 0) >> 1;
            this.total += this.counts[bin] ?? 0;
        }
    }
}
