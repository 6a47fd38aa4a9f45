import type { Config, OpenAIConfig } from '../common/environment-variables';
import { beepPcmu } from '../audio/tone';
import { CircuitBreakers } from '../support/circuit-breaker';
import type { Clock } from '../support/clock';
import { faultFields, type Logger } from '../support/logger';
import { BotResource } from './bot-resource';
import type { Conversation } from './conversation';
import { FallbackLadder, rungsFrom, type Rung, type Takeover } from './fallback-ladder';
import { ApologyBot } from './ladder/apology-bot';
import { LocalBot } from './local-bot';
import { LocalSpeechService, type LocalSpeech, type RestSpeech } from './local-speech';
import { RestBot } from './rest-bot';

/** Makes the bots of calls. One for all calls: it owns what they share. */
export class BotFactory {
    private readonly localSpeech: LocalSpeechService;
    private readonly breakers: CircuitBreakers;

    constructor(
        private readonly config: Pick<Config, 'logTranscripts' | 'localSpeech'>,
        private readonly deps: { clock: Clock; logger: Logger },
    ) {
        this.localSpeech = new LocalSpeechService(config.localSpeech, deps);
        this.breakers = new CircuitBreakers(deps.clock, deps.logger);
    }

    /** A bot without OpenAI. Rejects with a coded error when it has no voice. */
    async createLocal(logger: Logger): Promise<Conversation> {
        return this.makeLocal(await this.localSpeech.load(), logger);
    }

    /** OpenAI's model, with those behind it that take over when it is lost. */
    async createOpenAI(openai: OpenAIConfig, logger: Logger): Promise<Conversation> {
        const { clock } = this.deps;
        const { logTranscripts, localSpeech } = this.config;
        const makeRealtime = (): Conversation => new BotResource(openai, { clock, logger, logTranscripts });
        if (localSpeech.fallback === 'off') return makeRealtime();
        const local = await this.loadLocal(logger);
        const rungs: Rung[] = [
            { name: 'realtime', upstream: 'openai-realtime', make: makeRealtime },
            ...(local === undefined ? [] : this.lowerRungs(local, openai, logger)),
            {
                name: 'apology',
                make: (takeover) =>
                    new ApologyBot(local?.prompts.recording('technical-problem') ?? beepPcmu(), takeover),
            },
        ];
        const prompts = local?.prompts ?? { recording: () => undefined };
        const deps = { clock, logger, breakers: this.breakers, prompts };
        return new FallbackLadder(rungsFrom(rungs, localSpeech.forceRung), deps);
    }

    /** Frees what the bots of all calls share. */
    close(): Promise<void> {
        return this.localSpeech.close();
    }

    private lowerRungs(local: LocalSpeech, openai: OpenAIConfig, logger: Logger): Rung[] {
        const { rest } = local;
        const makeLocal = (takeover?: Takeover): Conversation => this.makeLocal(local, logger, takeover);
        if (rest === undefined) return [{ name: 'local', make: makeLocal }];
        const makeRest = (takeover?: Takeover): Conversation => this.makeRest(rest, openai, logger, takeover);
        return [
            { name: 'rest', upstream: 'openai-rest', make: makeRest },
            { name: 'local', make: makeLocal },
        ];
    }

    private makeRest(rest: RestSpeech, openai: OpenAIConfig, logger: Logger, takeover?: Takeover): Conversation {
        const { instructions, greeting } = openai;
        const deps = { clock: this.deps.clock, logger, speech: rest.speech, hearing: rest.createHearing(logger) };
        return new RestBot(
            { ...deps, chat: rest.chat },
            { instructions, greeting, ...(takeover === undefined ? {} : { takeover }) },
        );
    }

    private makeLocal(local: LocalSpeech, logger: Logger, takeover?: Takeover): Conversation {
        const { speech, prompts } = local;
        const deps = { clock: this.deps.clock, logger, speech, hearing: local.createHearing(logger) };
        // Below OpenAI an apology follows; by itself the bot must be able to say that something is wrong.
        return takeover === undefined
            ? new LocalBot({ ...deps, recordings: prompts })
            : new LocalBot(deps, { takeover: { why: takeover.why, greeted: takeover.greeted } });
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
