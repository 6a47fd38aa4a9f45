import type { EventEntity } from '../protocol/entities';
import type { BotResponse } from '../services/bot-response';
import type { TurnTakingConfig } from '../config/config';

/** A finished turn of the bot, as it is reported to Genesys: no key without a value (protocol sheet, section 9.4). */
export function turnEntity({ disposition, text, confidence }: BotResponse): EventEntity {
    return {
        type: 'bot_turn_response',
        data: { disposition, ...(text === '' ? {} : { text }), ...(confidence === undefined ? {} : { confidence }) },
    };
}

/** The limit that a call has reached with this turn, as its `end_reason`; undefined: it may go on. 0 is no limit. */
export function limitReached(
    { maxTurns, maxCostUsd }: Pick<TurnTakingConfig, 'maxTurns' | 'maxCostUsd'>,
    turns: number,
    costUsd: number | undefined,
): 'max_turns' | 'max_cost' | undefined {
    if (maxTurns > 0 && turns >= maxTurns) return 'max_turns';
    if (maxCostUsd > 0 && (costUsd ?? 0) >= maxCostUsd) return 'max_cost';
    return undefined;
}
