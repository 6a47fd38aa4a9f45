import { EventEmitter } from 'node:events';
import type { Conversation, ConversationEvents } from './conversation';

/**
 * A bot that answers the protocol and says nothing (`?bot=silent`): for Genesys' own AudioHook test suite and client,
 * which offer stereo and take any audio from the server as an error.
 */
export class SilentBot extends EventEmitter<ConversationEvents> implements Conversation {
    readonly botName = 'silent';
    readonly costUsd = 0;
    readonly listensOnly = true;
    readonly speaksFirst = false;
    private ended = false;

    start(): Promise<void> {
        if (!this.ended) this.emit('ready');
        return Promise.resolve();
    }

    hear(): void {
        // It listens, and keeps nothing.
    }

    tell(): void {
        // It has nothing to say about it.
    }

    askAgain(): void {
        // It does not mind.
    }

    sayGoodbye(): void {
        if (this.ended) return;
        this.ended = true;
        this.emit('ended', { reason: 'completed', info: 'conversation finished' });
    }

    interrupt(): void {
        // It never talks.
    }

    end(): void {
        this.ended = true;
        this.removeAllListeners();
    }
}
