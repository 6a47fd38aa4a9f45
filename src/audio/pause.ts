import { sumOfSquares } from './loudness';

/** Levels are compared in steps of 10 ms (PCMU, 8 kHz). */
const WINDOW_BYTES = 80;
/** A shorter gap is the closure of a consonant rather than a pause between words. */
const PAUSE_WINDOWS = 9;
/** Pauses are at least 22 dB below the speech around them: soft consonants are not. */
const BELOW_SPEECH = 10 ** -2.2;
/** The level of the speech is that of the loudest quarter of the windows. */
const SPEECH_SHARE = 0.25;
/** The word after a pause keeps so much of it, or half of a short one: it may begin with a soft consonant. */
const MOST_BEFORE_WORD_BYTES = 10 * WINDOW_BYTES;

/**
 * Where speech may be taken up again: in the last pause of at least 90 ms that begins before `atBytes`, at most 100 ms before the end
 * of the pause. `atBytes` itself when it lies in a pause, before that place.
 *
 * @param pcmu speech before and after `atBytes`, PCMU, 8 kHz, mono
 * @returns a position of at most `atBytes`; undefined: there is no pause
 */
export function lastPause(pcmu: Uint8Array, atBytes: number): number | undefined {
    // The windows are counted from `atBytes`, so that it is the edge of one.
    const offset = atBytes % WINDOW_BYTES;
    const powers = powersOf(pcmu, offset);
    const limit = speechPower(powers) * BELOW_SPEECH;
    const isQuiet = (window: number): boolean => (powers[window] ?? Infinity) <= limit;
    for (let last = (atBytes - offset) / WINDOW_BYTES - 1; last >= 0; last--) {
        if (!isQuiet(last)) continue;
        let end = last + 1;
        while (isQuiet(end)) end += 1;
        let first = last;
        while (isQuiet(first - 1)) first -= 1;
        const pauseBytes = (end - first) * WINDOW_BYTES;
        const place = offset + end * WINDOW_BYTES - Math.min(MOST_BEFORE_WORD_BYTES, pauseBytes / 2);
        if (end - first >= PAUSE_WINDOWS) return Math.min(atBytes, Math.floor(place));
        last = first;
    }
    return undefined;
}

/** Power of each whole window from `offset` on. */
function powersOf(pcmu: Uint8Array, offset: number): Float64Array {
    const powers = new Float64Array(Math.max(0, Math.floor((pcmu.length - offset) / WINDOW_BYTES)));
    for (let window = 0; window < powers.length; window++) {
        const start = offset + window * WINDOW_BYTES;
        powers[window] = sumOfSquares(pcmu, start, start + WINDOW_BYTES);
    }
    return powers;
}

function speechPower(powers: Float64Array): number {
    const loudest = [...powers].sort((a, b) => b - a).slice(0, Math.ceil(powers.length * SPEECH_SHARE));
    return loudest.reduce((sum, power) => sum + power, 0) / Math.max(1, loudest.length);
}
