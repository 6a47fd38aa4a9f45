import { durationToMs } from '../../../protocol/core';
import type { ClientMessageOf } from '../../../protocol/message';
import type { MessageHandler, SessionPort } from '../message-handler';

/** `discarded`: the client has discarded caller audio, because this server read too slowly (docs/PROTOCOL.md, 4.3). */
export class DiscardedMessageHandler implements MessageHandler<'discarded'> {
    handleMessage(message: ClientMessageOf<'discarded'>, session: SessionPort): void {
        const { discarded } = message.parameters;
        session.skipAudio(discarded === undefined ? 0 : (durationToMs(discarded) ?? 0));
    }
}
