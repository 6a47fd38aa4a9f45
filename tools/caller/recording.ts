import { BYTES_PER_MS, PCMU_SILENCE } from './media';
import type { PlacedAudio } from './playout';

/** One binary message with its moment. */
export interface AudioMessage {
    /** Milliseconds since the call was dialled. */
    atMs: number;
    /** PCMU; empty if the call does not keep its audio. */
    bytes: Uint8Array;
}

/** Pieces laid on one time line that begins at `originMs`, silence between them. A piece never overwrites an earlier one. */
export function layOut(pieces: readonly PlacedAudio[], originMs: number): Uint8Array {
    const placed = pieces.map(({ atMs, pcmu }) => ({
        offset: Math.max(0, Math.round((atMs - originMs) * BYTES_PER_MS)),
        pcmu,
    }));
    let end = 0;
    for (const piece of placed) {
        piece.offset = Math.max(piece.offset, end);
        end = piece.offset + piece.pcmu.length;
    }
    const track = new Uint8Array(end).fill(PCMU_SILENCE);
    for (const { offset, pcmu } of placed) track.set(pcmu, offset);
    return track;
}

/** Two mono tracks as one with two channels, the shorter one filled up with silence. */
export function interleave(left: Uint8Array, right: Uint8Array): Uint8Array {
    const frames = Math.max(left.length, right.length);
    const both = new Uint8Array(frames * 2);
    for (let index = 0; index < frames; index++) {
        both[index * 2] = left[index] ?? PCMU_SILENCE;
        both[index * 2 + 1] = right[index] ?? PCMU_SILENCE;
    }
    return both;
}

/** Joins pieces into fresh bytes. */
export function concat(pieces: readonly Uint8Array[]): Uint8Array {
    const joined = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    let offset = 0;
    for (const piece of pieces) {
        joined.set(piece, offset);
        offset += piece.length;
    }
    return joined;
}
