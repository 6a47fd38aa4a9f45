import { CallerAudioBuffer } from '../audio/caller-audio-buffer';
import type { StringMap, Uuid } from '../protocol/core';
import type { OpenParameters } from '../protocol/message';
import type { BotFinder, ChosenBot } from '../services/bot-service';
import type { ConversationEnd, OverlapReport } from '../services/conversation';
import type { ToolRecord } from '../services/functions/tool';
import type { Handover, MakeHandover } from '../services/handover/handover';
import type { Clock } from '../support/clock';
import type { LogFields, Logger } from '../support/logger';
import type { FoundBot, MissingBot } from '../websocket/message-handlers/message-handler';
import { outcomeVariables } from './call-record';
import type { CallRecord } from './call-record';
import { CallBridge, type CallBridgeOptions } from './call-bridge';
import { SaidLog } from './said-log';
import type { SessionLog } from './session-log';
import type { CallWire } from './session-wire';

export interface CallBotDeps {
    sessionId: Uuid;
    botService: BotFinder;
    clock: Clock;
    logger: Logger;
    log: SessionLog;
    /** Log what is said. */
    logTranscripts: boolean;
    record: CallRecord;
    wire: CallWire;
    /** Most audio, in ms, that may be ahead of the playhead. */
    maxLeadMs: number;
    /** Begins to make what the agent after the bot is told; undefined: they are told nothing. */
    handover?: MakeHandover | undefined;
    /** The bot is over and the caller has heard the last of it. Called once at most. */
    onFinished: (end: ConversationEnd) => void;
    /** See `CallBridgeOptions.onFailed`. */
    onFailed: CallBridgeOptions['onFailed'];
    onFault: (fault: unknown) => void;
}

/** Functions by which a bot begins to end the call. */
const ENDING_TOOLS: ReadonlySet<string> = new Set(['end_call', 'transfer_to_agent']);
/** Most verdicts about speech over the bot that are logged in one call; more are only counted. */
const MOST_VERDICTS = 500;

/** The bot's part of one call: found when the call opens, joined to the caller by a `CallBridge`, and freed once. */
export class CallBot {
    private chosen: ChosenBot | undefined;
    private callBridge: CallBridge | undefined;
    private readonly callerAudio = new CallerAudioBuffer();
    private conversationId = '';
    private handover: Handover | undefined;
    private freed = false;

    constructor(private readonly deps: CallBotDeps) {}

    /** Finds the bot. One that is found when the call is over is freed at once. */
    async choose(connectionUrl: string, parameters: OpenParameters): Promise<FoundBot | MissingBot> {
        const { botService, logger, record } = this.deps;
        const { conversationId, inputVariables, unreadableVariables, customConfig, language, participant } = parameters;
        this.conversationId = conversationId;
        const bot = await botService.getBotIfExists(
            {
                connectionUrl,
                conversationId,
                inputVariables,
                ...(unreadableVariables !== undefined && { unreadableVariables }),
                customConfig,
                participant,
                ...(language !== undefined && { language }),
            },
            {
                logger,
                transcript: record.transcript,
                callerAudio: this.callerAudio,
                onTool: (call) => {
                    this.toolCalled(call);
                },
                meter: record.meter,
            },
        );
        if ('unknown' in bot) return bot;
        if (this.freed) bot.conversation.end();
        else this.chosen = bot;
        return bot.conversation;
    }

    /** Joins the caller to the bot, and starts it. Does nothing without a bot. */
    begin(): void {
        const { chosen } = this;
        if (chosen === undefined) return;
        const { clock, record, wire, maxLeadMs, onFinished, onFailed, onFault } = this.deps;
        const { conversation, turnTaking, speechMeter } = chosen;
        this.beginHandover(chosen);
        const onOverlap = (report: OverlapReport): void => {
            if (report.overlap === 'ignored' || report.overlap === 'resumed') record.meter?.bargeIn(report.overlap);
            this.logOverlap(report);
            record.observers.overlap(report);
            chosen.onOverlap?.(report);
        };
        const { callerAudio } = this;
        const log = (fields: LogFields, message: string): void => {
            this.deps.log.info(fields, message);
        };
        const actions = { onFinished, onFailed, onFault, onOverlap, log };
        const said = this.deps.logTranscripts ? new SaidLog(this.deps.logger, clock) : undefined;
        const call = { clock, record, callerAudio, wire, maxLeadMs, said, ...actions };
        this.callBridge = new CallBridge({ conversation, turnTaking, speechMeter, ...call });
        record.observers.attach(conversation, chosen.name, chosen.version);
        this.callBridge.start();
    }

