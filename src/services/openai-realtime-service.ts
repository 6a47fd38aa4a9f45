import { EventEmitter } from 'node:events';
import type { RealtimeToolsConfigUnion } from 'openai/resources/realtime/realtime';
import type { CallerAudioBuffer } from '../audio/caller-audio-buffer';
import type { OpenAIConfig } from '../config/config';
import type { Clock } from '../support/clock';
import { CodedError, type FaultFacts } from '../support/errors';
import { faultFields, type Logger } from '../support/logger';
import { EventIds, NameCounter } from './realtime/event-ids';
import { SessionSettings, type KnownRefusals } from './realtime/optional-fields';
import { loggedAddress } from '../support/redact';
import {
    apiFacts,
    apiFault,
    classify,
    fatalError,
    judgeEnd,
    judgeFailures,
    logApiError,
    type Verdict,
} from './realtime/errors';
import { OpenAIHandshake, type CreateSocket, type HandshakePort, type RealtimeTransport } from './realtime/connection';
import {
    hasContent,
    isContent,
    readServerEvent,
    type ApiError,
    type ClientEvent,
    type ResponseEnd,
    type ServerEvent,
} from './realtime/events';
import type { AgreedFormats, ServiceTurns } from './realtime/session-config';
import { CallerAudioSender } from './realtime/caller-audio-sender';
import { ResponseSequencer, type Purpose, type ResponseRequest } from './realtime/response-sequencer';

/** What a session reports. `lost` or `fatal` comes at most once, and nothing after it; neither before `ready`. */
export interface RealtimeServiceEvents {
    /** The session is configured (see `formats`). Audio that `sendAudio` has kept goes out right afterwards. */
    ready: [];
    /** A server event of the running session, except those that have an event of their own here. */
    event: [event: ServerEvent];
    /** `response.created`, with why the response was made. */
    responseStarted: [responseId: string, purpose: Purpose];
    /** `response.done`; `again`: the response failed and will be requested once more. */
    responseDone: [end: ResponseEnd, purpose: Purpose, again: boolean];
    /** The active response gave no event for 15 s and was cancelled; it will be requested once more. */
    responseStalled: [responseId: string];
    /** A response was requested and refused for good; it is not requested again. */
    responseRefused: [purpose: Purpose];
    /** The connection is gone, or of no use; another one may do. */
    lost: [why: string, facts: FaultFacts];
    /** The conversation cannot go on; no other connection would help. */
    fatal: [error: CodedError];
}

export interface RealtimeServiceDeps extends Pick<HandshakePort, 'maxUnreachable' | 'meter'> {
    clock: Clock;
    logger: Logger;
    /** Where caller audio waits that cannot be sent yet; the call fills it before `sendAudio`. */
    callerAudio: CallerAudioBuffer;
    /** Caller audio that is kept until the session is ready, ms; default 10 000. */
    keepAudioMs?: number | undefined;
    /** Opens the socket; a `ws` one unless a test hands in its own. */
    createSocket?: CreateSocket | undefined;
    /** Chance, 0 … 1; `Math.random` unless another one is given. */
    random?: (() => number) | undefined;
    /** Functions that the model may call, and MCP servers that OpenAI may. */
    tools?: readonly RealtimeToolsConfigUnion[];
    /** May the caller interrupt from the start? Default true. */
    interruptible?: boolean;
    /** Optional fields that services have refused, known to all calls; default: those of this session alone. */
    refusedFields?: KnownRefusals | undefined;
}

const NOTHING_TO_COMMIT = 'input_audio_buffer_commit_empty';
/** Server errors that one session survives. */
const MAX_SERVER_TROUBLES = 1;

/**
 * One session of the Realtime API: connects, configures, sends audio and events, reports what comes back (docs/REALTIME.md, 1 to 4).
 * It owns everything that is true of one connection; `BotResource` owns what is true of the call.
 */
export class OpenAIRealtimeService extends EventEmitter<RealtimeServiceEvents> {
    private state: 'idle' | 'connecting' | 'ready' | 'closed' = 'idle';
    private readonly logger: Logger;
    private readonly handshake: OpenAIHandshake;
    private readonly audioSender: CallerAudioSender;
    private readonly sequencer: ResponseSequencer;
    private readonly ids: EventIds;
    private readonly ignored = new NameCounter();
    /** What this session is told of its settings. */
    readonly settings: SessionSettings;
    private transport: RealtimeTransport | undefined;
    private agreed: AgreedFormats | undefined;
    private settle: { resolve: () => void; reject: (error: CodedError) => void } | undefined;
    /** What the service was told to do by itself when the caller speaks. */
    private turns: ServiceTurns;
    /** By its last `session.updated` the service gives the responses to the caller's turns. */
    private acceptedCreating = true;
    private serverTroubles = 0;
    /** The last response that had a sound, a word, or a call. */
    private contentOfId: string | undefined;
    /** A response with nothing in it is being handled. */
    private gaveEmpty = false;
    private trouble: CodedError | undefined;

