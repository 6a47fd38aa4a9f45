/** A living microphone is louder than this, full scale 1, even where nothing is said. */
const LEAST_LEVEL = 0.001;
const AFTER_MS = 5000;

/**
 * Tells a microphone that gives silence from a caller who says nothing. One that has been heard is trusted from then on: some suppress
 * noise between the words down to nothing.
 */
export class SilenceHint {
    private silentSinceMs: number | undefined;
    private wasHeard = false;

    /** The microphone was opened, or is muted: it is to be heard again. */
    reset(): void {
        this.silentSinceMs = undefined;
        this.wasHeard = false;
    }

    /** `level`: how loud it is now, 0 … 1. True: it has given nothing but silence for 5 s, and something is wrong with it. */
    isSilent(level: number, nowMs: number): boolean {
        this.wasHeard ||= level > LEAST_LEVEL;
        this.silentSinceMs ??= nowMs;
        return !this.wasHeard && nowMs - this.silentSinceMs >= AFTER_MS;
    }
}
