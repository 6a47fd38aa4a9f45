import type { Config, OpenAIConfig } from '../config/config';
import type { AudioCursor, CallerAudioBuffer } from '../audio/caller-audio-buffer';
import { beepPcmu } from '../audio/tone';
import { CircuitBreakers, type Breakers, type BreakerState } from '../support/circuit-breaker';
import { faultFields, type Logger } from '../support/logger';
import type { BotPlan } from './bot-plan';
import { BotResource } from './bot-resource';
import type { BotMeter } from './call-meter';
import type { Conversation } from './conversation';
import { FallbackLadder, optionsFrom, type FallbackOption, type Takeover } from './fallback/fallback-ladder';
import { ApologyBot, UnavailableBot } from './fallback/apology-bot';
import type { FallbackPrompts } from './fallback/filler';
import { CodedError, type ErrorCode } from '../support/errors';
import { Dialog } from '../speech/dialog/dialog';
import { whyNotStarted } from './fallback/options';
import { LocalBot } from '../speech/local-bot';
import { LocalSpeechService, type LocalSpeech, type LocalSpeechDeps, type RestSpeech } from '../speech/local-speech';
import { shippedRecording } from '../speech/prompts';
import type { Chat } from '../speech/chat/chat-service';
import type { Clock } from '../support/clock';
import type { CreateSocket } from './realtime/connection';
import type { Toolbox } from './functions/toolbox';
import { forCall } from './realtime/call-identity';
import { RefusedFields, type KnownRefusals } from './realtime/optional-fields';
import { UnpricedModels } from './realtime/usage';
import type { ReadAloud } from './realtime/text-response-speaker';
import { SpeechQueue } from './tts/speech-queue';
import type { TextToSpeech } from './tts-service';
import { RestBot } from '../speech/rest-bot';
import { loadSileroNetwork, SileroSpeechMeter } from '../speech/vad/speech-meter';
import type { SpeechMeter, SpeechToText } from './asr-service';
import type { ToolRecord } from './functions/tool';
import type { HeardLine, Transcript, TranscriptLine } from './transcript';

/** What the factory needs; a recognizer and a voice of your own are part of it. */
export type BotFactoryDeps = LocalSpeechDeps;

/**
 * All by which the bots of one call reach what is outside of the call, so that a recorder can stand in between (`src/flight`), and a replay can
 * take its place. Each method is given what the process has, and returns what the call uses.
 */
export interface CallSeams {
    readonly clock: Clock;
    /** Chance, 0 … 1. */
    readonly random: () => number;
    readonly createSocket: CreateSocket;
    /** Hears what bot is about to be made. */
    planned(plan: BotPlan): void;
    /** Loads local speech. Rejects as `load` does. */
    loaded(load: () => Promise<LocalSpeech>): Promise<LocalSpeech>;
    speech(speech: TextToSpeech): TextToSpeech;
    readonly recognizer: (engine: SpeechToText) => SpeechToText;
    chat(chat: Chat): Chat;
    /** `prompts`: makes the prompts of the bot, of which some may be spoken anew. */
    prompts(prompts: () => FallbackPrompts): FallbackPrompts;
    toolbox(box: Toolbox): Toolbox;
    breakers(breakers: Breakers): Breakers;
    refusals(known: RefusedFields): KnownRefusals;
}

/** The call that a bot is made for, as a bot of one's own may know it. */
export interface CallOfAnyBot {
    /** Its lines carry the ids of the call. Log no data of the caller. */
    logger: Logger;
    /** Genesys' id of the conversation. */
    conversationId: string;
    /** Number of the caller as Genesys gives it; undefined: not known. Never logged. */
    ani?: string | undefined;
    /** Hears of every call of a tool. */
    onTool?: ((record: ToolRecord) => void) | undefined;
    /** What was said in the call; the call writes it, bots read it. */
    transcript: SaidSoFar;
    /** Where caller audio waits that a bot cannot take yet; the call fills it before `hear`. */
    callerAudio: WaitingCallerAudio;
}

/** What was said in a call so far, to read. */
export interface SaidSoFar {
    /** Caller and bot, oldest first, with what was heard beside what was generated. */
    readonly lines: readonly TranscriptLine[];
    /** The last items as far as the caller heard them, oldest first: at most `maxItems`, and at most `maxChars` characters together. */
    heard(maxItems: number, maxChars: number): HeardLine[];
}

/** Caller audio that waits: PCMU, 8 kHz, mono, eight bytes for one millisecond. */
export interface WaitingCallerAudio {
    /** Keeps from now on what the caller says, at most `maxBytes` of it, and `backBytes` (default 0) of before, where they are still there. */
    open(maxBytes: number, backBytes?: number): AudioCursor;
}

/** The call that a bot of this server is made for. */
export interface CallOfBot extends CallOfAnyBot {
    transcript: Transcript;
    callerAudio: CallerAudioBuffer;
    /** Hears what the bot does, for the metrics. */
    meter?: BotMeter | undefined;
    /** What stands between the call and all that is outside of it; undefined: nothing does. */
    seams?: CallSeams | undefined;
}

