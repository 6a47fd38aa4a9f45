import { decodeMulaw, encodeMulaw, MULAW_SILENCE } from '../src/audio/mulaw';
import type { Microphone } from '../tools/caller/audio-source';

const BYTES_PER_MS = 8;
const FULL_SCALE = 32_768;
/** Noise of this length, over and over. */
const NOISE_SAMPLES = 32_000;

interface Placed {
    /** Position of its first sample in the stream. */
    at: number;
    pcmu: Uint8Array;
    words: readonly string[];
    /** Where its sound begins and ends in the stream, ms. */
    fromMs: number;
    toMs: number;
}

export interface CallerLineOptions {
    /** Of everything the caller says, dB. */
    loudnessDb: number;
    /** White noise on the line, its RMS in dB of full scale; undefined: digital silence between the utterances. */
    noiseDb: number | undefined;
    /** Numbers in [0, 1). */
    random: () => number;
}

/** A caller's line on which utterances are placed to the sample, ahead of their time. Its clock is the stream of samples. */
export class CallerLine implements Microphone {
    private readonly placed: Placed[] = [];
    private readonly noise: Int16Array | undefined;
    private readonly gain: number;
    private position = 0;

    constructor({ loudnessDb, noiseDb, random }: CallerLineOptions) {
        this.gain = 10 ** (loudnessDb / 20);
        if (noiseDb === undefined) return;
        // Evenly spread numbers have an RMS of their limit through √3.
        const limit = FULL_SCALE * 10 ** (noiseDb / 20) * Math.sqrt(3);
        this.noise = Int16Array.from({ length: NOISE_SAMPLES }, () => Math.round(limit * (2 * random() - 1)));
    }

    /** Samples taken so far. */
    get positionSamples(): number {
        return this.position;
    }

    /** Says this from `atMs` of the stream on, which must lie ahead. `sound`: where in it there is sound, ms. */
    place(atMs: number, pcmu: Uint8Array, sound: { startMs: number; endMs: number }, words: string): void {
        const at = Math.round(atMs * BYTES_PER_MS);
        if (at < this.position) throw new RangeError('Too late to say this.');
        const scaled = encodeMulaw(decodeMulaw(pcmu).map((sample) => Math.round(sample * this.gain)));
        const [fromMs, toMs] = [atMs + sound.startMs, atMs + sound.endMs];
        this.placed.push({ at, pcmu: scaled, words: words.split(/\s+/).filter(Boolean), fromMs, toMs });
    }

    /** What a recognizer understands between two moments of the stream: the words whose middle lies there, written as a sentence. */
    wordsBetween(fromMs: number, toMs: number): string {
        const words = this.placed.flatMap((said) =>
            said.words.filter((_word, index) => {
                const share = (index + 0.5) / said.words.length;
                const middleMs = said.fromMs + (said.toMs - said.fromMs) * share;
                return middleMs >= fromMs && middleMs < toMs;
            }),
        );
        if (words.length === 0) return '';
        const text = words.join(' ');
        return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
    }

    take(samples: number): Uint8Array {
        const out = this.quiet(samples);
        const end = this.position + samples;
        for (const { at, pcmu } of this.placed) {
            if (at >= end || at + pcmu.length <= this.position) continue;
            const from = Math.max(at, this.position);
            const piece = pcmu.subarray(from - at, end - at);
            out.set(this.mixed(piece, from), from - this.position);
        }
        this.position = end;
        return out;
    }

    skip(samples: number): void {
        this.position += samples;
    }

    private quiet(samples: number): Uint8Array {
        const silence = new Uint8Array(samples).fill(MULAW_SILENCE);
        return this.mixed(silence, this.position);
    }

    /** `pcmu` with the noise of its place in the stream. */
    private mixed(pcmu: Uint8Array, at: number): Uint8Array {
        const { noise } = this;
        if (noise === undefined) return pcmu;
        const samples = decodeMulaw(pcmu);
        return encodeMulaw(samples.map((sample, i) => sample + (noise[(at + i) % NOISE_SAMPLES] ?? 0)));
    }
}
