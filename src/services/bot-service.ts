import type { Config, TurnTakingConfig } from '../config/config';
import { CallerAudioBuffer } from '../audio/caller-audio-buffer';
import type { Clock } from '../support/clock';
import type { Logger } from '../support/logger';
import { BotFactory } from './bot-factory';
import { plainPlan, profilePlan, type BotPlan } from './bot-plan';
import type { Conversation } from './conversation';
import { EchoBot } from './echo-bot';
import { botNameOf, type BotChoice } from './profiles/choose-bot';
import { type OutputVariables, readInputVariables, type ReadVariables } from './profiles/variables';
import { ProfileStore } from './profiles/store';
import { SilentBot } from './silent-bot';
import { Transcript } from './transcript';
import { BotTools } from './functions/bot-tools';
import type { Tool, ToolRecord } from './functions/tool';

export { BotResource } from './bot-resource';
export { BotResponse } from './bot-response';

export interface BotServiceDeps {
    clock: Clock;
    logger: Logger;
    /** Holds the keys and tokens that profiles name. Default: the environment of the process. */
    env?: Readonly<Record<string, string | undefined>>;
    /** Tools that are written in code: profiles name them with the kind `code`. */
    functions?: readonly Tool[];
}

/** What a call says about the bot that it wants. All of it comes from outside. */
export interface BotRequest {
    /** Base Connection URI of the integration with the Connector ID of the Architect action, as it arrived: path and query. */
    readonly connectionUrl: string;
    readonly conversationId: string;
    readonly inputVariables?: unknown;
    readonly customConfig?: unknown;
}

/** The call that the bot is for. */
export interface BotCall {
    /** Its lines carry the call's ids. */
    logger: Logger;
    /** Hears of every call of a tool, once, when it is over. */
    onTool?: (record: ToolRecord) => void;
    /** What was said in the call; the call writes it, bots read it. Default: an empty one. */
    transcript?: Transcript;
    /** Where caller audio waits that a bot cannot take yet; the call fills it before `hear`. Default: an empty one. */
    callerAudio?: CallerAudioBuffer;
}

/** A bot for one call, and the terms on which it talks. */
export interface ChosenBot {
    readonly name: string;
    readonly conversation: Conversation;
    readonly turnTaking: TurnTakingConfig;
    readonly maxCallMinutes: number;
    /** What it sets for Architect. */
    readonly variables: OutputVariables;
}

/** There is no such bot. */
export interface UnknownBot {
    /** The name that was asked for, safe for a log and for `disconnect`. */
    readonly unknown: string;
}

type BotConfig = Pick<Config, 'openai' | 'logTranscripts' | 'localSpeech' | 'turnTaking' | 'maxCallMinutes'> &
    Pick<Config, 'audiohookPath' | 'defaultBot' | 'botsFolder' | 'genesys'>;

/** Bots that need no profile. A `Conversation` of your own joins here: give it a name, and `?bot=name` finds it. */
const BUILT_IN: ReadonlySet<string> = new Set(['openai', 'local', 'echo', 'silent']);
/** The profile that answers when nothing names a bot. */
const DEFAULT_PROFILE = 'default';

/** Chooses the bot of a call, and makes it. One for all calls: it owns what they share. */
export class BotService {
    private readonly factory: BotFactory;
    private readonly profiles: ProfileStore | undefined;
    private readonly tools: BotTools;
    private readonly env: Readonly<Record<string, string | undefined>>;

    /** @throws CodedError `ERR_PROFILE` that names every place where a profile is wrong, `ERR_PROFILE_FOLDER`, `ERR_TOOL` */
    constructor(
        private readonly config: BotConfig,
        private readonly deps: BotServiceDeps,
    ) {
        const { clock, logger, env = process.env, functions } = deps;
        this.env = env;
        this.factory = new BotFactory(config, { clock, logger });
        this.tools = new BotTools(config.genesys, {
            clock,
            logger,
            env,
            ...(functions !== undefined && { functions }),
        });
        const folder = config.botsFolder;
        this.profiles = folder === undefined ? undefined : ProfileStore.load(folder, { clock, logger, env });
    }

