import { sumOfSquares } from '../audio/loudness';
import { encodeMulaw, MULAW_SILENCE } from '../audio/mulaw';
import { AHEAD_BYTES, EchoLikeness, LONGEST_ECHO_BYTES } from './echo-likeness';

const E = (n: string, d: number) => Number(process.env[n] ?? d);
const WINDOW_BYTES = 160;
const STEP_BYTES = 800;
const MEMORY = 512;
const LEAST_RETURN_LOSS = powerOf(-6);
const LEAST_VOICE_POWER = powerOf(-45);
const VOICE_ABOVE_NOISE = powerOf(6);
const BELIEF_BYTES = E('BELIEF', 60) * 8;
const HOLD_BYTES = E('HOLD', 300) * 8;
const SURE_SHARE = E('SURE', 0.7);
const MARGIN = powerOf(E('MARGIN', 4));
const RATIOS = E('RATIOS', 8);
const FADE = powerOf(-E('FADE', 3));
const LEAP = 800;
const TAIL = E('TAIL', 6);

const HIGHEST_NOISE_POWER = powerOf(-32);
const LOWEST_NOISE_POWER = powerOf(-66);
const NOISE_RISE_PER_BYTE = (powerOf(3) - 1) / 8000;
const NOISE_STEP = powerOf(2);
const NOISES = makeNoises();

export class EchoGuard {
    private readonly sentPowers = new Float64Array(MEMORY);
    private sentBytes = 0;
    private windowEnergy = 0;
    private fadedBytes = 0;
    private readonly likeness = new EchoLikeness();
    private wasEcho = false;
    private heardBytes = 0;
    private earAhead = 0;
    private readonly ratios = new Float64Array(RATIOS).fill(LEAST_RETURN_LOSS);
    private nextRatio = 0;
    private coupling = LEAST_RETURN_LOSS;
    private noisePower = HIGHEST_NOISE_POWER;
    private noiseOffset = 0;
    private beliefBytes = 0;
    private holdBytes = 0;
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
        this.heardBytes += pcmu.length;
        const drift = earBytes - this.heardBytes - this.earAhead;
        this.earAhead += Math.abs(drift) > LEAP ? drift : Math.trunc(drift / E('SLEW', 8));
        const ear = this.heardBytes + this.earAhead;
        let clean: Uint8Array | undefined;
        for (let start = 0; start < pcmu.length; start += STEP_BYTES) {
            const end = Math.min(pcmu.length, start + STEP_BYTES);
            const stepEar = ear - pcmu.length + end;
            const isEcho = this.judge(pcmu, start, end, stepEar);
            for (let at = start; at < end; at += WINDOW_BYTES) {
                const to = Math.min(end, at + WINDOW_BYTES);
                const power = sumOfSquares(pcmu, at, to) / (to - at);
                const limit = isEcho ? this.base(stepEar - end + to) * this.coupling * (this.coupling < LEAST_RETURN_LOSS ? MARGIN : 1) : 0;
                const isVoice = power > LEAST_VOICE_POWER && power > this.noisePower * VOICE_ABOVE_NOISE && power > limit;
                this.believe(isVoice, to - at);
                if (this.holdBytes > 0 || power > limit) continue;
                clean ??= Uint8Array.from(pcmu);
                this.putNoise(clean, at, to);
            }
        }
        return clean ?? pcmu;
    }

    private judge(pcmu: Uint8Array, start: number, end: number, earBytes: number): boolean {
        this.likeness.heard(pcmu, start, end);
        let loudest = 0;
        for (let at = start; at < end; at += WINDOW_BYTES) {
            const to = Math.min(end, at + WINDOW_BYTES);
            const power = sumOfSquares(pcmu, at, to) / (to - at);
            this.followNoise(power, to - at);
            if (power > loudest) loudest = power;
        }
        const limit = this.loudest(earBytes - LONGEST_ECHO_BYTES - end + start, earBytes + AHEAD_BYTES);
        if (limit < LEAST_VOICE_POWER) this.wasEcho = false;
        else if (loudest > LEAST_VOICE_POWER && loudest > this.noisePower * VOICE_ABOVE_NOISE) {
            this.wasEcho = this.likeness.isEcho(earBytes);
            if (this.wasEcho && this.likeness.share > SURE_SHARE) this.learn(pcmu, start, end, earBytes);
        }
        return this.wasEcho;
    }

    private learn(pcmu: Uint8Array, start: number, end: number, earBytes: number): void {
        let c = 0, r = 0;
        for (let at = start; at < end; at += WINDOW_BYTES) {
            const to = Math.min(end, at + WINDOW_BYTES);
            c += sumOfSquares(pcmu, at, to);
            r += this.base(earBytes - end + to) * (to - at);
        }
        this.ratios[this.nextRatio] = Math.min(LEAST_RETURN_LOSS, c / r);
        this.nextRatio = (this.nextRatio + 1) % RATIOS;
        this.coupling = 0;
        for (const x of this.ratios) if (x > this.coupling) this.coupling = x;
    }

    /** What may come back of, in a window that ends at this position of the ear: aligned ref, with the room's fade. */
    private base(earBytes: number): number {
        const center = Math.floor((earBytes - this.likeness.delayBytes - WINDOW_BYTES / 2) / WINDOW_BYTES);
        let base = 0;
        for (let k = -1; k <= TAIL; k++) {
            const w = center - k;
            if (w < 0 || w * WINDOW_BYTES >= this.sentBytes || w * WINDOW_BYTES < this.fadedBytes - WINDOW_BYTES) continue;
            const p = (this.sentPowers[w % MEMORY] ?? 0) * (k <= 1 ? 1 : FADE ** (k - 1));
            if (p > base) base = p;
        }
        return base;
    }

    private believe(isVoice: boolean, bytes: number): void {
        this.beliefBytes = isVoice ? Math.min(BELIEF_BYTES, this.beliefBytes + bytes) : Math.max(0, this.beliefBytes - bytes);
        if (isVoice && this.beliefBytes === BELIEF_BYTES) this.holdBytes = HOLD_BYTES;
        else this.holdBytes = Math.max(0, this.holdBytes - bytes);
    }

    private followNoise(power: number, bytes: number): void {
        const risen = this.noisePower * (1 + NOISE_RISE_PER_BYTE * bytes);
        this.noisePower = Math.min(HIGHEST_NOISE_POWER, Math.max(LOWEST_NOISE_POWER, Math.min(power, risen)));
    }

    private putNoise(out: Uint8Array, start: number, end: number): void {
        this.suppressedBytes += end - start;
        let step = 0;
        for (let p = LOWEST_NOISE_POWER * NOISE_STEP; p <= this.noisePower && step < NOISES.length - 1; p *= NOISE_STEP) step += 1;
        const noise = NOISES[step] ?? NOISES[0];
        if (noise === undefined) return;
        for (let at = start; at < end; at++) {
            out[at] = noise[this.noiseOffset] ?? MULAW_SILENCE;
            this.noiseOffset = (this.noiseOffset + 1) % noise.length;
        }
    }

    private loudest(fromBytes: number, toBytes: number): number {
        const first = Math.floor(Math.max(this.fadedBytes, fromBytes, this.sentBytes - (MEMORY - 1) * WINDOW_BYTES) / WINDOW_BYTES);
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
