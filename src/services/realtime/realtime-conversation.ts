import type { EventEmitter } from 'node:events';
import type { OpenAIConfig } from '../../config/config';
import type { Clock } from '../../support/clock';
import { faultFields, type Logger } from '../../support/logger';
import { BotResponse, type Disposition } from '../bot-response';
import type { BotMeter } from '../call-meter';
import type { ConversationEnd, ConversationEvents, HeardPosition, OverlapControl } from '../conversation';
import type { ToolRunner } from '../functions/tool-runner';
import type { OpenAIRealtimeService } from '../openai-realtime-service';
import type { Transcript } from '../transcript';
import { CallerSpeech, NoInput } from './caller-speech';
import type { FunctionCall, NewItem, ResponseEnd, ServerEvent } from './events';
import { FunctionCalls } from './function-calls';
import { greetingGuard, type GreetingGuard } from './greeting';
import { OverlapTurns } from './overlap-turns';
import {
    correctionEvent,
    ResponseTracker,
    type Correction,
    type PlayAudio,
    type ResponseSummary,
} from './response-tracker';
import type { Purpose, ResponseRequest } from './response-sequencer';
import {
    bytesPerMs,
    callItem,
    purposeAfterCutOff,
    purposeAfterLoss,
    requestFor,
    restoredItems,
    turnSilenceMs,
} from './session-config';
import { TextResponseSpeaker, type ReadAloud } from './text-response-speaker';
import { TranscriptReporter } from './transcript-reporter';
import { modelResponse, UsageMeter } from './usage';

export interface RealtimeConversationDeps {
    meter?: BotMeter | undefined;
    config: OpenAIConfig;
    clock: Clock;
    logger: Logger;
    toolRunner: ToolRunner;
    /** What was said in the call; a new session is told the last of it. */
    transcript: Transcript;
    /** Reads aloud what the model writes instead of speaking it. */
    readAloud?: ReadAloud | undefined;
    /** Emits the conversation's events. */
    bot: EventEmitter<ConversationEvents>;
    /** Plays audio of the bot. */
    play: PlayAudio;
    /** The conversation is over. */
    end(end: ConversationEnd): void;
    /**
     * A function runs for longer than a moment; `words` for the caller, if there are any.
     *
     * @returns ms after which to call it again, because the caller still hears something; 0: not again
     */
    functionIsSlow(words: string | undefined): number;
}

/** Responses in a row of which the rest, or an explanation, is requested. */
const MAX_CUT_OFFS = { continue: 3, decline: 1 } as const;

/**
 * The conversation of the caller and the model: whose turn it is, what was heard, what the model must be told. It goes on when one
 * session of the service takes the place of another: `BotResource` attaches and detaches them.
 */
export class RealtimeConversation {
    readonly usage: UsageMeter;
    private readonly guard: GreetingGuard;
    private readonly functions: FunctionCalls;
    private readonly callerSpeech: CallerSpeech;
    private readonly noInput = new NoInput();
    private readonly overlapTurns: OverlapTurns;
    private readonly reporter: TranscriptReporter;
    private readonly responses: ResponseTracker;
    private readonly textSpeaker: TextResponseSpeaker;
    private service: OpenAIRealtimeService | undefined;
    /** Sessions so far. */
    private sessions = 0;
    /** When the response that is active began, by the clock, ms. */
    private startedAtMs: number | undefined;
    /** The response that the service or this server is cancelling already: it is cancelled once. */
    private cancelledId: string | undefined;
    /** The response that the caller waits for and that was not requested yet. */
    private pending: Purpose | undefined;
    /** Responses in a row that were cut off and for which another one was requested. */
    private cutOffs = 0;

    constructor(private readonly deps: RealtimeConversationDeps) {
        const { config, bot } = deps;
        this.usage = new UsageMeter(config, deps.meter);
        this.callerSpeech = new CallerSpeech(bot);
        this.reporter = new TranscriptReporter(
            (item) => bot.emit('transcript', item),
            () => this.service?.settings.transcribes ?? config.transcription !== undefined,
        );
        this.responses = new ResponseTracker(config.audioFormat, deps.play);
        this.pending = config.greeting === '' ? undefined : 'greeting';
        this.textSpeaker = new TextResponseSpeaker(deps.readAloud, {
            audio: deps.play,
            responseEnded: (responseId) => bot.emit('responseEnded', responseId),
            transcript: (item) => bot.emit('transcript', item),
        });
        this.guard = greetingGuard(deps, () => {
            if (config.interruptsItself) this.service?.setInterruptible(true);
        });
        this.functions = this.makeFunctions(deps);
        this.overlapTurns = this.makeOverlapTurns(deps);
    }

