import { sumOfSquares } from '../audio/loudness';
import { encodeMulaw, MULAW_SILENCE } from '../audio/mulaw';
import { AHEAD_BYTES, EchoLikeness, LONGEST_ECHO_BYTES } from './echo-likeness';
const WINDOW_BYTES = 160;
const STEP_BYTES = 800;
const LEAST_RETURN_LOSS = powerOf(-6);

/** Windows remembered: more than Playback's longest lead and the longest echo together. */
const MEMORY = 512;
/** Sound of ours below this level makes no echo worth a thought. */
const LEAST_REFERENCE_POWER = powerOf(-45);
/** A caller is louder than any echo for so long before the guard believes in him ... */
const BELIEF_BYTES = 60 * 8;
/** ... and then everything passes until he was not louder for so long: the soft sounds and gaps of his speech. */
const HOLD_BYTES = 300 * 8;
/** A voice stands out of the line's noise by 6 dB, and is never below this. */
const VOICE_ABOVE_NOISE = powerOf(6);
const LEAST_VOICE_POWER = powerOf(-45);

/** The noise of the line: falls at once, rises by 3 dB a second, within these limits. */
const HIGHEST_NOISE_POWER = powerOf(-32);
const LOWEST_NOISE_POWER = powerOf(-66);
const NOISE_RISE_PER_BYTE = (powerOf(3) - 1) / 8000;
/** An ear that moved by so much more or less than the caller's audio is somewhere else. */
const LEAP_BYTES = 200 * 8;

/** Noise to stand for the line's own, in steps of 2 dB from the lowest. Silence would make the noise after it stand out. */
const NOISE_STEP = powerOf(2);
const NOISES = makeNoises();

export class EchoGuard {
    private readonly sentPowers = new Float64Array(MEMORY);
    private sentBytes = 0;
    private windowEnergy = 0;
    /** What was sent before this position has been heard so long ago that nothing of it comes back any more. */
    private fadedBytes = 0;
    private expectedEarBytes = 0;
    private readonly likeness = new EchoLikeness();
    private wasEcho = false;
    private noisePower = HIGHEST_NOISE_POWER;
    private noiseOffset = 0;
    private beliefBytes = 0;
    private holdBytes = 0;
    /** Audio of the caller's that was taken for echo, in bytes. */
    suppressedBytes = 0;

    sent(pcmu: Uint8Array): void {
        this.likeness.sent(pcmu);
        for (let start = 0; start < pcmu.length;) {
            const filled = this.sentBytes % WINDOW_BYTES;
            const end = Math.min(pcmu.length, start + WINDOW_BYTES - filled);
            if (filled === 0) this.windowEnergy = 0;
            this.windowEnergy += sumOfSquares(pcmu, start, end);
            const slot = Math.floor(this.sentBytes / WINDOW_BYTES) % MEMORY;
            this.sentBytes += end - start;
            this.sentPowers[slot] = this.windowEnergy / (filled + end - start);
            start = end;
        }
    }

    filter(pcmu: Uint8Array, earBytes: number): Uint8Array {
        if (earBytes - pcmu.length - this.sentBytes > LONGEST_ECHO_BYTES) this.fadedBytes = this.sentBytes;
        let clean: Uint8Array | undefined;
        for (let start = 0; start < pcmu.length; start += STEP_BYTES) {
            const end = Math.min(pcmu.length, start + STEP_BYTES);
            const limit = this.judge(pcmu, start, end, earBytes - pcmu.length + end);
            if (limit === 0) continue;
            clean ??= Uint8Array.from(pcmu);
            this.takeOut(clean, start, end, limit);
        }
        return clean ?? pcmu;
    }

    /** Loudest power that is echo in this step; 0: there is none. */
    private judge(pcmu: Uint8Array, start: number, end: number, earBytes: number): number {
        this.likeness.heard(pcmu, start, end);
        const loudest = this.listen(pcmu, start, end);
        const limit = this.loudest(earBytes - LONGEST_ECHO_BYTES - end + start, earBytes + AHEAD_BYTES) * LEAST_RETURN_LOSS;
        if (limit < LEAST_VOICE_POWER * LEAST_RETURN_LOSS) this.wasEcho = false;
        else if (loudest > LEAST_VOICE_POWER && loudest > this.noisePower * VOICE_ABOVE_NOISE) this.wasEcho = this.likeness.isEcho(earBytes);
        return this.wasEcho ? limit : 0;
    }

    private listen(pcmu: Uint8Array, start: number, end: number): number {
        let loudest = 0;
        for (let at = start; at < end; at += WINDOW_BYTES) {
            const to = Math.min(end, at + WINDOW_BYTES);
            const power = sumOfSquares(pcmu, at, to) / (to - at);
            this.followNoise(power, to - at);
            if (power > loudest) loudest = power;
        }
        return loudest;
    }

    private takeOut(clean: Uint8Array, start: number, end: number, limit: number): void {
        for (let at = start; at < end; at += WINDOW_BYTES) {
            const to = Math.min(end, at + WINDOW_BYTES);
            if (sumOfSquares(clean, at, to) / (to - at) <= limit) this.putNoise(clean, at, to);
        }
    }

    private followNoise(power: number, bytes: number): void {
        const risen = this.noisePower * (1 + NOISE_RISE_PER_BYTE * bytes);
        this.noisePower = Math.min(HIGHEST_NOISE_POWER, Math.max(LOWEST_NOISE_POWER, Math.min(power, risen)));
    }

    private putNoise(out: Uint8Array, start: number, end: number): void {
        this.suppressedBytes += end - start;
        let step = 0;
        for (let p = LOWEST_NOISE_POWER * NOISE_STEP; p <= this.noisePower && step < NOISES.length - 1; p *= NOISE_STEP)
            step += 1;
        const noise = NOISES[step] ?? NOISES[0];
        if (noise === undefined) return;
        for (let at = start; at < end; at++) {
            out[at] = noise[this.noiseOffset] ?? MULAW_SILENCE;
            this.noiseOffset = (this.noiseOffset + 1) % noise.length;
        }
    }

    private loudest(fromBytes: number, toBytes: number): number {
        const first = Math.floor(
            Math.max(this.fadedBytes, fromBytes, this.sentBytes - (MEMORY - 1) * WINDOW_BYTES) / WINDOW_BYTES,
        );
        const last = Math.floor((Math.min(toBytes, this.sentBytes) - 1) / WINDOW_BYTES);
        let loudest = 0;
        for (let window = first; window <= last; window++) {
            const power = this.sentPowers[window % MEMORY] ?? 0;
            if (power > loudest) loudest = power;
        }
        return loudest;
    }
}

function makeNoises(): Uint8Array[] {
    const noises: Uint8Array[] = [];
    let state = 0x2545f491;
    for (let power = LOWEST_NOISE_POWER; power <= HIGHEST_NOISE_POWER * 1.001; power *= NOISE_STEP) {
        const peak = Math.sqrt(3 * power) * 32768;
        const pcm = new Int16Array(4096);
        for (let i = 0; i < pcm.length; i++) {
            state = (Math.imul(state, 1664525) + 1013904223) | 0;
            pcm[i] = Math.round((state / 0x8000_0000) * peak);
        }
        noises.push(encodeMulaw(pcm));
    }
    return noises;
}

function powerOf(dbfs: number): number {
    return 10 ** (dbfs / 10);
}
