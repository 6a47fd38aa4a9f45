import type { StringMap } from '../protocol/core';
import type { BotResponse } from '../services/bot-response';
import type { CallFigures, CallObserver, OpeningCall } from '../services/call-observer';
import type {
    AudioOrigin,
    BotWait,
    Conversation,
    FunctionCallRecord,
    HeardItem,
    HeardPosition,
    ModelResponse,
    OverlapReport,
    TranscriptItem,
} from '../services/conversation';
import type { DigitRequest } from '../services/dtmf-service';
import type { ToolRecord } from '../services/functions/tool';
import { PRICES_AS_OF } from '../services/realtime/usage';
import { faultFields } from '../support/logger';
import { ownVersion } from '../support/own-version';
import { SparseMap } from '../support/sparse';
import { CallContent, type FunctionContent } from './call-content';
import { documentOf, type CallEnd } from './call-document';
import { RECORD_VERSION, type CallDocument, type RecordEvent, type RecordHead } from './document';

/** A line of the journal of a call that runs: what was added to its record. */
export type JournalLine =
    | { readonly head: RecordHead }
    | { readonly event: RecordEvent }
    /** What a function gave, and was given, whose event was written before without it. */
    | { readonly output: FunctionContent & { readonly callId: string } }
    | { readonly end: CallEnd; readonly cut: number };

export interface HistoryOptions {
    readonly mode: 'metadata' | 'full';
    /** Mask personal data. Digits of the keypad are masked in any case. */
    readonly masks: boolean;
    /** Hears of everything that is added to the record, when it is. */
    readonly onLine: (line: JournalLine) => void;
    /** The call is over: its record. Called once. */
    readonly onEnd: (document: CallDocument) => void;
}

/** Events of one record; more are only counted. */
const MAX_EVENTS = 5000;
/** Responses and items that go on at the same time; of more the oldest is forgotten. */
const MAX_OPEN = 100;
/** Longest name or value of what the server writes itself. */
const MAX_NAME = 200;
/** PCMU, 8 kHz, mono. */
const BYTES_PER_MS = 8;
/** What a conversation waits for once it has its connection again. */
const RECOVERED: ReadonlySet<BotWait> = new Set(['recovered', 'ready', 'idle', 'nothing_awaited'] as const);

/** Audio of one response, while it comes. */
interface Sounding {
    readonly responseId: string;
    readonly isAside: boolean;
    bytes: number;
}

/**
 * Follows one call and makes the record of it (docs/CALLS.md). It listens to the conversation and is told the rest. Nothing waits for it, it writes
 * nothing itself, and a fault of it ends the record and not the call.
 *
 * In the mode `metadata` no word, no argument and no value is kept at any time. In the mode `full` each text is masked before it is kept; when the
 * call ends, the texts are masked once more, by what only came to be known after they were said.
 */
export class CallHistory implements CallObserver {
    private head: RecordHead;
    private readonly events: RecordEvent[] = [];
    private cut = 0;
    private readonly zeroMs: number;
    private readonly content: CallContent;
    private conversation: Conversation | undefined;
    private sounding: Sounding | undefined;
    private readonly soundings = new SparseMap<string, Sounding>();
    /** When an item of the caller's took its place, for its words. */
    private readonly announced = new SparseMap<string, number>();
    private outputVariables: StringMap = {};
    private inputTokens = 0;
    private outputTokens = 0;
    private steps = 0;
    private isReconnecting = false;
    private isOver = false;

    constructor(
        private readonly call: OpeningCall,
        private readonly options: HistoryOptions,
    ) {
        const { clock, language, participant, inputVariables } = call;
        this.zeroMs = clock.nowMs();
        this.content = new CallContent({ ...options, language, participant });
        this.head = this.headOf(inputVariables);
        options.onLine({ head: this.head });
    }

    opened(): void {
        this.add({ atMs: this.nowMs, kind: 'opened' });
    }

