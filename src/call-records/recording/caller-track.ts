import { SoundTrack } from './sound-track';

/** PCMU, 8 kHz, mono: eight bytes are one millisecond. */
const BYTES_PER_MS = 8;

/** Audio may lie so far from where its arrival puts it before it is moved. */
const TOLERANCE = 15 * BYTES_PER_MS;
/** Audio that came late is late by what the network held up, unless all of it was, for so long. */
const WINDOW = 3000 * BYTES_PER_MS;

/**
 * The caller's channel. A frame ends when it arrives, but for what the network held it up: arrival is not the time of the audio, and frames
 * come in bursts (docs/PROTOCOL.md, 5.1). So frames follow each other without a gap, and the whole lies where the frames that came
 * fastest put it. It is moved where the two differ for long: audio was lost, or the clocks differ.
 */
export class CallerTrack extends SoundTrack {
    /** What comes next does not go on from what came before. */
    private isAnew = true;
    private leastLate = Infinity;
    private windowEnd = 0;

    /** @param longestWait a frame that comes later than this, in samples, goes on from nothing */
    constructor(private readonly longestWait: number) {
        super();
    }

    /** A frame has come at sample `now`. */
    hear(pcmu: Uint8Array, now: number): void {
        const arrival = now - pcmu.length;
        if (this.isAnew || arrival - this.endSample > this.longestWait) this.begin(arrival, now);
        let early = this.endSample - arrival;
        if (early > 0) early -= this.moveBack(early);
        else this.noteLate(-early, now);
        // Another run cannot be moved: a clock of the client that is fast brings more audio than there is time.
        const isTooMuch = early > TOLERANCE;
        if (early > 0) this.leastLate = 0;
        this.append(isTooMuch ? pcmu.subarray(Math.min(early, pcmu.length)) : pcmu);
    }

    /** So much was left out, in samples. */
    skip(samples: number): void {
        this.place(this.endBytes, this.endSample + samples);
    }

    /** The next frame lies where its arrival puts it. */
    anew(): void {
        this.isAnew = true;
    }

    private begin(arrival: number, now: number): void {
        this.isAnew = false;
        this.place(this.endBytes, Math.max(arrival, this.endSample));
        this.beginWindow(now);
    }

    private beginWindow(now: number): void {
        this.leastLate = Infinity;
        this.windowEnd = now + WINDOW;
    }

    private noteLate(late: number, now: number): void {
        this.leastLate = Math.min(this.leastLate, late);
        if (now < this.windowEnd) return;
        if (this.leastLate > TOLERANCE) this.place(this.endBytes, this.endSample + this.leastLate);
        this.beginWindow(now);
    }
}
