import { levelDbfs } from '../../audio/loudness';

const BYTES_PER_MS = 8;
const WINDOW_MS = 10;
const AUDIBLE_DBFS = -50;

/**
 * PCMU without the long silence that synthesizers put around a sentence: what is left is a breath before it, so that soft
 * first sounds stay whole, and the pause after it that a next sentence needs. A copy. All silence gives nothing.
 */
export function trimmed(pcmu: Uint8Array, leadMs = 40, tailMs = 180): Uint8Array<ArrayBuffer> {
    const windowBytes = WINDOW_MS * BYTES_PER_MS;
    const windows = Math.ceil(pcmu.length / windowBytes);
    let first = 0;
    while (first < windows && !isAudible(pcmu, first * windowBytes, windowBytes)) first++;
    if (first === windows) return new Uint8Array(0);
    let last = windows - 1;
    while (!isAudible(pcmu, last * windowBytes, windowBytes)) last--;
    return pcmu.slice(
        Math.max(0, first * windowBytes - leadMs * BYTES_PER_MS),
        (last + 1) * windowBytes + tailMs * BYTES_PER_MS,
    );
}

function isAudible(pcmu: Uint8Array, start: number, length: number): boolean {
    return levelDbfs(pcmu.subarray(start, start + length)) > AUDIBLE_DBFS;
}
