import type { ServerExtensions } from '../../src/extensions';
import { beepPcmu } from '../../src/audio/tone';
import { BasicConversation } from '../../src/services/conversation';

/** Beeps when the call begins, and after each entry of the keypad. */
export class BeepBot extends BasicConversation {
    readonly botName = 'beep';
    private beeps = 0;

    override start(): Promise<void> {
        this.emit('ready');
        this.beep();
        return Promise.resolve();
    }

    override tell(): void {
        this.beep();
    }

    private beep(): void {
        const responseId = `beep_${++this.beeps}`;
        this.emit('audio', beepPcmu(), { responseId, itemId: responseId, contentIndex: 0 });
        this.emit('responseEnded', responseId);
    }
}

/** `EXTENSIONS=examples/custom-bot/extensions.ts npm start`, then call with `?bot=beep`. */
const extensions: ServerExtensions = { bots: { beep: () => new BeepBot() } };
export default extensions;