    /** To be called after the call's own listeners are there: what these do comes first. */
    attach(conversation: Conversation, name: string, version: string | undefined): void {
        this.head = { ...this.head, bot: { name, ...(version !== undefined && { version }) } };
        this.options.onLine({ head: this.head });
        this.conversation = conversation;
        conversation.on('audio', this.onAudio);
        conversation.on('ready', this.guarded(this.onReady));
        conversation.on('responseEnded', this.guarded(this.onResponseEnded));
        conversation.on('modelResponded', this.guarded(this.onModelResponded));
        conversation.on('speechStarted', this.guarded(this.onSpeechStarted));
        conversation.on('speechStopped', this.guarded(this.onSpeechStopped));
        conversation.on('overlapSpeech', this.guarded(this.onOverlapSpeech));
        conversation.on('transcript', this.guarded(this.onTranscript));
        conversation.on('waiting', this.guarded(this.onWaiting));
        conversation.on('collectDigits', this.guarded(this.onCollectDigits));
        conversation.on('reconnecting', this.guarded(this.onReconnecting));
        conversation.on('recovered', this.guarded(this.onRecovered));
    }

    keyPressed(): void {
        this.add({ atMs: this.nowMs, kind: 'key' });
    }

    playbackStarted(): void {
        this.add({ atMs: this.nowMs, kind: 'playback', state: 'started' });
    }

    playbackCompleted(): void {
        this.add({ atMs: this.nowMs, kind: 'playback', state: 'completed' });
    }

    interrupted({ items }: HeardPosition): void {
        this.add({ atMs: this.nowMs, kind: 'bargeIn', items: items.map(heardItem) });
    }

    cutOff({ items }: HeardPosition): void {
        this.add({ atMs: this.nowMs, kind: 'cutOff', items: items.map(heardItem) });
    }

    toolCalled({ name, callId, ms, outcome }: ToolRecord): void {
        const event: RecordEvent = { atMs: this.nowMs, kind: 'tool', name, callId, ms: whole(ms), outcome };
        this.content.toolCalled(event);
        this.add(event);
    }

    overlap({ overlap: verdict, reason, voicedMs, spanMs, afterMs, backMs }: OverlapReport): void {
        this.add({
            atMs: this.nowMs,
            kind: 'overlap',
            verdict,
            reason,
            voicedMs: whole(voicedMs),
            spanMs: whole(spanMs),
            afterMs: whole(afterMs),
            ...(backMs !== undefined && { backMs: whole(backMs) }),
        });
    }

    turnReported({ responseId, disposition, text }: BotResponse): void {
        const heard = this.content.words(text);
        this.add({
            atMs: this.nowMs,
            kind: 'turn',
            ...known(responseId),
            disposition,
            ...(heard !== undefined && { heard }),
        });
    }

    fault(code: string): void {
        this.add({ atMs: this.nowMs, kind: 'fault', code: code.slice(0, MAX_NAME) });
    }

    /** The call ends by a fault; one that no line of the log has named is noted here. */
    failed(code: string): void {
        if (!this.events.some((event) => event.kind === 'fault' && event.code === code)) this.fault(code);
    }

    paused(): void {
        this.add({ atMs: this.nowMs, kind: 'stream', state: 'paused' });
    }

    resumed(): void {
        this.add({ atMs: this.nowMs, kind: 'stream', state: 'resumed' });
    }

    outcome(variables: StringMap): void {
        this.outputVariables = variables;
    }

    end(figures: CallFigures): void {
        this.noteSteps();
        // No more audio comes: the responses that had not ended are over with the call.
        for (const { responseId, isAside, bytes } of [...this.soundings.values()])
            if (!isAside) this.add(responseEnd(responseId, bytes, this.nowMs));
        this.isOver = true;
        const end = this.endOf(figures);
        this.options.onLine({ end, cut: this.cut });
        this.options.onEnd(documentOf(this.head, this.content.final(this.events), this.cut, end));
    }

    private headOf(inputVariables: StringMap): RecordHead {
        const { sessionId, conversationId, organizationId, correlationId, language, clock } = this.call;
        return {
            version: RECORD_VERSION,
            mode: this.options.mode,
            sessionId,
            conversationId,
            organizationId,
            ...(correlationId !== undefined && { correlationId }),
            startedAt: new Date(clock.epochMs()).toISOString(),
            ...(language !== undefined && { language }),
            server: ownVersion(),
            inputVariables: this.content.variables(inputVariables),
        };
    }

