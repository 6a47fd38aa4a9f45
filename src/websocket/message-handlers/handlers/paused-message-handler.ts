import type { ClientMessageOf } from '../../../protocol/message';
import type { MessageHandler, SessionPort } from '../message-handler';

/** `paused`: no caller audio until `resumed`. It may follow `opened` immediately (docs/PROTOCOL.md, 4.2). */
export class PausedMessageHandler implements MessageHandler<'paused'> {
    handleMessage(_message: ClientMessageOf<'paused'>, session: SessionPort): void {
        session.processPaused();
    }
}