    constructor(
        private readonly config: OpenAIConfig,
        private readonly deps: RealtimeServiceDeps,
    ) {
        super();
        this.logger = deps.logger;
        this.ids = new EventIds(deps.random);
        this.turns = { createsResponses: true, interrupts: deps.interruptible ?? true };
        this.settings = new SessionSettings(config, deps);
        const onFault = (fault: unknown): void => {
            this.logger.error({ code: 'ERR_INTERNAL', ...faultFields(fault) }, 'A timer of the bot’s session failed.');
        };
        const { clock, callerAudio, keepAudioMs: keepMs } = deps;
        this.audioSender = new CallerAudioSender({ clock, callerAudio, keepMs, onFault });
        this.sequencer = this.makeSequencer(onFault);
        this.handshake = this.makeHandshake();
    }

    /** The formats of the running session; before it is ready, those that are asked for. */
    get formats(): AgreedFormats {
        return this.agreed ?? { input: this.config.audioFormat, output: this.config.audioFormat };
    }

    /** When the session says that it ends, ms since 1970; undefined: it does not say. */
    get expiresAtEpochMs(): number | undefined {
        return this.handshake.expiresAtEpochMs;
    }

    /** The response that the model is giving. */
    get activeResponseId(): string | undefined {
        return this.sequencer.activeId;
    }

    /** The response that was requested, or is active, and has not ended. */
    get pendingResponse(): ResponseRequest | undefined {
        return this.sequencer.pending;
    }

    /** Why the active response was made. */
    get activePurpose(): Purpose | undefined {
        return this.sequencer.activePurpose;
    }

    /** When the response that is active or asked for last made progress, by the clock, ms; undefined: there is none. */
    get responseActiveAtMs(): number | undefined {
        return this.sequencer.activeAtMs;
    }

    /** What has gone wrong last, while it connects or with a response; undefined: nothing since the last complete response. */
    get lastFault(): CodedError | undefined {
        return this.trouble ?? (this.state === 'ready' ? undefined : this.handshake.lastFault);
    }

    /** Milliseconds of caller audio that were appended: the clock of `audio_end_ms`. */
    get appendedMs(): number {
        return this.audioSender.appendedMs;
    }

    /** The service cancels the active response when the caller speaks. */
    get interruptsItself(): boolean {
        return this.acceptedCreating && this.turns.interrupts;
    }

    /**
     * The service gives the response to each turn of the caller that it commits. It is known from `session.updated`: a turn that is committed
     * before that event was judged by the setting before (docs/TURNS.md).
     */
    get createsResponses(): boolean {
        return this.acceptedCreating;
    }

    /** For the log: sockets opened, milliseconds of caller audio dropped, events ignored by type. */
    get counters(): { attempts: number; droppedMs: number; ignored: Readonly<Record<string, number>> } {
        const { droppedMs } = this.audioSender;
        return { attempts: this.handshake.attempts, droppedMs, ignored: this.ignored.total };
    }

    /**
     * Connects and configures; called once. Tries again where that may help, for at most 8 s.
     *
     * Rejects with a CodedError: ERR_OPENAI_KEY, _MODEL, _QUOTA, _REFUSED, _CONNECT, _NO_SESSION, _FORMAT, _REFUSED_UPDATE,
     * or _ABANDONED when `close` comes first.
     */
    connect(): Promise<void> {
        if (this.state !== 'idle') return Promise.reject(new CodedError('ERR_OPENAI_ABANDONED'));
        this.state = 'connecting';
        return new Promise((resolve, reject) => {
            this.settle = { resolve, reject };
            this.handshake.start();
        });
    }

    /** Caller audio: PCMU, 8 kHz, mono. Never throws, never waits; before the session is ready the last of it is kept. */
    sendAudio(pcmu: Uint8Array): void {
        if (this.state !== 'closed') this.audioSender.send(pcmu);
    }

    /** The session goes on in the middle of a call: sends the caller's last `backBytes` that a cursor has kept, before `sendAudio`. */
    sendRecentAudio(backBytes: number): void {
        if (this.state === 'ready') this.audioSender.sendRecent(backBytes);
    }

