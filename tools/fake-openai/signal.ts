import { alaw, mulaw } from 'alawmulaw';
import type { AudioFormat } from './protocol';

/**
 * What the stand-in says when no recording is given: for PCMU a byte that depends on (item number, sample index), so
 * that a lost, doubled or moved byte is seen; for PCM16 a sweep, which survives a resampler.
 * Item numbers count the spoken items of one session from 1.
 */

/** Looked up once: where a test runner gives each file globals of its own, each look-up costs more than the multiplication. */
const { imul } = Math;

/** Byte `index` of item `itemNumber`: a 32-bit mix of both, so that no two stretches look alike. */
export function pcmuByteAt(itemNumber: number, index: number): number {
    let mixed = imul(index + 1, 0x9e3779b1) ^ imul(itemNumber, 0x85ebca6b);
    mixed = imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
    mixed = imul(mixed ^ (mixed >>> 12), 0x297a2d39);
    return (mixed ^ (mixed >>> 15)) & 0xff;
}

/** The PCMU bytes (8 per ms) of item `itemNumber` from `fromMs` up to `toMs`; with one time, its first `ms`. */
export function expectedPcmu(itemNumber: number, ms: number, toMs?: number): Buffer {
    const fromIndex = toMs === undefined ? 0 : ms * 8;
    const untilIndex = (toMs ?? ms) * 8;
    const bytes = Buffer.alloc(Math.max(0, Math.floor(untilIndex - fromIndex)));
    for (let i = 0; i < bytes.length; i++) bytes[i] = pcmuByteAt(itemNumber, fromIndex + i);
    return bytes;
}

/**
 * Where in item `itemNumber` a stretch of played PCMU begins, in samples; undefined when it is not of its first
 * `searchMs`. Needs at least 4 bytes to be sure.
 */
export function findPcmu(itemNumber: number, stretch: Uint8Array, searchMs = 60_000): number | undefined {
    const found = expectedPcmu(itemNumber, searchMs).indexOf(stretch);
    return found === -1 ? undefined : found;
}

const SWEEP_SECONDS = 10;
const SWEEP_HZ_PER_SECOND = 200;
const SWEEP_AMPLITUDE = 8192;

/** Sample `index` of item `itemNumber`'s sweep at `rateHz`: from 300…660 Hz up by 200 Hz each second, over each 10 s. */
function sweepAt(itemNumber: number, index: number, rateHz: number): number {
    // Start frequencies are multiples of 40 Hz: each 10 s holds a whole number of cycles, so the wrap does not click.
    const startHz = 300 + 40 * (itemNumber % 10);
    const seconds = (index / rateHz) % SWEEP_SECONDS;
    const cycles = startHz * seconds + (SWEEP_HZ_PER_SECOND / 2) * seconds * seconds;
    return Math.round(SWEEP_AMPLITUDE * Math.sin(2 * Math.PI * cycles));
}

/** The sweep of item `itemNumber`: its first `ms` as 16-bit samples, mono. */
export function expectedSweep(itemNumber: number, ms: number, rateHz: number): Int16Array {
    const samples = new Int16Array(Math.floor((ms * rateHz) / 1000));
    for (let i = 0; i < samples.length; i++) samples[i] = sweepAt(itemNumber, i, rateHz);
    return samples;
}

/** The PCM16 (24 kHz, mono) of item `itemNumber`: its first `ms`. */
export function expectedPcm24k(itemNumber: number, ms: number): Int16Array {
    return expectedSweep(itemNumber, ms, 24_000);
}

/** Bytes of one millisecond in a format. */
export function bytesPerMs(format: AudioFormat): number {
    return format.type === 'audio/pcm' ? 48 : 8;
}

/** Little-endian bytes of 16-bit samples. */
export function pcm16Bytes(samples: Int16Array): Buffer {
    const bytes = Buffer.alloc(samples.length * 2);
    for (let i = 0; i < samples.length; i++) bytes.writeInt16LE(samples[i] ?? 0, i * 2);
    return bytes;
}

/** Makes `ms` of an item's own signal in a format. `tone`: also PCMU carries the sweep, for a person to listen to. */
function synthesize(format: AudioFormat, itemNumber: number, ms: number, tone: boolean): Buffer {
    if (format.type === 'audio/pcm') return pcm16Bytes(expectedPcm24k(itemNumber, ms));
    if (format.type === 'audio/pcmu' && !tone) return expectedPcmu(itemNumber, ms);
    const samples = expectedSweep(itemNumber, ms, 8_000);
    return Buffer.from(format.type === 'audio/pcmu' ? mulaw.encode(samples) : alaw.encode(samples));
}

/** A PCMU recording (8 kHz) in a session's output format. Threefold rate by straight lines between the samples. */
export function fromPcmu(pcmu: Uint8Array, format: AudioFormat): Buffer {
    if (format.type === 'audio/pcmu') return Buffer.from(pcmu);
    const samples = mulaw.decode(pcmu);
    if (format.type === 'audio/pcma') return Buffer.from(alaw.encode(samples));
    const tripled = new Int16Array(samples.length * 3);
    for (let i = 0; i < samples.length; i++) {
        const from = samples[i] ?? 0;
        const step = ((samples[i + 1] ?? from) - from) / 3;
        for (let k = 0; k < 3; k++) tripled[i * 3 + k] = Math.round(from + step * k);
    }
    return pcm16Bytes(tripled);
}

/** A small seeded generator of numbers in [0, 1): the same seed gives the same run. */
export function seededRandom(seed: number): () => number {
    let state = imul(seed + 1, 0x9e3779b1) >>> 0 || 1;
    return () => {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        return (state >>> 0) / 2 ** 32;
    };
}

/** Sixty-four responses of some seconds: a few megabytes at most. */
const MAX_ENTRIES = 64;

/**
 * Items' own signals, made once: a sweep of 3 s costs some milliseconds, which a benchmark in the same process would
 * take for a delay of the server. What it returns is shared and must not be changed.
 */
export class SignalCache {
    private readonly made = new Map<string, Buffer>();

    get(format: AudioFormat, itemNumber: number, ms: number, tone: boolean): Buffer {
        const key = `${format.type} ${itemNumber} ${ms} ${tone}`;
        const known = this.made.get(key);
        if (known !== undefined) return known;
        const signal = synthesize(format, itemNumber, ms, tone);
        if (this.made.size >= MAX_ENTRIES) this.forgetOldest();
        this.made.set(key, signal);
        return signal;
    }

    private forgetOldest(): void {
        for (const key of this.made.keys()) {
            this.made.delete(key);
            return;
        }
    }
}
