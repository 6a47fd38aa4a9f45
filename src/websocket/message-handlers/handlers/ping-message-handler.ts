import { durationToMs } from '../../../protocol/core';
import type { ClientMessageOf } from '../../../protocol/message';
import type { MessageHandler, SessionPort } from '../message-handler';

/** `ping`: answered at once, in every state; without a `pong` the client ends the session after 5 s (docs/PROTOCOL.md, 9.1). */
export class PingMessageHandler implements MessageHandler<'ping'> {
    handleMessage(message: ClientMessageOf<'ping'>, session: SessionPort): void {
        session.reply('pong');
        const { rtt } = message.parameters;
        const roundTripMs = rtt === undefined ? undefined : durationToMs(rtt);
        if (roundTripMs !== undefined) session.setRoundTrip(roundTripMs);
    }
}
