import type { BotResponse } from '../bot-response';
import type { AudioOrigin, ConversationEnd } from '../conversation';

/** What a talk tells the call: the events of `Conversation` of the same names. */
export interface TalkPort {
    audio(pcmu: Uint8Array, origin: AudioOrigin): void;
    responseEnded(responseId: string): void;
    speechStarted(): void;
    speechStopped(): void;
    turn(turn: BotResponse): void;
    ended(end: ConversationEnd): void;
}

/** The model has hung up. */
export const HUNG_UP: ConversationEnd = {
    reason: 'completed',
    info: 'conversation finished',
    outputVariables: { end_reason: 'bot_ended' },
};
