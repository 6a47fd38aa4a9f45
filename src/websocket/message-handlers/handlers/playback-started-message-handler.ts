import type { ClientMessageOf } from '../../../protocol/message';
import type { MessageHandler, SessionPort } from '../message-handler';

/** `playback_started`: the caller begins to hear a stretch of bot audio. */
export class PlaybackStartedMessageHandler implements MessageHandler<'playback_started'> {
    handleMessage(_message: ClientMessageOf<'playback_started'>, session: SessionPort): void {
        session.processPlaybackStarted();
    }
}
