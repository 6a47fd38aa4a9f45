import { levelDbfs, SILENT_DBFS } from '../audio/loudness';
import { MULAW_SILENCE } from '../audio/mulaw';

/** 20 ms of PCMU, 8 kHz: the step in which levels are compared. */
const WINDOW_BYTES = 160;
/** Windows remembered: more than Playback's lead and the longest echo together. */
const MEMORY = 256;
/** An echo comes back within so much: the way to the telephone and back, and the jitter of both. */
const LONGEST_ECHO_BYTES = 600 * 8;
/** The clock may be a little behind the ear. */
const AHEAD_BYTES = 100 * 8;
/** A telephone line gives back at most this much of what it gets, dB below it (ITU-T G.168 takes 6 dB as the worst). */
const RETURN_LOSS_DB = 6;
/** Sound of ours below this level makes no echo worth a thought. */
const LEAST_REFERENCE_DBFS = -45;

const SILENT_WINDOW = new Uint8Array(WINDOW_BYTES).fill(MULAW_SILENCE);

/**
 * Keeps the bot from hearing itself. A bad line sends the bot's own voice back, later and quieter, and voice activity
 * detection takes it for the caller. The guard knows the level of what the caller's ear got lately; caller audio that is
 * quieter than that by the loss of any line becomes silence. A caller who talks over the bot is louder, and passes.
 */
export class EchoGuard {
    /** Level of each window of the sent stream, a ring by position. */
    private readonly levels = new Float32Array(MEMORY).fill(SILENT_DBFS);
    private sentBytes = 0;
    /** Audio of the caller's that was taken for echo, in bytes. */
    suppressedBytes = 0;

    /** Bot audio was sent: remembers how loud it was. */
    sent(pcmu: Uint8Array): void {
        for (let start = 0; start < pcmu.length; ) {
            const window = Math.floor(this.sentBytes / WINDOW_BYTES);
            const end = Math.min(pcmu.length, start + (window + 1) * WINDOW_BYTES - this.sentBytes);
            const level = levelDbfs(pcmu.subarray(start, end));
            const isNew = this.sentBytes % WINDOW_BYTES === 0;
            const slot = window % MEMORY;
            this.levels[slot] = isNew ? level : Math.max(level, this.levels[slot] ?? SILENT_DBFS);
            this.sentBytes += end - start;
            start = end;
        }
    }

    /**
     * The caller's audio without what can only be echo.
     *
     * @param pcmu a frame of the caller's; not changed
     * @param earBytes position of the caller's ear in the sent stream, going on beyond its end while nothing plays
     * @returns the same frame when there is nothing to take out, else a copy
     */
    filter(pcmu: Uint8Array, earBytes: number): Uint8Array {
        const referenceDbfs = this.referenceDbfs(earBytes);
        if (referenceDbfs < LEAST_REFERENCE_DBFS) return pcmu;
        let clean: Uint8Array | undefined;
        for (let start = 0; start < pcmu.length; start += WINDOW_BYTES) {
            const window = pcmu.subarray(start, start + WINDOW_BYTES);
            if (levelDbfs(window) > referenceDbfs - RETURN_LOSS_DB) continue;
            clean ??= Uint8Array.from(pcmu);
            clean.set(SILENT_WINDOW.subarray(0, window.length), start);
            this.suppressedBytes += window.length;
        }
        return clean ?? pcmu;
    }

    /** Loudest that the ear got within the longest echo. */
    private referenceDbfs(earBytes: number): number {
        const first = Math.max(0, Math.floor((earBytes - LONGEST_ECHO_BYTES) / WINDOW_BYTES));
        const last = Math.min(Math.floor((earBytes + AHEAD_BYTES) / WINDOW_BYTES), Math.floor((this.sentBytes - 1) / WINDOW_BYTES));
        let loudest = SILENT_DBFS;
        for (let window = Math.max(first, last - MEMORY + 1); window <= last; window++) {
            const level = this.levels[window % MEMORY] ?? SILENT_DBFS;
            if (level > loudest) loudest = level;
        }
        return loudest;
    }
}
