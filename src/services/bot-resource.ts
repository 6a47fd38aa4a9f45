import { EventEmitter } from 'node:events';
import type { CallerAudioBuffer } from '../audio/caller-audio-buffer';
import type { OpenAIConfig } from '../config/config';
import { CodedError, type FaultFacts } from '../support/errors';
import { faultFields, type Logger } from '../support/logger';
import { redact } from '../support/redact';
import type { BotMeter } from './call-meter';
import {
    keypadNote,
    type Conversation,
    type ConversationEnd,
    type ConversationEvents,
    type HeardPosition,
    type OverlapControl,
    type SilenceStep,
} from './conversation';
import { OpenAIRealtimeService } from './openai-realtime-service';
import { logEnd, logReady } from './realtime/usage';
import { longestVadMs } from './realtime/session-config';
import { SessionRenewal } from './realtime/session-renewal';
import { RealtimeConversation } from './realtime/realtime-conversation';
import type { CreateSocket } from './realtime/connection';
import { RefusedFields, type KnownRefusals } from './realtime/optional-fields';
import type { CallUsage } from './realtime/usage';
import { runnerFor, type CallToolsDeps, type ToolRunner } from './functions/tool-runner';
import type { Transcript } from './transcript';
import type { ReadAloud } from './realtime/text-response-speaker';

export interface BotResourceDeps extends CallToolsDeps {
    /** What was said in the call. The call writes it, also what this bot emits as `transcript`. */
    transcript: Transcript;
    /** Where caller audio waits that cannot be sent yet; the call fills it before `hear`. */
    callerAudio: CallerAudioBuffer;
    /** Makes the voice that reads aloud what the model writes instead of speaking; without it such a response is only logged. */
    readAloud?: ReadAloud | undefined;
    /** Said while a function is running, where it has no words of its own; undefined: nothing is said then. */
    fillerWords?: string;
    /** Opens the sockets; `ws` ones unless a test hands in its own. */
    createSocket?: CreateSocket | undefined;
    /** Chance, 0 … 1; default: `Math.random`. */
    random?: (() => number) | undefined;
    /** See `HandshakePort.maxUnreachable`: for the call's first session; one that replaces a lost session is tried for the whole time. */
    maxUnreachable?: number | undefined;
    /** Optional fields that OpenAI has refused, known to all calls. */
    refusedFields?: KnownRefusals | undefined;
    /** Hears of sessions and of what they use, for the metrics. */
    meter?: BotMeter | undefined;
}

/** Caller audio kept before the first session is ready, and while a lost one is replaced. */
const KEPT_AT_START_MS = 10_000;
const KEPT_AT_LOSS_MS = 5000;
/** After so many lost sessions of one call a further loss ends the bot. */
const MAX_RECONNECTS = 3;
const MAX_KEPT_NOTES = 8;
/** Filler words come this long after the caller last heard something. */
const QUIET_BEFORE_FILLER_MS = 1000;
/** They are repeated while the function still runs, so that the call is not taken for dead. */
const FUNCTION_FILLER_EVERY_MS = 8000;

/**
 * OpenAI's model on one call: joins the Realtime session with the caller's audio, and replaces a lost session by another one that
 * knows what was said (docs/REALTIME.md, 9.2).
 */
export class BotResource extends EventEmitter<ConversationEvents> implements Conversation {
    readonly botName = 'openai';
    readonly listensOnly = false;
    readonly remoteVadMs: number;
    readonly speaksFirst: boolean;
    private state: 'idle' | 'starting' | 'talking' | 'reconnecting' | 'over' = 'idle';
    private readonly logger: Logger;
    private readonly tools: ToolRunner;
    private readonly conversation: RealtimeConversation;
    private readonly change: SessionRenewal;
    private readonly notes: string[] = [];
    /** Without one that all calls share. */
    private readonly refusedFields = new RefusedFields();
    private readonly sessions: OpenAIRealtimeService[] = [];
    /** The session that hears the caller; not connected before `start`. */
    private session: OpenAIRealtimeService;
    private openedMs = 0;
    private losses = 0;
    private loss: CodedError | undefined;

