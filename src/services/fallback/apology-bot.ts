import { EventEmitter } from 'node:events';
import type { Conversation, ConversationEvents } from '../conversation';
import type { Takeover } from './fallback-option';

/** The last rung: says that it cannot help, and gives the call back to Architect. It needs nothing that could fail. */
export class ApologyBot extends EventEmitter<ConversationEvents> implements Conversation {
    readonly botName = 'apology';
    readonly costUsd = 0;
    readonly listensOnly = false;
    readonly speaksFirst = true;

    constructor(
        /** What it says: PCMU, 8 kHz, mono. */
        private readonly pcmu: Uint8Array,
        private readonly takeover?: Takeover,
    ) {
        super();
    }

    start(): Promise<void> {
        const responseId = 'apology';
        this.emit('ready');
        // A copy: who takes the audio owns the bytes, and the recording serves all calls.
        this.emit('audio', Uint8Array.from(this.pcmu), { responseId, itemId: responseId, contentIndex: 0 });
        this.emit('responseEnded', responseId);
        this.emit('ended', {
            reason: 'error',
            info: 'No bot is available',
            outputVariables: { end_reason: 'bot_failed', error_code: this.takeover?.why ?? 'ERR_BOT_FAILED' },
        });
        return Promise.resolve();
    }

    hear(): void {
        // There is nobody to hear it.
    }

    tell(): void {
        // There is nobody to tell.
    }

    askAgain(): void {
        // The call is over.
    }

    sayGoodbye(): void {
        // It has said it.
    }

    interrupt(): void {
        // What it says is handed over whole: there is nothing left to stop.
    }

    end(): void {
        this.removeAllListeners();
    }
}
