import { AudioPages } from '../../audio/audio-pages';

/** Sound without a gap: from a byte of the stream to the beginning of the next run, or to the end of the stream. */
interface Run {
    readonly from: number;
    /** Place of its first byte on the time line, in samples. */
    at: number;
    /** Some of it was read: it stays where it is. */
    isFixed: boolean;
}

/**
 * One channel of a recording: a stream of bytes whose parts have places on a time line, and silence between them. Bytes and samples are the
 * same (PCMU, 8 kHz). What was read may be forgotten: only what is not read yet is kept.
 *
 * Order is kept at any rate: a run that would begin before the end of the one before begins there.
 */
export class SoundTrack {
    private readonly pages = new AudioPages();
    /** Oldest first, never empty; what is appended belongs to the last one. */
    private readonly runs: Run[] = [{ from: 0, at: 0, isFixed: false }];
    /** Everything before this sample was read. */
    private readTo = 0;
    /** Where the runs that are forgotten end. */
    private pastEnd = 0;

    /** Position in the stream of the next byte that is appended. */
    get endBytes(): number {
        return this.pages.endBytes;
    }

    /** Place of the next byte that is appended. */
    get endSample(): number {
        return this.endOf(this.runs.length - 1);
    }

    append(pcmu: Uint8Array): void {
        this.pages.append(pcmu);
    }

    /**
     * The stream goes on at sample `at` with byte `fromBytes`, which is the first of a new run, or of the last one: that is moved, unless
     * some of it was read. Nothing is placed where the time line was read already.
     */
    place(fromBytes: number, at: number): void {
        const index = this.runs.length - 1;
        const last = this.runs[index];
        if (last === undefined || fromBytes < last.from || (fromBytes === last.from && last.isFixed)) return;
        if (fromBytes === last.from) last.at = Math.max(at, this.readTo, this.endOf(index - 1));
        else {
            const earliest = Math.max(this.readTo, last.at + fromBytes - last.from);
            this.runs.push({ from: fromBytes, at: Math.max(at, earliest), isFixed: false });
        }
    }

    /**
     * Moves the last run by up to `samples` to an earlier place, as far as there is silence before it. What is moved to where the time line was
     * read already is lost.
     *
     * @returns by how many samples it moved; 0 when some of it was read
     */
    moveBack(samples: number): number {
        const index = this.runs.length - 1;
        const last = this.runs[index];
        if (last === undefined || last.isFixed) return 0;
        const moved = Math.min(samples, Math.max(0, last.at - this.endOf(index - 1)));
        last.at -= moved;
        return moved;
    }

    /** The stream ends, and goes on, at byte `endBytes`: what lies behind is forgotten. */
    cut(endBytes: number): void {
        this.pages.cutAt(endBytes);
        while (this.runs.length > 1 && (this.runs.at(-1)?.from ?? 0) >= endBytes) this.runs.pop();
    }

    /** The first sample from `sample` on that holds sound; Infinity: none does. */
    soundFrom(sample: number): number {
        for (let index = 0; index < this.runs.length; index++) {
            const start = Math.max(sample, this.runs[index]?.at ?? 0);
            if (start < this.endOf(index)) return start;
        }
        return Infinity;
    }

    /** Writes the sound of `count` samples from `sample` on to the beginning of `out`. Where there is none, `out` stays as it is. */
    readInto(out: Uint8Array, sample: number, count: number): void {
        for (let index = 0; index < this.runs.length; index++) {
            const run = this.runs[index];
            if (run === undefined) return;
            const start = Math.max(run.at, sample);
            const end = Math.min(this.endOf(index), sample + count);
            if (end <= start) continue;
            this.pages.copyTo(out, run.from + start - run.at, start - sample, end - start);
            run.isFixed = true;
        }
    }

    /** What lies before `sample` is needed no more. */
    forgetBefore(sample: number): void {
        this.readTo = sample;
        while (this.runs.length > 1 && this.endOf(0) <= sample) {
            this.pastEnd = this.endOf(0);
            this.runs.shift();
        }
        const first = this.runs[0];
        if (first === undefined) return;
        const goneBytes = Math.max(0, Math.min(sample, this.endOf(0)) - first.at);
        this.pages.forgetBefore(first.from + goneBytes);
    }

    /** Forgets everything, and gives the memory back. */
    clear(): void {
        this.pages.startAt(0);
        this.runs.splice(0, Infinity, { from: 0, at: this.readTo, isFixed: false });
    }

    /** The sample behind a run. */
    private endOf(index: number): number {
        const run = this.runs[index];
        if (run === undefined) return this.pastEnd;
        const end = this.runs[index + 1]?.from ?? this.pages.endBytes;
        return run.at + end - run.from;
    }
}