    constructor(
        private readonly config: OpenAIConfig,
        private readonly deps: BotResourceDeps,
    ) {
        super();
        this.logger = deps.logger;
        this.speaksFirst = config.greeting !== '';
        this.remoteVadMs = longestVadMs(config.turnDetection);
        this.tools = runnerFor(deps, (request) => this.emit('collectDigits', request));
        const { clock, logger } = deps;
        this.conversation = new RealtimeConversation({
            config,
            clock,
            logger,
            readAloud: deps.readAloud,
            transcript: deps.transcript,
            meter: deps.meter,
            toolRunner: this.tools,
            bot: this,
            play: (pcmu, origin) => {
                this.change.played(pcmu.length / 8);
                this.emit('audio', pcmu, origin);
            },
            end: (end) => {
                this.finish(end);
            },
            functionIsSlow: (words) => this.functionIsSlow(words),
        });
        this.change = new SessionRenewal(clock, logger, deps.callerAudio, {
            make: () => this.make(),
            isQuiet: () => this.conversation.isQuiet,
            take: (next, recentBytes) => {
                this.moveTo(next, recentBytes);
            },
        });
        this.session = this.make();
    }

    /** Tokens of the call so far, those of transcriptions apart. */
    get usage(): Readonly<CallUsage> {
        return this.conversation.usage.total;
    }

    /** Rejects with the CodedError of `OpenAIRealtimeService.connect`; everything is freed then. */
    async start(): Promise<void> {
        if (this.state !== 'idle') throw new CodedError('ERR_OPENAI_ABANDONED');
        this.state = 'starting';
        try {
            await this.open(this.session);
        } catch (error) {
            this.release();
            throw error;
        }
    }

    hear(pcmu: Uint8Array): void {
        this.session.sendAudio(pcmu);
    }

    tell(text: string): void {
        if (this.state === 'talking') this.conversation.tell(text);
        else if (this.state !== 'over' && this.notes.length < MAX_KEPT_NOTES) this.notes.push(text);
    }

    askAgain(): void {
        if (this.state === 'talking') this.conversation.askAgain();
    }

    sayGoodbye(): void {
        this.conversation.sayGoodbye();
    }

    /** See `Conversation.lastFault`. */
    get lastFault(): CodedError | undefined {
        return this.session.lastFault ?? this.loss;
    }

    /** Sessions that were lost. */
    get reconnects(): number {
        return this.losses;
    }

    /** undefined: this model's prices are not known. */
    get costUsd(): number | undefined {
        return this.conversation.usage.costUsd;
    }

    digits(entry: string): void {
        this.tell(keypadNote(entry));
    }

    get overlap(): OverlapControl | undefined {
        return this.conversation.overlap;
    }

    get responseActiveAtMs(): number | undefined {
        return this.state === 'talking' ? this.session.responseActiveAtMs : undefined;
    }

    /** It can ask again for a response that has stopped, and end a turn; for the rest a fallback ladder is needed. */
    onSilence(step: SilenceStep): boolean {
        switch (step) {
            case 'retry':
                return this.session.retryStalledResponse();
            case 'end_turn':
                return this.state === 'talking' && this.conversation.endTurn();
            case 'filler':
            case 'takeover':
                return false;
        }
    }

    interrupt(heard: HeardPosition): void {
        this.change.interrupted();
        if (this.state !== 'over') this.conversation.interrupt(heard);
    }

    end(): void {
        this.release();
        this.removeAllListeners();
    }

    private make(): OpenAIRealtimeService {
        const { clock, logger, callerAudio, createSocket, random } = this.deps;
        const { refusedFields = this.refusedFields, maxUnreachable, meter } = this.deps;
        const service = new OpenAIRealtimeService(this.config, {
            clock,
            logger,
            callerAudio,
            keepAudioMs: this.losses === 0 ? KEPT_AT_START_MS : KEPT_AT_LOSS_MS,
            createSocket,
            random,
            meter,
            maxUnreachable: this.state === 'idle' ? maxUnreachable : undefined,
            refusedFields,
            tools: this.tools.definitions,
            interruptible: this.conversation.interruptible,
        });
        this.sessions.push(service);
        return service;
    }

    private open(service: OpenAIRealtimeService): Promise<void> {
        this.openedMs = this.deps.clock.nowMs();
        service.on('ready', () => {
            this.onReady(service);
        });
        this.listen(service);
        return service.connect();
    }

    private listen(service: OpenAIRealtimeService): void {
        service.on('lost', (why, facts) => {
            this.onLost(service, why, facts);
        });
        service.on('fatal', (error) => {
            this.fail(error);
        });
    }

