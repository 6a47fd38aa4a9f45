import type { BargeInEntity, BotTurnResponseEntity } from './voice-bots';

/** What an `event` message may carry from us. Several entities in one message count as one message. */
export type EventEntity = BargeInEntity | BotTurnResponseEntity;
