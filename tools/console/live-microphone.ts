import type { Clock } from '../../src/support/clock';
import { BYTES_PER_MS, PCMU_SILENCE } from '../caller/media';
import type { Microphone } from '../caller/audio-source';
import type { MicrophoneDelay } from './page-protocol';

interface Chunk {
    pcmu: Uint8Array;
    /** When its last sample was spoken, ms since 1970. */
    spokenAtMs: number;
}

/** Kept in reserve against unsteady delivery: 10 ms, twice as much after each time that it was too little, 40 at most. */
const FIRST_RESERVE_SAMPLES = 80;
const LARGEST_RESERVE_SAMPLES = 320;
/** More than this beyond the reserve over a whole window is given back: 8 ms. */
const SURPLUS_SAMPLES = 64;
const WINDOW_MS = 1000;
/** Most speech kept: two seconds; older speech is dropped. */
const MAX_SAMPLES = 16_000;
const DELAYS_KEPT = 100;

/**
 * Caller audio from a page's microphone. Chunks come unsteadily, frames leave by the clock; between them lies a
 * small reserve. When it runs out there is one gap, and a larger reserve from then on; what grows beyond it, as with two
 * clocks that drift apart, is dropped.
 */
export class LiveMicrophone implements Microphone {
    private chunks: Chunk[] = [];
    private samples = 0;
    private reserve = FIRST_RESERVE_SAMPLES;
    private leastLeft = Infinity;
    private windowEndsMs: number | undefined;
    /** Of the sample that was taken last, ms since 1970. */
    private lastSpokenAtMs = 0;
    private readonly delaysMs: number[] = [];

    constructor(private readonly clock: Clock) {}

    /** Takes PCMU as it comes from the page; the bytes belong to the microphone from now on. */
    push(pcmu: Uint8Array, spokenAtMs: number): void {
        this.chunks.push({ pcmu, spokenAtMs });
        this.samples += pcmu.length;
        if (this.samples > MAX_SAMPLES) this.drop(this.samples - MAX_SAMPLES);
    }

    take(samples: number): Uint8Array {
        if (this.samples === 0) return new Uint8Array(samples).fill(PCMU_SILENCE);
        if (this.windowEndsMs === undefined) this.begin(samples);
        else if (this.samples < samples) this.reserve = Math.min(2 * this.reserve, LARGEST_RESERVE_SAMPLES);
        const frame = this.samples < samples ? this.takeShort(samples) : this.read(samples);
        this.noteDelay();
        this.watchSurplus();
        return frame;
    }

    skip(samples: number): void {
        this.drop(Math.min(samples, this.samples));
    }

    /** What the page has added to the delay of caller audio lately: the age of a frame's last sample when the frame leaves. */
    get delay(): MicrophoneDelay | undefined {
        const sorted = [...this.delaysMs].sort((a, b) => a - b);
        const at = (share: number): number | undefined => sorted[Math.floor((sorted.length - 1) * share)];
        const [medianMs, p95Ms] = [at(0.5), at(0.95)];
        return medianMs === undefined || p95Ms === undefined ? undefined : { medianMs, p95Ms };
    }

    /** What was said while the call was being set up is not kept for later: it would stay late throughout the call. */
    private begin(samples: number): void {
        this.drop(Math.max(0, this.samples - samples - this.reserve));
        this.windowEndsMs = this.clock.nowMs() + WINDOW_MS;
    }

    /** Too little: silence first, so that what was said stays in one piece with what follows. */
    private takeShort(samples: number): Uint8Array {
        const spoken = this.read(Math.max(0, this.samples - this.reserve));
        const frame = new Uint8Array(samples).fill(PCMU_SILENCE);
        frame.set(spoken, samples - spoken.length);
        return frame;
    }

    private watchSurplus(): void {
        this.leastLeft = Math.min(this.leastLeft, this.samples);
        const nowMs = this.clock.nowMs();
        if (nowMs < (this.windowEndsMs ?? 0)) return;
        if (this.leastLeft > this.reserve + SURPLUS_SAMPLES) this.drop(this.leastLeft - this.reserve);
        this.leastLeft = Infinity;
        this.windowEndsMs = nowMs + WINDOW_MS;
    }

    /** The next `samples`, which are there. */
    private read(samples: number): Uint8Array {
        const out = new Uint8Array(samples);
        for (let filled = 0; filled < samples;) {
            const part = this.next(samples - filled);
            if (part === undefined) break;
            out.set(part, filled);
            filled += part.length;
        }
        return out;
    }

    private drop(samples: number): void {
        for (let left = samples; left > 0;) {
            const part = this.next(left);
            if (part === undefined) return;
            left -= part.length;
        }
    }

    /** What follows next in one piece, `most` samples at most. */
    private next(most: number): Uint8Array | undefined {
        const chunk = this.chunks[0];
        if (chunk === undefined) return undefined;
        const part = chunk.pcmu.subarray(0, most);
        chunk.pcmu = chunk.pcmu.subarray(part.length);
        if (chunk.pcmu.length === 0) this.chunks.shift();
        this.samples -= part.length;
        this.lastSpokenAtMs = chunk.spokenAtMs - chunk.pcmu.length / BYTES_PER_MS;
        return part;
    }

    private noteDelay(): void {
        this.delaysMs.push(this.clock.epochMs() - this.lastSpokenAtMs);
        if (this.delaysMs.length > DELAYS_KEPT) this.delaysMs.shift();
    }
}
