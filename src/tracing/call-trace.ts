import { SpanKind, trace, type Attributes, type Context, type Span, type Tracer } from '@opentelemetry/api';
import type { BotResponse } from '../services/bot-response';
import type { CallFigures, CallObserver } from '../services/call-observer';
import type {
    AudioOrigin,
    BotWait,
    Conversation,
    HeardPosition,
    ModelResponse,
    OverlapReport,
    TranscriptItem,
} from '../services/conversation';
import type { ToolRecord } from '../services/functions/tool';
import type { Clock } from '../support/clock';
import { ERRORS } from '../support/errors';
import { faultFields, type Logger } from '../support/logger';
import { epochTime, failed, SpanWriter } from './span-writer';
import type { TraceParent } from './trace-context';
import { defined, TurnTrace, type BegunBy, type ToolContent } from './turn-trace';

/** What is known of a call when it opens. */
export interface TracedCall {
    readonly clock: Clock;
    readonly logger: Logger;
    readonly parent: TraceParent;
    /** Genesys' id of the conversation. */
    readonly conversationId: string;
    readonly sessionId: string;
    readonly correlationId: string | undefined;
    readonly organizationId: string;
    readonly language: string | undefined;
    /** Put what is said, and what functions are given and give, into the trace. */
    readonly withContent: boolean;
}

const TRACER_NAME = 'audioconnector-server';
/** Turns whose spans are written; more are only counted. */
const MAX_TURNS = 500;
/** Events of the call's own span; more are only counted. */
const MAX_EVENTS = 100;
/** Functions, and items of the caller's, whose content is remembered until their turn is written. */
const MAX_CONTENTS = 100;
/** Its result may be digits of the keypad: no trace holds them. */
const KEYPAD_TOOL = 'collect_digits';
/** What a conversation waits for once it has its connection again. */
const RECOVERED: ReadonlySet<BotWait> = new Set(['recovered', 'ready', 'idle', 'nothing_awaited'] as const);

/**
 * The trace of one call: its span, and below it one span for each turn with the caller's speech, the responses, the functions and the
 * playback (docs/TRACES.md). It listens to the conversation and is told the rest. Nothing waits for it, and a fault of it ends the trace and
 * not the call.
 *
 * The call's span begins when the call opens and ends with its socket. A turn is written when it is over: when nothing of it sounds any more
 * and the next one has begun, or when the call ends.
 */
export class CallTrace implements CallObserver {
    private readonly writer: SpanWriter;
    private readonly context: Context;
    private readonly common: Attributes;
    private conversation: Conversation | undefined;
    private attachedMs = 0;
    private current: TurnTrace | undefined;
    /** The turn before, while something of it sounds. */
    private before: TurnTrace | undefined;
    private turns = 0;
    private events = 0;
    private modelTexts = 0;
    private steps = 0;
    /** The response whose audio comes, or the filler: most audio is of one that is known. */
    private soundingId: string | undefined;
    private isAwaitingKeys = false;
    private isReconnecting = false;
    private isFailed = false;
    private isOver = false;
    private readonly functions = new Map<string, ToolContent>();
    private readonly callerItems = new Map<string, TurnTrace>();

    private constructor(
        private readonly span: Span,
        tracer: Tracer,
        private readonly call: TracedCall,
    ) {
        const { clock, conversationId, parent } = call;
        // The times of a call go on evenly when the wall clock is set.
        this.writer = new SpanWriter(tracer, clock.epochMs() - clock.nowMs());
        this.context = trace.setSpan(parent.context, span);
        this.common = { 'gen_ai.conversation.id': conversationId };
    }

    /**
     * Begins the trace of a call that opens. undefined: no tracer provider is registered, its sampler leaves this call out, or a span processor
     * throws. Never throws.
     */
    static begin(call: TracedCall): CallTrace | undefined {
        const { clock, parent, conversationId } = call;
        try {
            const tracer = trace.getTracer(TRACER_NAME);
            const options = { kind: SpanKind.SERVER, startTime: epochTime(clock.epochMs()), links: parent.links };
            const attributes = { 'gen_ai.conversation.id': conversationId };
            const span = tracer.startSpan('call', { ...options, attributes }, parent.context);
            if (!span.isRecording()) return undefined;
            span.setAttributes(openingAttributes(call));
            return new CallTrace(span, tracer, call);
        } catch (fault) {
            giveUp(call, fault);
            return undefined;
        }
    }

