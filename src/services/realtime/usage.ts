import type { OpenAIConfig } from '../../config/config';
import type { ResponseUsage, TranscriptionUsage } from './event-fields';
import { pricesOf, responseCostUsd, transcriptionCostUsd, type ModelPrices } from './prices';

/** Tokens of a whole call, and the answers they were spent on. Those of the transcriptions stand apart. */
export interface CallUsage extends ResponseUsage {
    responses: number;
    transcriptions: number;
    /** Turns of the caller whose words never became known. */
    failedTranscriptions: number;
    transcriptionTokens: number;
    /** Caller audio that was transcribed, in seconds. */
    transcribedSeconds: number;
}

/** Caller audio is one token for each 100 ms (sheet, section 12). */
const SECONDS_PER_AUDIO_TOKEN = 0.1;

/** Sums what a call uses over all its answers, interrupted ones too: generated audio is billed whether heard or not. */
export class UsageMeter {
    private readonly prices: ModelPrices | undefined;
    private readonly sum: CallUsage = {
        responses: 0,
        totalTokens: 0,
        inputTokens: 0,
        outputTokens: 0,
        cachedTokens: 0,
        inputTextTokens: 0,
        cachedTextTokens: 0,
        outputTextTokens: 0,
        inputAudioTokens: 0,
        cachedAudioTokens: 0,
        outputAudioTokens: 0,
        transcriptions: 0,
        failedTranscriptions: 0,
        transcriptionTokens: 0,
        transcribedSeconds: 0,
    };

    constructor(private readonly config: Pick<OpenAIConfig, 'model' | 'url' | 'transcription'>) {
        this.prices = pricesOf(config.model, config.url);
    }

    /** Counts one answer; `usage` is undefined where the service gave none. */
    add(usage: ResponseUsage | undefined): void {
        this.sum.responses += 1;
        if (usage === undefined) return;
        this.sum.totalTokens += usage.totalTokens;
        this.sum.inputTokens += usage.inputTokens;
        this.sum.outputTokens += usage.outputTokens;
        this.sum.cachedTokens += usage.cachedTokens;
        this.sum.inputTextTokens += usage.inputTextTokens;
        this.sum.cachedTextTokens += usage.cachedTextTokens;
        this.sum.outputTextTokens += usage.outputTextTokens;
        this.sum.inputAudioTokens += usage.inputAudioTokens;
        this.sum.cachedAudioTokens += usage.cachedAudioTokens;
        this.sum.outputAudioTokens += usage.outputAudioTokens;
    }

    /** Counts one transcription of the caller's words; undefined: it failed. */
    addTranscription(usage: TranscriptionUsage | undefined): void {
        if (usage === undefined) {
            this.sum.failedTranscriptions += 1;
            return;
        }
        this.sum.transcriptions += 1;
        this.sum.transcriptionTokens += usage.totalTokens;
        this.sum.transcribedSeconds += usage.seconds > 0 ? usage.seconds : usage.audioTokens * SECONDS_PER_AUDIO_TOKEN;
    }

    get total(): Readonly<CallUsage> {
        return { ...this.sum };
    }

    /** US dollars so far; undefined: the speech model's prices are not known. A transcription without a known price counts 0. */
    get costUsd(): number | undefined {
        if (this.prices === undefined) return undefined;
        const { transcribedSeconds } = this.sum;
        const words = transcriptionCostUsd(this.config.transcription?.model, transcribedSeconds);
        return responseCostUsd(this.sum, this.prices) + words;
    }
}
