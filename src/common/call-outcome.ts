import type { StringMap } from '../protocol/core';
import type { CallRecord } from './call-record';

/** What is known of the bot when the call ends. */
export interface OutcomeOfBot {
    /** Its name; empty: none was chosen. */
    readonly name: string;
    /** The names of the lower rungs that answered, with commas. */
    readonly fallbackUsed: string;
    /** What it, or its tools, have set. */
    readonly variables: StringMap;
}

/** Dollars in ten-thousandths: answers cost less than a cent. */
const COST_DIGITS = 4;

/**
 * What Architect is told at the end of a call: what the bot has set, and of every call `bot`, `turns`, `fallback_used`,
 * `worst_turn_ms`, `cost_usd` and `end_reason`. Text only (protocol sheet, section 6.6); empty where nothing is known.
 *
 * @param given what comes with the end itself, which wins over everything else
 */
export function outcomeVariables(
    record: CallRecord,
    bot: OutcomeOfBot,
    given: StringMap,
    endReason: string,
): StringMap {
    const { worstMs } = record.turnClock;
    return {
        ...bot.variables,
        bot: bot.name,
        turns: String(record.turns),
        fallback_used: bot.fallbackUsed,
        worst_turn_ms: worstMs === undefined ? '' : String(Math.round(worstMs)),
        cost_usd: record.costUsd === undefined ? '' : record.costUsd.toFixed(COST_DIGITS),
        end_reason: endReason,
        ...given,
    };
}
