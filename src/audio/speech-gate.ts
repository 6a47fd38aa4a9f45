import { powerDbfs, SILENT_DBFS, sumOfSquares } from './loudness';

/** The limits of a SpeechGate. Times are counted in samples of the audio, not by a clock. */
export interface SpeechGateOptions {
    /** Sound above the threshold for this time is speech, in ms. */
    onsetMs: number;
    /** Quiet for this time is the end of speech, in ms. */
    releaseMs: number;
    /** How far above the noise floor the threshold lies, dB. */
    aboveFloorDb: number;
    /** The threshold for "quiet" lies so far below the one for "sound", dB. */
    hysteresisDb: number;
    /** Nothing below this level is ever speech, dBFS. */
    minimumDbfs: number;
}

const DEFAULTS: SpeechGateOptions = {
    onsetMs: 120,
    releaseMs: 600,
    aboveFloorDb: 12,
    hysteresisDb: 3,
    minimumDbfs: -45,
};

const WINDOW_MS = 20;
const WINDOW_SAMPLES = 8 * WINDOW_MS;
const FLOOR_RISE_DB_PER_WINDOW = 0.06;
const HIGHEST_FLOOR_DBFS = -32;
/** A shorter stretch of digital silence is a gap in the line's noise, and not its end, ms. */
const GAP_MS = 200;

/**
 * Detects by loudness when a caller starts and stops talking, at little cost. It follows the noise of the line, but takes any loud
 * sound for speech: music, a keyboard, a held key (docs/AUDIO.md).
 */
export class SpeechGate {
    private readonly options: SpeechGateOptions;
    private energy = 0;
    private samples = 0;
    /** Level of the line without speech, in dB: falls at once, rises by 3 dB a second. */
    private floorDbfs = HIGHEST_FLOOR_DBFS;
    /** Digital silence until now, ms. */
    private silentMs = 0;
    private soundMs = 0;
    private quietMs = 0;
    private isTalking = false;

    constructor(options: Partial<SpeechGateOptions> = {}) {
        this.options = { ...DEFAULTS, ...options };
    }

    /** Between 'started' and 'stopped'. */
    get talking(): boolean {
        return this.isTalking;
    }

    /**
     * Takes PCMU of any length and reports a change, at most one for each call: a second one inside the same bytes is
     * reported by a later call, if it still holds. Allocates nothing.
     */
    feed(pcmu: Uint8Array): 'started' | 'stopped' | undefined {
        let change: 'started' | 'stopped' | undefined;
        for (let start = 0; start < pcmu.length;) {
            const end = Math.min(pcmu.length, start + WINDOW_SAMPLES - this.samples);
            this.energy += sumOfSquares(pcmu, start, end);
            this.samples += end - start;
            start = end;
            if (this.samples < WINDOW_SAMPLES) break;
            this.judgeWindow();
            change ??= this.turn();
        }
        return change;
    }

    /** Back to the initial state. */
    reset(): void {
        this.energy = 0;
        this.samples = 0;
        this.floorDbfs = HIGHEST_FLOOR_DBFS;
        this.silentMs = 0;
        this.soundMs = 0;
        this.quietMs = 0;
        this.isTalking = false;
    }

    private judgeWindow(): void {
        const { aboveFloorDb, hysteresisDb, minimumDbfs } = this.options;
        const levelDbfs = powerDbfs(this.energy / WINDOW_SAMPLES);
        this.energy = 0;
        this.samples = 0;
        this.silentMs = levelDbfs <= SILENT_DBFS ? this.silentMs + WINDOW_MS : 0;
        if (this.silentMs === 0 || this.silentMs > GAP_MS) this.followFloor(levelDbfs);
        const soundDbfs = Math.max(minimumDbfs, this.floorDbfs + aboveFloorDb);
        // Quiet reduces the count twice as fast as sound increases it: clicks and short keys never add up to speech.
        this.soundMs = levelDbfs >= soundDbfs ? this.soundMs + WINDOW_MS : Math.max(0, this.soundMs - 2 * WINDOW_MS);
        this.quietMs = levelDbfs < soundDbfs - hysteresisDb ? this.quietMs + WINDOW_MS : 0;
    }

    private followFloor(levelDbfs: number): void {
        // A lower floor would not lower the threshold, but would take longer to rise when the line gets noisy.
        const lowestDbfs = this.options.minimumDbfs - this.options.aboveFloorDb;
        const followedDbfs = Math.min(levelDbfs, this.floorDbfs + FLOOR_RISE_DB_PER_WINDOW);
        this.floorDbfs = Math.min(HIGHEST_FLOOR_DBFS, Math.max(lowestDbfs, followedDbfs));
    }

    private turn(): 'started' | 'stopped' | undefined {
        if (!this.isTalking && this.soundMs >= this.options.onsetMs) return this.change(true);
        if (this.isTalking && this.quietMs >= this.options.releaseMs) return this.change(false);
        return undefined;
    }

    private change(isTalking: boolean): 'started' | 'stopped' {
        this.isTalking = isTalking;
        this.soundMs = 0;
        this.quietMs = 0;
        return isTalking ? 'started' : 'stopped';
    }
}