    private toolCalled(call: ToolRecord): void {
        this.deps.record.toolCalled(call);
        if (call.outcome === 'ok' && ENDING_TOOLS.has(call.name)) this.handover?.begin();
    }

    /** Listens before the bridge does: that may end the call at once. */
    private beginHandover({ conversation }: ChosenBot): void {
        const { sessionId, record, logger, handover: make } = this.deps;
        if (make === undefined) return;
        const { transcript, tools } = record;
        const handover = make({ sessionId, conversationId: this.conversationId, transcript, tools, logger });
        this.handover = handover;
        const begin = (): void => {
            handover.begin();
        };
        conversation.on('hangUp', begin);
        conversation.on('ended', begin);
    }

    /** What the caller said stands in the log only with LOG_TRANSCRIPTS. */
    private logOverlap({ words, ...fields }: OverlapReport): void {
        const said = this.deps.logTranscripts && words !== undefined ? { words } : {};
        this.deps.log.info({ ...fields, ...said }, 'The caller spoke over the bot.', MOST_VERDICTS);
    }

    /** undefined: the caller is not joined to a bot yet, or not any more. */
    get bridge(): CallBridge | undefined {
        return this.freed ? undefined : this.callBridge;
    }

    get isFound(): boolean {
        return this.chosen !== undefined && !this.freed;
    }

    /** Longest call with this bot, ms; undefined: there is none. */
    get maxCallMs(): number | undefined {
        return this.chosen === undefined ? undefined : this.chosen.maxCallMinutes * 60_000;
    }

    /** Of the bot, for the line at the call's end: who answered, in which version, and who took over for which reason. */
    get facts(): LogFields {
        const { name, version, conversation } = this.chosen ?? {};
        const { fallbackSteps, reconnects } = conversation ?? {};
        return {
            bot: name,
            profileVersion: version,
            ...(fallbackSteps !== undefined && { fallbacks: fallbackSteps }),
            reconnects,
        };
    }

    /** The output variables for Architect; also when the bot is freed. Digits that were asked for count where the bot declares them. */
    outcome(given: StringMap, endReason: string): StringMap {
        const { chosen, callBridge, deps } = this;
        // What a tool has set on purpose stays.
        for (const [name, value] of Object.entries(callBridge?.variables ?? {}))
            if (chosen?.variables.get(name) === undefined) chosen?.variables.set(name, value);
        const set = chosen?.variables.entries() ?? {};
        const fallbackUsed = chosen?.conversation.fallbackUsed ?? '';
        const name = chosen?.name ?? '';
        const told = this.handover?.variables({ bot: name, endReason, variables: { ...set, ...given } });
        const bot = { name, fallbackUsed, variables: { ...told, ...set } };
        const outcome = outcomeVariables(deps.record, bot, given, endReason);
        deps.record.observers.outcome(withoutLink(outcome));
        return outcome;
    }

    /** Reports the turns that the caller still hears; frees the bot, the queue, the caller's audio and every timer. May be called twice. */
    free(): void {
        if (this.freed) return;
        this.freed = true;
        if (this.callBridge === undefined) this.chosen?.conversation.end();
        else this.callBridge.close();
        this.callerAudio.close();
    }

    /** The same, and nothing is written for the agent any more. May be called twice. */
    close(): void {
        this.free();
        this.handover?.close();
    }
}

/** The link for the agent opens the record of the call: it stands in none. */
function withoutLink(variables: StringMap): StringMap {
    return Object.fromEntries(Object.entries(variables).filter(([name]) => name !== 'call_link'));
}
