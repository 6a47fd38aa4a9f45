import type { Config, TurnTakingConfig } from '../config/config';
import { CallerAudioBuffer } from '../audio/caller-audio-buffer';
import type { LanguageCode, Participant } from '../protocol/core';
import type { BreakerState } from '../support/circuit-breaker';
import { faultFields, type LogFields, type Logger } from '../support/logger';
import { BotFactory, type BotFactoryDeps, type CallOfBot, type CallSeams } from './bot-factory';
import { BotRegistry, type BuiltInCallContext, type CreateAnyBot, type CreateBot } from './bot-registry';
import { plainPlan, plainTurnTaking, plainVariables, profilePlan, type BotPlan } from './bot-plan';
import type { BotMeter } from './call-meter';
import type { Conversation, OverlapReport } from './conversation';
import { EchoBot } from './echo-bot';
import { endWarnings, inUseByProfile, inUseBySettings, type Ends, type InUse } from './model-ends';
import { botNameOf, type BotChoice } from './profiles/choose-bot';
import {
    readInputVariables,
    undeclaredInputVariables,
    type OutputVariables,
    type ReadVariables,
} from './profiles/variables';
import type { SpeechMeter } from './asr-service';
import type { ExtractSpec } from './profiles/extract-schema';
import type { BotProfile } from './profiles/schema';
import { ProfileStore } from './profiles/store';
import { checkDefaultBot, profileWarnings, settingWarnings } from './setting-warnings';
import { SilentBot } from './silent-bot';
import { Transcript } from './transcript';
import { languageCode, languagesWithWords, USUAL_LANGUAGE } from './words';
import { BotTools } from './functions/bot-tools';
import type { HttpClient } from './functions/http/client';
import type { Tool, ToolRecord } from './functions/tool';

export interface BotServiceDeps extends BotFactoryDeps, BotExtensions {
    /** Holds the keys and tokens that profiles name. Default: the environment of the process. */
    env?: Readonly<Record<string, string | undefined>>;
    /** Asks the web services of tools. Default: over the network. */
    http?: HttpClient;
}

/** Bots and functions of your own. */
export interface BotExtensions {
    /** Bots by name: `?bot=name` finds them as it finds a profile. */
    bots?: Readonly<Record<string, CreateBot>>;
    /** Tools that are written in code: profiles name them with the kind `code`. */
    functions?: readonly Tool[];
}

/** What a call says about the bot that it wants. All of it comes from outside. */
export interface BotRequest {
    /** Base Connection URI of the integration with the Connector ID of the Architect action, as it arrived: path and query. */
    readonly connectionUrl: string;
    readonly conversationId: string;
    readonly inputVariables?: unknown;
    /** Names of input variables that are no text, and were left out. */
    readonly unreadableVariables?: readonly string[];
    readonly customConfig?: unknown;
    /** Language tag that the call begins with. */
    readonly language?: LanguageCode;
    readonly participant?: Participant;
}

/** The call that the bot is for. */
export interface BotCall {
    /** Its lines carry the call's ids. */
    logger: Logger;
    /** Hears of every call of a tool, once, when it is over. */
    onTool?: (record: ToolRecord) => void;
    /** Hears what the bot does, for the metrics; undefined: there are none. */
    meter?: BotMeter | undefined;
    /** What was said in the call; the call writes it, bots read it. Default: an empty one. */
    transcript?: Transcript;
    /** Where caller audio waits that a bot cannot take yet; the call fills it before `hear`. Default: an empty one. */
    callerAudio?: CallerAudioBuffer;
    /** See `CallOfBot.seams`. */
    seams?: CallSeams | undefined;
}

/** A bot for one call, and the limits of its conversation. */
export interface ChosenBot {
    readonly name: string;
    /** Of its profile, see `BotProfile.version`; undefined: it has none. */
    readonly version?: string;
    readonly conversation: Conversation;
    readonly turnTaking: TurnTakingConfig;
    /** Tells speech from noise, where the call judges speech over the bot; undefined: it does not, or cannot. */
    readonly speechMeter?: SpeechMeter | undefined;
    /** Hears of every verdict about speech over the bot. */
    readonly onOverlap?: (report: OverlapReport) => void;
    readonly maxCallMinutes: number;
    /** What it sets for Architect. */
    readonly variables: OutputVariables;
}

/** Finds the bot of a call; `BotService` does. */
export type BotFinder = Pick<BotService, 'getBotIfExists'>;

/** There is no such bot. */
export interface UnknownBot {
    /** The name that was asked for, safe for a log and for `disconnect`. */
    readonly unknown: string;
}

type MakeChosen = () => Promise<ChosenBot>;

type BotConfig = Pick<Config, 'openai' | 'localSpeech' | 'turnTaking' | 'maxCallMinutes'> &
    Pick<Config, 'audiohookPath' | 'defaultBot' | 'botsFolder' | 'genesys'>;

/** The profile that answers when nothing names a bot. */
const DEFAULT_PROFILE = 'default';

