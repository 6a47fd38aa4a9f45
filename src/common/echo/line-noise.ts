import { encodeMulaw, MULAW_SILENCE } from '../../audio/mulaw';

/** The noise level is estimated within these limits, in dBFS. */
const LOWEST_DBFS = -66;
const HIGHEST_DBFS = -32;
const LOWEST_POWER = powerOf(LOWEST_DBFS);
const HIGHEST_POWER = powerOf(HIGHEST_DBFS);
/** The estimate falls at once and rises by 3 dB a second. */
const RISE_PER_BYTE = (powerOf(3) - 1) / 8000;
const STEP_DB = 2;
/** Half a second of noise, repeated. */
const NOISE_SAMPLES = 4096;
const NOISES = makeNoises();

/** A level in dBFS as mean square, 1 being full scale squared. */
export function powerOf(dbfs: number): number {
    return 10 ** (dbfs / 10);
}

/**
 * Estimates the noise of one caller's line and makes noise of the same level, which replaces removed audio: with digital silence in
 * its place, voice activity detection would take the noise after it for the beginning of speech.
 */
export class LineNoise {
    private level = HIGHEST_POWER;
    private position = 0;

    /** Its power, 1 being full scale squared. */
    get power(): number {
        return this.level;
    }

    /** A piece of the caller's audio, of `byteCount` bytes (20 ms or so), had this power. */
    follow(power: number, byteCount: number): void {
        const risen = this.level * (1 + RISE_PER_BYTE * byteCount);
        this.level = Math.min(HIGHEST_POWER, Math.max(LOWEST_POWER, Math.min(power, risen)));
    }

    /** Fills `pcmu` from `start` to `end` with noise of the line's level. */
    fill(pcmu: Uint8Array, start: number, end: number): void {
        const noise = this.nearest();
        for (let at = start; at < end; at++) {
            pcmu[at] = noise?.[this.position] ?? MULAW_SILENCE;
            this.position = (this.position + 1) % NOISE_SAMPLES;
        }
    }

    /** The loudest that is not louder than the line. */
    private nearest(): Uint8Array | undefined {
        let nearest = NOISES[0];
        for (const noise of NOISES) {
            if (noise.power > this.level) break;
            nearest = noise;
        }
        return nearest?.pcmu;
    }
}

/** White noise, the same in every process, in steps from the lowest level to the highest. */
function makeNoises(): { power: number; pcmu: Uint8Array }[] {
    const noises: { power: number; pcmu: Uint8Array }[] = [];
    let state = 1;
    for (let dbfs = LOWEST_DBFS; dbfs <= HIGHEST_DBFS; dbfs += STEP_DB) {
        // Even noise between -peak and peak has a third of the peak's power.
        const peak = 32_768 * Math.sqrt(3 * powerOf(dbfs));
        const pcm = new Int16Array(NOISE_SAMPLES);
        for (let i = 0; i < NOISE_SAMPLES; i++) {
            state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
            pcm[i] = Math.round((state / 0x8000_0000) * peak);
        }
        noises.push({ power: powerOf(dbfs), pcmu: encodeMulaw(pcm) });
    }
    return noises;
}
