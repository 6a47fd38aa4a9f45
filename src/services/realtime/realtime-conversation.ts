import type { OpenAIConfig } from '../../config/config';
import type { Clock } from '../../support/clock';
import type { Logger } from '../../support/logger';
import type { AudioOrigin, HeardPosition } from '../conversation';
import type { FunctionCall, NewItem, ResponseEnd, ServerEvent } from './events';
import type { OpenAIRealtimeService } from '../openai-realtime-service';
import { correctionEvent, type ResponseSummary, type Correction } from './response-tracker';
import { greetingGuard, type GreetingGuard } from './greeting';
import { callItem, ConversationLedger } from './conversation-ledger';
import { owedAfterLoss, requestFor } from './session-config';
import { TranscriptReporter } from './transcript-reporter';
import type { RealtimeConversationPort } from './conversation-port';
import { FunctionCalls, type FunctionCallsPort } from './function-calls';
import { UsageMeter } from './usage';
import { ResponseAudio } from './response-audio';
import { TextResponseSpeaker, type ReadAloud } from './text-response-speaker';
import type { Purpose, ResponseRequest } from './response-sequencer';
import type { ToolRunner } from '../functions/tool-runner';
import { BotResponse, type Disposition } from '../bot-response';

export interface RealtimeConversationDeps {
    config: OpenAIConfig;
    clock: Clock;
    logger: Logger;
    tools: ToolRunner;
    logTranscripts: boolean;
    port: RealtimeConversationPort;
    /** Reads aloud what the model writes instead of saying it. */
    readAloud?: ReadAloud | undefined;
}

/**
 * The talk between the caller and the model: who speaks, what was heard, what is remembered. It outlives the sessions that carry
 * it; `BotResource` gives it one after the other.
 */
export class RealtimeConversation {
    readonly usage: UsageMeter;
    private readonly guard: GreetingGuard;
    private readonly tools: FunctionCalls;
    private readonly ledger = new ConversationLedger();
    private readonly speech: CallerSpeech;
    private readonly noInput = new NoInput();
    private readonly said: TranscriptReporter;
    private readonly voice: ResponseAudio;
    private readonly written: TextResponseSpeaker;
    private readonly endings: ResponseEndings;
    private service: OpenAIRealtimeService | undefined;
    private session = 0;
    /** An answer that is being cancelled, by the service itself or by us. */
    private cancelled: string | undefined;
    /** What the caller waits for, although nobody has asked the model for it. */
    private owed: Purpose | undefined;
    private refusedContent = false;

    constructor(private readonly deps: RealtimeConversationDeps) {
        const { config, port } = deps;
        this.usage = new UsageMeter(config);
        this.speech = new CallerSpeech(port);
        this.said = new TranscriptReporter(port, config.transcription !== undefined);
        this.voice = new ResponseAudio(config.audioFormat, this.said, (pcmu, origin) => {
            this.play(pcmu, origin);
        });
        this.owed = config.greeting === '' ? undefined : 'greeting';
        this.written = new TextResponseSpeaker({ readAloud: deps.readAloud, port });
        this.endings = this.makeEndings(deps);
        this.guard = greetingGuard(deps, () => {
            if (config.interruptsItself) this.service?.setInterruptible(true);
        });
        this.tools = this.makeTools(deps);
    }

    /** May the service stop by itself for the caller, in the session that comes next? */
    get interruptible(): boolean {
        return this.deps.config.interruptsItself && !this.guard.isOn;
    }

    /** Nobody speaks or is about to, as far as the session knows. */
    get isQuiet(): boolean {
        return (
            !this.speech.isOn &&
            !this.written.isBusy &&
            this.owed === undefined &&
            this.service?.owedResponse === undefined
        );
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
        if (owed !== undefined) service.respond(this.requestFor(owed));
    }

    /** The session is lost: ends its answers and remembers what the caller waits for. */
    leave(service: OpenAIRealtimeService): void {
        this.service = undefined;
        this.guard.drop();
        const waits = this.tools.sessionLost() ? 'turn' : this.owed;
        this.owed = owedAfterLoss(service.owedResponse?.purpose ?? waits, this.voice.hasSpoken);
        this.cancelled = undefined;
        this.noInput.clear();
        this.speech.stopped(service.appendedMs, undefined);
        for (const { id, items } of this.voice.answers.abandon()) {
            this.said.close(items);
            this.deps.port.responseEnded(id);
        }
        if (this.tools.isLeaving) this.deps.port.ended(this.tools.end);
    }

