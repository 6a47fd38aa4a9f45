import { BotService } from '../../src/services/bot-service';

/** The bots of a test's server, whose voice starts with the first call that needs it: many servers start at the same time in tests. */
export class ColdBotService extends BotService {
    override warm(): Promise<void> {
        return Promise.resolve();
    }
}
