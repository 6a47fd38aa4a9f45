/** How the bot understood the caller's last input. Genesys knows these three words (docs/PROTOCOL.md, 7.1). */
export type Disposition = 'no_input' | 'no_match' | 'match';

/**
 * One finished turn of the bot, as it is reported to Genesys (`bot_turn_response`).
 *
 * The bot emits it when its audio has been streamed; the caller may still hear it then.
 */
export class BotResponse {
    /** 0 … 1. Left out of the report when the bot does not know. */
    confidence?: number;
    /** The response whose audio the turn is; undefined: it has none, or it has ended. */
    responseId?: string;

    constructor(
        readonly disposition: Disposition,
        readonly text: string,
    ) {}

    withConfidence(confidence: number): this {
        this.confidence = confidence;
        return this;
    }

    /** It is the turn of this response. */
    of(responseId: string): this {
        this.responseId = responseId;
        return this;
    }

    /** The same turn, with another text. */
    withText(text: string): BotResponse {
        const turn = new BotResponse(this.disposition, text);
        if (this.responseId !== undefined) turn.of(this.responseId);
        return this.confidence === undefined ? turn : turn.withConfidence(this.confidence);
    }
}
