import type { EventEmitter } from 'node:events';
import type { BotResponse } from './bot-response';
import type { DigitRequest } from './dtmf-service';

/** Which part of which answer a piece of audio belongs to. Playback books every byte under it. */
export interface AudioOrigin {
    /** The answer. Audio of an interrupted answer is known by it and thrown away. */
    responseId: string;
    /** The conversation item inside the answer. */
    itemId: string;
    /** The content part inside the item. */
    contentIndex: number;
    /** Said while the bot is busy, and no part of an answer. */
    aside?: true;
}

/** How much of one item reached the caller's ear before an interruption. */
export interface HeardItem extends AudioOrigin {
    /** Whole milliseconds heard, rounded down; never more than `receivedMs`. 0: nothing of it was heard. */
    heardMs: number;
    /** Milliseconds of the item's audio that the conversation had delivered. */
    receivedMs: number;
}

/** What the caller had heard when he was interrupted: the item in the ear first, then those that were still waiting. */
export interface HeardPosition {
    items: readonly HeardItem[];
}

/** Why a conversation ends a call, and what Architect is told. */
export interface ConversationEnd {
    reason: 'completed' | 'error';
    /** A short sentence for Genesys' logs: no personal data, no raw error text. */
    info: string;
    outputVariables?: Readonly<Record<string, string>>;
}

/** One item of the conversation, as far as it is known. Reported again, under the same id, when more is known. */
export interface TranscriptItem {
    /** `function`: a function that the model called; it is kept so that a new session knows its result. */
    speaker: 'caller' | 'bot' | 'function';
    itemId: string;
    /** The item that it follows in the conversation; undefined: the last one known. */
    afterItemId?: string | undefined;
    /** What was said, or generated: all of it. undefined: not known yet, but its place in the conversation is. */
    text?: string | undefined;
    /** Length of all bot audio that was generated for it, ms; undefined: what was delivered is all there is. */
    audioMs?: number | undefined;
    /** For the speaker `function`. */
    call?: FunctionCallRecord | undefined;
}

/** A function that the model called, and what it gave; `output` is undefined until it has ended. */
export interface FunctionCallRecord {
    callId: string;
    name: string;
    argumentsJson: string;
    output: string | undefined;
}

/** What a conversation tells the call. A listener that throws is the call's fault and is caught there. */
export interface ConversationEvents {
    /** It can hear now. Emitted once, before `start()` resolves. */
    ready: [];
    /** Bot audio: PCMU, 8 kHz, mono, any length ≥ 1. The bytes belong to the listener. */
    audio: [pcmu: Uint8Array, origin: AudioOrigin];
    /** No more audio will come for this answer, however it ended. */
    responseEnded: [responseId: string];
    /** The caller began to talk (voice activity), and may interrupt. */
    speechStarted: [];
    /** The caller stopped talking, `silenceMs` of his audio ago. */
    speechStopped: [silenceMs: number];
    /** An item of the talk appeared, or its words became known: for the transcript. */
    transcript: [item: TranscriptItem];
    /** Wants an entry of the keypad; `request.done` is called once, whatever becomes of it. */
    collectDigits: [request: DigitRequest];
    /** A finished turn of the bot, for the report to Architect. */
    turn: [turn: BotResponse];
    /** It has lost what it lives on, and its unfinished answers with that; `recovered` or `ended` follows. */
    reconnecting: [why: string];
    /** It is mended by itself: caller audio of the meantime was kept, and what the caller waits for is being asked for. */
    recovered: [];
    /** The conversation is over; the call ends once the caller has heard what is queued. Emitted at most once. */
    ended: [end: ConversationEnd];
}

/**
 * One caller talking to one bot, whoever the bot is. Audio is always PCMU (G.711 µ-law), 8 kHz, mono, both ways.
 *
 * Swap the bot by writing one of these; nothing else in the server needs to know.
 */
export interface Conversation extends EventEmitter<ConversationEvents> {
    /** The bot's name, for logs. */
    readonly botName: string;
    /** It never sends audio, and therefore takes any PCMU offer, stereo and internal-only ones too. */
    readonly listensOnly: boolean;
    /** It speaks without being spoken to: the call counts as failed when no sound comes within the first-audio limit. */
    readonly speaksFirst: boolean;
    /** The names of the lower rungs that answered, with commas; undefined: there are none. */
    readonly fallbackUsed?: string;
    /** Resolves when it can hear; rejects with a coded error when it never will. Called once. */
    start(): Promise<void>;
    /** Caller audio. Never throws, never waits; bounded in memory before `ready`. The bytes may be reused by the caller. */
    hear(pcmu: Uint8Array): void;
    /** Text for the bot: a DTMF entry, a note from Architect. */
    tell(text: string): void;
    /** A whole entry of the keypad, for a bot that takes keys as keys; one without this method is told of it in words. */
    digits?(entry: string): void;
    /** The caller is silent: asks him, in a sentence, whether he is still there. Its turn has the disposition `no_input`. */
    askAgain(): void;
    /** The call must end: says goodbye in a sentence, and then emits `ended`. */
    sayGoodbye(): void;
    /** What the call has cost so far, in US dollars, as far as is known; undefined: nothing is known. */
    readonly costUsd: number | undefined;
    /** The caller interrupted; this is what he had heard. Late audio of those answers is not emitted any more. */
    interrupt(heard: HeardPosition): void;
    /** Frees everything, at once. May be called twice, and at any time. Nothing is emitted afterwards. */
    end(): void;
}
