/** What only the bot flavour of AudioHook has: audio to the caller, digits, turns, barge-in (protocol sheet, section 9). */

/** Entity that makes the client stop playing and throw away its queue. */
export interface BargeInEntity {
    type: 'barge_in';
    data: Record<string, never>;
}

/** Entity that reports a finished turn of the bot. */
export interface BotTurnResponseEntity {
    type: 'bot_turn_response';
    data: {
        disposition: 'no_input' | 'no_match' | 'match';
        text?: string;
        confidence?: number;
    };
}