    /** Text for the model, which then answers. */
    tell(text: string): void {
        this.addItem({ type: 'message', role: 'user', content: [{ type: 'input_text', text }] }, 'note for the bot');
        this.ask('turn');
    }

    /** See `Conversation.askAgain`; nothing while somebody speaks, or is about to. */
    askAgain(): void {
        const isBusy = this.speech.isOn || this.deps.tools.isAtWork;
        if (this.service !== undefined && !isBusy && this.service.owedResponse === undefined) this.ask('reprompt');
    }

    sayAside(words: string): void {
        this.written.aside(words);
    }

    /** See `Conversation.sayGoodbye`: after the answer that is being given; at once where there is no session to say it. */
    sayGoodbye(): void {
        if (this.service === undefined) this.deps.port.ended(this.tools.end);
        else this.tools.calls.sayGoodbye();
    }

    /** The caller interrupted, by voice or by a key; see `Conversation.interrupt`. */
    interrupt(heard: HeardPosition): void {
        const active = this.service?.activeResponseId;
        const corrections = this.voice.answers.interrupt(heard);
        this.voice.answers.killAll();
        this.correct(this.written.interrupt(heard).map((itemId) => ({ kind: 'delete', itemId })));
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
        this.written.close();
        this.tools.close();
    }

    private makeEndings({ port, logger, logTranscripts }: RealtimeConversationDeps): ResponseEndings {
        const { voice, said, noInput, written } = this;
        const correct = (corrections: readonly Correction[]): void => {
            this.correct(corrections);
        };
        return new ResponseEndings({ voice, said, noInput, written, port, logger, logTranscripts, correct });
    }

    private makeTools({ tools, clock, logger, port }: RealtimeConversationDeps): FunctionCalls {
        const toolsPort: FunctionCallsPort = {
            tellOutput: (call, output, session) => {
                this.tellOutput(call, output, session);
            },
            ask: (purpose) => {
                this.ask(purpose);
            },
            isAnswering: () => (this.service?.activePurpose ?? 'farewell') !== 'farewell',
            isCallerSpeaking: () => this.speech.isOn,
        };
        return new FunctionCalls(tools, toolsPort, { clock, logger, port });
    }

    private listen(service: OpenAIRealtimeService): void {
        service.on('event', (event) => {
            this.onEvent(event, service);
        });
        service.on('answering', this.onAnswering);
        service.on('answered', this.onAnswered);
        service.on('refused', (purpose) => {
            this.guard.greeted();
            if (purpose === 'farewell') this.tools.calls.farewellRefused();
        });
        service.on('stalled', (responseId) => {
            this.voice.answers.kill(responseId);
            this.endings.end(responseId);
        });
    }

    private play(pcmu: Uint8Array, origin: AudioOrigin): void {
        if (this.guard.isOn) this.guard.played(pcmu.length / 8);
        this.deps.port.audio(pcmu, origin);
    }

