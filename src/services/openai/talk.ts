import type { OpenAIConfig } from '../../common/environment-variables';
import type { Clock } from '../../support/clock';
import { faultFields, type Logger } from '../../support/logger';
import { BotResponse } from '../bot-response';
import type { AudioOrigin, HeardPosition } from '../conversation';
import type { FunctionCall, NewItem, ResponseEnd, ServerEvent } from './realtime-events';
import type { OpenAIRealtimeService } from '../openai-realtime-service';
import { correctionEvent, type AnswerEnd, type Correction } from './answers';
import { RealtimeCalls, type CallsPort } from './calls';
import { CallerSpeech } from './caller-speech';
import { GreetingGuard } from './greeting';
import { callItem, ConversationLedger } from './ledger';
import { NoInput } from './no-input';
import { owedAfterLoss, requestFor } from './requests';
import { SaidReporter } from './said';
import { HUNG_UP, type TalkPort } from './talk-port';
import { UsageMeter } from './usage';
import { BotVoice } from './voice';
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
    readonly usage: UsageMeter;
    private readonly guard: GreetingGuard;
    private readonly calls: RealtimeCalls;
    private readonly ledger = new ConversationLedger();
    private readonly speech: CallerSpeech;
    private readonly noInput = new NoInput();
    private readonly said: SaidReporter;
    private readonly voice: BotVoice;
    private service: OpenAIRealtimeService | undefined;
    private session = 0;
    /** An answer that is being cancelled, by the service itself or by us. */
    private cancelled: string | undefined;
    /** What the caller waits for, although nobody has asked the model for it. */
    private owed: Purpose | undefined;
    private refusedContent = false;

    constructor(private readonly deps: TalkDeps) {
        const { config, port } = deps;
        this.usage = new UsageMeter(config);
        this.speech = new CallerSpeech(port);
        this.said = new SaidReporter(port, config.transcription !== undefined);
        this.voice = new BotVoice(config.audioFormat, this.said, (pcmu, origin) => {
            this.play(pcmu, origin);
        });
        this.owed = config.greeting === '' ? undefined : 'greeting';
        this.guard = this.makeGuard(deps);
        this.calls = this.makeCalls(deps);
    }

    /** May the service stop by itself for the caller, in the session that comes next? */
    get interruptible(): boolean {
        return this.deps.config.interruptsItself && !this.guard.isOn;
    }

    /** Nobody speaks or is about to, as far as the session knows. */
    get isQuiet(): boolean {
        return !this.speech.isOn && this.owed === undefined && this.service?.owedResponse === undefined;
    }

    /** A session is ready: tells it what was said so far, and asks for what the caller waits for. */
    take(service: OpenAIRealtimeService): void {
        this.service = service;
        this.session += 1;
        this.voice.setFormat(service.formats.output);
        this.listen(service);
        const wordsHeard = (itemId: string): string | undefined => this.voice.answers.wordsHeard(itemId);
        if (this.voice.hasSpoken || !this.ledger.isEmpty)
            for (const item of this.ledger.seed(wordsHeard)) this.addItem(item, 'seed');
        const owed = this.owed;
        this.owed = undefined;
        if (owed !== undefined) service.respond(requestFor(owed, this.deps.config));
    }

    /** The session is lost: ends its answers and remembers what the caller waits for. */
    leave(service: OpenAIRealtimeService): void {
        this.service = undefined;
        this.guard.drop();
        this.owed = owedAfterLoss(service.owedResponse?.purpose ?? this.owed, this.voice.hasSpoken);
        this.cancelled = undefined;
        this.noInput.clear();
        this.speech.stopped(service.appendedMs, undefined);
        for (const { id, items } of this.voice.answers.abandon()) {
            this.said.close(items);
            this.deps.port.responseEnded(id);
        }
        if (this.calls.isLeaving) this.deps.port.ended(HUNG_UP);
    }

    /** Text for the model, which then answers. */
    tell(text: string): void {
        this.addItem({ type: 'message', role: 'user', content: [{ type: 'input_text', text }] }, 'note for the bot');
        this.ask('turn');
    }

    /** See `Conversation.askAgain`; nothing while somebody speaks, or is about to. */
    askAgain(): void {
        if (this.service !== undefined && !this.speech.isOn && this.service.owedResponse === undefined)
            this.ask('reprompt');
    }

    /** See `Conversation.sayGoodbye`: after the answer that is being given; at once where there is no session to say it. */
    sayGoodbye(): void {
        if (this.service === undefined) this.deps.port.ended(HUNG_UP);
        else this.calls.leave();
    }

    /** The caller interrupted, by voice or by a key; see `Conversation.interrupt`. */
    interrupt(heard: HeardPosition): void {
        const active = this.service?.activeResponseId;
        const corrections = this.voice.answers.interrupt(heard);
        this.voice.answers.killAll();
        if (active !== undefined && active !== this.cancelled) {
            this.cancelled = active;
            this.service?.cancelResponse();
        }
        this.correct(corrections);
        this.guard.cut();
    }

    /** Frees everything. */
    close(): void {
        this.service = undefined;
        this.guard.drop();
        this.calls.close();
    }

    private makeGuard({ config, clock, logger }: TalkDeps): GreetingGuard {
        const protects = config.greetingProtected && config.greeting !== '';
        const lift = (): void => {
            if (config.interruptsItself) this.service?.setInterruptible(true);
        };
        return new GreetingGuard(protects, clock, lift, (fault: unknown) => {
            logger.error({ code: 'ERR_INTERNAL', ...faultFields(fault) }, 'A timer of the talk failed.');
        });
    }

    private makeCalls({ tools, clock, logger, port }: TalkDeps): RealtimeCalls {
        const calls: CallsPort = {
            tellOutput: (call, output, session) => {
                this.tellOutput(call, output, session);
            },
            ask: (purpose) => {
                this.ask(purpose);
            },
            isAnswering: () => (this.service?.activePurpose ?? 'farewell') !== 'farewell',
            hangUp: () => {
                port.ended(HUNG_UP);
            },
        };
        return new RealtimeCalls(tools, calls, clock, logger);
    }

    private listen(service: OpenAIRealtimeService): void {
        service.on('event', (event) => {
            this.onEvent(event, service);
        });
        service.on('answering', this.onAnswering);
        service.on('answered', this.onAnswered);
        service.on('refused', (purpose) => {
            this.guard.greeted();
            if (purpose === 'farewell') this.calls.farewellRefused();
        });
        service.on('stalled', (responseId) => {
            this.voice.answers.kill(responseId);
            this.endAnswer(responseId);
        });
    }

    private play(pcmu: Uint8Array, origin: AudioOrigin): void {
        if (this.guard.isOn) this.guard.played(pcmu.length / 8);
        this.deps.port.audio(pcmu, origin);
    }

    private onEvent(event: ServerEvent, service: OpenAIRealtimeService): void {
        switch (event.type) {
            case 'item-added':
                this.ledger.add(event.item, event.previousItemId);
                this.said.place(event.item, event.previousItemId);
                return;
            case 'caller-transcript':
                this.usage.addTranscription(event.usage);
                this.ledger.setText(event.itemId, event.text);
                this.said.callerWords(event.itemId, event.text);
                this.logWords('caller', event.text);
                return;
            case 'speech-started':
                this.onSpeechStarted(service);
                return;
            case 'speech-stopped':
                this.owed = 'turn';
                this.speech.stopped(service.appendedMs, event.audioEndMs);
                return;
            case 'idle':
                this.noInput.timedOut();
                return;
            case 'output-item-done':
                this.calls.note(event.item.call);
                this.voice.take(event);
                return;
            default:
                this.voice.take(event);
        }
    }

    private onSpeechStarted(service: OpenAIRealtimeService): void {
        this.noInput.over();
        if (!this.guard.isOn && service.interruptsItself) {
            this.cancelled = service.activeResponseId;
            this.voice.answers.killAll();
        }
        this.speech.started(!this.guard.isOn);
    }

    private readonly onAnswering = (responseId: string, purpose: Purpose): void => {
        this.owed = undefined;
        this.noInput.begins(responseId, purpose);
        this.voice.answers.begin(responseId);
    };

    private readonly onAnswered = (end: ResponseEnd, purpose: Purpose, again: boolean): void => {
        this.usage.add(end.usage);
        if (end.status === 'failed' || end.status === 'incomplete') {
            const fields = { status: end.status, reason: end.reason ?? end.error?.code };
            this.deps.logger.warn(fields, 'An answer was not finished.');
        }
        const result = this.endAnswer(end.id);
        if (!again) this.guard.greeted();
        if (result === undefined) return;
        if (purpose === 'farewell') this.calls.saidFarewell(end, again);
        else if (!this.calls.answered(end, result.playedMs > 0, this.session)) this.replaceRefused(end, result);
    };

    /** Closes the book on an answer, and tells the call. undefined: that had been done. */
    private endAnswer(id: string): AnswerEnd | undefined {
        const result = this.voice.answers.end(id);
        if (result === undefined) return undefined;
        const disposition = this.noInput.dispositionOf(id);
        this.correct(result.corrections);
        if (result.textOnly)
            this.deps.logger.warn({ responseId: id }, 'The bot answered in writing; the caller heard nothing.');
        this.said.close(result.items);
        this.deps.port.responseEnded(id);
        if (result.text === '') return result;
        this.logWords('bot', result.text);
        this.deps.port.turn(new BotResponse(disposition, result.text));
        return result;
    }

    /** The content filter took an answer away before a word of it was heard: a fixed sentence instead, once in a row. */
    private replaceRefused(end: ResponseEnd, result: AnswerEnd): void {
        const refused = end.status === 'incomplete' && end.reason === 'content_filter' && result.playedMs === 0;
        if (refused && !this.refusedContent) this.ask('decline');
        this.refusedContent = refused;
    }

    /** While the caller speaks, VAD is about to make an answer of its own. */
    private ask(purpose: Purpose): void {
        if (this.speech.isOn && purpose === 'turn') return;
        if (this.service === undefined) this.owed = purpose;
        else this.service.respond(requestFor(purpose, this.deps.config));
    }

    private tellOutput(call: FunctionCall, output: string, session: number): void {
        this.ledger.setOutput(call, output);
        if (session !== this.session) this.addItem(callItem(call), 'function_call');
        this.addItem({ type: 'function_call_output', call_id: call.callId, output }, 'function_call_output');
    }

    private correct(corrections: readonly Correction[]): void {
        for (const correction of corrections) {
            if (correction.kind === 'delete') this.said.removed(correction.itemId);
            this.service?.send(correctionEvent(correction), correction.kind);
        }
    }

    private addItem(item: NewItem, meaning: string): void {
        this.service?.send({ type: 'conversation.item.create', item }, meaning);
    }

    private logWords(who: 'caller' | 'bot', text: string): void {
        if (this.deps.logTranscripts) this.deps.logger.info({ who, text }, 'Said.');
    }
}
