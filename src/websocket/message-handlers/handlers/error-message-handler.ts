import { durationToMs } from '../../../protocol/core';
import type { ClientMessageOf } from '../../../protocol/message';
import type { MessageHandler, SessionPort } from '../message-handler';

/** How long a 429 holds us back when it does not say (protocol sheet, section 8.2), and at most. */
const DEFAULT_HOLD_MS = 1000;
const MAX_HOLD_MS = 10_000;

/** `error`: the client found a fault in what we sent. No answer exists; a `close` may follow. */
export class ErrorMessageHandler implements MessageHandler<'error'> {
    handleMessage(message: ClientMessageOf<'error'>, session: SessionPort): void {
        const { code, retryAfter } = message.parameters;
        const askedMs = retryAfter === undefined ? undefined : durationToMs(retryAfter);
        session.processClientError(code, Math.min(askedMs ?? DEFAULT_HOLD_MS, MAX_HOLD_MS));
    }
}