    /** Follows edits of the profiles until `close`. */
    watch(): void {
        this.profiles?.watch();
    }

    /** The names of all bots that can be asked for: profiles first. */
    get names(): string[] {
        return [...(this.profiles?.names ?? []), ...[...BUILT_IN].filter((name) => this.profiles?.has(name) !== true)];
    }

    /** Who answers calls that name no bot. */
    get defaultName(): string {
        const { defaultBot, openai } = this.config;
        if (defaultBot !== undefined) return defaultBot;
        if (this.profiles?.has(DEFAULT_PROFILE) === true) return DEFAULT_PROFILE;
        return openai === undefined ? 'local' : 'openai';
    }

    /**
     * Makes the bot for one call; nothing is connected before its `start()`. Which bot: the Connector ID at the end of the path,
     * else `?bot=`, else the input variable `bot`, else `bot` of the custom configuration, else the default.
     */
    async getBotIfExists(request: BotRequest, call: BotCall): Promise<ChosenBot | UnknownBot> {
        const choice = this.choose(request);
        if (choice.name === undefined) return { unknown: choice.unknown };
        const { name, by } = choice;
        const plan = this.planFor(name, request, call.logger);
        if (plan === undefined) return { unknown: name };
        call.logger.info({ bot: name, by }, 'bot chosen');
        const conversation = await this.make(plan, request, call);
        const { turnTaking, maxCallMinutes, variables } = plan;
        return { name, conversation, turnTaking, maxCallMinutes, variables };
    }

    /** Frees what the bots of all calls share. */
    async close(): Promise<void> {
        this.profiles?.close();
        this.tools.close();
        await this.factory.close();
    }

    private choose({ connectionUrl, inputVariables, customConfig }: BotRequest): BotChoice {
        const at = connectionUrl.indexOf('?');
        const known = { has: (name: string) => BUILT_IN.has(name) || this.profiles?.has(name) === true };
        return botNameOf({
            path: at < 0 ? connectionUrl : connectionUrl.slice(0, at),
            query: at < 0 ? '' : connectionUrl.slice(at + 1),
            inputVariables,
            customConfig,
            basePath: this.config.audiohookPath,
            known,
            defaultBot: this.defaultName,
        });
    }

    /** undefined: the bot lives on OpenAI, and there is no key. */
    private planFor(name: string, request: BotRequest, logger: Logger): BotPlan | undefined {
        const { config, env } = this;
        const profile = this.profiles?.get(name);
        if (profile !== undefined) {
            const input = readInputVariables(profile.inputVariables, request.inputVariables);
            logInput(input, logger);
            return profilePlan(profile, input, this.tools.of(profile), { config, env, logger });
        }
        if (name !== 'openai') return plainPlan(name, undefined, config);
        return config.openai === undefined ? undefined : plainPlan(name, config.openai, config);
    }

    private make(plan: BotPlan, request: BotRequest, call: BotCall): Conversation | Promise<Conversation> {
        if (plan.name === 'silent') return new SilentBot();
        if (plan.name === 'echo') return new EchoBot();
        const shared = { transcript: new Transcript(), callerAudio: new CallerAudioBuffer() };
        return this.factory.create(plan, { ...shared, ...call, conversationId: request.conversationId });
    }
}

/** Names only: values are the caller's. */
function logInput({ missing, ignored, cut, unfit }: ReadVariables, logger: Logger): void {
    if (missing.length > 0 || cut.length > 0 || unfit.length > 0)
        logger.warn(
            { code: 'ERR_INPUT_VARIABLES', missing, cut, unfit },
            'input variables are not as the bot needs them',
        );
    if (ignored.length > 0) logger.debug({ ignored }, 'input variables that the bot does not declare are ignored');
}
