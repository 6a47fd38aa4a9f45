import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError } from '../../support/errors';

/** Name of the weights file in assets/silero-vad. */
export const WEIGHTS_FILE = 'silero_vad_v6_16k.f16';

/** The file is checked before it is used: a network with other weights would hear speech at random. */
const WEIGHTS_SHA256 = 'b39138757bd2b095f350c176e49c643c939f236219ca8d805a2ecd279debf90c';

/** `src/speech/silero` and `dist/speech/silero` lie equally deep below the package. */
const PACKAGE_ROOT = join(__dirname, '..', '..', '..');

/** What the file holds, in this order: names as in Silero's own file, shapes [output][input][tap]. */
export const SILERO_TENSORS = [
    { name: 'encoder.0.reparam_conv.weight', count: 128 * 129 * 3 },
    { name: 'encoder.0.reparam_conv.bias', count: 128 },
    { name: 'encoder.1.reparam_conv.weight', count: 64 * 128 * 3 },
    { name: 'encoder.1.reparam_conv.bias', count: 64 },
    { name: 'encoder.2.reparam_conv.weight', count: 64 * 64 * 3 },
    { name: 'encoder.2.reparam_conv.bias', count: 64 },
    { name: 'encoder.3.reparam_conv.weight', count: 128 * 64 * 3 },
    { name: 'encoder.3.reparam_conv.bias', count: 128 },
    { name: 'decoder.rnn.weight_ih', count: 512 * 128 },
    { name: 'decoder.rnn.weight_hh', count: 512 * 128 },
    { name: 'decoder.rnn.bias_ih', count: 512 },
    { name: 'decoder.rnn.bias_hh', count: 512 },
    { name: 'decoder.decoder.2.weight', count: 128 },
    { name: 'decoder.decoder.2.bias', count: 1 },
] as const;

export type SileroTensor = (typeof SILERO_TENSORS)[number]['name'];

/** The file’s matrices as numbers, each flat in its stored order. */
export type SileroWeights = Readonly<Record<SileroTensor, Float32Array>>;

/** Where the weights lie, whether the server runs from `src` or from `dist`. */
export function defaultWeightsPath(): string {
    return join(PACKAGE_ROOT, 'assets', 'silero-vad', WEIGHTS_FILE);
}

/**
 * Reads the weights of Silero VAD v6 for 16 kHz: 243,585 half floats, little-endian. About 5 ms, once at the start.
 * Throws ERR_VAD_WEIGHTS when the file is missing or is not the one that this code was made for.
 */
export function readSileroWeights(path: string = defaultWeightsPath()): SileroWeights {
    const bytes = readBytes(path);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (sha256 !== WEIGHTS_SHA256) throw new CodedError('ERR_VAD_WEIGHTS', `${path}: the checksum is ${sha256}.`);
    return cutIntoTensors(bytes);
}

function readBytes(path: string): Buffer {
    try {
        return readFileSync(path);
    } catch {
        throw new CodedError('ERR_VAD_WEIGHTS', `${path} cannot be read.`);
    }
}

function cutIntoTensors(bytes: Uint8Array): SileroWeights {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    const next = (count: number): Float32Array => {
        const values = new Float32Array(count);
        for (let i = 0; i < count; i++, at += 2) values[i] = fromHalf(view.getUint16(at, true));
        return values;
    };
    return Object.fromEntries(SILERO_TENSORS.map(({ name, count }) => [name, next(count)])) as SileroWeights;
}

/** The number that the 16 bits of a half float (IEEE 754 binary16) stand for. */
export function fromHalf(bits: number): number {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
