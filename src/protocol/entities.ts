/** Stops the client's playback and discards the audio that it has queued (docs/PROTOCOL.md, 5.4). */
export interface BargeInEntity {
    type: 'barge_in';
    data: Record<string, never>;
}

/** Reports a finished turn of the bot (docs/PROTOCOL.md, 7.1). */
export interface BotTurnResponseEntity {
    type: 'bot_turn_response';
    data: {
        disposition: 'no_input' | 'no_match' | 'match';
        /** What the bot said. */
        text?: string;
        /** 0 to 1. */
        confidence?: number;
    };
}

/** What an `event` message from this server may carry. Several entities in one message count as one message. */
export type EventEntity = BargeInEntity | BotTurnResponseEntity;
