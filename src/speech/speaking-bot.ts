import { EventEmitter } from 'node:events';
import type { Clock } from '../support/clock';
import { CodedError } from '../support/errors';
import { faultFields, type Logger } from '../support/logger';
import { BotResponse, type Disposition } from '../services/bot-response';
import {
    keypadNote,
    type Conversation,
    type ConversationEnd,
    type ConversationEvents,
    type HeardPosition,
    type OverlapControl,
} from '../services/conversation';
import { SpeechQueue, type ResponsePart, type Spoken, type StandIn } from '../services/tts/speech-queue';
import { OverlapGate } from './overlap-gate';
import type { Recognizer, Recognition } from '../services/asr-service';
import type { TextToSpeech } from '../services/tts-service';
import { promptWords, wordsFor, type ShippedPrompt, type Words } from '../services/words';

/** Recordings for the moment when no synthesizer speaks; `Prompts` fits it. */
export interface Recordings {
    /** PCMU, 8 kHz, mono; undefined: there is none of that name. */
    recording(name: ShippedPrompt): Uint8Array | undefined;
}

export interface SpeakingBotDeps {
    clock: Clock;
    logger: Logger;
    /** Shared by all calls; not closed with the call. */
    speech: TextToSpeech;
    /** Of this call only; closed with it. */
    recognizer: Recognizer;
    /** Without them a bot whose synthesizer fails ends without a word, as is right where another bot then takes over. */
    recordings?: Recordings | undefined;
    /** A voice of the synthesizer; without it its own. */
    voice?: string | undefined;
    /** Language tag of what it says; undefined: English. */
    language?: string | undefined;
    /** What it says besides the words of its dialog or its model. Default: in English. */
    words?: Words | undefined;
}

/** The bot has said the goodbye that it was asked for. */
export const GOODBYE_SAID: ConversationEnd = {
    reason: 'completed',
    info: 'conversation finished',
    outputVariables: { end_reason: 'bot_ended' },
};

/** A response to be said. */
export interface SpokenResponse {
    parts: Iterable<ResponsePart> | AsyncIterable<ResponsePart>;
    disposition: Disposition;
    /** How sure the recognizer was of the words that are answered; 0 … 1. */
    confidence?: number | undefined;
    /** Said when the synthesizer fails. With it, the failure does not end the conversation. */
    standIn?: ShippedPrompt;
    /** The conversation is over after it. */
    end?: ConversationEnd;
}

/** A conversation that speaks through a synthesizer and recognizes speech through a recognizer; its subclasses decide what is said, and when. */
export abstract class SpeakingBot extends EventEmitter<ConversationEvents> implements Conversation {
    abstract readonly botName: string;
    abstract readonly speaksFirst: boolean;
    abstract readonly costUsd: number | undefined;
    readonly listensOnly = false;
    readonly remoteVadMs = undefined;
    readonly responseActiveAtMs: number | undefined = undefined;
    protected readonly speechQueue: SpeechQueue;
    protected readonly words: Words;
    private readonly gate: OverlapGate;
    /** The caller is speaking. */
    protected callerSpeaks = false;
    private state: 'idle' | 'talking' | 'leaving' | 'over' = 'idle';
    private callerItems = 0;
    /** The utterance that ended last was said into the bot's own words, or before them, and did not stop them. */
    private wasAside = false;
    /** Results that are still to come of utterances which were taken as audio: they are no answers. */
    private resultsToDrop = 0;