    private endOf(figures: CallFigures): CallEnd {
        const { clock } = this.call;
        const { fallbackUsed = '' } = this.conversation ?? {};
        const { worstMs, medianMs } = figures.turnClock;
        return {
            endedAt: new Date(clock.epochMs()).toISOString(),
            durationMs: this.nowMs,
            endReason: figures.reason.slice(0, MAX_NAME),
            outputVariables: this.content.variables(this.outputVariables),
            fallbackUsed: fallbackUsed.split(',').filter((name) => name !== ''),
            figures: {
                turns: figures.turns,
                bargeIns: figures.bargeIns,
                takenBack: figures.takenBack,
                digits: figures.digits,
                toolCalls: figures.toolCalls,
                ...rounded('firstAudioMs', figures.firstAudioMs),
                ...rounded('medianTurnMs', medianMs),
                ...rounded('worstTurnMs', worstMs),
                callerAudioMs: whole(figures.callerAudioMs),
                lostCallerAudioMs: whole(figures.lostCallerAudioMs),
                ...(figures.costUsd !== undefined && { costUsd: figures.costUsd }),
                inputTokens: this.inputTokens,
                outputTokens: this.outputTokens,
                pricesAsOf: PRICES_AS_OF,
            },
        };
    }

    /** Called for each piece of bot audio: of a response that is known, its length is added and no more. */
    private readonly onAudio = (pcmu: Uint8Array, origin: AudioOrigin): void => {
        const { sounding } = this;
        if (sounding?.responseId === origin.responseId) sounding.bytes += pcmu.length;
        else this.onOtherAudio(pcmu.length, origin);
    };

    private readonly onOtherAudio = this.guarded((bytes: number, { responseId, itemId, aside }: AudioOrigin): void => {
        const known = this.soundings.get(responseId);
        if (known !== undefined) {
            known.bytes += bytes;
            this.sounding = known;
            return;
        }
        this.noteSteps();
        this.sounding = { responseId, isAside: aside === true, bytes };
        keep(this.soundings, responseId, this.sounding);
        this.add({ atMs: this.nowMs, kind: 'audio', responseId, itemId, ...(aside === true && { aside }) });
    });

    private readonly onReady = (): void => {
        this.noteSteps();
        this.add({ atMs: this.nowMs, kind: 'botReady' });
    };

    private readonly onResponseEnded = (responseId: string): void => {
        const { bytes = 0 } = this.soundings.get(responseId) ?? {};
        this.soundings.delete(responseId);
        if (this.sounding?.responseId === responseId) this.sounding = undefined;
        this.add(responseEnd(responseId, bytes, this.nowMs));
    };

    private readonly onModelResponded = (response: ModelResponse): void => {
        const { responseId, provider, model, startedAtMs, status, why, tokens, costUsd } = response;
        this.noteSteps();
        this.inputTokens += tokens?.input ?? 0;
        this.outputTokens += tokens?.output ?? 0;
        this.add({
            atMs: this.nowMs,
            kind: 'model',
            ...known(responseId),
            provider,
            model,
            ...(startedAtMs !== undefined && { startedAtMs: Math.round(startedAtMs - this.zeroMs) }),
            status,
            // The service's own code may be anything: what is no short name is left out.
            ...(why !== undefined && { why: /^[\w.-]{1,64}$/.test(why) ? why : 'other' }),
            ...(tokens !== undefined && { inputTokens: tokens.input, outputTokens: tokens.output }),
            ...(costUsd !== undefined && { costUsd }),
        });
    };

    private readonly onSpeechStarted = (): void => {
        this.add({ atMs: this.nowMs, kind: 'speech', talking: true, agoMs: 0 });
    };

    private readonly onSpeechStopped = (silenceMs: number): void => {
        this.add({ atMs: this.nowMs, kind: 'speech', talking: false, agoMs: whole(silenceMs) });
    };

    private readonly onOverlapSpeech = (state: 'started' | 'stopped'): void => {
        this.add({ atMs: this.nowMs, kind: 'speech', talking: state === 'started', agoMs: 0, overBot: true });
    };

