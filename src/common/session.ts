import { NULL_UUID, type StringMap, type Uuid } from '../protocol/core';
import { CallerAudioBuffer, type AudioCursor } from '../audio/caller-audio-buffer';
import type { Config } from '../config/config';
import { callerSamples, type AcceptedMedia } from '../protocol/media';
import type * as protocol from '../protocol/message';
import type { BotFinder } from '../services/bot-service';
import type { CallMeter } from '../services/call-meter';
import type { ObserveCall } from '../services/call-observer';
import type { ConversationEnd } from '../services/conversation';
import type { MakeHandover } from '../services/handover/handover';
import type { Clock } from '../support/clock';
import { CodedError, type ErrorCode } from '../support/errors';
import { faultFields, type Logger } from '../support/logger';
import { TimerSet } from '../support/timer-set';
import type { FoundBot, MissingBot, SessionPort } from '../websocket/message-handlers/message-handler';
import { CallBot } from './call-bot';
import { CallRecord } from './call-record';
import { MessageIntake } from './message-intake';
import { SessionDeadlines, watchLimits, type PassedLimit, type SessionTimes } from './session-deadlines';
import { SessionLog } from './session-log';
import { CurrentState } from './session-state';
import { SessionWire, type SessionSocket } from './session-wire';
import type { TranscriptLine } from '../services/transcript';
import { callTracer } from '../tracing/call-tracer';
import type { TraceHeaders } from '../tracing/trace-context';

/** What the upgrade request was authenticated with, and what else is known of it. */
export interface SessionIdentity {
    organizationId: Uuid;
    correlationId?: Uuid;
    /** How often Genesys has tried this session before; undefined: it does not say. */
    retryAttempt?: number | undefined;
    /** Address of the client; behind a trusted proxy, the one that the proxy names. */
    from?: string | undefined;
    /** What the request says about the trace that the call belongs to; undefined: nothing. */
    traceHeaders?: TraceHeaders | undefined;
}

/** What a session needs. `Server` makes the defaults. */
export interface SessionDeps {
    config: Config;
    logger: Logger;
    clock: Clock;
    /** Finds and makes the bot of the call. */
    botService: BotFinder;
    /** undefined: the upgrade request was not authenticated. */
    identity: SessionIdentity | undefined;
    /** Whether MAX_SESSIONS allows one more call. */
    hasRoom: () => boolean;
    /** Hears what happens in the call, for the metrics; undefined: there are none. */
    meter?: CallMeter | undefined;
    /** Those that follow the call, besides its trace. */
    observers?: readonly ObserveCall[] | undefined;
    /** Makes what the agent after the bot is told; undefined: they are told nothing. */
    handover?: MakeHandover | undefined;
}

/** Most caller audio that is kept while a call opens: ten seconds of PCMU, mono. */
const MAX_OPENING_BYTES = 80_000;

/**
 * One call, from the upgrade to the end of the socket. It holds the state, does what the message handlers ask for if the state
 * allows it (docs/PROTOCOL.md, 4.1), and connects the caller to a bot by a `CallBridge`. No input of a client or a bot makes it throw.
 */
export class Session implements SessionPort {
    private readonly state = new CurrentState();
    private readonly deps: SessionDeps;
    private readonly log: SessionLog;
    private readonly timers: TimerSet;
    private readonly deadlines: SessionDeadlines;
    private readonly wire: SessionWire;
    private readonly intake: MessageIntake;
    private readonly callerAudio = new CallerAudioBuffer();
    /** Caller audio that came before `opened`, as it came: the channels are known only then. */
    private readonly opening: AudioCursor;
    private media: AcceptedMedia = { item: undefined, channelCount: 1, callerChannel: 0 };
    private readonly record: CallRecord;
    private readonly bot: CallBot;
    /** Until the bot is chosen. */
    private openParameters: protocol.OpenParameters | undefined;
    private isOpened = false;
    private isProbe = false;
    private pausedWhileOpening = false;
    private lastReceivedMs: number;

