/** Loudness of PCMU, by a table of squares: no sample is decoded and nothing is allocated. */
import { decodeMulaw } from './mulaw';

/** The level of silence, and of anything quieter, in dB. */
export const SILENT_DBFS = -100;

const FULL_SCALE = 32_768;
const SQUARES = squareTable();
const PEAKS_DBFS = peakTable();

/** Mean of the squared samples of a stretch of PCMU, 1 being full scale squared; 0 for no samples. */
export function meanSquare(pcmu: Uint8Array, start = 0, end = pcmu.length): number {
    if (end <= start) return 0;
    return sumOfSquares(pcmu, start, end) / (end - start);
}

/** Sum of the squared samples, 1 being full scale squared: for sums over pieces. */
export function sumOfSquares(pcmu: Uint8Array, start: number, end: number): number {
    let sum = 0;
    for (let i = start; i < end; i++) sum += SQUARES[pcmu[i] ?? 0] ?? 0;
    return sum;
}

/** Root mean square, 0 to 1 of full scale. */
export function rms(pcmu: Uint8Array): number {
    return Math.sqrt(meanSquare(pcmu));
}

/** Level in dB relative to full scale: a full-scale sine has -3, silence -100. Speech on a line has about -30 to -18. */
export function levelDbfs(pcmu: Uint8Array): number {
    return powerDbfs(meanSquare(pcmu));
}

/** A mean square (1: full scale) in dB, never below -100. */
export function powerDbfs(power: number): number {
    return power > 0 ? Math.max(SILENT_DBFS, 10 * Math.log10(power)) : SILENT_DBFS;
}

/** Level of the loudest sample, in dB, silence -100; a full-scale sine has 0. */
export function peakDbfs(pcmu: Uint8Array, start = 0, end = pcmu.length): number {
    // The magnitude of a code is its lower seven bits, inverted.
    let lowest = 0x7f;
    for (let i = start; i < end; i++) {
        const code = (pcmu[i] ?? 0xff) & 0x7f;
        if (code < lowest) lowest = code;
    }
    return PEAKS_DBFS[lowest] ?? SILENT_DBFS;
}

function peakTable(): Float64Array {
    return Float64Array.from({ length: 128 }, (_, code) => powerDbfs(SQUARES[code] ?? 0));
}

function squareTable(): Float64Array {
    const samples = decodeMulaw(Uint8Array.from({ length: 256 }, (_, code) => code));
    return Float64Array.from(samples, (sample) => (sample / FULL_SCALE) ** 2);
}