/** Makes the bots of calls. One for all calls: it owns what they share. */
export class BotFactory {
    private readonly localSpeech: LocalSpeechService;
    private readonly breakers: CircuitBreakers;
    private readonly unpriced = new UnpricedModels();
    private readonly refusedFields = new RefusedFields();

    constructor(
        private readonly config: Pick<Config, 'localSpeech' | 'openai'>,
        private readonly deps: BotFactoryDeps,
    ) {
        this.localSpeech = new LocalSpeechService(config.localSpeech, deps);
        this.breakers = new CircuitBreakers(deps.clock, deps.logger);
    }

    /**
     * Makes the bot of a plan: OpenAI's model with those behind it that take over when it is lost, or a bot without OpenAI.
     * Never rejects for what cannot be loaded: the caller then hears the recorded apology.
     */
    async create(plan: BotPlan, call: CallOfBot): Promise<Conversation> {
        const { openai } = plan;
        call.seams?.planned(plan);
        if (openai === undefined) return this.createLocal(plan, call);
        // With the fallback switched off nothing of it is loaded.
        const { fallback, forceFallback } = this.config.localSpeech;
        const loaded = fallback === 'off' ? undefined : await this.loadLocal(call);
        const local = loaded instanceof CodedError ? undefined : loaded;
        if (fallback === 'off') return this.makeRealtime(openai, undefined, plan, call, undefined);
        const breakers = call.seams?.breakers(this.breakers) ?? this.breakers;
        const upstream = plan.hasOwnUpstream ? `openai-realtime-${plan.name}` : 'openai-realtime';
        const realtime: FallbackOption = {
            name: 'realtime',
            upstream,
            make: () => this.makeRealtime(openai, local, plan, call, maxUnreachable(breakers, upstream)),
        };
        const lower = local === undefined ? unavailable(loaded) : this.lowerOptions(local, openai, plan, call);
        const prompts = local === undefined ? { recording: shippedRecording } : promptsOf(local, plan, call);
        const options = optionsFrom([realtime, ...lower, apology(prompts, plan)], forceFallback);
        const { logger, transcript, callerAudio, meter } = call;
        return new FallbackLadder(options, { logger, breakers, prompts, transcript, callerAudio, meter });
    }

    /** A bot without OpenAI; where its voice cannot be loaded, the recorded apology. */
    private async createLocal(plan: BotPlan, call: CallOfBot): Promise<Conversation> {
        try {
            return this.makeLocal(await this.load(call), plan, call);
        } catch (fault) {
            call.logger.error(
                faultFields(fault),
                'local speech cannot be loaded: the caller hears the recorded apology',
            );
            return apology({ recording: shippedRecording }, plan).make(undefined, whyNotStarted(fault).cause.code);
        }
    }

    /** Loads what the first call would wait for: voice, weights and prompts, unless no call needs them. Rejects as `LocalSpeechService.load`. */
    async warm(): Promise<void> {
        const { openai, localSpeech } = this.config;
        loadSileroNetwork();
        if (openai === undefined || localSpeech.fallback !== 'off') await this.localSpeech.warm();
    }

    /** See `BotService.upstreams`. */
    get upstreams(): { name: string; state: BreakerState }[] {
        return this.breakers.states;
    }

    /** Tells speech from noise on one call. Throws ERR_VAD_WEIGHTS. */
    speechMeter(): SpeechMeter {
        return new SileroSpeechMeter(loadSileroNetwork());
    }

    /** Frees what the bots of all calls share. */
    close(): Promise<void> {
        return this.localSpeech.close();
    }

    private makeRealtime(
        openai: OpenAIConfig,
        local: LocalSpeech | undefined,
        plan: BotPlan,
        call: CallOfBot,
        maxUnreachable: number | undefined,
    ): Conversation {
        const { logger, conversationId, ani, transcript, callerAudio, onTool, meter, seams } = call;
        const { name: botName, inputValues: inputVariables, variables, toolbox } = plan;
        const setVariable = (name: string, value: string): string | undefined => variables.set(name, value);
        this.unpriced.check(openai, logger);
        return new BotResource(forCall(openai, { conversationId, ani }), {
            clock: this.clockOf(call),
            createSocket: seams?.createSocket,
            random: seams?.random,
            logger,
            callerAudio,
            transcript,
            readAloud: local === undefined ? undefined : this.readAloud(local.speech, plan, call),
            refusedFields: seams?.refusals(this.refusedFields) ?? this.refusedFields,
            meter,
            fillerWords: plan.words.sentences.oneMoment,
            maxUnreachable,
            callFacts: { botName, conversationId, inputVariables, setVariable },
            ...(toolbox !== undefined && { tools: seams?.toolbox(toolbox) ?? toolbox }),
            ...(onTool !== undefined && { onTool }),
        });
    }