    constructor(
        ws: SessionSocket,
        private readonly sessionId: Uuid,
        private readonly url: string,
        deps: SessionDeps,
    ) {
        // From here on every log line of the call carries its session id, and from `open` on its conversation id.
        this.record = new CallRecord(deps.meter);
        this.log = new SessionLog(deps.logger.child({ session: sessionId }), (code) => {
            deps.meter?.fault(code);
            this.record.observers.fault(code);
        });
        this.deps = { ...deps, logger: this.log.logger };
        const { clock } = this.deps;
        this.opening = this.callerAudio.open(MAX_OPENING_BYTES);
        this.timers = new TimerSet(clock, this.processFault);
        this.wire = new SessionWire(ws, {
            sessionId,
            clock,
            state: this.state,
            onFault: this.processFault,
            onOverflow: this.abandon,
            meter: deps.meter,
        });
        this.deadlines = new SessionDeadlines(this.timers, {
            fail: this.fail,
            abandon: this.abandon,
            socket: this.wire,
        });
        this.intake = new MessageIntake({
            session: this,
            sequence: this.wire.sequence,
            state: this.state,
            onBreach: (code, where) => {
                this.fail(code, 'Client message not acceptable', where);
            },
            onIgnored: this.log.ignore,
        });
        this.bot = new CallBot({
            sessionId,
            handover: deps.handover,
            botService: deps.botService,
            clock,
            logger: this.logger,
            log: this.log,
            logTranscripts: this.deps.config.logTranscripts,
            record: this.record,
            wire: this.wire,
            maxLeadMs: this.deps.config.playbackLeadMs,
            onFinished: (end) => {
                this.endAs(end);
            },
            onFailed: (code, cause) => {
                this.fail(code, 'The bot does not answer', undefined, cause);
            },
            onFault: this.processFault,
        });
        this.lastReceivedMs = clock.nowMs();
        this.deadlines.awaitOpen();
        watchLimits(this.timers, () => this.times(), this.endPassed);
    }

    /** The log of the call: its lines carry the ids that are known of it. */
    get logger(): Logger {
        return this.log.logger;
    }

    /** One text message of the client. */
    processTextMessage(data: string): void {
        this.lastReceivedMs = this.deps.clock.nowMs();
        if (this.state.is('closed') || this.state.is('gone')) return;
        try {
            this.intake.process(data);
        } catch (fault) {
            this.processFault(fault);
        }
    }

    /** One binary message: caller audio, any length. */
    processBinaryMessage(data: Uint8Array): void {
        this.lastReceivedMs = this.deps.clock.nowMs();
        if (data.length === 0) return;
        try {
            const { callerAudio } = this.state.rules;
            if (callerAudio === 'hear') this.hear(data);
            else if (callerAudio === 'keep') this.callerAudio.push(data);
            else this.log.ignore(`audio while ${this.state.name}`);
        } catch (fault) {
            this.processFault(fault);
        }
    }

    /** The socket is gone: frees everything, once. */
    close(): void {
        if (this.state.is('gone')) return;
        this.state.enter('gone');
        this.freeCall();
        this.timers.clear();
        this.record.ended(this.deps.clock.nowMs());
        const { organizationId, correlationId, retryAttempt } = this.deps.identity ?? {};
        const call = { organization: organizationId, correlation: correlationId, retryAttempt };
        this.record.observers.end(this.record);
        this.log.end({ ...this.bot.facts, ...this.record.fields(this.deps.clock.nowMs()), ...call });
    }

    /** The process is stopping: the bot finishes its sentence and says goodbye, and the call goes back to Architect. */
    endForShutdown(): void {
        const { bridge } = this.bot;
        if (bridge === undefined) this.shutDown();
        else bridge.endPolitely('server_shutdown');
    }

    /** The process is stopping, and there is no time for a goodbye: the call goes back to Architect at once. */
    shutDown(): void {
        this.record.endedBy('server_shutdown');
        this.sendDisconnect('completed', 'Server is shutting down', { end_reason: 'server_shutdown' });
    }

    /** A secure entry of the keypad is being typed, or waited for: its keys, and how they sound, are a secret. */
    get isSecret(): boolean {
        return this.bot.bridge?.keypad.isSecret === true;
    }

    /** The items of the conversation in their order, with what the caller heard of the bot's. */
    get transcript(): readonly TranscriptLine[] {
        return this.record.transcript.lines;
    }

    allowsOrganization(organizationId: Uuid): boolean {
        const { identity, config } = this.deps;
        const code = organizationFault(organizationId, identity, config.organizations);
        if (code === undefined) return true;
        this.log.note(code);
        this.record.endedBy(code);
        return false;
    }

    hasRoom(): boolean {
        const hasRoom = this.deps.hasRoom();
        if (!hasRoom) this.log.note('ERR_SERVER_FULL');
        return hasRoom;
    }

    /** The client has sent `open`, and the call was not refused. */
    get hasOpened(): boolean {
        return this.isOpened;
    }

