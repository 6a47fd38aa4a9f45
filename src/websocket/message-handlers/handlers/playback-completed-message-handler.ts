import type { ClientMessageOf } from '../../../protocol/message';
import type { MessageHandler, SessionPort } from '../message-handler';

/** `playback_completed`: the client's queue of bot audio ran empty. */
export class PlaybackCompletedMessageHandler implements MessageHandler<'playback_completed'> {
    handleMessage(_message: ClientMessageOf<'playback_completed'>, session: SessionPort): void {
        session.processPlaybackCompleted();
    }
}
