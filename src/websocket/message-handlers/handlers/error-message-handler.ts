import { durationToMs } from '../../../protocol/core';
import type { ClientMessageOf } from '../../../protocol/message';
import type { MessageHandler, SessionPort } from '../message-handler';

/** How long sending pauses after a 429 without `retryAfter`, and at most (docs/PROTOCOL.md, 5.5). */
const DEFAULT_HOLD_MS = 1000;
const MAX_HOLD_MS = 10_000;

/** `error`: the client reports an error about a message of this server. It is not answered; a `close` may follow. */
export class ErrorMessageHandler implements MessageHandler<'error'> {
    handleMessage(message: ClientMessageOf<'error'>, session: SessionPort): void {
        const { code, retryAfter } = message.parameters;
        const askedMs = retryAfter === undefined ? undefined : durationToMs(retryAfter);
        session.processClientError(code, Math.min(askedMs ?? DEFAULT_HOLD_MS, MAX_HOLD_MS));
    }
}
