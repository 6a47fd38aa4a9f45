import type { AudioFormat } from './protocol';
import type { DeltaSizes } from './options';
import { bytesPerMs } from './signal';

/** Cuts a whole item's audio into the pieces that its deltas carry; views of the same memory. */
export function cutDeltas(audio: Buffer, format: AudioFormat, sizes: DeltaSizes, random: () => number): Buffer[] {
    const pieces: Buffer[] = [];
    for (let at = 0; at < audio.length;) {
        const size = Math.max(1, pieceBytes(sizes, format, pieces.length, audio.length, random));
        pieces.push(audio.subarray(at, at + size));
        at += size;
    }
    return pieces;
}

function pieceBytes(
    sizes: DeltaSizes,
    format: AudioFormat,
    index: number,
    wholeBytes: number,
    random: () => number,
): number {
    switch (sizes.kind) {
        case 'fixed':
            return Math.round(sizes.ms * bytesPerMs(format));
        case 'random':
            // Whole samples are not promised by the service: any number of bytes will do, odd ones too.
            return Math.round((sizes.minMs + (sizes.maxMs - sizes.minMs) * random()) * bytesPerMs(format));
        case 'whole':
            return wholeBytes;
        case 'bytes':
            return sizes.sizes[index % sizes.sizes.length] ?? 1;
    }
}

/** Cuts a transcript into as many pieces as there are deltas, at word borders and rather early than late; some may be empty. */
export function cutText(text: string, pieces: number): string[] {
    const words = text.match(/\S+\s*|\s+/g) ?? [];
    return Array.from({ length: pieces }, (_, i) => {
        const from = Math.ceil((i * words.length) / pieces);
        const to = Math.ceil(((i + 1) * words.length) / pieces);
        return words.slice(from, to).join('');
    });
}