    /** Whether the service may cancel its response when the caller speaks, in the next session. */
    get interruptible(): boolean {
        return this.deps.config.interruptsItself && !this.guard.isOn;
    }

    /** See `Conversation.overlap`. */
    get overlap(): OverlapControl | undefined {
        return this.deps.config.bargeIn !== 'smart' || this.guard.isOn ? undefined : this.overlapTurns;
    }

    /** Neither caller nor model speaks, and no response is awaited. Audio that still plays is not counted: `SessionRenewal` knows of it. */
    get isQuiet(): boolean {
        return (
            !this.callerSpeech.isOn &&
            !this.overlapTurns.isBusy &&
            !this.textSpeaker.isBusy &&
            this.pending === undefined &&
            this.service?.pendingResponse === undefined
        );
    }

    /** A session is ready: tells it what was said so far, and requests the response that the caller waits for. */
    attach(service: OpenAIRealtimeService): void {
        this.service = service;
        this.sessions += 1;
        this.responses.setFormat(service.formats.output);
        this.listen(service);
        this.overlapTurns.attach(service);
        if (this.sessions > 1)
            for (const item of restoredItems(this.deps.transcript)) this.addItem(item, 'restored item');
        const purpose = this.pending;
        this.pending = undefined;
        if (purpose !== undefined) service.respond(this.requestFor(purpose));
    }

    /** The session is lost, or (`isRenewed`) another one takes its place: ends its responses and notes what the caller waits for. */
    detach(service: OpenAIRealtimeService, isRenewed = false): void {
        this.service = undefined;
        this.guard.drop();
        this.overlapTurns.detach(isRenewed);
        const awaited = this.functions.sessionLost() ? 'turn' : this.pending;
        this.pending = purposeAfterLoss(service.pendingResponse?.purpose ?? awaited, this.responses.hasSpoken);
        this.cancelledId = undefined;
        this.noInput.clear();
        if (!this.overlapTurns.isInTurn) this.callerSpeech.stopped(service.appendedMs, undefined);
        for (const { id, items } of this.responses.abandon()) {
            this.reporter.close(items);
            this.deps.bot.emit('responseEnded', id);
        }
        if (this.functions.isEnding) this.deps.end(this.functions.end);
    }

    /** Text for the model, which then responds. */
    tell(text: string): void {
        this.addItem({ type: 'message', role: 'user', content: [{ type: 'input_text', text }] }, 'note for the bot');
        this.ask('turn');
    }

    /** See `Conversation.askAgain`; does nothing while the caller speaks or a response is awaited. */
    askAgain(): void {
        const isBusy = this.callerSpeech.isOn || this.deps.toolRunner.isAtWork;
        if (this.service !== undefined && !isBusy && this.service.pendingResponse === undefined) this.ask('reprompt');
    }

    /**
     * Ends the caller's turn from here, because the service does not: commits the audio and requests the response.
     *
     * @returns false: there is no session, or a response is awaited already
     */
    endTurn(): boolean {
        const { service } = this;
        if (service === undefined || service.pendingResponse !== undefined) return false;
        if (this.overlapTurns.isInTurn) {
            this.overlapTurns.endTurn(0);
            return true;
        }
        this.overlapTurns.committing();
        service.send({ type: 'input_audio_buffer.commit' }, 'end of a turn by the line');
        this.callerSpeech.stopped(service.appendedMs, undefined);
        this.ask('turn');
        return true;
    }

    /** Says fixed words that are no part of the conversation. */
    sayAside(words: string): void {
        this.textSpeaker.aside(words);
    }

    /** See `Conversation.sayGoodbye`: after the active response; without a session the conversation ends at once. */
    sayGoodbye(): void {
        if (this.service === undefined) this.deps.end(this.functions.end);
        else this.functions.sayGoodbye();
    }

    /** The caller interrupted, by voice or by a key; see `Conversation.interrupt`. */
    interrupt(heard: HeardPosition): void {
        const activeId = this.service?.activeResponseId;
        const corrections = this.responses.interrupt(heard);
        this.responses.dropAll();
        this.correct(this.textSpeaker.interrupt(heard).map((itemId) => ({ kind: 'delete', itemId })));
        if (activeId !== undefined && activeId !== this.cancelledId) {
            this.cancelledId = activeId;
            this.service?.cancelResponse();
        }
        this.correct(corrections);
        this.functions.interrupted();
        this.guard.cut();
    }

