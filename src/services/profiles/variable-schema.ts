/** How a profile declares what it takes from the Architect action, and what it gives back. */
import { z } from 'zod';
import { words } from './profile-fields';

/** Longest value of an input variable where none is declared, in characters. */
export const DEFAULT_INPUT_CHARS = 200;
/** Longest value of an output variable where none is declared, in characters. */
export const DEFAULT_OUTPUT_CHARS = 1000;
/** All output variables of a call together, in characters: far below the 64,000 bytes of a message (protocol sheet, section 6.7). */
export const MAX_OUTPUT_TOTAL_CHARS = 8000;

const description = words(1, 500).optional();

export const inputVariableSchema = z.strictObject({
    type: z
        .enum(['string', 'number', 'boolean', 'date'])
        .default('string')
        .describe('What it must be. Architect sends text; dates are 2026-01-31, with a time if wished.'),
    description: description.describe('What it is, for whoever writes the Architect flow.'),
    default: z
        .union([z.string(), z.number(), z.boolean()], { error: 'must be text, a number, true or false' })
        .optional()
        .describe('Its value when none comes, or none that fits.'),
    required: z.boolean().default(false).describe('The bot is of no use without it.'),
    maxLength: z
        .int()
        .min(1)
        .max(4000)
        .default(DEFAULT_INPUT_CHARS)
        .describe('Most characters; what is beyond is cut off. Default 200.'),
});

export const outputVariableSchema = z.strictObject({
    description: description.describe('What it is, for whoever writes the Architect flow, and for the bot.'),
    maxLength: z
        .int()
        .min(1)
        .max(MAX_OUTPUT_TOTAL_CHARS)
        .default(DEFAULT_OUTPUT_CHARS)
        .describe('Most characters. Default 1000.'),
});

export type InputVariable = z.output<typeof inputVariableSchema>;
export type OutputVariable = z.output<typeof outputVariableSchema>;

/** Output variables that the call itself sets, always. No profile may declare them. */
export const CALL_OUTPUT_VARIABLES = {
    end_reason: 'Why the call ended: bot_ended, transfer, no_input, max_turns, max_cost, bot_failed …',
    bot: 'The bot that answered.',
    turns: 'How many answers the bot gave.',
    fallback_used: 'The bots that took over from one another; empty: none.',
    worst_turn_ms: 'The longest time that the caller waited for an answer, in milliseconds.',
    cost_usd: 'What the call cost, in US dollars.',
} as const;

/** Output variables that only some ends set. No profile may declare them either. */
export const SITUATION_OUTPUT_VARIABLES = {
    error_code: 'What went wrong, when end_reason is bot_failed.',
    fallback_reason: 'Why the first bot could not go on, when another took over.',
    failure: 'no_match or no_input, when the local dialog gave up.',
} as const;

/** Output variables of the tool that transfers to an agent. */
export const TRANSFER_OUTPUT_VARIABLES = {
    transfer_reason: 'Why the caller wants an agent.',
    transfer_summary: 'What was said, for the agent.',
    transfer_queue: 'The queue that the bot chose, where it can choose.',
} as const;

/** Every name that is not a profile's to declare. */
export const RESERVED_OUTPUT_NAMES: ReadonlySet<string> = new Set([
    ...Object.keys(CALL_OUTPUT_VARIABLES),
    ...Object.keys(SITUATION_OUTPUT_VARIABLES),
    ...Object.keys(TRANSFER_OUTPUT_VARIABLES),
]);
