import { durationToMs } from '../../../protocol/core';
import type { ClientMessageOf } from '../../../protocol/message';
import type { MessageHandler, SessionPort } from '../message-handler';

/** `resumed`: caller audio continues; `discarded` is the duration of the audio that was lost (docs/PROTOCOL.md, 4.2). */
export class ResumedMessageHandler implements MessageHandler<'resumed'> {
    handleMessage(message: ClientMessageOf<'resumed'>, session: SessionPort): void {
        const { discarded } = message.parameters;
        session.skipAudio(discarded === undefined ? 0 : (durationToMs(discarded) ?? 0));
        session.processResumed();
    }
}
