import { EventEmitter } from 'node:events';
import type { BotResponse } from './bot-response';
import type { DigitRequest } from './dtmf-service';
import type { CodedError } from '../support/errors';

/** Which part of which response a piece of audio belongs to. Playback counts every byte under it. */
export interface AudioOrigin {
    /** The response. Audio of an interrupted response is known by it and thrown away. */
    responseId: string;
    /** The conversation item inside the response. */
    itemId: string;
    /** The content part inside the item. */
    contentIndex: number;
    /** Said while the bot is busy, and no part of a response. */
    aside?: true;
}

/** How much of one item the caller heard before an interruption. */
export interface HeardItem extends AudioOrigin {
    /** Whole milliseconds heard, rounded down; never more than `receivedMs`. 0: nothing of it was heard. */
    heardMs: number;
    /** Milliseconds of the item's audio that the conversation had delivered. */
    receivedMs: number;
}

/** What the caller had heard when they interrupted: the item that was playing first, then those that were still waiting. */
export interface HeardPosition {
    items: readonly HeardItem[];
}

/** Why a conversation ends a call, and what Architect is told. */
export interface ConversationEnd {
    reason: 'completed' | 'error';
    /** A short sentence for Genesys' logs: no personal data, no raw error text. */
    info: string;
    outputVariables?: Readonly<Record<string, string>>;
    /** Why it cannot go on, for the log; undefined: it ended as it should, or `error_code` says all that is known. */
    fault?: CodedError | undefined;
}

/** A fallback option took over. */
export interface FallbackStep {
    /** The bot that was lost; undefined: the call began without its best one. */
    readonly from?: string | undefined;
    readonly to: string;
    /** A code of the catalogue. */
    readonly why: string;
}

/** One item of the conversation, as far as it is known. Reported again, under the same id, when more is known. */
export interface TranscriptItem {
    /** `function`: a function that the model called. `note`: text that the bot was told, such as keys; neither was spoken. */
    speaker: 'caller' | 'bot' | 'function' | 'note';
    itemId: string;
    /** The item that it follows in the conversation; undefined: the last one known. */
    afterItemId?: string | undefined;
    /** What was said, or generated: all of it. undefined: not known yet, but its place in the conversation is. */
    text?: string | undefined;
    /** Length of all bot audio that was generated for it, ms; undefined: what was delivered is all there is. */
    audioMs?: number | undefined;
    /** Where its sentences begin, as far as their audio was delivered; undefined: not known, the words are spread evenly. */
    sentences?: readonly SpokenSentence[] | undefined;
    /** For the speaker `function`. */
    call?: FunctionCallRecord | undefined;
    /**
     * Said by the caller over the bot, and no turn: the transcript keeps it with this mark, and no bot is told of it. Mostly reported after
     * the words, without them; never taken back.
     */
    ignored?: true | undefined;
}

/** A sentence of an item, and where its audio begins and ends in the item's audio, ms; `endMs` undefined: there may be more. */
export interface SpokenSentence {
    text: string;
    atMs: number;
    endMs?: number;
}

/** A function that the model called, and what it gave; `output` is undefined until it has ended. */
export interface FunctionCallRecord {
    callId: string;
    name: string;
    argumentsJson: string;
    output: string | undefined;
}

/** What a model did for one response, and what it used: for records of the call, never for its course. */
export interface ModelResponse {
    /** The response whose audio it is; undefined: it is text that a bot of this server speaks. */
    readonly responseId: string | undefined;
    /** Who runs the model, by OpenTelemetry's names: `openai`, `azure.ai.openai`. */
    readonly provider: string;
    readonly model: string;
    /** When the service began it, by the clock, ms; undefined: it did not say. */
    readonly startedAtMs: number | undefined;
    readonly status: 'completed' | 'cancelled' | 'failed' | 'incomplete' | 'other';
    /** Why it is not complete: a code of the service or of the catalogue; undefined: it is, or there is no code. */
    readonly why: string | undefined;
    /** undefined: the service does not say. */
    readonly tokens: ModelTokens | undefined;
    /** US dollars by the prices of assets/prices.json; undefined: the tokens or the prices are not known. */
    readonly costUsd?: number | undefined;
}

