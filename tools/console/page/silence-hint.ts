/** A living microphone is louder than this, full scale 1, even where nobody speaks. */
const LEAST_LEVEL = 0.001;
/** One that has been heard before is silent only when it gives nothing at all: the browser may suppress its noise. */
const NOTHING = 0.00001;
const AFTER_MS = 5000;

/** Tells a microphone that gives silence from a caller who says nothing. */
export class SilenceHint {
    private silentSinceMs: number | undefined;
    private wasHeard = false;

    /** The microphone was opened, or is not muted any more. */
    reset(): void {
        this.silentSinceMs = undefined;
        this.wasHeard = false;
    }

    /** `level`: how loud it is now, 0 … 1. True: it has given silence for 5 s, and something is wrong with it. */
    isSilent(level: number, nowMs: number): boolean {
        if (level > (this.wasHeard ? NOTHING : LEAST_LEVEL)) {
            this.wasHeard = true;
            this.silentSinceMs = undefined;
            return false;
        }
        this.silentSinceMs ??= nowMs;
        return nowMs - this.silentSinceMs >= AFTER_MS;
    }
}