/** Chooses the bot of a call, and makes it. One for all calls: it owns what they share. */
export class BotService {
    private readonly factory: BotFactory;
    private readonly registry: BotRegistry;
    private readonly profiles: ProfileStore | undefined;
    private readonly tools: BotTools;
    private readonly env: Readonly<Record<string, string | undefined>>;

    /**
     * @throws CodedError `ERR_PROFILE` that names every place where a profile is wrong, `ERR_PROFILE_FOLDER`, `ERR_TOOL`, `ERR_EXTENSIONS`,
     * `ERR_CONFIG` when there is no bot of the name DEFAULT_BOT; and what `LocalSpeechService` throws
     */
    constructor(
        private readonly config: BotConfig,
        private readonly deps: BotServiceDeps,
    ) {
        const { clock, logger, env = process.env, functions, http, bots = {}, recognizer, voice } = deps;
        this.env = env;
        this.registry = new BotRegistry(this.builtIn(), bots);
        this.tools = new BotTools(config.genesys, {
            clock,
            logger,
            env,
            ...(functions !== undefined && { functions }),
            ...(http !== undefined && { http }),
        });
        const folder = config.botsFolder;
        this.profiles =
            folder === undefined
                ? undefined
                : ProfileStore.load(folder, {
                      clock,
                      logger,
                      env,
                      reserved: new Set(Object.keys(bots)),
                      functions: new Set((functions ?? []).map(({ name }) => name)),
                      warningsOf: (profile) => profileWarnings(profile, config, clock.epochMs()),
                  });
        checkDefaultBot(config.defaultBot, this.names);
        for (const { code, message } of settingWarnings(config, clock.epochMs())) logger.warn({ code }, message);
        this.warnOfUnnamed(functions ?? []);
        // Last, because it makes engines that would have to be closed if something else were refused.
        this.factory = new BotFactory(config, {
            clock,
            logger,
            ...(recognizer !== undefined && { recognizer }),
            ...(voice !== undefined && { voice }),
        });
    }

    /** Follows edits of the profiles until `close`. */
    watch(): void {
        this.profiles?.watch();
    }

    /** The names of all bots that can be asked for: profiles first. */
    get names(): string[] {
        return [...(this.profiles?.names ?? []), ...this.registry.names];
    }

    /** What the model is asked about a call of this bot after its end; undefined: nothing. */
    extractOf(name: string): ExtractSpec | undefined {
        return this.profiles?.get(name)?.extract;
    }

    /** Who answers calls that name no bot. */
    get defaultName(): string {
        return defaultBotName(this.config, (name) => this.profiles?.has(name) === true);
    }

    /**
     * Makes the bot for one call; nothing is connected before its `start()`. Which bot: the Connector ID at the end of the path,
     * else `?bot=`, else the input variable `bot`, else `bot` of the custom configuration, else the default.
     */
    async getBotIfExists(request: BotRequest, call: BotCall): Promise<ChosenBot | UnknownBot> {
        const choice = this.choose(request);
        if (choice.name === undefined) return { unknown: choice.unknown };
        const { name, by } = choice;
        const { logger, onTool, meter, transcript = new Transcript(), callerAudio = new CallerAudioBuffer() } = call;
        const { conversationId, participant } = request;
        const { seams } = call;
        const full = { logger, conversationId, ani: participant?.ani, onTool, meter, transcript, callerAudio, seams };
        const make = this.withProfile(name, request, full) ?? this.registered(name, request, full);
        if (make === undefined) return { unknown: name };
        // Before the bot is made, so that the log names also one that cannot be made.
        logger.info({ bot: name, by }, 'bot chosen');
        const unreadable = request.unreadableVariables ?? [];
        if (unreadable.length > 0)
            logger.warn({ code: 'ERR_INPUT_VARIABLES', unreadable }, 'input variables that are no text are left out');
        return make();
    }

    /** The services behind the fallback options that calls have used, and whether they are down. */
    get upstreams(): { name: string; state: BreakerState }[] {
        return this.factory.upstreams;
    }

    /** Warns of each model and voice that the settings or the profiles name and that ends soon by these dates. */
    warnOfEnds(ends: Ends): void {
        const { clock, logger } = this.deps;
        const warn = (inUse: readonly InUse[], fields: LogFields): void => {
            for (const { code, message } of endWarnings(inUse, ends, clock.epochMs()))
                logger.warn({ code, ...fields }, message);
        };
        warn(inUseBySettings(this.config), {});
        for (const bot of this.profiles?.names ?? []) {
            const profile = this.profiles?.get(bot);
            if (profile !== undefined) warn(inUseByProfile(profile), { bot });
        }
    }

    /** Loads what the first call would wait for. Never rejects: what could not be loaded is logged, and tried again by the first call. */
    async warm(): Promise<void> {
        try {
            await this.factory.warm();
        } catch (fault) {
            this.deps.logger.warn(faultFields(fault), 'local speech cannot be loaded');
        }
    }