/** Tokens of one response. Cached ones are part of `input`; text and audio together are `input` and `output`. */
export interface ModelTokens {
    readonly input: number;
    readonly output: number;
    readonly cachedInput: number;
    readonly inputAudio: number;
    readonly outputAudio: number;
}

/** What a conversation tells the call. A listener that throws is the call's fault and is caught there. */
export interface ConversationEvents {
    /** It can hear now. Emitted once, before `start()` resolves. */
    ready: [];
    /** Bot audio: PCMU, 8 kHz, mono, any length ≥ 1. The bytes belong to the listener. */
    audio: [pcmu: Uint8Array, origin: AudioOrigin];
    /** No more audio will come for this response, however it ended. */
    responseEnded: [responseId: string];
    /** A model has finished a response. Emitted before `responseEnded`, where there is one; not for a response that was lost. */
    modelResponded: [response: ModelResponse];
    /** The caller began to talk (voice activity), and may interrupt. */
    speechStarted: [];
    /** The caller stopped talking, `silenceMs` milliseconds of caller audio ago. */
    speechStopped: [silenceMs: number];
    /** The same, while the call judges the caller's speech (`OverlapControl`): nothing is done about it unless the call says so. */
    overlapSpeech: [state: 'started' | 'stopped'];
    /** Words of speech that the call judges; empty: nothing was understood. `isAnswer`: the bot has asked for just these words. */
    overlapWords: [text: string, isAnswer?: boolean];
    /** An item of the conversation appeared, or its words became known: for the transcript. */
    transcript: [item: TranscriptItem];
    /** Wants an entry of the keypad; `request.done` is called once, with the digits or with the reason why there are none. */
    collectDigits: [request: DigitRequest];
    /** A finished turn of the bot, for the report to Architect. */
    turn: [turn: BotResponse];
    /** It has lost its connection, and its unfinished responses with it; `recovered` or `ended` follows. */
    reconnecting: [why: string, fault?: CodedError];
    /** It is connected again: caller audio of the meantime was kept, and the response that the caller waits for is being asked for. */
    recovered: [];
    /** What the caller waits for has changed in a way that only the conversation knows. Only a bot with fallback options emits it, `response_requested` apart. */
    waiting: [wait: BotWait];
    /** The bot has hung up: the call ends once the caller has heard what is queued. If they interrupt it, the conversation goes on. */
    hangUp: [end: ConversationEnd];
    /** The conversation is over; the call ends once the caller has heard what is queued. Emitted at most once. */
    ended: [end: ConversationEnd];
}

/**
 * What the caller waits for, where the call cannot tell from the audio and the turns. A conversation that emits one of them, apart from
 * `response_requested` and `nothing_awaited`, has fallback options and acts on `onSilence`: the rules of `common/silence-policy.ts` that need
 * a fallback hold for it.
 */
export type BotWait =
    /** A bot starts that speaks first: for its first sound. */
    | 'first_audio'
    /** A bot starts that lets the caller speak first: until it can hear. */
    | 'start'
    /** A bot starts on a service that was down until now: until it can hear. */
    | 'probe'
    /** The service that was down is up: for the first sound of its bot. */
    | 'probe_ready'
    /** A fallback option starts in place of a bot that was lost. */
    | 'takeover'
    /** The same, on a service that was down until now. */
    | 'probe_takeover'
    /** That service is up: for what the caller has waited for until now. */
    | 'probe_takeover_ready'
    /** An option that takes over was given again what the caller had said last: the caller waits since the loss, not since the end of these words. */
    | 'words_repeated'
    /** The bot can hear now; for what the caller has waited for until now. */
    | 'ready'
    /** The bot can hear now and owes nothing: it may be silent for as long as the caller is. */
    | 'idle'
    /** The bot has given a sign of life without a sound: a response ended of which nothing was to be heard. */
    | 'sign_of_work'
    /** The bot goes on without a word of the caller, after a function or a response that was cut off: for the response that it has requested. */
    | 'response_requested'
    /** The bot waits for keys: the caller may take as long as the entry allows. */
    | 'key_entry'
    /** The bot has lost its connection and connects again. */
    | 'reconnect'
    /** It is connected again and owes the caller a response, or the greeting. */
    | 'recovered'
    /** For nothing: the bot owes no sound. */
    | 'nothing_awaited';

