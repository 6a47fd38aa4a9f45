/**
 * G.711 µ-law (PCMU). Two tables are computed from `alawmulaw` when this module is loaded, because its own loop takes three to four
 * times as long (docs/AUDIO.md).
 */
import { mulaw } from 'alawmulaw';

/** The code of a sample of value 0. A buffer of zero bytes is not silence but the loudest negative value (ITU-T G.711). */
export const MULAW_SILENCE = 0xff;

const DECODED = decodeTable();
const ENCODED = encodeTable();

/**
 * PCMU bytes to 16-bit samples, one to one.
 *
 * With `out`, which must be at least as long, the samples go to its beginning and `out` itself is returned: nothing is
 * allocated. Throws RangeError if `out` is too short.
 */
export function decodeMulaw(pcmu: Uint8Array, out: Int16Array = new Int16Array(pcmu.length)): Int16Array {
    const count = pcmu.length;
    if (out.length < count) throw new RangeError(`No room for ${count} samples in an array of ${out.length}.`);
    for (let i = 0; i < count; i++) out[i] = DECODED[pcmu[i] ?? 0] ?? 0;
    return out;
}

/** 16-bit samples to PCMU bytes, one to one; `out` as in `decodeMulaw`. */
export function encodeMulaw(pcm: Int16Array, out: Uint8Array = new Uint8Array(pcm.length)): Uint8Array {
    const count = pcm.length;
    if (out.length < count) throw new RangeError(`No room for ${count} codes in an array of ${out.length}.`);
    for (let i = 0; i < count; i++) out[i] = ENCODED[(pcm[i] ?? 0) & 0xffff] ?? 0;
    return out;
}

function decodeTable(): Int16Array {
    const table = new Int16Array(256);
    for (let code = 0; code < 256; code++) table[code] = mulaw.decodeSample(code);
    return table;
}

function encodeTable(): Uint8Array {
    const table = new Uint8Array(65_536);
    for (let sample = -32_768; sample < 32_768; sample++) {
        // encodeSample returns a negative number whose low octet is the code.
        table[sample & 0xffff] = mulaw.encodeSample(sample) & 0xff;
    }
    return table;
}
