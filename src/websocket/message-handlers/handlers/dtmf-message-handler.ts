import type { ClientMessageOf } from '../../../protocol/message';
import type { MessageHandler, SessionPort } from '../message-handler';

/** `dtmf`: the caller pressed one key. */
export class DTMFMessageHandler implements MessageHandler<'dtmf'> {
    handleMessage(message: ClientMessageOf<'dtmf'>, session: SessionPort): void {
        session.processDTMF(message.parameters.digit);
    }
}
