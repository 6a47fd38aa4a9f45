import { CodedError } from '../../support/errors';
import type { ConversationEnd } from '../conversation';

/** What was lost, and why: a code of the catalogue, or the words in which the bot gave up. */
export interface BotFailure {
    from: string;
    why: string;
}

/** A bug of ours: it says nothing about the service. */
export const OURS = 'ERR_INTERNAL';

/** Why a bot did not start. */
export function whyNotStarted(fault: unknown): string {
    return fault instanceof CodedError ? fault.code : OURS;
}

/** Why it ended. */
export function whyEnded(end: ConversationEnd): string {
    return end.outputVariables?.['error_code'] ?? end.info;
}

/** The end of a call that no bot can answer, and that nobody has excused. */
export function nobodyLeft(loss: BotFailure | undefined): ConversationEnd {
    const outputVariables = { end_reason: 'bot_failed', error_code: loss?.why ?? 'ERR_FALLBACK_UPSTREAM_DOWN' };
    return { reason: 'error', info: 'No bot is available', outputVariables };
}

/** The end of a call that was over before it had begun. */
export const NOT_BEGUN: ConversationEnd = { reason: 'completed', info: 'conversation finished' };
