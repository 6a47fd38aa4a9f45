import type { Config } from '../common/environment-variables';
import type { Clock } from '../support/clock';
import type { Logger } from '../support/logger';
import { BotFactory } from './bot-factory';
import type { Conversation } from './conversation';
import { EchoBot } from './echo-bot';
import { SilentBot } from './silent-bot';

export { BotResource } from './bot-resource';
export { BotResponse } from './bot-response';

export interface BotServiceDeps {
    clock: Clock;
    logger: Logger;
}

/**
 * Chooses the bot of a call. One for all calls: it owns what they share. A `Conversation` of your own joins here: give it a
 * name, and `?bot=name` finds it.
 */
export class BotService {
    private readonly factory: BotFactory;

    constructor(
        private readonly config: Pick<Config, 'openai' | 'logTranscripts' | 'localSpeech' | 'defaultBot'>,
        private readonly deps: BotServiceDeps,
    ) {
        this.factory = new BotFactory(config, deps);
    }

    /**
     * Makes the bot for one call; nothing is connected before its `start()`.
     *
     * @param connectionUrl the Base Connection URI of the integration with the Connector ID of the Architect action,
     *   as it arrived: path and query. `?bot=` names the bot; without it the default answers.
     * @param logger the call's, whose lines carry its ids
     * @returns undefined when no bot has that name
     */
    async getBotIfExists(connectionUrl: string, logger = this.deps.logger): Promise<Conversation | undefined> {
        const name = botName(connectionUrl) ?? this.config.defaultBot;
        const { openai } = this.config;
        if (name === 'silent') return new SilentBot();
        if (name === 'echo') return new EchoBot();
        if (name === 'local') return this.factory.createLocal(logger);
        if (name === 'openai' && openai !== undefined) return this.factory.createOpenAI(openai, logger);
        return undefined;
    }

    /** Frees what the bots of all calls share. */
    close(): Promise<void> {
        return this.factory.close();
    }
}

/** The value of `?bot=`; undefined when the URL names none, or is none. */
function botName(connectionUrl: string): string | undefined {
    const query = connectionUrl.indexOf('?');
    if (query < 0) return undefined;
    const name = new URLSearchParams(connectionUrl.slice(query + 1)).get('bot');
    return name === null || name === '' ? undefined : name;
}
