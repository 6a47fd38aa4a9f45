import type { Config, OpenAIConfig } from '../common/environment-variables';
import { beepPcmu } from '../audio/tone';
import { CircuitBreakers } from '../support/circuit-breaker';
import type { Clock } from '../support/clock';
import { faultFields, type Logger } from '../support/logger';
import { BotResource } from './bot-resource';
import type { Conversation } from './conversation';
import { EchoBot } from './echo-bot';
import { FallbackLadder, rungsFrom, type Rung, type Takeover } from './fallback-ladder';
import { ApologyBot } from './ladder/apology-bot';
import { LocalBot } from './local-bot';
import { LocalSpeechService, type LocalSpeech } from './local-speech';
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
    private readonly localSpeech: LocalSpeechService;
    private readonly breakers: CircuitBreakers;

    constructor(
        private readonly config: Pick<Config, 'openai' | 'logTranscripts' | 'localSpeech' | 'defaultBot'>,
        private readonly deps: BotServiceDeps,
    ) {
        this.localSpeech = new LocalSpeechService(config.localSpeech, deps);
        this.breakers = new CircuitBreakers(deps.clock, deps.logger);
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
        if (name === 'local') return this.createLocal(await this.localSpeech.load(), logger);
        if (name === 'openai' && openai !== undefined) return this.createOpenAI(openai, logger);
        return undefined;
    }

    /** Frees what the bots of all calls share. */
    close(): Promise<void> {
        return this.localSpeech.close();
    }

    private createLocal(local: LocalSpeech, logger: Logger, takeover?: Takeover): Conversation {
        const { speech, prompts } = local;
        const deps = { clock: this.deps.clock, logger, speech, hearing: local.createHearing(logger) };
        // Below OpenAI an apology follows; by itself the bot must be able to say that something is wrong.
        return takeover === undefined
            ? new LocalBot({ ...deps, recordings: prompts })
            : new LocalBot(deps, { takeover: { why: takeover.why, greeted: takeover.greeted } });
    }

    private async createOpenAI(config: OpenAIConfig, logger: Logger): Promise<Conversation> {
        const { clock } = this.deps;
        const { logTranscripts, localSpeech } = this.config;
        const makeRealtime = (): Conversation => new BotResource(config, { clock, logger, logTranscripts });
        if (localSpeech.fallback === 'off') return makeRealtime();
        const local = await this.loadLocal(logger);
        const rungs: Rung[] = [
            { name: 'realtime', upstream: 'openai-realtime', make: makeRealtime },
            ...(local === undefined
                ? []
                : [{ name: 'local', make: (takeover?: Takeover) => this.createLocal(local, logger, takeover) }]),
            {
                name: 'apology',
                make: (takeover) =>
                    new ApologyBot(local?.prompts.recording('technical-problem') ?? beepPcmu(), takeover),
            },
        ];
        const prompts = local?.prompts ?? { recording: () => undefined };
        return new FallbackLadder(rungsFrom(rungs, localSpeech.forceRung), {
            clock,
            logger,
            breakers: this.breakers,
            prompts,
        });
    }

    /** A call must not fail because what would rescue it cannot be loaded. */
    private async loadLocal(logger: Logger): Promise<LocalSpeech | undefined> {
        try {
            return await this.localSpeech.load();
        } catch (fault) {
            logger.warn(faultFields(fault), 'local speech cannot be loaded: there is no local bot to take over');
            return undefined;
        }
    }
}

/** The value of `?bot=`; undefined when the URL names none, or is none. */
function botName(connectionUrl: string): string | undefined {
    const query = connectionUrl.indexOf('?');
    if (query < 0) return undefined;
    const name = new URLSearchParams(connectionUrl.slice(query + 1)).get('bot');
    return name === null || name === '' ? undefined : name;
}
