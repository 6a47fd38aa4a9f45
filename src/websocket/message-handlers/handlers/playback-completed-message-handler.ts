import type { ClientMessageOf } from '../../../protocol/message';
import type { MessageHandler, SessionPort } from '../message-handler';

/** `playback_completed`: the client has played all bot audio that it had queued (docs/PROTOCOL.md, 5.3). */
export class PlaybackCompletedMessageHandler implements MessageHandler<'playback_completed'> {
    handleMessage(_message: ClientMessageOf<'playback_completed'>, session: SessionPort): void {
        session.processPlaybackCompleted();
    }
}