    constructor(
        protected readonly deps: SpeakingBotDeps,
        idPrefix: string,
    ) {
        super();
        const { clock, logger, speech, voice, language } = deps;
        this.words = deps.words ?? wordsFor(undefined);
        this.gate = new OverlapGate({
            bot: this,
            givesWords: () => deps.recognizer.kind !== 'none',
            isAnswer: (text) => this.isAnswer?.(text) ?? false,
            respond: (heard) => {
                const turn = this.joined(heard);
                if (turn !== undefined && this.isTalking) this.onRecognized(turn);
            },
        });
        this.speechQueue = new SpeechQueue({
            clock,
            logger,
            speech,
            voice,
            language,
            idPrefix,
            port: {
                audio: (pcmu, origin) => this.emit('audio', pcmu, origin),
                responseEnded: (responseId) => this.emit('responseEnded', responseId),
                transcript: (item) => {
                    if (item.text !== undefined) this.onSaid?.();
                    this.emit('transcript', item);
                },
            },
        });
    }

    get overlap(): OverlapControl {
        return this.gate;
    }

    start(): Promise<void> {
        if (this.state !== 'idle') return Promise.reject(new CodedError('ERR_OPENAI_ABANDONED'));
        this.state = 'talking';
        this.listen(this.deps.recognizer);
        this.emit('ready');
        if (this.isTalking) this.begin();
        return Promise.resolve();
    }

    hear(pcmu: Uint8Array): void {
        if (this.isTalking) this.deps.recognizer.hear(pcmu);
    }

    abstract tell(text: string): void;
    abstract askAgain(): void;

    sayGoodbye(): void {
        if (this.state === 'idle') this.finish(GOODBYE_SAID);
        if (this.state !== 'talking') return;
        // What waits to be said is of no use any more.
        this.speechQueue.stopAfterSentence();
        this.bidFarewell();
    }

    digits(entry: string): void {
        this.tell(keypadNote(entry));
    }

    /** See `Conversation.onSilence`. */
    onSilence(): boolean {
        return false;
    }

    interrupt(_heard: HeardPosition): void {
        if (this.state === 'over') return;
        this.speechQueue.stop();
    }

    end(): void {
        this.release();
        this.removeAllListeners();
    }

    /** It speaks and hears, and has not said its last word. */
    protected get isTalking(): boolean {
        return this.state === 'talking';
    }

    /** It has not begun. */
    protected get isWaiting(): boolean {
        return this.state === 'idle';
    }

    /** It can hear: the first words, if there are any. */
    protected abstract begin(): void;
    /** The last words; its response has an `end`. */
    protected abstract bidFarewell(): void;
    /** The caller said something that was understood. */
    protected abstract onRecognized(heard: Recognition): void;
    /** The caller said something that was not understood, and waits for a response. */
    protected abstract onUnheard(): void;

    /** The sound of an utterance; its result is still to come. @returns true: the sound was wanted, and the result is no answer */
    protected onUtterance?(pcmu: Uint8Array): boolean;
    protected onSpeechStarted?(): void;

    /** These words, said over the bot, are what it has asked for. */
    protected isAnswer?(text: string): boolean;

    /** The first audio of a sentence was emitted. */
    protected onSaid?(): void;

    /** It is over, and everything is to be freed. May be called twice. */
    protected onOver?(): void;

    /** How the conversation ends when it fails with this code; undefined: with `reason` `error`. */
    protected failureEnd?(code: string): ConversationEnd | undefined;

    /** Says a response when those before it are finished, and reports it. Its failure ends the conversation. */
    protected respond(response: SpokenResponse): void {
        if (this.state !== 'talking') return;
        if (response.end !== undefined) this.state = 'leaving';
        this.sayAndReport(response).catch((fault: unknown) => {
            this.fail(fault);
        });
    }

    /** Nothing more will come of this conversation. */
    protected fail(fault: unknown): void {
        if (this.isOver()) return;
        const coded = fault instanceof CodedError ? fault : new CodedError('ERR_INTERNAL');
        const { code } = coded;
        this.deps.logger.error(faultFields(fault), 'The bot cannot go on.');
        const outputVariables = { end_reason: 'bot_failed', error_code: code };
        const info = `The bot cannot go on (${code}).`;
        const usual: ConversationEnd = { reason: 'error', info, outputVariables, fault: coded };
        this.finish(this.failureEnd?.(code) ?? usual);
    }