    /** Sends an event; `meaning` explains an error about it in the log. Does nothing unless the session is ready. */
    send(event: ClientEvent, meaning: string): void {
        if (this.state === 'ready') this.transmit({ ...event, event_id: this.ids.next(meaning) });
    }

    /** Requests a response, now or after the active one. */
    respond(request: ResponseRequest): void {
        if (this.state === 'ready') this.sequencer.request(request);
    }

    /** The active response has stopped: it is cancelled and asked for again, once. @returns false: there is none */
    retryStalledResponse(): boolean {
        return this.state === 'ready' && this.sequencer.retryStalled();
    }

    /** Cancels the active response, if there is one; its end is reported as usual. */
    cancelResponse(): void {
        if (this.state === 'ready') this.sequencer.cancel();
    }

    /** Lets the caller interrupt, or not: the whole configuration is sent again. */
    setInterruptible(interruptible: boolean): void {
        this.turns = { createsResponses: true, interrupts: interruptible };
        this.send(this.update(), 'session.update (interruptible)');
    }

    /** Whether the service takes the caller's turns: gives responses to them, and cancels its own response when they speak. */
    setTurnTaking(byService: boolean): void {
        this.turns = { createsResponses: byService, interrupts: byService };
        this.send({ type: 'session.update', session: this.settings.turnTaking(this.turns) }, 'session.update (turns)');
    }

    /** Ends the session with close code 1000 and frees everything. May be called twice, and at any time. */
    close(): void {
        if (this.state === 'closed') return;
        this.release();
        this.removeAllListeners();
        this.settle?.reject(new CodedError('ERR_OPENAI_ABANDONED'));
        this.settle = undefined;
    }

    private makeHandshake(): OpenAIHandshake {
        const { clock, createSocket, maxUnreachable, meter, random = Math.random } = this.deps;
        return new OpenAIHandshake(this.config, {
            ...{ clock, createSocket, maxUnreachable, meter, random },
            logger: this.logger,
            update: () => ({ ...this.update(), event_id: this.ids.next('session.update') }),
            refused: (error) => this.settings.canDoWithout(error),
            ignored: (name) => {
                this.ignored.add(name);
            },
            ready: (transport, agreed) => {
                this.becomeReady(transport, agreed);
            },
            failed: (error) => {
                this.release();
                this.removeAllListeners();
                this.settle?.reject(error);
            },
        });
    }

    private makeSequencer(onFault: (fault: unknown) => void): ResponseSequencer {
        const port = {
            newEventId: (meaning: string) => this.ids.next(meaning),
            send: (event: ClientEvent) => {
                this.transmit(event);
            },
            stalled: (responseId: string) => {
                this.noteTrouble(new CodedError('ERR_BOT_STALLED'));
                this.logger.warn({ code: 'ERR_BOT_STALLED', responseId }, 'A response stopped in the middle.');
                this.emit('responseStalled', responseId);
            },
            gaveUp: (error: ApiError | undefined) => {
                const empty = { kind: 'fatal', error: new CodedError('ERR_OPENAI_EMPTY') } as const;
                this.finish(this.gaveEmpty ? empty : judgeFailures(error));
            },
        };
        return new ResponseSequencer(this.deps.clock, port, onFault);
    }

    private update(): ClientEvent {
        return { type: 'session.update', session: this.settings.next(this.turns, this.state === 'ready') };
    }

    private becomeReady(transport: RealtimeTransport, agreed: AgreedFormats): void {
        this.listenTo(transport);
        this.transport = transport;
        this.agreed = agreed;
        this.state = 'ready';
        this.settings.accepted();
        this.emit('ready');
        this.audioSender.open(transport, agreed.input);
        this.settle?.resolve();
        this.settle = undefined;
    }

    /** From now on frames come here directly: the handshake is over. */
    private listenTo(transport: RealtimeTransport): void {
        transport.handOver({
            opened: () => undefined,
            frame: (frame) => {
                this.onFrame(frame);
            },
            ended: (end) => {
                // In a call a close reason may quote what was said, without any marks around it.
                this.finish(judgeEnd(end.kind === 'closed' ? { ...end, reason: '' } : end));
            },
        });
    }

    private transmit(event: ClientEvent): void {
        this.transport?.send(JSON.stringify(event));
    }

    private onFrame(frame: Buffer): void {
        try {
            this.onEvent(readServerEvent(frame));
        } catch (fault) {
            this.logger.error(
                { code: 'ERR_INTERNAL', ...faultFields(fault) },
                'An event of the bot could not be handled.',
            );
            this.finish({ kind: 'fatal', error: new CodedError('ERR_INTERNAL') });
        }
    }

