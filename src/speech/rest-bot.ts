import { CodedError } from '../support/errors';
import type { Disposition } from '../services/bot-response';
import type { Chat, ChatMessage } from './chat/chat-service';
import { sentencesOf } from './chat/sentence-stream';
import type { ConversationEnd, HeardPosition, ModelResponse } from '../services/conversation';
import type { Transcript } from '../services/transcript';
import { CallerAudioBuffer } from '../audio/caller-audio-buffer';
import { GOODBYE_SAID, SpeakingBot, type SpeakingBotDeps } from './speaking-bot';
import type { Recognition } from '../services/asr-service';
import type { ShippedPrompt } from '../services/words';

export interface RestBotDeps extends SpeakingBotDeps {
    chat: Chat;
    /** What was said in the call; the call writes it, also what this bot emits as `transcript`. */
    transcript: Transcript;
}

export interface RestBotOptions {
    /** Who the bot is, and how it talks. */
    instructions: string;
    /** What it is told to say first; empty: it waits for the caller. */
    greeting: string;
    /** It takes over a call that another bot could not go on with. */
    takeover?: RestTakeover;
}

/** Where another bot stopped. */
export interface RestTakeover {
    /** The caller has been greeted. */
    greeted: boolean;
    /** The caller waits for a response. */
    awaitsResponse: boolean;
}

/** What it is asked to say next, apart from a plain response. */
interface Reply {
    disposition: Disposition;
    instruction?: string;
    confidence?: number | undefined;
    standIn?: ShippedPrompt;
    end?: ConversationEnd;
}

const SPOKEN =
    'Your words are read aloud on the telephone: use short, plain sentences, and neither lists nor markup nor emoji. ' +
    'You have no functions now, whatever was said above: you can look nothing up, change nothing and put nobody through. ' +
    'Say so where it is asked for, and never promise it.';
const RESUME =
    'The conversation was interrupted for a moment by a technical fault. Carry on from where it stopped, without a greeting. ' +
    'Where the caller’s last words are missing, ask for them.';
const REPROMPT =
    'The caller has been silent. Ask in one short sentence, in the language of the conversation, whether they are still there.';
const UNHEARD =
    'The caller has just said something that could not be understood. Ask in one short sentence, in the language of the conversation, to repeat it.';
const FAREWELL =
    'Say goodbye to the caller in one short sentence, in the language of the conversation. The call ends after it.';
/** What the model is told of the conversation: the last twenty turns of each side, or about 4,000 tokens. */
const MAX_MEMORY_ITEMS = 40;
const MAX_MEMORY_CHARACTERS = 16_000;
/** Ten seconds of caller audio: PCMU, 8 kHz, mono. */
const KEPT_BYTES = 80_000;
/** Utterances in a row of which nothing was understood, after which something is wrong that asking again does not mend. */
const MAX_UNHEARD = 3;

/**
 * A bot that listens, thinks and speaks by three services: a recognizer of free speech, a chat model and a synthesizer. It serves
 * where the Realtime API fails and the rest of it does not. The first sentence is spoken while the others are still written.
 *
 * A service that fails ends it with a coded error (`error_code` of the output variables), so that another bot can take over.
 */
export class RestBot extends SpeakingBot {
    readonly botName = 'rest';
    /** Services differ in their prices: nothing is known. */
    readonly costUsd = undefined;
    readonly speaksFirst: boolean;
    private readonly chat: Chat;
    private readonly transcript: Transcript;
    /** Ends the responses that are being written. */
    private thinking = new AbortController();
    private readonly over = new AbortController();
    /** What the caller said, and what the bot was told, before it could hear. */
    private readonly earlyAudio = new CallerAudioBuffer();
    private readonly early = this.earlyAudio.open(KEPT_BYTES);
    private readonly notes: string[] = [];
    private noteCount = 0;
    /** A response of which the caller has heard nothing yet. */
    private unsounded: Reply | undefined;
    /** A response that was withdrawn because the caller went on speaking. */
    private owed: Reply | undefined;
    private unheard = 0;

    constructor(
        deps: RestBotDeps,
        private readonly options: RestBotOptions,
    ) {
        super(deps, 'rest');
        this.chat = deps.chat;
        this.transcript = deps.transcript;
        this.speaksFirst = this.firstReply() !== undefined;
    }

    /** Rejects with `ERR_CHAT_HEARING` where free speech is not understood, and when the chat model is out of reach. */
    override async start(): Promise<void> {
        if (this.deps.recognizer.kind !== 'open') throw new CodedError('ERR_CHAT_HEARING');
        try {
            await this.chat.check(this.over.signal);
        } catch (fault) {
            this.early.skip();
            throw this.over.signal.aborted ? new CodedError('ERR_OPENAI_ABANDONED') : fault;
        }
        await super.start();
    }

    override hear(pcmu: Uint8Array): void {
        if (this.isTalking) super.hear(pcmu);
        else if (this.isWaiting) this.earlyAudio.push(pcmu);
    }

