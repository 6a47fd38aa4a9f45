import {
    BotService,
    type BotCall,
    type BotRequest,
    type ChosenBot,
    type UnknownBot,
} from '../src/services/bot-service';
import type { TranscriptItem } from '../src/services/conversation';

/** The server's own bots, and what those with a synthesizer say. */
export class WatchedService extends BotService {
    /** Words by item, the last state of each. */
    private readonly words = new Map<string, string>();
    private calls = 0;

    /** Everything that was said by bots below the model, in words. */
    get spoken(): readonly string[] {
        return [...this.words.values()];
    }

    override async getBotIfExists(request: BotRequest, call: BotCall): Promise<ChosenBot | UnknownBot> {
        const bot = await super.getBotIfExists(request, call);
        if ('unknown' in bot) return bot;
        this.calls += 1;
        const number = this.calls;
        bot.conversation.on('transcript', (item) => {
            this.note(number, item);
        });
        return bot;
    }

    private note(call: number, { speaker, itemId, text }: TranscriptItem): void {
        if (speaker === 'bot' && text !== undefined && SYNTHESIZED.test(itemId))
            this.words.set(`${call} ${itemId}`, text);
    }
}

/** The ladder puts its own prefix before the ids of the bot that takes over. */
const SYNTHESIZED = /^(ladder\d+_)?(local|rest)_/;
