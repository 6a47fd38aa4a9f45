/** A caller who has heard a voice that is not the model's takes it for the answer after so long a silence, ms. */
const TAKES_FOR_ANSWER_MS = 4000;

/**
 * How long one caller waits in silence: from the beginning of the call, and from each end of what they say, until a voice answers. A filler ends a
 * silence, and the next one begins with its end, until the answer was heard. All times in ms of one clock.
 */
export class Waits {
    /** The longest silence of this caller, ms. */
    worstMs = 0;
    /** When it began; undefined: there was none. */
    worstFromMs: number | undefined;
    private fromMs: number | undefined;
    private soundEndedMs = -Infinity;
    private isSounding = false;
    private heardVoice = false;

    /** The caller is owed an answer from this time on: the call has begun, or they have said something. */
    asked(ms: number): void {
        this.fromMs = ms;
        this.heardVoice = false;
    }

    soundBegan(ms: number): void {
        this.note(ms);
        this.isSounding = true;
        this.heardVoice = true;
    }

    soundEnded(ms: number): void {
        this.isSounding = false;
        this.soundEndedMs = ms;
    }

    /** The answer came, from its beginning to its end; it may still be playing. */
    answered(): void {
        this.fromMs = undefined;
    }

    /** The caller owes nothing and is owed nothing: they may speak. */
    isTheirTurn(ms: number): boolean {
        if (this.isSounding) return false;
        if (this.fromMs === undefined) return true;
        return this.heardVoice && ms - Math.max(this.soundEndedMs, this.fromMs) >= TAKES_FOR_ANSWER_MS;
    }

    /** The call is over: a silence that lasts until then counts as well. */
    end(ms: number): void {
        this.note(ms);
        this.fromMs = undefined;
    }

    private note(ms: number): void {
        if (this.fromMs === undefined || this.isSounding) return;
        const fromMs = Math.max(this.fromMs, this.soundEndedMs);
        if (ms - fromMs <= this.worstMs) return;
        this.worstMs = ms - fromMs;
        this.worstFromMs = fromMs;
    }
}
