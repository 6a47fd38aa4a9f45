import type { BotResponse } from '../bot-response';
import type { AudioOrigin, ConversationEnd, SaidItem } from '../conversation';

/** What a talk tells the call: the events of `Conversation` of the same names. */
export interface TalkPort {
    audio(pcmu: Uint8Array, origin: AudioOrigin): void;
    responseEnded(responseId: string): void;
    speechStarted(): void;
    speechStopped(silenceMs: number): void;
    said(item: SaidItem): void;
    turn(turn: BotResponse): void;
    ended(end: ConversationEnd): void;
}

/** The model has hung up, or has said the goodbye that it was asked for. */
export const HUNG_UP: ConversationEnd = {
    reason: 'completed',
    info: 'conversation finished',
    outputVariables: { end_reason: 'bot_ended' },
};