    /** The id of the trace, 32 hexadecimal digits, stands in each line of the call. */
    get logFields(): { trace: string } {
        return { trace: this.span.spanContext().traceId };
    }

    /**
     * Follows the bot of the call until its listeners are removed, which the call does. To be called after the call's own listeners are there:
     * what these do comes first.
     */
    attach(conversation: Conversation, name: string, version: string | undefined): void {
        const agent = { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': name };
        this.span.setAttributes(defined({ ...agent, 'gen_ai.agent.version': version }));
        this.conversation = conversation;
        this.attachedMs = this.nowMs;
        conversation.on('audio', this.onAudio);
        conversation.on('ready', this.guarded(this.onReady));
        conversation.on('responseEnded', this.guarded(this.onResponseEnded));
        conversation.on('modelResponded', this.guarded(this.onModelResponded));
        conversation.on('speechStarted', this.guarded(this.onSpeechStarted));
        conversation.on('speechStopped', this.guarded(this.onSpeechStopped));
        conversation.on('turn', this.guarded(this.onTurn));
        conversation.on('waiting', this.guarded(this.onWaiting));
        conversation.on('collectDigits', this.guarded(this.onCollectDigits));
        conversation.on('reconnecting', this.guarded(this.onReconnecting));
        conversation.on('recovered', this.guarded(this.onRecovered));
        if (this.call.withContent) conversation.on('transcript', this.guarded(this.onTranscript));
    }

    /** A key was pressed. Which one is never told. Keys that a function has asked for belong to its turn. */
    readonly keyPressed = this.guarded((): void => {
        const { current } = this;
        if (current === undefined) this.begin('keypad');
        else if (!current.isAnswered || (this.isAwaitingKeys && current.isOfModel)) current.owes(this.nowMs);
        else this.begin('keypad');
    });

    /** The client reports that it plays bot audio. */
    readonly playbackStarted = this.guarded((): void => {
        this.sounding?.playbackStarted(this.nowMs);
    });

    /** The client reports that it has played all of it. */
    readonly playbackCompleted = this.guarded((): void => {
        this.before?.playbackCompleted(this.nowMs);
        this.current?.playbackCompleted(this.nowMs);
        this.tidy();
    });

    /** The caller interrupted, and had heard this much. */
    readonly interrupted = this.guarded(({ items }: HeardPosition): void => {
        const heardMs = items.reduce((sum, each) => sum + each.heardMs, 0);
        const receivedMs = items.reduce((sum, each) => sum + each.receivedMs, 0);
        this.sounding?.interrupted(heardMs, receivedMs, this.nowMs);
        this.tidy();
    });

    /** A function has run, or was refused. */
    readonly toolCalled = this.guarded((record: ToolRecord): void => {
        const { nowMs, current, before } = this;
        this.isAwaitingKeys = false;
        const startMs = nowMs - record.ms;
        const turn = current !== undefined && before !== undefined && startMs < current.startMs ? before : current;
        turn?.toolCalled(record, nowMs);
    });

    /** The call's verdict about speech over the bot; its words stay out. */
    readonly overlap = this.guarded((report: OverlapReport): void => {
        const { overlap, reason, voicedMs, spanMs, afterMs, backMs } = report;
        const attributes = defined({
            'audioconnector.overlap.verdict': overlap,
            'audioconnector.overlap.reason': reason,
            'audioconnector.overlap.voiced_ms': Math.round(voicedMs),
            'audioconnector.overlap.span_ms': Math.round(spanMs),
            'audioconnector.overlap.after_ms': afterMs,
            'audioconnector.overlap.back_ms': backMs,
        });
        this.sounding?.happened('overlap', this.nowMs, attributes);
    });

    /** The call ends by a fault: a code of the catalogue. The first one counts. */
    readonly failed = this.guarded((code: string): void => {
        if (this.isFailed) return;
        this.isFailed = true;
        const known = Object.hasOwn(ERRORS, code) ? code : 'ERR_BOT_FAILED';
        this.span.setAttribute('error.type', known).setStatus(failed(known));
        if (this.current?.isSettled === false) this.current.failed(known);
    });

    /** The call is over: writes what is left. May be called twice. */
    readonly end = this.guarded((figures: CallFigures): void => {
        this.noteSteps();
        if (figures.reason.startsWith('ERR_')) this.failed(figures.reason);
        this.write(this.before);
        this.write(this.current);
        this.isOver = true;
        this.span.setAttributes(this.closingAttributes(figures));
        this.span.end(this.writer.time(this.nowMs));
    });

    private readonly onReady = (): void => {
        this.noteSteps();
        this.happened('bot ready', { 'audioconnector.bot': this.botName });
    };

    /** Called for each piece of bot audio: what is known is left at once. */
    private readonly onAudio = (_pcmu: Uint8Array, { responseId, aside }: AudioOrigin): void => {
        if (responseId === this.soundingId) return;
        this.soundingId = responseId;
        if (aside === true) this.onFiller();
        else this.onFirstAudio(responseId);
    };

    private readonly onFiller = this.guarded((): void => {
        this.current?.happened('filler', this.nowMs, {});
    });

    private readonly onFirstAudio = this.guarded((responseId: string): void => {
        this.turnOf(responseId).audio(responseId, this.botName, this.nowMs);
    });

    private readonly onResponseEnded = (responseId: string): void => {
        this.before?.responseEnded(responseId, this.nowMs);
        this.current?.responseEnded(responseId, this.nowMs);
        this.tidy();
    };

    private readonly onModelResponded = (response: ModelResponse): void => {
        const id = response.responseId ?? `text_${++this.modelTexts}`;
        this.turnOf(id).modelResponded(response, id, this.botName, this.nowMs);
    };

    private readonly onSpeechStarted = (): void => {
        const turn = this.current?.isAnswered === false ? this.current : this.begin('caller');
        turn.callerStarted(this.nowMs);
    };

    private readonly onSpeechStopped = (silenceMs: number): void => {
        this.current?.callerStopped(this.nowMs - silenceMs, this.nowMs);
    };

    private readonly onTurn = ({ responseId, disposition, text }: BotResponse): void => {
        const said = this.call.withContent ? text : undefined;
        const turn = responseId !== undefined && this.before?.has(responseId) === true ? this.before : this.current;
        turn?.reported(responseId, disposition, said);
    };

    private readonly onWaiting = (wait: BotWait): void => {
        this.noteSteps();
        if (wait === 'response_requested') this.current?.owes(this.nowMs);
        else if (wait === 'reconnect') this.onReconnecting(wait, this.conversation?.lastFault);
        else if (RECOVERED.has(wait)) this.onRecovered();
    };

    private readonly onCollectDigits = (): void => {
        this.isAwaitingKeys = true;
    };

    private readonly onReconnecting = (_why: string, fault?: { readonly code: string }): void => {
        if (this.isReconnecting) return;
        this.isReconnecting = true;
        this.happened('reconnect', defined({ 'error.type': fault?.code }));
        if (fault !== undefined && this.current?.isSettled === false) this.current.failed(fault.code);
    };

    private readonly onRecovered = (): void => {
        if (!this.isReconnecting) return;
        this.isReconnecting = false;
        this.happened('recovered', {});
    };

    private readonly onTranscript = ({ speaker, itemId, text, call, ignored }: TranscriptItem): void => {
        if (speaker === 'function' && call !== undefined) this.keepFunction(call.callId, call.name, call);
        if (speaker !== 'caller' || ignored === true) return;
        const turn = this.callerItems.get(itemId) ?? this.current;
        if (turn === undefined) return;
        if (text === undefined || text === '') {
            if (this.callerItems.size < MAX_CONTENTS) this.callerItems.set(itemId, turn);
            return;
        }
        this.callerItems.delete(itemId);
        turn.said(text);
    };

    private keepFunction(callId: string, name: string, { argumentsJson, output }: ToolContent): void {
        if (this.functions.size >= MAX_CONTENTS && !this.functions.has(callId)) return;
        this.functions.set(callId, { argumentsJson, output: name === KEYPAD_TOOL ? undefined : output });
    }

    /** The fallback options that took over since this was asked last. */
    private noteSteps(): void {
        const all = this.conversation?.fallbackSteps ?? [];
        for (const { from, to, why } of all.slice(this.steps)) {
            const attributes = { 'audioconnector.fallback.from': from, 'audioconnector.fallback.to': to };
            this.happened('fallback', defined({ ...attributes, 'error.type': why }));
            this.isReconnecting = false;
            if (from !== undefined && this.current?.isSettled === false) this.current.failed(why);
        }
        this.steps = all.length;
    }

    private happened(name: string, attributes: Attributes): void {
        this.events += 1;
        if (this.events <= MAX_EVENTS) this.span.addEvent(name, attributes, this.writer.time(this.nowMs));
    }

    /** The turn that a response belongs to; one that no turn waits for begins a new one. */
    private turnOf(responseId: string): TurnTrace {
        this.noteSteps();
        const { before, current } = this;
        if (before?.has(responseId) === true) return before;
        if (current === undefined) return this.begin('bot', this.attachedMs);
        return current.isSettled && !current.has(responseId) ? this.begin('bot') : current;
    }

    /** The turn that the caller hears, or heard last. */
    private get sounding(): TurnTrace | undefined {
        return this.current?.isAnswered === false && this.before !== undefined ? this.before : this.current;
    }

    private begin(by: BegunBy, startMs = this.nowMs): TurnTrace {
        this.write(this.before);
        this.before = this.current;
        this.isAwaitingKeys = false;
        this.turns += 1;
        this.current = new TurnTrace(this.turns, by, startMs);
        this.tidy();
        return this.current;
    }

    /** Writes the turn before when nothing of it sounds any more. */
    private tidy(): void {
        if (this.before?.isSounding !== false) return;
        this.write(this.before);
        this.before = undefined;
    }

    private write(turn: TurnTrace | undefined): void {
        if (turn === undefined) return;
        for (const [itemId, waiting] of this.callerItems) if (waiting === turn) this.callerItems.delete(itemId);
        if (turn.number > MAX_TURNS) return;
        turn.write(this.writer, this.context, this.common, this.nowMs, (callId) => {
            const content = this.functions.get(callId);
            this.functions.delete(callId);
            return content;
        });
    }

    private closingAttributes(figures: CallFigures): Attributes {
        const { worstMs } = figures.turnClock;
        const { fallbackUsed, reconnects } = this.conversation ?? {};
        const untraced = Math.max(0, this.turns - MAX_TURNS);
        const leftOut = this.writer.leftOutCount + Math.max(0, this.events - MAX_EVENTS);
        return defined({
            'audioconnector.end_reason': figures.reason,
            'audioconnector.turns': figures.turns,
            'audioconnector.barge_ins': figures.bargeIns,
            'audioconnector.taken_back': figures.takenBack,
            'audioconnector.tool_calls': figures.toolCalls,
            'audioconnector.cost_usd': figures.costUsd,
            'audioconnector.worst_turn_ms': worstMs === undefined ? undefined : Math.round(worstMs),
            'audioconnector.fallback_used': fallbackUsed === '' ? undefined : fallbackUsed,
            'audioconnector.reconnects': reconnects,
            'audioconnector.turns_left_out': untraced > 0 ? untraced : undefined,
            'audioconnector.left_out': leftOut > 0 ? leftOut : undefined,
        });
    }

    private get botName(): string {
        return this.conversation?.botName ?? '';
    }

    private get nowMs(): number {
        return this.call.clock.nowMs();
    }

    /** A span processor that throws ends the trace, and neither the call nor the bot's socket notices. */
    private guarded<A extends unknown[]>(task: (...args: A) => void): (...args: A) => void {
        return (...args) => {
            if (this.isOver) return;
            try {
                task(...args);
            } catch (fault) {
                this.isOver = true;
                giveUp(this.call, fault);
            }
        };
    }
}

/** Not as a warning: the call itself has no fault. */
function giveUp({ logger }: TracedCall, fault: unknown): void {
    logger.info({ ...faultFields(fault), code: 'ERR_INTERNAL' }, 'The trace of this call is given up.');
}

function openingAttributes(call: TracedCall): Attributes {
    return defined({
        'session.id': call.conversationId,
        'audioconnector.session_id': call.sessionId,
        'audioconnector.correlation_id': call.correlationId,
        'audioconnector.organization_id': call.organizationId,
        'audioconnector.language': call.language,
    });
}
