import { compileProgram, instantiate, type ProgramMemory } from '../support/web-assembly';
import { FIR_PROGRAM } from './fir-program';

/** What assets/resampler/fir.ts exports: places in its memory, and its loops. */
interface FirProgram {
    memory: ProgramMemory;
    samplesAt(): number;
    outputAt(): number;
    tapsAt(): number;
    textAt(): number;
    up(count: number, ratio: number): void;
    down(count: number, ratio: number): void;
    base64(count: number, at: number): number;
}

const MAX_RATIO = 6;
const MAX_TAPS = 28 * MAX_RATIO;
/** Most samples of the lower rate that one call takes. */
export const MAX_BLOCK = 2048;

/** Most bytes that `base64` takes. */
const MAX_TEXT_BYTES = MAX_BLOCK * 6;

/** The first sample that the loops read is this one of `Fir.samples`; those before it are room for older ones. */
export const FIRST_SAMPLE = 8;

/**
 * The inner loops of the resampler, compiled from assets/resampler/fir.ts, and the memory that they work in. One for the whole process:
 * what it holds is valid until its next use, therefore nothing of it may be kept.
 */
export class Fir {
    private readonly program = instantiate(compileProgram(bytesOf(FIR_PROGRAM))) as FirProgram;
    /** Input, from `FIRST_SAMPLE` on. */
    readonly samples = this.samplesFrom(
        this.program.samplesAt() - 2 * FIRST_SAMPLE,
        MAX_RATIO * (MAX_BLOCK + 28) + FIRST_SAMPLE,
    );
    /** Results, from the beginning on. */
    readonly output = this.samplesFrom(this.program.outputAt(), MAX_RATIO * MAX_BLOCK);
    /** The same memory as `output`. */
    readonly outputBytes = new Uint8Array(this.output.buffer, this.output.byteOffset, this.output.byteLength);
    /** Room for the base64 of `MAX_TEXT_BYTES` bytes of the results, and for what stands around it. */
    readonly text = new Uint8Array(this.program.memory.buffer, this.program.textAt(), (MAX_TEXT_BYTES * 4) / 3 + 128);
    private readonly taps = new Float32Array(this.program.memory.buffer, this.program.tapsAt(), MAX_TAPS);
    private tapsInPlace: Float32Array | undefined;

    /** `count` × `ratio` results from 27 old samples and `count` new ones. `taps`: see `up` in assets/resampler/fir.ts. */
    up(count: number, ratio: number, taps: Float32Array): void {
        this.use(taps);
        this.program.up(count, ratio);
    }

    /** `count` results. `taps`: see `down` in assets/resampler/fir.ts. */
    down(count: number, ratio: number, taps: Float32Array): void {
        this.use(taps);
        this.program.down(count, ratio);
    }

    /** Writes the first `count` bytes of the results as base64 to the text, from byte `at` on. @returns the number of letters */
    base64(count: number, at: number): number {
        return this.program.base64(count, at);
    }

    private use(taps: Float32Array): void {
        if (this.tapsInPlace === taps) return;
        this.tapsInPlace = taps;
        this.taps.set(taps);
    }

    private samplesFrom(byteOffset: number, count: number): Int16Array {
        return new Int16Array(this.program.memory.buffer, byteOffset, count);
    }
}

let shared: Fir | undefined;

/** Compiled at its first use: a page of the console may load this file without ever resampling. */
export function fir(): Fir {
    shared ??= new Fir();
    return shared;
}

function bytesOf(base64: string): Uint8Array {
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}
