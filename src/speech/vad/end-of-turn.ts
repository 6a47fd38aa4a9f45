import type { ExpectedAnswer } from '../../services/asr-service';

/** How an EndOfTurn decides. Times are counted in samples of the audio, not by a clock. */
export interface EndOfTurnOptions {
    /** A step at least so probable counts as speech. */
    speechProbability: number;
    /** A step below this counts as quiet; between the two it is neither. */
    quietProbability: number;
    /** So much speech … */
    onsetMs: number;
    /** … within so much time is the beginning of a turn: a click or a cough is not. */
    onsetWindowMs: number;
    /** Quiet for so long is the end of a turn, when nothing particular is expected. */
    hangMs: number;
}

/** Measured: 1 % of the turns end too early, and the end is known 650 ms after the last sound. */
export const END_OF_TURN_DEFAULTS: Readonly<EndOfTurnOptions> = {
    speechProbability: 0.5,
    quietProbability: 0.35,
    onsetMs: 90,
    onsetWindowMs: 160,
    hangMs: 600,
};

/** A number is read out group by group; a yes is over when it is over. */
const HANG_MS: Readonly<Record<ExpectedAnswer, number>> = { yesno: 500, digits: 1200, open: 700 };

/**
 * Makes turns of probabilities: 90 ms of speech within 160 ms begin one, so much quiet as the expected answer may contain
 * ends it. Knows nothing of how the probabilities came about. Allocates nothing.
 */
export class EndOfTurn {
    private readonly options: EndOfTurnOptions;
    private readonly onsetSteps: number;
    private readonly windowSteps: number;
    private hangMs: number;
    /** One bit for each of the last steps, the newest lowest: was it speech? */
    private recentSpeech = 0;
    private quietSteps = 0;
    private isTalking = false;

    /** @param stepMs length of one step; at most 31 of them fit into `onsetWindowMs` */
    constructor(
        private readonly stepMs: number,
        options: Partial<EndOfTurnOptions> = {},
    ) {
        this.options = { ...END_OF_TURN_DEFAULTS, ...options };
        this.onsetSteps = Math.ceil(this.options.onsetMs / stepMs);
        this.windowSteps = Math.floor(this.options.onsetWindowMs / stepMs);
        if (this.windowSteps > 31 || this.onsetSteps > this.windowSteps) {
            throw new RangeError(`${this.options.onsetMs} ms of speech do not fit into a window of this length.`);
        }
        this.hangMs = this.options.hangMs;
    }

    /** Between 'started' and 'stopped'. */
    get talking(): boolean {
        return this.isTalking;
    }

    /** Quiet since the last sound that may have been speech, in ms. */
    get silenceMs(): number {
        return this.quietSteps * this.stepMs;
    }

    /** From the first step of speech among the last ones to now, in ms: where a turn that has just started began. */
    get onsetAgeMs(): number {
        return (32 - Math.clz32(this.recentSpeech)) * this.stepMs;
    }

    /** What may end the turn from now on, the running one too; without an answer, the default. */
    expect(answer?: ExpectedAnswer): void {
        this.hangMs = answer === undefined ? this.options.hangMs : HANG_MS[answer];
    }

    /** Takes the probability, 0 to 1, that the next step is speech. */
    step(probability: number): 'started' | 'stopped' | undefined {
        const isSpeech = probability >= this.options.speechProbability;
        this.recentSpeech = ((this.recentSpeech << 1) | (isSpeech ? 1 : 0)) & ((1 << this.windowSteps) - 1);
        this.quietSteps = probability < this.options.quietProbability ? this.quietSteps + 1 : 0;
        if (!this.isTalking) return countBits(this.recentSpeech) >= this.onsetSteps ? this.turn(true) : undefined;
        return this.silenceMs >= this.hangMs ? this.turn(false) : undefined;
    }

    /** As new, but for what is expected. */
    reset(): void {
        this.recentSpeech = 0;
        this.quietSteps = 0;
        this.isTalking = false;
    }

    private turn(isTalking: boolean): 'started' | 'stopped' {
        this.isTalking = isTalking;
        return isTalking ? 'started' : 'stopped';
    }
}

function countBits(bits: number): number {
    let count = 0;
    for (let rest = bits; rest !== 0; rest &= rest - 1) count++;
    return count;
}
