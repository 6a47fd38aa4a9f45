import { createTranscoder, type Transcoder } from '../../audio/transcoder';
import type { OpenAIConfig } from '../../common/environment-variables';
import type { Clock } from '../../support/clock';
import { faultFields, type Logger } from '../../support/logger';
import { BotResponse } from '../bot-response';
import type { AudioOrigin, HeardPosition } from '../conversation';
import type { FunctionCall, NewItem, ResponseEnd, ServerEvent } from './realtime-events';
import type { OpenAIRealtimeService } from '../openai-realtime-service';
import { bytesPerMs } from './session-config';
import { AnswerBook, correctionEvent, type AnswerEnd, type Correction } from './answers';
import { RealtimeCalls, type CallsPort } from './calls';
import { GreetingGuard } from './greeting';
import { callItem, ConversationLedger } from './ledger';
import { owedAfterLoss, requestFor } from './requests';
import { HUNG_UP, type TalkPort } from './talk-port';
import { UsageMeter } from './usage';
import type { Purpose } from './response-sequencer';
import type { ToolRunner } from '../tools/tool-runner';

export interface TalkDeps {
    config: OpenAIConfig;
    clock: Clock;
    logger: Logger;
    tools: ToolRunner;
    logTranscripts: boolean;
    port: TalkPort;
}

/**
 * The talk between the caller and the model: who speaks, what was heard, what is remembered. It outlives the sessions that carry
 * it; `BotResource` gives it one after the other.
 */
export class RealtimeTalk {
    readonly usage = new UsageMeter();
    private readonly guard: GreetingGuard;
    private readonly calls: RealtimeCalls;
    private readonly ledger = new ConversationLedger();
    private readonly answers: AnswerBook;
    private downlink: Transcoder;
    private service: OpenAIRealtimeService | undefined;
    private session = 0;
    private callerSpeaks = false;
    private reportedSpeech = false;
    /** An answer that the service is cancelling by itself. */
    private cancelledByServer: string | undefined;
    /** What the caller waits for, although nobody has asked the model for it. */
    private owed: Purpose | undefined;
    private hasSpoken = false;
    private refusedContent = false;

    constructor(private readonly deps: TalkDeps) {
        const { config, clock, logger } = deps;
        this.downlink = createTranscoder(config.audioFormat);
        this.owed = config.greeting === '' ? undefined : 'greeting';
        const protects = config.greetingProtected && config.greeting !== '';
        const onFault = (fault: unknown): void => {
            logger.error({ code: 'ERR_INTERNAL', ...faultFields(fault) }, 'A timer of the talk failed.');
        };
        this.guard = new GreetingGuard(protects, clock, () => this.service?.setInterruptible(true), onFault);
        this.calls = this.makeCalls(deps);
        this.answers = this.makeAnswers(config);
    }

    /** May the caller interrupt in the session that comes next? */
    get interruptible(): boolean {
        return !this.guard.isOn;
    }

    /** A session is ready: tells it what was said so far, and asks for what the caller waits for. */
    take(service: OpenAIRealtimeService): void {
        this.service = service;
        this.session += 1;
        this.downlink = createTranscoder(service.formats.output);
        this.answers.bytesPerMs = bytesPerMs(service.formats.output);
        this.listen(service);
        if (this.hasSpoken || !this.ledger.isEmpty) this.seed();
        const owed = this.owed;
        this.owed = undefined;
        if (owed !== undefined) service.respond(requestFor(owed, this.deps.config));
    }

    /** The session is lost: ends its answers and remembers what the caller waits for. */
    leave(service: OpenAIRealtimeService): void {
        this.service = undefined;
        this.guard.drop();
        this.owed = owedAfterLoss(service.owedResponse?.purpose ?? this.owed, this.hasSpoken);
        this.cancelledByServer = undefined;
        this.endSpeech();
        for (const id of this.answers.abandon()) this.deps.port.responseEnded(id);
    }

    /** Text for the model, which then answers. */
    tell(text: string): void {
        this.addItem({ type: 'message', role: 'user', content: [{ type: 'input_text', text }] }, 'note for the bot');
        this.ask('turn');
    }

    /** The caller interrupted; see `Conversation.interrupt`. */
    interrupt(heard: HeardPosition): void {
        const active = this.service?.activeResponseId;
        const corrections = this.answers.interrupt(heard);
        this.answers.killAll();
        if (active !== undefined && active !== this.cancelledByServer) this.service?.cancelResponse();
        this.correct(corrections);
    }

    /** Frees everything. */
    close(): void {
        this.service = undefined;
        this.guard.drop();
        this.calls.close();
    }

    private makeAnswers(config: OpenAIConfig): AnswerBook {
        const startItem = (): void => {
            this.downlink.resetDownlink();
        };
        const play = (bytes: Buffer, origin: AudioOrigin): number => this.play(bytes, origin);
        return new AnswerBook({ startItem, play }, bytesPerMs(config.audioFormat));
    }

    private makeCalls({ tools, clock, logger, port }: TalkDeps): RealtimeCalls {
        const calls: CallsPort = {
            tellOutput: (call, output, session) => {
                this.tellOutput(call, output, session);
            },
            ask: (purpose) => {
                this.ask(purpose);
            },
            hangUp: () => {
                port.ended(HUNG_UP);
            },
        };
        return new RealtimeCalls(tools, calls, clock, logger);
    }