    /** A method, because a listener may have ended the call in the middle of what we do. */
    protected isOver(): boolean {
        return this.state === 'over';
    }

    private async sayAndReport(response: SpokenResponse): Promise<void> {
        const spoken = await this.speechQueue.say(
            response.parts,
            this.standIn(response.standIn ?? 'technical-problem'),
        );
        if (this.isOver()) return;
        this.report(response, spoken);
        if (this.isOver()) return;
        const isLost = spoken.end === 'failed' || (spoken.fault !== undefined && response.standIn === undefined);
        // Where the call was to end anyway, it ends as it was to: a transfer is worth more than the sentence before it.
        if (response.end !== undefined) this.finish(response.end);
        else if (isLost) this.fail(spoken.fault);
    }

    private report({ disposition, confidence }: SpokenResponse, { text, itemId }: Spoken): void {
        if (text === '') return;
        const turn = new BotResponse(disposition, text).of(itemId);
        this.emit('turn', confidence === undefined ? turn : turn.withConfidence(confidence));
    }

    private standIn(name: ShippedPrompt): StandIn | undefined {
        const pcmu = this.deps.recordings?.recording(name);
        return pcmu === undefined ? undefined : { pcmu, words: promptWords(name, this.words) };
    }

    private listen(recognizer: Recognizer): void {
        recognizer.on('speechStarted', () => {
            if (this.isOver()) return;
            this.callerSpeaks = true;
            if (this.gate.speechStarted()) return;
            this.onSpeechStarted?.();
            this.emit('speechStarted');
        });
        recognizer.on('speechStopped', (silenceMs) => {
            if (this.isOver()) return;
            this.callerSpeaks = false;
            this.wasAside = this.speechQueue.isSounding || this.speechQueue.isBusy;
            if (!this.gate.speechStopped()) this.emit('speechStopped', silenceMs);
        });
        recognizer.on('utterance', (pcmu) => {
            if (!this.isTalking || this.gate.isLastJudged) return;
            if (this.onUtterance?.(pcmu) === true) this.resultsToDrop += 1;
        });
        recognizer.on('recognized', (heard) => {
            if (this.isTalking) this.takeWords(heard);
            else this.gate.notUnderstood();
        });
        // A cough or an aside while the bot goes on talking or is about to: no response to it is expected.
        recognizer.on('notRecognized', () => {
            const isNoTurn = this.gate.notUnderstood();
            if (!this.isTalking || isNoTurn) return;
            if (this.isDropped()) return;
            if (!this.wasAside) this.onUnheard();
            // It began before the bot's sound, so that the call takes it for a turn; nothing more is said, and its end ends no wait.
            else if (!this.speechQueue.isBusy) this.emit('waiting', 'nothing_awaited');
        });
    }

    private takeWords(heard: Recognition): void {
        this.callerItems += 1;
        const itemId = `${this.botName}_caller_${this.callerItems}`;
        this.emit('transcript', { speaker: 'caller', itemId, text: heard.text });
        if (this.gate.understood(heard, itemId) || !this.isTalking) return;
        if (!this.isDropped()) this.onRecognized(heard);
    }

    /** Several utterances are one turn; of the phrases that a closed recognizer listens for, the last one counts. */
    private joined(heard: readonly Recognition[]): Recognition | undefined {
        const last = heard.at(-1);
        if (last === undefined || heard.length === 1 || this.deps.recognizer.kind !== 'open') return last;
        return { text: heard.map(({ text }) => text).join(' '), confidence: last.confidence };
    }

    private isDropped(): boolean {
        if (this.resultsToDrop === 0) return false;
        this.resultsToDrop -= 1;
        return true;
    }

    private finish(end: ConversationEnd): void {
        if (this.isOver()) return;
        this.release();
        this.emit('ended', end);
    }

    private release(): void {
        this.state = 'over';
        this.speechQueue.close();
        this.deps.recognizer.close();
        this.onOver?.();
    }
}