    beginOpening(parameters: protocol.OpenParameters): void {
        this.state.enter('opening');
        this.isOpened = true;
        this.openParameters = parameters;
        this.deadlines.awaitOpened();
        const { conversationId, participant, language } = parameters;
        this.isProbe = conversationId === NULL_UUID || participant.id === NULL_UUID;
        this.log.bind({ conversation: conversationId, ...(this.isProbe ? {} : this.beginObserving(parameters)) });
        const { correlationId: correlation, from } = this.deps.identity ?? {};
        this.log.info({ probe: this.isProbe, language, correlation, from }, 'call opening');
    }

    async checkIfBotExists(): Promise<FoundBot | MissingBot> {
        const { openParameters } = this;
        if (openParameters === undefined) return { unknown: '' };
        this.openParameters = undefined;
        const bot = await this.bot.choose(this.url, openParameters);
        if ('unknown' in bot) {
            this.log.note('ERR_BOT_UNKNOWN', { bot: bot.unknown });
            this.record.endedBy('ERR_BOT_UNKNOWN');
        }
        return bot;
    }

    completeOpening(media: AcceptedMedia, opened: protocol.OpenedParameters): void {
        if (!this.state.is('opening') || !this.bot.isFound || !this.wire.send('opened', opened)) return;
        this.deadlines.done();
        this.state.enter(this.pausedWhileOpening ? 'paused' : 'active');
        this.record.opened(this.deps.clock.nowMs());
        this.media = media;
        const kept = this.opening.take();
        this.callerAudio.close();
        // A probe and a session without audio need no bot.
        if (this.isProbe || media.item === undefined) {
            this.freeCall();
            return;
        }
        this.bot.begin();
        if (this.state.is('paused')) this.bot.bridge?.suspend();
        if (kept.length > 0) this.hear(kept);
    }

    sendDisconnect(reason: protocol.DisconnectReason, info: string, outputVariables?: StringMap): void {
        if (!this.state.rules.sends.includes('disconnect')) return;
        const endReason = outputVariables?.['end_reason'] ?? (reason === 'completed' ? 'bot_ended' : reason);
        this.record.endedBy(endReason);
        if (reason === 'error') this.record.observers.failed(outputVariables?.['error_code'] ?? this.record.reason);
        this.bot.free();
        this.wire.flushEvents();
        const variables = this.record.isOpened
            ? this.bot.outcome(outputVariables ?? {}, this.record.reason)
            : undefined;
        const sent =
            variables !== undefined && this.wire.send('disconnect', { reason, info, outputVariables: variables });
        // Variables that make the message too long are left out; the call ends all the same.
        if (!sent) this.wire.send('disconnect', { reason, info });
        // A client that does not read has been cut off.
        if (this.state.is('gone')) return;
        this.state.enter('disconnecting');
        this.wire.sequence.stopChecking();
        this.freeCall();
        this.deadlines.awaitClose();
    }

    closeByClient(reason: string): void {
        this.record.endedBy(`client_${reason}`);
        this.bot.free();
        this.wire.flushEvents();
        this.wire.send('closed', {});
        if (this.state.is('gone')) return;
        this.state.enter('closed');
        this.freeCall();
        this.deadlines.awaitSocketClose();
    }

    reply(type: 'pong' | 'updated'): void {
        this.wire.send(type, {});
    }

    setRoundTrip(ms: number): void {
        this.bot.bridge?.setRoundTrip(ms);
    }

    processClientError(clientCode: number, holdMs: number): void {
        const isRateLimit = clientCode === 429;
        this.deps.meter?.clientError(isRateLimit);
        this.log.note(isRateLimit ? 'ERR_RATE_LIMITED' : 'ERR_CLIENT_ERROR', { clientCode, holdMs });
        if (!isRateLimit) return;
        this.bot.bridge?.slowDown(holdMs);
        this.wire.holdEvents(holdMs);
    }

    processPlaybackStarted(): void {
        this.record.observers.playbackStarted();
        this.bot.bridge?.processPlaybackStarted();
    }

    processPlaybackCompleted(): void {
        this.record.observers.playbackCompleted();
        this.bot.bridge?.processPlaybackCompleted();
    }

    processDTMF(digit: string): void {
        const { bridge } = this.bot;
        if (bridge === undefined) return;
        if (bridge.processDTMF(digit)) this.record.observers.keyPressed();
        else this.log.ignore('dtmf key');
    }

    processLanguage(language: string | undefined): void {
        this.log.info({ language }, 'language changed');
    }