    private listen(service: OpenAIRealtimeService): void {
        service.on('event', (event) => {
            this.onEvent(event);
        });
        service.on('answering', (responseId) => {
            this.owed = undefined;
            this.answers.begin(responseId);
        });
        service.on('answered', (end, purpose, again) => {
            this.onAnswered(end, purpose, again);
        });
        service.on('refused', () => {
            this.guard.greeted();
        });
        service.on('stalled', (responseId) => {
            this.answers.kill(responseId);
            this.endAnswer(responseId);
        });
    }

    private play(bytes: Buffer, origin: AudioOrigin): number {
        const pcmu = this.downlink.toCaller(bytes);
        if (pcmu.length === 0) return 0;
        this.hasSpoken = true;
        if (this.guard.isOn) this.guard.played(pcmu.length / 8);
        this.deps.port.audio(pcmu, origin);
        return pcmu.length;
    }

    private onEvent(event: ServerEvent): void {
        switch (event.type) {
            case 'audio':
                this.answers.audio(event.bytes, event);
                return;
            case 'transcript':
                this.answers.words(event.delta, event, false, true);
                return;
            case 'transcript-done':
                this.answers.words(event.text, event, true, true);
                return;
            case 'text':
                this.answers.words(event.delta, event, false, false);
                return;
            case 'audio-done':
                this.answers.finishItem(event.responseId, event.itemId);
                return;
            case 'output-item-added':
                this.answers.announce(event.responseId, event.outputIndex, event.item);
                return;
            case 'output-item-done':
                this.calls.note(event.item.call);
                this.answers.finishItem(event.responseId, event.item.id);
                return;
            case 'item-added':
                this.ledger.add(event.item, event.previousItemId);
                return;
            case 'caller-transcript':
                this.ledger.setText(event.itemId, event.text);
                this.logWords('caller', event.text);
                return;
            case 'speech-started':
                this.onSpeechStarted();
                return;
            case 'speech-stopped':
                this.onSpeechStopped();
                return;
            default:
        }
    }

    private onSpeechStarted(): void {
        this.callerSpeaks = true;
        if (this.guard.isOn) return;
        this.reportedSpeech = true;
        if (this.service?.interruptsItself === true) {
            this.cancelledByServer = this.service.activeResponseId;
            this.answers.killAll();
        }
        this.deps.port.speechStarted();
    }

    private onSpeechStopped(): void {
        this.owed = 'turn';
        this.endSpeech();
    }

    private endSpeech(): void {
        this.callerSpeaks = false;
        if (!this.reportedSpeech) return;
        this.reportedSpeech = false;
        this.deps.port.speechStopped();
    }

    private onAnswered(end: ResponseEnd, purpose: Purpose, again: boolean): void {
        this.usage.add(end.usage);
        if (end.status === 'failed' || end.status === 'incomplete') {
            this.deps.logger.warn(
                { status: end.status, reason: end.reason ?? end.error?.code },
                'An answer was not finished.',
            );
        }
        const result = this.endAnswer(end.id);
        if (this.guard.isOn && !again) this.endGreeting();
        if (result === undefined) return;
        if (purpose === 'farewell') this.calls.saidFarewell(end, again);
        else if (!this.calls.answered(end, result.playedMs > 0, this.session)) this.replaceRefused(end, result);
    }

    /** Closes the book on an answer, and tells the call. undefined: that had been done. */
    private endAnswer(id: string): AnswerEnd | undefined {
        const result = this.answers.end(id);
        if (result === undefined) return undefined;
        this.correct(result.corrections);
        if (result.textOnly)
            this.deps.logger.warn({ responseId: id }, 'The bot answered in writing; the caller heard nothing.');
        this.deps.port.responseEnded(id);
        if (result.text === '') return result;
        this.logWords('bot', result.text);
        this.deps.port.turn(new BotResponse('match', result.text));
        return result;
    }

    /** Words that the caller said into the protected greeting were heard, but nobody has answered them. */
    private endGreeting(): void {
        this.guard.greeted();
        if (this.owed === 'turn') this.ask('turn');
    }

    /** The content filter took an answer away before a word of it was heard: a fixed sentence instead, once in a row. */
    private replaceRefused(end: ResponseEnd, result: AnswerEnd): void {
        const refused = end.status === 'incomplete' && end.reason === 'content_filter' && result.playedMs === 0;
        if (refused && !this.refusedContent) this.ask('decline');
        this.refusedContent = refused;
    }

    /** While the caller speaks, VAD is about to make an answer of its own. */
    private ask(purpose: Purpose): void {
        if (this.callerSpeaks && purpose === 'turn') return;
        if (this.service === undefined) this.owed = purpose;
        else this.service.respond(requestFor(purpose, this.deps.config));
    }

    private tellOutput(call: FunctionCall, output: string, session: number): void {
        this.ledger.setOutput(call, output);
        if (session !== this.session) this.addItem(callItem(call), 'function_call');
        this.addItem({ type: 'function_call_output', call_id: call.callId, output }, 'function_call_output');
    }

    private correct(corrections: readonly Correction[]): void {
        for (const correction of corrections) this.service?.send(correctionEvent(correction), correction.kind);
    }

    private seed(): void {
        for (const item of this.ledger.seed((itemId) => this.answers.wordsHeard(itemId))) this.addItem(item, 'seed');
    }

    private addItem(item: NewItem, meaning: string): void {
        this.service?.send({ type: 'conversation.item.create', item }, meaning);
    }

    private logWords(who: 'caller' | 'bot', text: string): void {
        if (this.deps.logTranscripts) this.deps.logger.info({ who, text }, 'Said.');
    }
}
