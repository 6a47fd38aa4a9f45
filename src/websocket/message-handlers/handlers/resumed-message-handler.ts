import { durationToMs } from '../../../protocol/core';
import type { ClientMessageOf } from '../../../protocol/message';
import type { MessageHandler, SessionPort } from '../message-handler';

/** `resumed`: caller audio comes again; what was said meanwhile is lost and told as a duration. */
export class ResumedMessageHandler implements MessageHandler<'resumed'> {
    handleMessage(message: ClientMessageOf<'resumed'>, session: SessionPort): void {
        const { discarded } = message.parameters;
        session.skipAudio(discarded === undefined ? 0 : (durationToMs(discarded) ?? 0));
        session.processResumed();
    }
}
