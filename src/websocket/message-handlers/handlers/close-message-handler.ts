import type { ClientMessageOf } from '../../../protocol/message';
import type { MessageHandler, SessionPort } from '../message-handler';

/** The reasons that the protocol defines; other text of the client must not get into the log. */
const REASONS = new Set(['end', 'error', 'disconnect', 'reconnect']);

/** `close`: the call is over; the client waits at most 10 s for `closed` (docs/PROTOCOL.md, 8.1). */
export class CloseMessageHandler implements MessageHandler<'close'> {
    handleMessage(message: ClientMessageOf<'close'>, session: SessionPort): void {
        const { reason } = message.parameters;
        session.closeByClient(REASONS.has(reason) ? reason : 'other');
    }
}