    private readonly onTranscript = (item: TranscriptItem): void => {
        const { speaker, itemId, text, call, ignored } = item;
        if (speaker === 'function') {
            if (call !== undefined) this.functionReported(call);
            return;
        }
        const since = this.announced.get(itemId);
        if (text === undefined && ignored !== true) {
            if (speaker === 'caller' && since === undefined) keep(this.announced, itemId, this.nowMs);
            return;
        }
        if (text !== undefined) this.announced.delete(itemId);
        const shown = text === undefined ? undefined : this.content[speaker === 'note' ? 'note' : 'words'](text);
        this.add({
            atMs: this.nowMs,
            kind: 'words',
            speaker,
            itemId,
            ...(since !== undefined && { sinceMs: since }),
            ...(shown !== undefined && { text: shown }),
            ...(ignored === true && { ignored }),
        });
    };

    private functionReported(call: FunctionCallRecord): void {
        const added = this.content.functionReported(call);
        if (added !== undefined) this.options.onLine({ output: { callId: call.callId, ...added } });
    }

    private readonly onWaiting = (wait: BotWait): void => {
        this.noteSteps();
        this.add({ atMs: this.nowMs, kind: 'waiting', wait });
        if (wait === 'reconnect') this.onReconnecting(wait, this.conversation?.lastFault);
        else if (RECOVERED.has(wait)) this.onRecovered();
    };

    private readonly onCollectDigits = ({ secure }: DigitRequest): void => {
        this.add({ atMs: this.nowMs, kind: 'keysAwaited', secure });
    };

    private readonly onReconnecting = (_why: string, fault?: { readonly code: string }): void => {
        if (this.isReconnecting) return;
        this.isReconnecting = true;
        this.add({ atMs: this.nowMs, kind: 'connection', state: 'lost', ...(fault && { why: fault.code }) });
    };

    private readonly onRecovered = (): void => {
        if (!this.isReconnecting) return;
        this.isReconnecting = false;
        this.add({ atMs: this.nowMs, kind: 'connection', state: 'recovered' });
    };

    /** The fallback options that took over since this was asked last. */
    private noteSteps(): void {
        const all = this.conversation?.fallbackSteps ?? [];
        for (const { from, to, why } of all.slice(this.steps)) {
            this.add({ atMs: this.nowMs, kind: 'fallback', ...(from !== undefined && { from }), to, why });
            this.isReconnecting = false;
        }
        this.steps = all.length;
    }

    private add(event: RecordEvent): void {
        if (this.isOver) return;
        if (this.events.length >= MAX_EVENTS) {
            this.cut += 1;
            return;
        }
        this.events.push(event);
        this.options.onLine({ event });
    }

    private get nowMs(): number {
        return whole(this.call.clock.nowMs() - this.zeroMs);
    }

    /** The conversation's listeners run in the bot's socket: a fault ends the record, and neither call nor socket notices. */
    private guarded<A extends unknown[]>(task: (...args: A) => void): (...args: A) => void {
        return (...args) => {
            if (this.isOver) return;
            try {
                task(...args);
            } catch (fault) {
                this.isOver = true;
                this.call.logger.info(
                    { ...faultFields(fault), code: 'ERR_INTERNAL' },
                    'The record of this call is given up.',
                );
            }
        };
    }
}

function keep<V>(map: SparseMap<string, V>, key: string, value: V): void {
    map.set(key, value);
    if (map.size > MAX_OPEN) map.delete(map.keys().next().value ?? key);
}

function heardItem({ itemId, responseId, heardMs, receivedMs }: HeardItem): Omit<HeardItem, 'contentIndex'> {
    return { itemId, responseId, heardMs: whole(heardMs), receivedMs: whole(receivedMs) };
}

function responseEnd(responseId: string, bytes: number, atMs: number): RecordEvent {
    return { atMs, kind: 'responseEnded', responseId, audioMs: whole(bytes / BYTES_PER_MS) };
}

function known(responseId: string | undefined): { responseId?: string } {
    return responseId === undefined ? {} : { responseId };
}

function rounded<Name extends string>(name: Name, ms: number | undefined): { [Key in Name]?: number } {
    return ms === undefined ? {} : ({ [name]: whole(ms) } as { [Key in Name]: number });
}

/** Whole milliseconds, never less than none. */
function whole(ms: number): number {
    return Math.max(0, Math.round(ms));
}