    private readAloud(voice: TextToSpeech, { language }: BotPlan, call: CallOfBot): ReadAloud {
        const { logger } = call;
        const clock = this.clockOf(call);
        const speech = call.seams?.speech(voice) ?? voice;
        return (port, idPrefix) => new SpeechQueue({ clock, logger, speech, language, port, idPrefix });
    }

    private lowerOptions(local: LocalSpeech, openai: OpenAIConfig, plan: BotPlan, call: CallOfBot): FallbackOption[] {
        // A profile with an upstream of its own must not be billed to the server's account.
        const rest = plan.hasOwnUpstream ? undefined : local.rest;
        // Architect learns why the model does not answer also where the call begins with the local bot.
        const makeLocal = (takeover?: Takeover, why?: ErrorCode): Conversation =>
            this.makeLocal(local, plan, call, takeover ?? (why && { why, greeted: false }));
        if (rest === undefined) return [{ name: 'local', make: makeLocal }];
        const makeRest = (takeover?: Takeover): Conversation => this.makeRest(rest, openai, plan, call, takeover);
        return [
            { name: 'rest', upstream: 'openai-rest', make: makeRest },
            { name: 'local', make: makeLocal },
        ];
    }

    private makeRest(
        rest: RestSpeech,
        openai: OpenAIConfig,
        { language, words }: BotPlan,
        call: CallOfBot,
        takeover?: Takeover,
    ): Conversation {
        const { instructions, greeting } = openai;
        const { logger, transcript, seams } = call;
        const chat = seams?.chat(rest.chat) ?? rest.chat;
        const speech = seams?.speech(rest.speech) ?? rest.speech;
        const recognizer = rest.createRecognizer(logger, seams?.recognizer);
        const deps = { clock: this.clockOf(call), logger, chat, speech, recognizer, transcript, language, words };
        return new RestBot(deps, { instructions, greeting, ...(takeover !== undefined && { takeover }) });
    }

    private makeLocal(
        local: LocalSpeech,
        plan: BotPlan,
        call: CallOfBot,
        takeover?: Pick<Takeover, 'why' | 'greeted'>,
    ): Conversation {
        const { logger, seams } = call;
        const { dialog, voice, language, words } = plan;
        const speech = seams?.speech(local.speech) ?? local.speech;
        const recognizer = local.createRecognizer(logger, seams?.recognizer);
        const deps = { clock: this.clockOf(call), logger, speech, voice, language, words, recognizer };
        const script = dialog === undefined ? {} : { dialog };
        // Behind OpenAI an apology follows; alone the bot must be able to say that something is wrong.
        return takeover === undefined
            ? new LocalBot({ ...deps, recordings: promptsOf(local, plan, call) }, script)
            : new LocalBot(deps, { ...script, takeover: { why: takeover.why, greeted: takeover.greeted } });
    }

    /** A call must not fail because what would rescue it cannot be loaded. @returns why it cannot be */
    private async loadLocal(call: CallOfBot): Promise<LocalSpeech | CodedError> {
        try {
            return await this.load(call);
        } catch (fault) {
            call.logger.warn(faultFields(fault), 'local speech cannot be loaded: there is no local bot to take over');
            return fault instanceof CodedError ? fault : new CodedError('ERR_INTERNAL');
        }
    }

    private load({ seams }: CallOfBot): Promise<LocalSpeech> {
        return seams === undefined ? this.localSpeech.load() : seams.loaded(() => this.localSpeech.load());
    }

    private clockOf({ seams }: CallOfBot): Clock {
        return seams?.clock ?? this.deps.clock;
    }
}

/** A fallback option follows: a second attempt, and none where the service was down before. */
function maxUnreachable(breakers: Breakers, upstream: string): number {
    return breakers.of(upstream).state === 'closed' ? 2 : 1;
}

function promptsOf({ prompts }: LocalSpeech, plan: BotPlan, { seams }: CallOfBot): FallbackPrompts {
    return seams === undefined ? prompts.forBot(plan) : seams.prompts(() => prompts.forBot(plan));
}

/** The local bot of a server whose local speech cannot be loaded: its place is kept, so that the log and `error_code` say why it does not answer. */
function unavailable(fault: unknown): FallbackOption[] {
    return fault instanceof CodedError ? [{ name: 'local', make: () => new UnavailableBot(fault) }] : [];
}

/**
 * The last words: recorded, so that they sound also where no voice can be loaded; and the end that the profile's dialog wants for a failure.
 * What it says is looked up when it is needed: by then the synthesizer may have made it.
 */
function apology(prompts: FallbackPrompts, { dialog }: Pick<BotPlan, 'dialog'>): FallbackOption {
    const pcmu = (): Uint8Array =>
        prompts.recording('technical-problem') ?? shippedRecording('technical-problem') ?? beepPcmu();
    const endOf = dialog === undefined ? undefined : (why: string) => new Dialog(dialog, 'none').failureEnd(why);
    return { name: 'apology', make: (_takeover, why) => new ApologyBot(pcmu(), why, endOf) };
}