    tell(text: string): void {
        if (this.isWaiting) this.notes.push(text);
        if (!this.isTalking) return;
        this.note(text);
        // A caller who speaks gets a response anyway.
        if (this.callerSpeaks) this.owed ??= { disposition: 'match' };
        else this.reply({ disposition: 'match' });
    }

    askAgain(): void {
        if (this.callerSpeaks || this.speechQueue.isBusy) return;
        this.reply({ disposition: 'no_input', instruction: REPROMPT, standIn: 'still-there' });
    }

    override interrupt(heard: HeardPosition): void {
        this.stopThinking();
        super.interrupt(heard);
    }

    protected begin(): void {
        this.deps.recognizer.expect('open');
        for (const text of this.notes.splice(0)) this.note(text);
        const first = this.firstReply();
        if (first !== undefined) this.reply(first);
        const kept = this.early.take();
        if (kept.length > 0 && this.isTalking) super.hear(kept);
    }

    protected bidFarewell(): void {
        this.stopThinking();
        this.reply({ disposition: 'match', instruction: FAREWELL, standIn: 'goodbye', end: GOODBYE_SAID });
    }

    protected onRecognized({ confidence }: Recognition): void {
        this.unheard = 0;
        this.owed = undefined;
        this.reply({ disposition: 'match', confidence });
    }

    protected onUnheard(): void {
        const { owed } = this;
        this.owed = undefined;
        if (owed === undefined) this.unheard += 1;
        if (this.unheard >= MAX_UNHEARD) this.fail(new CodedError('ERR_CHAT_UNHEARD'));
        else this.reply(owed ?? { disposition: 'no_match', instruction: UNHEARD });
    }

    /** The caller goes on speaking before the response has audio: it would respond to half of what they say. */
    protected override onSpeechStarted(): void {
        if (this.unsounded === undefined || !this.isTalking) return;
        this.owed = this.unsounded;
        this.stopThinking();
        this.speechQueue.stop();
    }

    protected override onOver(): void {
        this.over.abort();
        this.early.skip();
        this.stopThinking();
    }

    protected override onSaid(): void {
        this.unsounded = undefined;
    }

    private firstReply(): Reply | undefined {
        const { takeover, greeting } = this.options;
        if (takeover?.awaitsResponse === true) return { disposition: 'match', instruction: RESUME };
        if (takeover?.greeted === true || greeting === '') return undefined;
        return { disposition: 'match', instruction: greeting };
    }

    private reply(reply: Reply): void {
        // A response that has begun goes on, and this one follows it.
        if (!this.speechQueue.isBusy) this.unsounded = reply;
        const { disposition, confidence, standIn, end } = reply;
        this.respond({
            parts: this.sentences(reply, this.thinking.signal),
            disposition,
            confidence,
            ...(standIn === undefined ? {} : { standIn }),
            ...(end === undefined ? {} : { end }),
        });
    }

    private stopThinking(): void {
        this.unsounded = undefined;
        this.thinking.abort();
        this.thinking = new AbortController();
    }

    private async *sentences(reply: Reply, signal: AbortSignal): AsyncGenerator<string, void, undefined> {
        const startedAtMs = this.deps.clock.nowMs();
        let status: ModelResponse['status'] = 'cancelled';
        let why: string | undefined;
        try {
            yield* sentencesOf(this.chat.complete(this.messages(reply.instruction), signal));
            status = 'completed';
        } catch (fault) {
            if (!signal.aborted) {
                status = 'failed';
                why = fault instanceof CodedError ? fault.code : undefined;
            }
            if (reply.end === undefined) throw fault;
            // The call ends: a word of goodbye needs no model.
            yield this.words.sentences.goodbye;
        } finally {
            const { model } = this.chat;
            const response = { responseId: undefined, provider: 'openai', startedAtMs, status, why, tokens: undefined };
            if (model !== undefined && !this.isOver()) this.emit('modelResponded', { ...response, model });
        }
    }

    /** Text for the bot becomes a note of the transcript, which the model reads as the caller's. */
    private note(text: string): void {
        this.noteCount += 1;
        const itemId = `rest_note_${this.noteCount}`;
        this.emit('transcript', { speaker: 'note', itemId, text: text.slice(0, MAX_MEMORY_CHARACTERS) });
    }

    /** The conversation so far, of all bots of the call, as far as the caller heard it. */
    private memory(): ChatMessage[] {
        return this.transcript.heard(MAX_MEMORY_ITEMS, MAX_MEMORY_CHARACTERS).flatMap(({ speaker, text }) => {
            if (speaker === 'function') return [];
            return [{ role: speaker === 'bot' ? 'assistant' : 'user', content: text }];
        });
    }

    private messages(instruction: string | undefined): ChatMessage[] {
        const { instructions } = this.options;
        const now: ChatMessage[] = instruction === undefined ? [] : [{ role: 'system', content: instruction }];
        return [{ role: 'system', content: `${instructions}\n\n${SPOKEN}` }, ...this.memory(), ...now];
    }
}
