import type { Config, OpenAIConfig } from '../common/environment-variables';
import type { Clock } from '../support/clock';
import type { Logger } from '../support/logger';
import { BotResource } from './bot-resource';
import type { Conversation } from './conversation';
import { EchoBot } from './echo-bot';
import { LocalBot } from './local-bot';
import { LocalSpeechService } from './local-speech';
import { SilentBot } from './silent-bot';

export { BotResource } from './bot-resource';
export { BotResponse } from './bot-response';

export interface BotServiceDeps {
    clock: Clock;
    logger: Logger;
}

/** The bots that answer here. */
export type BotName = 'openai' | 'local' | 'echo' | 'silent';

/**
 * Chooses the bot of a call. A `Conversation` of your own joins here: give it a name, and `?bot=name` finds it.
 */
export class BotService {
    private readonly localSpeech: LocalSpeechService;

    constructor(
        private readonly config: Pick<Config, 'openai' | 'logTranscripts' | 'localSpeech'>,
        private readonly deps: BotServiceDeps,
    ) {
        this.localSpeech = new LocalSpeechService(config.localSpeech, deps);
    }

    /** The bot of a call that names none: OpenAI with a key, the echo bot without. */
    get defaultBot(): BotName {
        return this.config.openai === undefined ? 'echo' : 'openai';
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
        const name = botName(connectionUrl) ?? this.defaultBot;
        return name === 'local' ? this.createLocal(logger) : this.create(name, logger);
    }

    /** Frees what the bots of all calls share. */
    close(): Promise<void> {
        return this.localSpeech.close();
    }

    private async createLocal(logger: Logger): Promise<Conversation> {
        const { speech, prompts, createHearing } = await this.localSpeech.load();
        const hearing = createHearing(logger);
        return new LocalBot({ clock: this.deps.clock, logger, speech, hearing, recordings: prompts });
    }

    private create(name: string, logger: Logger): Conversation | undefined {
        if (name === 'silent') return new SilentBot();
        if (name === 'echo') return new EchoBot();
        if (name === 'openai' && this.config.openai !== undefined) return this.createOpenAI(this.config.openai, logger);
        return undefined;
    }

    private createOpenAI(config: OpenAIConfig, logger: Logger): Conversation {
        const { clock } = this.deps;
        return new BotResource(config, { clock, logger, logTranscripts: this.config.logTranscripts });
    }
}

/** The value of `?bot=`; undefined when the URL names none, or is none. */
function botName(connectionUrl: string): string | undefined {
    const query = connectionUrl.indexOf('?');
    if (query < 0) return undefined;
    const name = new URLSearchParams(connectionUrl.slice(query + 1)).get('bot');
    return name === null || name === '' ? undefined : name;
}
