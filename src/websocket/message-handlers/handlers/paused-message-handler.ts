import type { ClientMessageOf } from '../../../protocol/message';
import type { MessageHandler, SessionPort } from '../message-handler';

/** `paused`: no caller audio until `resumed`. May come right after `opened`. */
export class PausedMessageHandler implements MessageHandler<'paused'> {
    handleMessage(_message: ClientMessageOf<'paused'>, session: SessionPort): void {
        session.processPaused();
    }
}