/** What the call asks of a conversation that leaves the caller in silence. */
export type SilenceStep =
    /** Say that it takes a moment. */
    | 'filler'
    /** By the line the caller has finished a turn, or speaks for very long: end the turn here, and ask for the response. */
    | 'end_turn'
    /** The response that is being given has stopped: cancel it and ask for it again. */
    | 'retry'
    /** Give up the bot that answers now: the next fallback option takes over. */
    | 'takeover';

/**
 * What the call uses to judge the caller's speech while they hear the bot (docs/TURNS.md): between `begin` and `end` speech that begins
 * neither stops a response nor gets one. It is reported by `overlapSpeech` and `overlapWords`, and the call says what it was.
 */
export interface OverlapControl {
    /** The words of such speech will be reported. */
    readonly givesWords: boolean;
    /** Quiet after which the call ends the caller's turn by `endTurn`, ms; undefined: the bot ends it, as it ends any other turn. */
    readonly turnSilenceMs: number | undefined;
    /** The caller hears the bot. May be called twice. */
    begin(): void;
    /** They do not hear it any more, and no speech is left to be judged. May be called twice. */
    end(): void;
    /** Have what the caller has said so far transcribed now. */
    transcribe(): void;
    /** The speech was no turn: it leaves no trace with the bot. */
    dismiss(): void;
    /** The speech is a turn: from now on it is reported like any other, beginning with `speechStarted`. */
    accept(): void;
    /** That turn has ended, `silenceMs` ago: the bot responds to it. Only after `accept`, and where `turnSilenceMs` is a number. */
    endTurn(silenceMs: number): void;
}

/** A verdict of the call about the caller's speech over the bot (docs/TURNS.md), and why. One utterance may get several. */
export interface OverlapReport {
    /**
     * `held`: the bot was stopped, and may go on; `turn`: the caller has interrupted it; `ignored`: it was not stopped, and goes on; `resumed`:
     * it was stopped, and goes on.
     */
    readonly overlap: 'held' | 'turn' | 'ignored' | 'resumed';
    /** In a few words, beginning with the verdict, such as `ignored: a backchannel`. Holds none of the caller's words. */
    readonly reason: string;
    /** What the caller said, as far as it was known; undefined: no words were known. */
    readonly words: string | undefined;
    /** Voice of the utterance, ms. */
    readonly voicedMs: number;
    /** From the beginning of its voice to the end, with pauses, ms. */
    readonly spanMs: number;
    /** From its beginning, by the caller's audio, to the verdict, ms. */
    readonly afterMs: number;
    /** For `resumed`: how far before the place where it was stopped the bot goes on, ms. */
    readonly backMs?: number;
}

/**
 * One caller and one bot, whichever bot it is. Audio is always PCMU (G.711 µ-law), 8 kHz, mono, both ways.
 *
 * A bot of your own implements this interface, or extends `BasicConversation`, and is registered by name (see examples/).
 */
