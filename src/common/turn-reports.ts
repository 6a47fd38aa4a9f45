import type { EventEntity } from '../protocol/entities';
import type { BotResponse } from '../services/bot-response';
import type { Transcript } from '../services/transcript';

/** Turns whose audio still plays; of more than these the oldest is reported before its end. */
const MAX_WAITING = 20;

/**
 * Reports the bot's turns to Genesys, each one when the caller has heard it or has interrupted it, and with the words that they heard:
 * a service may deliver a response long before the caller has heard it (docs/PROTOCOL.md, 7.1).
 */
export class TurnReports {
    private waiting: BotResponse[] = [];

    constructor(
        /** Knows how far an interrupted response was heard. */
        private readonly transcript: Transcript,
        private readonly report: (turn: BotResponse) => void,
    ) {}

    /** A turn is finished; `isAudible`: bot audio still plays, this turn's perhaps. */
    finished(turn: BotResponse, isAudible: boolean): void {
        this.waiting.push(turn);
        if (turn.responseId === undefined || !isAudible) this.heard();
        else if (this.waiting.length > MAX_WAITING) this.reportFirst();
    }

    /** Nothing plays any more: the caller has heard everything, or what the transcript says. */
    heard(): void {
        while (this.waiting.length > 0) this.reportFirst();
    }

    private reportFirst(): void {
        const turn = this.waiting.shift();
        if (turn !== undefined) this.report(turn.withText(this.transcript.cutTextOf(turn.responseId) ?? turn.text));
    }
}

/** A finished turn of the bot, as it is reported to Genesys: no key without a value (docs/PROTOCOL.md, 7.1). */
export function turnEntity({ disposition, text, confidence }: BotResponse): EventEntity {
    return {
        type: 'bot_turn_response',
        data: { disposition, ...(text === '' ? {} : { text }), ...(confidence === undefined ? {} : { confidence }) },
    };
}
