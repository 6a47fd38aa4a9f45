import type { ClientMessageOf, ClientMessageType } from '../../protocol/message';
import { CloseMessageHandler } from './handlers/close-message-handler';
import { DiscardedMessageHandler } from './handlers/discarded-message-handler';
import { DTMFMessageHandler } from './handlers/dtmf-message-handler';
import { ErrorMessageHandler } from './handlers/error-message-handler';
import { OpenMessageHandler } from './handlers/open-message-handler';
import { PausedMessageHandler } from './handlers/paused-message-handler';
import { PingMessageHandler } from './handlers/ping-message-handler';
import { PlaybackCompletedMessageHandler } from './handlers/playback-completed-message-handler';
import { PlaybackStartedMessageHandler } from './handlers/playback-started-message-handler';
import { ResumedMessageHandler } from './handlers/resumed-message-handler';
import { UpdateMessageHandler } from './handlers/update-message-handler';
import type { MessageHandler, SessionPort } from './message-handler';

type HandlerTable = { readonly [T in ClientMessageType]: MessageHandler<T> };

/** They have no state: one table serves all sessions. */
const HANDLERS: HandlerTable = {
    open: new OpenMessageHandler(),
    close: new CloseMessageHandler(),
    ping: new PingMessageHandler(),
    error: new ErrorMessageHandler(),
    playback_started: new PlaybackStartedMessageHandler(),
    playback_completed: new PlaybackCompletedMessageHandler(),
    dtmf: new DTMFMessageHandler(),
    update: new UpdateMessageHandler(),
    paused: new PausedMessageHandler(),
    resumed: new ResumedMessageHandler(),
    discarded: new DiscardedMessageHandler(),
};

/** The handler of each type of client message. */
export class MessageHandlerRegistry {
    /** Hands a message to the handler of its type. */
    handle<T extends ClientMessageType>(type: T, message: ClientMessageOf<T>, session: SessionPort): void {
        HANDLERS[type].handleMessage(message, session);
    }
}
