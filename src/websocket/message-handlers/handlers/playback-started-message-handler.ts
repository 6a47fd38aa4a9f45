import type { ClientMessageOf } from '../../../protocol/message';
import type { MessageHandler, SessionPort } from '../message-handler';

/** `playback_started`: the client begins to play bot audio to the caller (docs/PROTOCOL.md, 5.3). */
export class PlaybackStartedMessageHandler implements MessageHandler<'playback_started'> {
    handleMessage(_message: ClientMessageOf<'playback_started'>, session: SessionPort): void {
        session.processPlaybackStarted();
    }
}