    /** Frees everything. */
    close(): void {
        this.service = undefined;
        this.guard.drop();
        this.overlapTurns.close();
        this.textSpeaker.close();
        this.functions.close();
    }

    private makeFunctions(deps: RealtimeConversationDeps): FunctionCalls {
        return new FunctionCalls(deps.toolRunner, deps.clock, deps.logger, {
            tellOutput: (call, output, session) => {
                this.tellOutput(call, output, session);
            },
            ask: (purpose) => {
                this.goOn(purpose);
            },
            isResponding: () => (this.service?.activePurpose ?? 'farewell') !== 'farewell',
            // The bot does not speak while the caller does.
            filler: (words) => (this.callerSpeech.isOn ? 0 : deps.functionIsSlow(words)),
            hangUp: (end) => {
                deps.bot.emit('hangUp', end);
            },
            end: (end) => {
                deps.end(end);
            },
        });
    }

    private makeOverlapTurns({ clock, logger, config, bot }: RealtimeConversationDeps): OverlapTurns {
        return new OverlapTurns({
            clock,
            bot,
            turnSilenceMs: turnSilenceMs(config.turnDetection),
            onFault: (fault) => {
                logger.error({ code: 'ERR_INTERNAL', ...faultFields(fault) }, 'A timer of the caller’s turns failed.');
            },
            accepted: () => {
                this.noInput.over();
                this.callerSpeech.started(true);
                // The call stops what is to be heard; a response that makes no sound at the moment is cancelled here.
                const activeId = this.service?.activeResponseId;
                if (activeId !== undefined && activeId !== this.cancelledId) this.interrupt({ items: [] });
            },
            ended: (silenceMs) => {
                this.callerSpeech.stopped(silenceMs, 0);
                // The session that connects hears the caller's audio, and ends the turn itself.
                if (this.service !== undefined) this.ask('turn');
            },
            forget: (itemIds) => {
                for (const itemId of itemIds) bot.emit('transcript', { speaker: 'caller', itemId, ignored: true });
                this.correct(itemIds.map((itemId) => ({ kind: 'delete', itemId })));
            },
        });
    }

    private listen(service: OpenAIRealtimeService): void {
        service.on('event', (event) => {
            this.onEvent(event, service);
        });
        service.on('responseStarted', this.onResponseStarted);
        service.on('responseDone', this.onResponseDone);
        service.on('responseRefused', (purpose) => {
            this.guard.greeted();
            if (purpose === 'farewell') this.functions.farewellRefused();
        });
        service.on('responseStalled', (responseId) => {
            this.responses.drop(responseId);
            this.endResponse(responseId);
        });
    }

    private onEvent(event: ServerEvent, service: OpenAIRealtimeService): void {
        switch (event.type) {
            case 'audio':
                if (this.guard.isOn) this.guard.played(event.bytes.length / bytesPerMs(service.formats.output));
                this.responses.read(event);
                return;
            case 'item-added':
                this.functions.read(event);
                this.reporter.place(event.item, event.previousItemId);
                return;
            case 'caller-transcript':
                this.usage.addTranscription(event.usage);
                this.reporter.callerWords(event.itemId, event.text);
                this.overlapTurns.words(event.itemId, event.text);
                return;
            case 'speech-started':
                if (!this.overlapTurns.speechStarted(event.itemId)) this.onSpeechStarted(service);
                return;
            case 'speech-stopped':
                if (!this.overlapTurns.speechStopped(event.itemId)) this.onSpeechStopped(service, event.audioEndMs);
                return;
            case 'committed':
                if (this.overlapTurns.committed(event.itemId)) this.ask('turn');
                return;
            case 'error':
                this.overlapTurns.commitRefused();
                return;
            case 'idle':
                this.noInput.timedOut();
                return;
            default:
                this.functions.read(event);
                this.readContent(event);
        }
    }

    private readContent(event: ServerEvent): void {
        this.responses.read(event);
        if (event.type === 'output-item-added') this.reporter.announce(event.item);
        if (event.type !== 'output-item-done') return;
        const { id, text = '' } = event.item;
        // The service forgets the words of an item that was truncated; and its last event may have words that no delta had.
        const generated = this.responses.wordsOf(event.responseId, id);
        this.reporter.botWords(id, text.length > generated.length ? text : generated);
    }