    private onEvent(event: ServerEvent, service: OpenAIRealtimeService): void {
        this.tools.take(event);
        switch (event.type) {
            case 'item-added':
                this.ledger.add(event.item, event.previousItemId);
                this.said.place(event.item, event.previousItemId);
                return;
            case 'caller-transcript':
                this.usage.addTranscription(event.usage);
                this.ledger.setText(event.itemId, event.text);
                this.said.callerWords(event.itemId, event.text);
                this.endings.logWords('caller', event.text);
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
        const result = this.endings.end(end.id);
        if (!again) this.guard.greeted();
        if (result === undefined) return;
        if (purpose === 'farewell') this.tools.calls.saidFarewell(end, again);
        else if (!this.tools.answered(end, result.playedMs > 0, this.session)) this.replaceRefused(end, result);
    };

    /** The content filter took an answer away before a word of it was heard: a fixed sentence instead, once in a row. */
    private replaceRefused(end: ResponseEnd, result: ResponseSummary): void {
        const refused = end.status === 'incomplete' && end.reason === 'content_filter' && result.playedMs === 0;
        if (refused && !this.refusedContent) this.ask('decline');
        this.refusedContent = refused;
    }

    /** While the caller speaks, VAD is about to make an answer of its own. */
    private ask(purpose: Purpose): void {
        if (this.speech.isOn && purpose === 'turn') return;
        if (this.service === undefined) this.owed = purpose;
        else this.service.respond(this.requestFor(purpose));
    }

    private requestFor(purpose: Purpose): ResponseRequest {
        return requestFor(purpose, this.deps.config, this.tools.handsOver);
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
}

interface ResponseEndingsDeps {
    voice: ResponseAudio;
    said: TranscriptReporter;
    noInput: NoInput;
    written: TextResponseSpeaker;
    port: RealtimeConversationPort;
    logger: Logger;
    /** Log what was said. */
    logTranscripts: boolean;
    /** Corrects the model's memory. */
    correct(corrections: readonly Correction[]): void;
}

/** Closes the book on the model's answers, and tells the call. */
class ResponseEndings {
    constructor(private readonly deps: ResponseEndingsDeps) {}

    /** No more of this answer comes. undefined: that was known. */
    end(id: string): ResponseSummary | undefined {
        const { voice, said, noInput, port } = this.deps;
        const result = voice.answers.end(id);
        if (result === undefined) return undefined;
        const disposition = noInput.dispositionOf(id);
        this.deps.correct(result.corrections);
        if (result.textOnly) this.read(id, result);
        said.close(result.items);
        port.responseEnded(id);
        if (result.text === '') return result;
        this.logWords('bot', result.text);
        port.turn(new BotResponse(disposition, result.text));
        return result;
    }

    logWords(who: 'caller' | 'bot', text: string): void {
        if (this.deps.logTranscripts) this.deps.logger.info({ who, text }, 'Said.');
    }

    private read(responseId: string, { items }: ResponseSummary): void {
        const { logger, written } = this.deps;
        if (written.read(items)) logger.warn({ responseId }, 'The bot answered in writing; it is read aloud.');
        else logger.warn({ responseId }, 'The bot answered in writing; the caller heard nothing.');
    }
}

/** More silence than any voice activity detection waits for: a number beyond it is a mistake, and not a length. */
const MAX_SILENCE_MS = 10_000;

/** What the call is told of the caller's speech. */
interface SpeechPort {
    speechStarted(): void;
    speechStopped(silenceMs: number): void;
}

/** Does the caller speak, and does the call know? A start that was kept from it has no end either. */
class CallerSpeech {
    private speaking = false;
    private reported = false;

    constructor(private readonly port: SpeechPort) {}

    get isOn(): boolean {
        return this.speaking;
    }

    /** Voice activity began; `report`: the call is to know. */
    started(report: boolean): void {
        this.speaking = true;
        if (!report) return;
        this.reported = true;
        this.port.speechStarted();
    }

    /** It ended at `audioEndMs` (undefined: not known) of the `appendedMs` of audio that were sent by now. */
    stopped(appendedMs: number, audioEndMs: number | undefined): void {
        this.speaking = false;
        if (!this.reported) return;
        this.reported = false;
        const silenceMs = audioEndMs === undefined ? 0 : Math.round(appendedMs - audioEndMs);
        this.port.speechStopped(Math.min(MAX_SILENCE_MS, Math.max(0, silenceMs)));
    }
}

/** Which answers are given to a caller who says nothing: those that we ask for, and those of the service's own idle time-out. */
class NoInput {
    private isIdle = false;
    private readonly answers = new Set<string>();

    /** The service reported that the caller is silent, and will ask them without a request of ours (docs/REALTIME.md, 9.3). */
    timedOut(): void {
        this.isIdle = true;
    }

    /** The caller speaks. */
    over(): void {
        this.isIdle = false;
    }

    /** An answer begins. */
    begins(responseId: string, purpose: Purpose): void {
        if (purpose === 'reprompt' || (this.isIdle && purpose === 'turn')) this.answers.add(responseId);
        this.isIdle = false;
    }

    /** How an answer that has ended is reported; asked once. */
    dispositionOf(responseId: string): Disposition {
        return this.answers.delete(responseId) ? 'no_input' : 'match';
    }

    /** The session is lost, and its answers with it. */
    clear(): void {
        this.isIdle = false;
        this.answers.clear();
    }
}