    private onEvent(event: ServerEvent): void {
        if ('responseId' in event && event.responseId === this.sequencer.activeId) this.sequencer.touch();
        switch (event.type) {
            case 'ignored':
                this.ignored.add(event.name);
                return;
            case 'error':
                this.onError(event.error);
                return;
            case 'response-created':
                this.emit('responseStarted', event.id, this.sequencer.created(event.id, event.clientEventId));
                return;
            case 'response-done':
                this.onDone(event.response);
                return;
            case 'session-updated':
                this.acceptedCreating = event.createsResponses ?? this.turns.createsResponses;
                return;
            case 'speech-started':
                if (this.acceptedCreating) this.sequencer.callerSpeaks();
                this.emit('event', event);
                return;
            case 'speech-stopped':
                if (this.acceptedCreating) this.sequencer.turnCommitted();
                this.emit('event', event);
                return;
            default:
                if (hasContent(event)) this.contentOfId = event.responseId;
                this.emit('event', event);
        }
    }

    private onDone(end: ResponseEnd): void {
        if (this.isEmpty(end)) {
            this.onEmpty(end);
            return;
        }
        if (end.status === 'completed') this.recovered();
        if (end.error !== undefined) this.noteTrouble(apiFault(end.error));
        if (end.error !== undefined) logApiError(this.logger, end.error, 'response.done');
        if (end.error !== undefined && classify(end.error) === 'fatal') {
            this.finish({ kind: 'fatal', error: fatalError(end.error) });
            return;
        }
        this.reportDone(end, this.sequencer.done(end));
    }

    /** Like a failed response: it is requested once more, and after a second one the bot is given up. */
    private onEmpty(end: ResponseEnd): void {
        const fields = { code: 'ERR_OPENAI_EMPTY', responseId: end.id, status: end.status, reason: end.reason };
        this.logger.warn(fields, 'A response ended with nothing in it.');
        this.noteTrouble(new CodedError('ERR_OPENAI_EMPTY'));
        this.gaveEmpty = true;
        const done = this.sequencer.done({ ...end, status: 'failed' });
        this.gaveEmpty = false;
        this.reportDone(end, done);
    }

    private reportDone(end: ResponseEnd, { purpose, again }: { purpose: Purpose; again: boolean }): void {
        this.emit('responseDone', end, purpose, again);
    }

    /** It is over as if all were well, or for its length, and the caller would hear nothing of it and nothing after it. */
    private isEmpty({ id, status, reason, items }: ResponseEnd): boolean {
        const isOver = status === 'completed' || (status === 'incomplete' && reason === 'max_output_tokens');
        return isOver && this.contentOfId !== id && !items.some(isContent);
    }

    private onError(error: ApiError): void {
        const kind = logApiError(this.logger, error, this.ids.meaningOf(error.eventId));
        if (error.code === NOTHING_TO_COMMIT) this.emit('event', { type: 'error', error });
        const refused = this.sequencer.refused(error);
        if (refused !== undefined || kind === 'retry') this.noteTrouble(apiFault(error));
        if (refused !== undefined) this.emit('responseRefused', refused);
        if (kind === 'fatal') this.finish({ kind: 'fatal', error: fatalError(error) });
        else if (error.code === 'session_expired')
            this.finish({ kind: 'retry', why: 'session_expired', facts: apiFacts(error) });
        else if (kind === 'retry') this.onTrouble(error);
    }

    private onTrouble(error: ApiError): void {
        this.serverTroubles += 1;
        if (this.serverTroubles <= MAX_SERVER_TROUBLES) return;
        this.finish({ kind: 'retry', why: error.code ?? error.type, facts: apiFacts(error) });
    }

    private noteTrouble(fault: CodedError): void {
        this.trouble = fault.with(this.facts);
    }

    private recovered(): void {
        this.serverTroubles = 0;
        this.trouble = undefined;
    }

    private get facts(): FaultFacts {
        return { address: loggedAddress(this.config.url) };
    }

    private finish(verdict: Verdict): void {
        if (this.state === 'closed') return;
        this.release();
        if (verdict.kind === 'fatal') this.emit('fatal', verdict.error.with(this.facts));
        else this.emit('lost', verdict.why, { ...this.facts, ...verdict.facts });
        this.removeAllListeners();
    }

    private release(): void {
        this.state = 'closed';
        this.handshake.close();
        this.audioSender.close();
        this.sequencer.close();
        this.transport?.close();
    }
}
