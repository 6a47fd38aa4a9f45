import type { BotResponse } from '../bot-response';
import type { AudioOrigin, ConversationEnd, TranscriptItem } from '../conversation';
import type { ToolEnd } from '../functions/tool';

/** What a talk tells the call: the events of `Conversation` of the same names. */
export interface RealtimeConversationPort {
    audio(pcmu: Uint8Array, origin: AudioOrigin): void;
    responseEnded(responseId: string): void;
    speechStarted(): void;
    speechStopped(silenceMs: number): void;
    said(item: TranscriptItem): void;
    turn(turn: BotResponse): void;
    ended(end: ConversationEnd): void;
    /** A tool takes longer than a moment; `words` for the caller, if there are any. Returns as `CallsPort.filler`. */
    toolIsSlow(words: string | undefined): number;
}

/** The model has hung up, or has said the goodbye that it was asked for. */
const HUNG_UP: ConversationEnd = {
    reason: 'completed',
    info: 'conversation finished',
    outputVariables: { end_reason: 'bot_ended' },
};

/** The end of a conversation that a tool asked for; undefined: a plain one. */
export function endOf(asked: ToolEnd | undefined): ConversationEnd {
    if (asked === undefined) return HUNG_UP;
    const { reason, info, outputVariables } = asked;
    return { reason: 'completed', info, outputVariables: { ...outputVariables, end_reason: reason } };
}
