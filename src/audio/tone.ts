/** Computed sounds as PCMU, 8 kHz, mono: test signals, a beep, keys. A millisecond is 8 bytes. */
import { encodeMulaw, MULAW_SILENCE } from './mulaw';

const RATE_HZ = 8000;
const FULL_SCALE = 32_767;
const DTMF_RAMP_MS = 2;
const LOW_GROUP_HZ = [697, 770, 852, 941];
const HIGH_GROUP_HZ = [1209, 1336, 1477, 1633];
/** The keypad, row by row (ITU-T Q.23). */
const KEYS = '123A456B789C*0#D';

/**
 * A sine. `amplitude` is its peak as a part of full scale, 0 to 1; `rampMs` fades it in and out (0: no fades, exact for
 * measurements). Throws RangeError for a frequency outside 0–4000 Hz, or an amplitude outside 0–1.
 */
export function tonePcmu(frequencyHz: number, durationMs: number, amplitude = 0.25, rampMs = 0): Uint8Array {
    return sinesPcmu([frequencyHz], durationMs, amplitude, rampMs);
}

/** The two tones of a key (0–9, *, #, A–D), each with a peak of `amplitude`. Throws RangeError for another key. */
export function dtmfPcmu(key: string, durationMs = 100, amplitude = 0.25): Uint8Array {
    const index = key.length === 1 ? KEYS.indexOf(key.toUpperCase()) : -1;
    const lowHz = LOW_GROUP_HZ[index >> 2];
    const highHz = HIGH_GROUP_HZ[index & 3];
    if (index < 0 || lowHz === undefined || highHz === undefined) throw new RangeError('There is no such DTMF key.');
    return sinesPcmu([lowHz, highHz], durationMs, amplitude, DTMF_RAMP_MS);
}

/** A short signal without clicks: 880 Hz, 180 ms, a quarter of full scale. */
export function beepPcmu(): Uint8Array {
    return tonePcmu(880, 180, 0.25, 10);
}

/** Silence: bytes of 0xFF. */
export function silencePcmu(durationMs: number): Uint8Array {
    return new Uint8Array(sampleCount(durationMs)).fill(MULAW_SILENCE);
}

function sinesPcmu(frequenciesHz: number[], durationMs: number, amplitude: number, rampMs: number): Uint8Array {
    if (!(amplitude >= 0 && amplitude * frequenciesHz.length <= 1)) {
        throw new RangeError(`An amplitude of ${amplitude} does not fit into full scale.`);
    }
    const pcm = new Int16Array(sampleCount(durationMs));
    const rampSamples = Math.min(sampleCount(rampMs), pcm.length / 2);
    for (let i = 0; i < pcm.length; i++) {
        const edge = Math.min(i, pcm.length - 1 - i);
        const gain = edge < rampSamples ? 0.5 - 0.5 * Math.cos((Math.PI * edge) / rampSamples) : 1;
        pcm[i] = Math.round(FULL_SCALE * amplitude * gain * sineSum(frequenciesHz, i));
    }
    return encodeMulaw(pcm);
}

function sineSum(frequenciesHz: number[], sample: number): number {
    let sum = 0;
    for (const frequencyHz of frequenciesHz) {
        if (!(frequencyHz > 0 && frequencyHz < RATE_HZ / 2)) {
            throw new RangeError(`A telephone line carries no tone of ${frequencyHz} Hz.`);
        }
        sum += Math.sin((2 * Math.PI * frequencyHz * sample) / RATE_HZ);
    }
    return sum;
}

function sampleCount(durationMs: number): number {
    if (!(durationMs >= 0)) throw new RangeError(`A sound cannot last ${durationMs} ms.`);
    return Math.round((durationMs * RATE_HZ) / 1000);
}