export interface Conversation extends EventEmitter<ConversationEvents> {
    /** The bot's name, for logs. */
    readonly botName: string;
    /** It never sends audio, and therefore takes any PCMU offer, stereo and internal-only ones too. */
    readonly listensOnly: boolean;
    /**
     * A remote service detects the caller's turns for it: the longest time, ms, from the end of the caller's voice to its report. Such a
     * service may fail without a sign, therefore the call watches the line too. undefined: the turns are detected in this process.
     */
    readonly remoteVadMs: number | undefined;
    /** It speaks without being spoken to: the call counts as failed when no sound comes within the first-audio limit. */
    readonly speaksFirst: boolean;
    /** The names of the fallback options that answered, with commas; undefined: there are none. */
    readonly fallbackUsed?: string;
    /** What is wrong with the service now, such as why it cannot be reached; undefined: nothing that is known. For the log of a caller's silence. */
    readonly lastFault?: CodedError | undefined;
    /** Connections that were lost in this call; undefined: there is none to lose. */
    readonly reconnects?: number;
    /** The fallback options that took over, in their order; undefined: there are none. */
    readonly fallbackSteps?: readonly FallbackStep[];
    /** What the call has cost so far, in US dollars, as far as is known; undefined: nothing is known. */
    readonly costUsd: number | undefined;
    /** How the call judges speech over this bot; undefined: it does not, and all speech that the bot reports interrupts it. May change in a call. */
    readonly overlap?: OverlapControl | undefined;
    /** When the response that is being given last made progress, by the clock, ms; undefined: none is being given, or it is not known. */
    readonly responseActiveAtMs: number | undefined;
    /** Resolves when it can hear; rejects with a coded error when it never will. Called once. */
    start(): Promise<void>;
    /** Caller audio, which the call has pushed to its buffer before. Never throws, never waits. The bytes may be reused afterwards. */
    hear(pcmu: Uint8Array): void;
    /** Text for the bot, such as a note from Architect. */
    tell(text: string): void;
    /** A whole entry of the keypad. A bot that does not take keys as keys tells itself `keypadNote(entry)`. */
    digits(entry: string): void;
    /** The caller is silent: asks in one sentence whether they are still there. That turn has the disposition `no_input`. */
    askAgain(): void;
    /** The call must end: says goodbye in a sentence, and then emits `ended`. */
    sayGoodbye(): void;
    /** The caller interrupted; this is what they had heard. Late audio of those responses is not emitted any more. */
    interrupt(heard: HeardPosition): void;
    /** The caller waits in silence. @returns false: the conversation can do nothing about it, and the call acts itself */
    onSilence(step: SilenceStep): boolean;
    /** Frees everything, at once. May be called twice, and at any time. Nothing is emitted afterwards. */
    end(): void;
}

/** What a bot that does not take keys as keys is told of an entry of the keypad. */
export function keypadNote(entry: string): string {
    return `The caller entered ${Array.from(entry).join(' ')} on the telephone keypad.`;
}

/** A conversation that does nothing: extend it, and replace what your bot does. */
export abstract class BasicConversation extends EventEmitter<ConversationEvents> implements Conversation {
    abstract readonly botName: string;
    readonly listensOnly: boolean = false;
    readonly remoteVadMs: number | undefined = undefined;
    readonly speaksFirst: boolean = true;
    readonly costUsd: number | undefined = 0;
    readonly responseActiveAtMs: number | undefined = undefined;

    start(): Promise<void> {
        this.emit('ready');
        return Promise.resolve();
    }

    hear(_pcmu: Uint8Array): void {
        // Nothing is kept.
    }

    tell(_text: string): void {
        // There is nothing to say about it.
    }

    digits(entry: string): void {
        this.tell(keypadNote(entry));
    }

    askAgain(): void {
        // There is nothing to ask.
    }

    sayGoodbye(): void {
        this.emit('ended', { reason: 'completed', info: 'conversation finished' });
    }

    interrupt(_heard: HeardPosition): void {
        // Audio that was emitted is no longer here: there is nothing to stop.
    }

    onSilence(_step: SilenceStep): boolean {
        return false;
    }

    end(): void {
        this.removeAllListeners();
    }
}
