import type { ResponseUsage } from './event-fields';

/** Tokens of a whole call, and the answers they were spent on. */
export interface CallUsage extends ResponseUsage {
    responses: number;
}

/** Sums the tokens of a call over all its answers, interrupted ones too: generated audio is billed whether heard or not. */
export class UsageMeter {
    private readonly sum: CallUsage = {
        responses: 0,
        totalTokens: 0,
        inputTokens: 0,
        outputTokens: 0,
        cachedTokens: 0,
        inputAudioTokens: 0,
        outputAudioTokens: 0,
    };

    /** Counts one answer; `usage` is undefined where the service gave none. */
    add(usage: ResponseUsage | undefined): void {
        this.sum.responses += 1;
        if (usage === undefined) return;
        this.sum.totalTokens += usage.totalTokens;
        this.sum.inputTokens += usage.inputTokens;
        this.sum.outputTokens += usage.outputTokens;
        this.sum.cachedTokens += usage.cachedTokens;
        this.sum.inputAudioTokens += usage.inputAudioTokens;
        this.sum.outputAudioTokens += usage.outputAudioTokens;
    }

    get total(): Readonly<CallUsage> {
        return { ...this.sum };
    }
}