    /** Frees what the bots of all calls share. */
    async close(): Promise<void> {
        this.profiles?.close();
        this.tools.close();
        await this.factory.close();
    }

    /** A function alone does nothing: the model of a call has those that the call's profile names. */
    private warnOfUnnamed(functions: readonly Tool[]): void {
        const { profiles } = this;
        const tools = (profiles?.names ?? []).flatMap((name) => profiles?.get(name)?.tools ?? []);
        const named = new Set(tools.flatMap((tool) => (tool.kind === 'code' ? [tool.name] : [])));
        const unnamed = functions.map(({ name }) => name).filter((name) => !named.has(name));
        if (unnamed.length === 0) return;
        const right = 'a profile names one among its tools: {"kind": "code", "name": "…"}';
        const fields = { code: 'ERR_TOOL', functions: unnamed };
        this.deps.logger.warn(fields, `no profile names these registered functions, so that no bot has them; ${right}`);
    }

    private choose({ connectionUrl, inputVariables, customConfig }: BotRequest): BotChoice {
        const at = connectionUrl.indexOf('?');
        const known = { has: (name: string) => this.registry.has(name) || this.profiles?.has(name) === true };
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

    /** undefined: there is no profile of this name. */
    private withProfile(name: string, request: BotRequest, call: CallOfBot): MakeChosen | undefined {
        const profile = this.profiles?.get(name);
        return profile === undefined ? undefined : () => this.makeOfProfile(profile, request, call);
    }

    private async makeOfProfile(profile: BotProfile, request: BotRequest, call: CallOfBot): Promise<ChosenBot> {
        const { config, env } = this;
        const { name, version } = profile;
        const { logger } = call;
        const input = readInputVariables(profile.inputVariables, request.inputVariables);
        logInput(input, logger);
        const language = this.languageOf(request.language);
        const plan = profilePlan(profile, input, this.tools.of(profile), { config, env, logger, language });
        const { turnTaking, maxCallMinutes, variables } = plan;
        const conversation = await this.factory.create(plan, call);
        const speechMeter = this.speechMeterFor(turnTaking);
        return { name, version, conversation, turnTaking, speechMeter, maxCallMinutes, variables };
    }

    /** undefined: there is no such bot, or it is OpenAI's and there is no key. */
    private registered(name: string, request: BotRequest, call: CallOfBot): MakeChosen | undefined {
        const create = this.registry.get(name);
        if (create === undefined || (name === 'openai' && this.config.openai === undefined)) return undefined;
        const { maxCallMinutes } = this.config;
        const turnTaking = plainTurnTaking(this.config);
        const { language, participant, customConfig } = request;
        const variables = plainVariables();
        const clock = call.seams?.clock ?? this.deps.clock;
        const facts = { botName: name, language, participant, customConfig, variables, clock };
        const inputVariables = undeclaredInputVariables(request.inputVariables);
        return async () => {
            const conversation = await create({ ...call, ...facts, inputVariables });
            const speechMeter = this.speechMeterFor(turnTaking);
            return { name, conversation, turnTaking, speechMeter, maxCallMinutes, variables };
        };
    }

    private speechMeterFor({ bargeIn }: TurnTakingConfig): SpeechMeter | undefined {
        if (bargeIn.mode !== 'smart') return undefined;
        try {
            return this.factory.speechMeter();
        } catch (fault) {
            const what = 'speech over the bot cannot be judged: all that the bot reports interrupts it';
            this.deps.logger.warn(faultFields(fault), what);
            return undefined;
        }
    }

    /** The language of a call for a bot that has none of its own; undefined: the server has no words of it, or flite, which is English, speaks. */
    private languageOf(tag: string | undefined): string | undefined {
        const code = tag === undefined ? USUAL_LANGUAGE : languageCode(tag);
        const canSpeak = this.config.localSpeech.tts !== 'flite' || code === USUAL_LANGUAGE;
        return canSpeak && languagesWithWords().includes(code) ? tag : undefined;
    }

    /** The bots that the server has without a profile. */
    private builtIn(): Record<string, CreateAnyBot> {
        const { config } = this;
        const planOf = (name: string, openai: Config['openai'], { variables, language }: BuiltInCallContext): BotPlan =>
            plainPlan(name, openai, config, variables, this.languageOf(language));
        return {
            openai: (call) => this.factory.create(planOf('openai', config.openai, call), call),
            local: (call) => this.factory.create(planOf('local', undefined, call), call),
            echo: () => new EchoBot(),
            silent: () => new SilentBot(),
        };
    }
}

/** Who answers calls that name no bot. `hasProfile`: whether there is a profile of that name. */
export function defaultBotName(
    { defaultBot, openai }: Pick<Config, 'defaultBot' | 'openai'>,
    hasProfile: (name: string) => boolean,
): string {
    if (defaultBot !== undefined) return defaultBot;
    if (hasProfile(DEFAULT_PROFILE)) return DEFAULT_PROFILE;
    return openai === undefined ? 'local' : 'openai';
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
