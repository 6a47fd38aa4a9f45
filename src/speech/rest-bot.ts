import { CodedError } from '../support/errors';
import type { Disposition } from '../services/bot-response';
import type { Chat } from './chat/chat-service';
import { sentencesOf } from './chat/sentence-stream';
import { TalkHistory, type ChatMessage, type TalkTurn } from './chat/talk-history';
import type { ConversationEnd, HeardPosition } from '../services/conversation';
import type { Heard } from './dialog/recognizer';
import { AudioBacklog } from '../audio/audio-backlog';
import { SHIPPED_PROMPTS, type ShippedPrompt } from './prompts';
import { GOODBYE_SAID, SpeakingBot, type SpeakingBotDeps } from './speaking-bot';

export interface RestBotDeps extends SpeakingBotDeps {
    chat: Chat;
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
    /** The talk so far, as heard. */
    history: readonly TalkTurn[];
    /** The caller has been greeted. */
    greeted: boolean;
    /** He waits for an answer. */
    answerOwed: boolean;
}

/** What it is asked to say next, apart from a plain answer. */
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
    'The talk was interrupted for a moment by a technical fault. Carry on from where it stopped, without a greeting. ' +
    'Where the caller’s last words are missing, ask for them.';
const REPROMPT = 'The caller has been silent. Ask in one short sentence whether they are still there.';
const UNHEARD =
    'The caller has just said something that could not be understood. Ask in one short sentence to repeat it.';
const FAREWELL = 'Say goodbye to the caller in one short sentence. The call ends after it.';
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
    private readonly history: TalkHistory;
    /** Ends the answers that are being written. */
    private thinking = new AbortController();
    private readonly over = new AbortController();
    /** What the caller said before it could hear. */
    private readonly early = new AudioBacklog(KEPT_BYTES);
    /** An answer of which the caller has heard nothing yet. */
    private unsounded: Reply | undefined;
    /** An answer that was withdrawn because the caller went on speaking. */
    private owed: Reply | undefined;
    private unheard = 0;

    constructor(
        deps: RestBotDeps,
        private readonly options: RestBotOptions,
    ) {
        super(deps, 'rest');
        this.chat = deps.chat;
        this.history = new TalkHistory(options.takeover?.history);
        this.speaksFirst = this.firstReply() !== undefined;
    }

    /** Rejects with `ERR_CHAT_HEARING` where free speech is not understood, and when the chat model is out of reach. */
    override async start(): Promise<void> {
        if (this.deps.recognizer.kind !== 'open') throw new CodedError('ERR_CHAT_HEARING');
        try {
            await this.chat.check(this.over.signal);
        } catch (fault) {
            this.early.clear();
            throw this.over.signal.aborted ? new CodedError('ERR_OPENAI_ABANDONED') : fault;
        }
        await super.start();
    }

    override hear(pcmu: Uint8Array): void {
        if (this.isTalking) super.hear(pcmu);
        else if (this.isWaiting) this.early.push(pcmu);
    }

    tell(text: string): void {
        if (this.isTalking || this.isWaiting) this.history.caller(text);
        if (!this.isTalking) return;
        // Who speaks is about to be answered anyway.
        if (this.callerSpeaks) this.owed ??= { disposition: 'match' };
        else this.reply({ disposition: 'match' });
    }

    askAgain(): void {
        if (this.callerSpeaks || this.speaker.isBusy) return;
        this.reply({ disposition: 'no_input', instruction: REPROMPT, standIn: 'still-there' });
    }

    override interrupt(heard: HeardPosition): void {
        this.stopThinking();
        super.interrupt(heard);
    }

    protected begin(): void {
        this.deps.recognizer.expect('open');
        const first = this.firstReply();
        if (first !== undefined) this.reply(first);
        const kept = this.early.take(this.early.length);
        if (kept.length > 0 && this.isTalking) super.hear(kept);
    }

    protected bidFarewell(): void {
        this.stopThinking();
        this.reply({ disposition: 'match', instruction: FAREWELL, standIn: 'goodbye', end: GOODBYE_SAID });
    }

    protected onRecognized({ text, confidence }: Heard): void {
        this.unheard = 0;
        this.owed = undefined;
        this.history.caller(text);
        this.reply({ disposition: 'match', confidence });
    }

    protected onUnheard(): void {
        const { owed } = this;
        this.owed = undefined;
        if (owed === undefined) this.unheard += 1;
        if (this.unheard >= MAX_UNHEARD) this.fail(new CodedError('ERR_CHAT_UNHEARD'));
        else this.reply(owed ?? { disposition: 'no_match', instruction: UNHEARD });
    }

    /** He goes on before he was answered: the answer would be to half of what he says. */
    protected override onSpeechStarted(): void {
        if (this.unsounded === undefined || !this.isTalking) return;
        this.owed = this.unsounded;
        this.stopThinking();
        this.speaker.stop();
    }

    protected override onOver(): void {
        this.over.abort();
        this.early.clear();
        this.stopThinking();
    }

    protected override onSaid(itemId: string, words: string): void {
        this.unsounded = undefined;
        this.history.bot(itemId, words);
    }

    protected override onHeard(itemId: string, words: string): void {
        this.history.heard(itemId, words);
    }

    private firstReply(): Reply | undefined {
        const { takeover, greeting } = this.options;
        if (takeover?.answerOwed === true) return { disposition: 'match', instruction: RESUME };
        if (takeover?.greeted === true || greeting === '') return undefined;
        return { disposition: 'match', instruction: greeting };
    }

    private reply(reply: Reply): void {
        // An answer that has begun goes on, and this one follows it.
        if (!this.speaker.isBusy) this.unsounded = reply;
        const { disposition, confidence, standIn, end } = reply;
        this.answer({
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
        try {
            yield* sentencesOf(this.chat.answer(this.messages(reply.instruction), signal));
        } catch (fault) {
            if (reply.end === undefined) throw fault;
            // The call ends: a word of goodbye needs no model.
            yield SHIPPED_PROMPTS.goodbye;
        }
    }

    private messages(instruction: string | undefined): ChatMessage[] {
        const { instructions } = this.options;
        const now: ChatMessage[] = instruction === undefined ? [] : [{ role: 'system', content: instruction }];
        return [{ role: 'system', content: `${instructions}\n\n${SPOKEN}` }, ...this.history.messages, ...now];
    }
}
