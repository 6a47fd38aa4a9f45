import type { HeardPosition } from '../services/conversation';

/** What an interruption has to stop, and whom it has to tell. */
export interface BargeInParts {
    playback: { readonly isAudible: boolean; flush(): HeardPosition };
    /** Tells Genesys to stop playing and to throw its queue away. */
    sendBargeIn: () => void;
    conversation: { interrupt(heard: HeardPosition): void };
}

/**
 * The caller interrupts: the only place where the way up (the bot heard speech) and the way down (stop talking) meet.
 * The order matters: our own queue first, then the client's, then the bot, so that no byte of the old answer follows the
 * `barge_in` (protocol sheet, section 9.2).
 *
 * @returns what the caller had heard, or undefined when nothing was playing: then nothing is sent to anybody
 */
export function bargeIn(parts: BargeInParts): HeardPosition | undefined {
    if (!parts.playback.isAudible) return undefined;
    const heard = parts.playback.flush();
    parts.sendBargeIn();
    parts.conversation.interrupt(heard);
    return heard;
}
