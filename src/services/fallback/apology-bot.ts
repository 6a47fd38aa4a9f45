import type { CodedError } from '../../support/errors';
import { BasicConversation } from '../conversation';

/** The last fallback option: says that it cannot help, and gives the call back to Architect. It needs nothing that could fail. */
export class ApologyBot extends BasicConversation {
    readonly botName = 'apology';

    constructor(
        /** What it says: PCMU, 8 kHz, mono. */
        private readonly pcmu: Uint8Array,
        /** Why the bot before it could not go on: the output variable `error_code`. */
        private readonly why = 'ERR_BOT_FAILED',
    ) {
        super();
    }

    override start(): Promise<void> {
        const responseId = 'apology';
        this.emit('ready');
        // A copy: the listener owns the bytes, and the recording serves all calls.
        this.emit('audio', Uint8Array.from(this.pcmu), { responseId, itemId: responseId, contentIndex: 0 });
        this.emit('responseEnded', responseId);
        this.emit('ended', {
            reason: 'error',
            info: 'No bot is available',
            outputVariables: { end_reason: 'bot_failed', error_code: this.why },
        });
        return Promise.resolve();
    }

    override sayGoodbye(): void {
        // The apology was its goodbye.
    }
}

/** A fallback option that cannot be made, such as a local bot whose voice cannot be loaded: it fails to start, and the next one takes over. */
export class UnavailableBot extends BasicConversation {
    readonly botName = 'unavailable';

    constructor(private readonly fault: CodedError) {
        super();
    }

    override start(): Promise<void> {
        return Promise.reject(this.fault);
    }
}
