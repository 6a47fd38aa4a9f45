import { BasicConversation } from './conversation';

/**
 * A bot that answers the protocol and says nothing (`?bot=silent`): for Genesys' own AudioHook test suite and client,
 * which offer stereo and take any audio from the server as an error.
 */
export class SilentBot extends BasicConversation {
    readonly botName = 'silent';
    override readonly listensOnly = true;
    override readonly speaksFirst = false;
    private ended = false;

    override start(): Promise<void> {
        return this.ended ? Promise.resolve() : super.start();
    }

    override sayGoodbye(): void {
        if (this.ended) return;
        this.ended = true;
        super.sayGoodbye();
    }

    override end(): void {
        this.ended = true;
        super.end();
    }
}