    /** The planned renewal: closes the old session, and goes on in `next`. */
    private moveTo(next: OpenAIRealtimeService, recentBytes: number): void {
        const old = this.session;
        if (this.state !== 'talking') {
            next.close();
            return;
        }
        this.listen(next);
        this.conversation.detach(old, true);
        old.close();
        if (this.isOver()) {
            next.close();
            return;
        }
        this.session = next;
        this.use(next);
        next.sendRecentAudio(recentBytes);
        this.logger.info({ sessions: this.sessions.length }, 'The session was changed before its end.');
    }

    private use(service: OpenAIRealtimeService): void {
        this.conversation.attach(service);
        this.change.watch(service.expiresAtEpochMs);
    }

    private onReady(service: OpenAIRealtimeService): void {
        const first = this.state === 'starting';
        this.state = 'talking';
        this.loss = undefined;
        this.logReady(service);
        this.use(service);
        for (const note of this.notes.splice(0)) this.conversation.tell(note);
        this.emit(first ? 'ready' : 'recovered');
    }

    private onLost(service: OpenAIRealtimeService, why: string, facts: FaultFacts): void {
        if (this.isOver()) return;
        this.losses += 1;
        this.deps.meter?.upstreamLost();
        this.loss = new CodedError('ERR_OPENAI_LOST', `${redact(why)}.`, facts);
        this.change.drop();
        this.state = 'reconnecting';
        this.emit('reconnecting', why, this.loss);
        if (this.isOver()) return;
        this.conversation.detach(service);
        if (this.isOver()) return;
        if (this.losses > MAX_RECONNECTS) {
            this.fail(
                new CodedError('ERR_OPENAI_LOST', `${MAX_RECONNECTS} times; the last one: ${redact(why)}.`, facts),
            );
            return;
        }
        const fields = { code: 'ERR_OPENAI_LOST', why, ...facts, reconnects: this.losses };
        this.logger.warn(fields, 'Lost; connecting again.');
        this.session = this.make();
        this.open(this.session).catch((error: unknown) => {
            this.fail(error);
        });
    }

    /** Ends the conversation with `bot_failed`. */
    private fail(error: unknown): void {
        if (this.isOver()) return;
        const fault = error instanceof CodedError ? error : new CodedError('ERR_INTERNAL');
        const { code } = fault;
        this.logger.error(faultFields(error), 'The bot cannot go on.');
        // A response that breaks off still has its words, for the fallback option that takes over.
        if (this.state === 'talking') {
            this.emit('reconnecting', code, fault);
            this.conversation.detach(this.session);
        }
        if (this.isOver()) return;
        const outputVariables = { end_reason: 'bot_failed', error_code: code };
        this.finish({ reason: 'error', info: `The bot cannot go on (${code}).`, outputVariables, fault });
    }

    private finish(end: ConversationEnd): void {
        if (this.isOver()) return;
        this.release();
        this.emit('ended', end);
    }

    /** @returns milliseconds after which to ask again */
    private functionIsSlow(words: string | undefined): number {
        if (this.change.audibleMs > 0) return this.change.audibleMs + QUIET_BEFORE_FILLER_MS;
        this.sayFiller(words);
        return FUNCTION_FILLER_EVERY_MS;
    }

    private sayFiller(words: string | undefined): void {
        const { onSlowTool, fillerWords } = this.deps;
        const aloud = words ?? fillerWords;
        if (onSlowTool !== undefined) onSlowTool(words);
        else if (aloud !== undefined) this.conversation.sayAside(aloud);
    }

    /** A method, because a listener may have ended the call in the middle of what we do. */
    private isOver(): boolean {
        return this.state === 'over';
    }

    private release(): void {
        if (this.state === 'over') return;
        const started = this.state !== 'idle';
        this.state = 'over';
        this.change.close();
        this.conversation.close();
        this.session.close();
        this.notes.length = 0;
        if (started) this.logEnd();
    }

    private logReady(service: OpenAIRealtimeService): void {
        logReady(this.logger, this.config, service, Math.round(this.deps.clock.nowMs() - this.openedMs));
    }

    private logEnd(): void {
        const { usage, costUsd, losses } = this;
        const { costIsPartial } = this.conversation.usage;
        const totals = { usage, costUsd, costIsPartial, reconnects: losses };
        const droppedBytes = logEnd(this.logger, this.sessions, totals);
        if (droppedBytes > 0) this.deps.meter?.dropped('upstream', droppedBytes);
    }
}
