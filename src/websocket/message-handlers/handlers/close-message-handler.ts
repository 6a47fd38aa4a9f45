import type { ClientMessageOf } from '../../../protocol/message';
import type { MessageHandler, SessionPort } from '../message-handler';

/** Reasons that the protocol knows; another word of a stranger does not get into our log. */
const REASONS = new Set(['end', 'error', 'disconnect', 'reconnect']);

/** `close`: the call is over; the client waits for `closed`, 10 s at most. */
export class CloseMessageHandler implements MessageHandler<'close'> {
    handleMessage(message: ClientMessageOf<'close'>, session: SessionPort): void {
        const { reason } = message.parameters;
        session.closeByClient(REASONS.has(reason) ? reason : 'other');
    }
}