    processPaused(): void {
        if (this.state.is('opening')) this.pausedWhileOpening = true;
        if (!this.state.is('active')) return;
        this.state.enter('paused');
        this.bot.bridge?.pause();
        this.record.observers.paused();
    }

    processResumed(): void {
        this.pausedWhileOpening = false;
        if (!this.state.is('paused')) return;
        this.state.enter('active');
        this.bot.bridge?.resume();
        this.record.observers.resumed();
    }

    skipAudio(ms: number): void {
        this.record.skipped(ms);
    }

    readonly processFault = (fault: unknown): void => {
        const code = this.log.fault(fault);
        this.record.endedBy(code);
        const info = fault instanceof CodedError ? 'The bot is not available' : 'Internal error';
        this.sendDisconnect('error', info, { end_reason: this.record.reason, error_code: code });
    };

    /** @returns what each line of the call shows from now on */
    private beginObserving(parameters: protocol.OpenParameters): Readonly<Record<string, string>> {
        const { conversationId, organizationId, language, participant, inputVariables } = parameters;
        const { clock, identity, config, observers = [] } = this.deps;
        const ids = { sessionId: this.sessionId, conversationId, organizationId };
        const opening = { clock, logger: this.logger, ...ids, correlationId: identity?.correlationId };
        return this.record.observers.begin({ ...opening, language, participant, inputVariables }, [
            callTracer(identity?.traceHeaders, config.traceContent),
            ...observers,
        ]);
    }

    /** The conversation is over. An end for a fault that no line of the call has named yet gets one. */
    private endAs({ reason, info, outputVariables, fault }: ConversationEnd): void {
        if (fault !== undefined && fault.code !== this.log.lastCode) this.log.note(fault.code, faultFields(fault));
        this.sendDisconnect(reason, info, outputVariables);
    }

    private hear(frame: Uint8Array): void {
        const samples = callerSamples(frame, this.media);
        if (this.record.callerAudio(samples.length, this.deps.clock.nowMs())) this.bot.bridge?.hear(samples);
        else this.log.ignore('audio that outruns the clock');
    }

    /** The call cannot go on: logs the code and, if it is known, the `cause` behind it, and sends `disconnect` with a short sentence. */
    readonly fail = (code: ErrorCode, info: string, where?: string, cause?: CodedError): void => {
        if (!this.state.rules.sends.includes('disconnect')) return;
        this.log.note(code, { where, ...(cause !== undefined && { ...cause.facts, why: cause.code }) });
        this.record.endedBy(code);
        this.sendDisconnect('error', info, { end_reason: this.record.reason, error_code: cause?.code ?? code });
    };

    /** The client sends or reads nothing any more: the socket is terminated, because no message would arrive. */
    private readonly abandon = (code: ErrorCode): void => {
        this.log.note(code);
        this.record.endedBy(code);
        this.wire.terminate();
        this.close();
    };

    private readonly endPassed = (code: PassedLimit): void => {
        if (code !== 'ERR_CALL_TOO_LONG') this.abandon(code);
        else if (this.bot.bridge?.endPolitely('max_duration') === true) this.log.note(code);
    };

    private times(): SessionTimes {
        const nowMs = this.deps.clock.nowMs();
        return {
            sinceReceivedMs: nowMs - this.lastReceivedMs,
            blockedMs: this.bot.bridge?.blockedMs,
            callMs: this.record.sinceOpenedMs(nowMs),
            maxCallMs: this.bot.maxCallMs ?? this.deps.config.maxCallMinutes * 60_000,
        };
    }

    /** Frees the conversation; the session goes on and answers `close`. */
    private freeCall(): void {
        this.bot.close();
        this.callerAudio.close();
        this.wire.closeEvents();
    }
}

/**
 * Why the organization named in `open` may not call; undefined: it may. It must be the one that the signature covers
 * (docs/PROTOCOL.md, 3.1), and on the allow-list if there is one.
 */
function organizationFault(
    organizationId: Uuid,
    identity: SessionIdentity | undefined,
    allowList: readonly Uuid[],
): ErrorCode | undefined {
    const id = organizationId.toLowerCase();
    if (identity !== undefined && identity.organizationId.toLowerCase() !== id) return 'ERR_ORGANIZATION_MISMATCH';
    if (allowList.length === 0 || allowList.some((allowed) => allowed.toLowerCase() === id)) return undefined;
    return 'ERR_ORGANIZATION_NOT_ALLOWED';
}
