/** How the bot understood the caller's last input. Genesys knows these three words (docs/PROTOCOL.md, 7.1). */
export type Disposition = 'no_input' | 'no_match' | 'match';

/**
 * One finished turn of the bot, as it is reported to Genesys (`bot_turn_response`).
 *
 * Its audio has long been streamed when the turn is finished; a turn is the text of it.
 */
export class BotResponse {
    /** 0 … 1. Left out of the report when the bot does not know. */
    confidence?: number;

    constructor(
        readonly disposition: Disposition,
        readonly text: string,
    ) {}

    withConfidence(confidence: number): this {
        this.confidence = confidence;
        return this;
    }
}