    private onSpeechStarted(service: OpenAIRealtimeService): void {
        this.noInput.over();
        if (!this.guard.isOn && service.interruptsItself) {
            this.cancelledId = service.activeResponseId;
            this.responses.dropAll();
        }
        this.callerSpeech.started(!this.guard.isOn);
    }

    private onSpeechStopped(service: OpenAIRealtimeService, audioEndMs: number | undefined): void {
        this.pending = 'turn';
        this.callerSpeech.stopped(service.appendedMs, audioEndMs);
    }

    private readonly onResponseStarted = (responseId: string, purpose: Purpose): void => {
        this.pending = undefined;
        this.startedAtMs = this.deps.clock.nowMs();
        this.noInput.begins(responseId, purpose);
        this.responses.begin(responseId);
    };

    private readonly onResponseDone = (end: ResponseEnd, purpose: Purpose, again: boolean): void => {
        const costUsd = this.usage.add(end.usage);
        if (end.status === 'failed' || end.status === 'incomplete') {
            const fields = { status: end.status, reason: end.reason ?? end.error?.code };
            this.deps.logger.warn(fields, 'A response was not finished.');
        }
        this.deps.bot.emit('modelResponded', modelResponse(end, this.deps.config, this.startedAtMs, costUsd));
        const result = this.endResponse(end.id);
        if (!again) this.guard.greeted();
        if (result === undefined) return;
        if (purpose === 'farewell') this.functions.saidFarewell(end, again);
        else if (!this.functions.responseDone(end, result.playedMs > 0, this.sessions))
            this.completeCutOff(end, result);
    };

    /** Closes the response. undefined: it was closed before. */
    private endResponse(id: string): ResponseSummary | undefined {
        const { bot } = this.deps;
        const result = this.responses.end(id);
        if (result === undefined) return undefined;
        const disposition = this.noInput.dispositionOf(id);
        this.correct(result.corrections);
        if (result.textOnly) this.readAloud(id, result, disposition);
        this.reporter.close(result.items);
        bot.emit('responseEnded', id);
        if (result.text !== '' && !result.textOnly) bot.emit('turn', new BotResponse(disposition, result.text).of(id));
        return result;
    }

    private readAloud(responseId: string, { items }: ResponseSummary, disposition: Disposition): void {
        const isRead = this.textSpeaker.read(items, (text, spokenId) => {
            this.deps.bot.emit('turn', new BotResponse(disposition, text).of(spokenId));
        });
        const what = isRead ? 'it is read aloud' : 'the caller heard nothing';
        this.deps.logger.warn({ responseId }, `The response is text without audio; ${what}.`);
    }

    /** A response that the service cut off: for its length, the rest is requested; for its content, a sentence that explains. */
    private completeCutOff(end: ResponseEnd, { playedMs }: ResponseSummary): void {
        const purpose = end.status === 'incomplete' ? purposeAfterCutOff(end.reason, playedMs > 0) : undefined;
        if (purpose === undefined) this.cutOffs = 0;
        else if (!this.callerSpeech.isOn && this.cutOffs < MAX_CUT_OFFS[purpose]) {
            this.cutOffs += 1;
            this.goOn(purpose);
        }
    }

    /** Requests a response to which the caller has said nothing: the call must know that they wait for it. */
    private goOn(purpose: Purpose): void {
        this.ask(purpose);
        if (this.service?.pendingResponse !== undefined) this.deps.bot.emit('waiting', 'response_requested');
    }

    /** While the caller speaks, VAD is about to make a response of its own. */
    private ask(purpose: Purpose): void {
        if (this.callerSpeech.isOn && purpose === 'turn') return;
        if (this.service === undefined) this.pending = purpose;
        else this.service.respond(this.requestFor(purpose));
    }

    private requestFor(purpose: Purpose): ResponseRequest {
        return requestFor(purpose, this.deps.config, this.functions.handsOver);
    }

    private tellOutput(call: FunctionCall, output: string, session: number): void {
        this.reporter.functionOutput(call, output);
        if (session !== this.sessions) this.addItem(callItem(call), 'function_call');
        this.addItem({ type: 'function_call_output', call_id: call.callId, output }, 'function_call_output');
    }

    private correct(corrections: readonly Correction[]): void {
        for (const correction of corrections) {
            if (correction.kind === 'delete') this.reporter.removed(correction.itemId);
            this.service?.send(correctionEvent(correction), correction.kind);
        }
    }

    private addItem(item: NewItem, meaning: string): void {
        this.service?.send({ type: 'conversation.item.create', item }, meaning);
    }
}
