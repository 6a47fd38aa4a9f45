import type { LanguageCode, Participant, StringMap, Uuid } from '../protocol/core';
import type { Clock } from '../support/clock';
import type { Logger } from '../support/logger';
import type { BotResponse } from './bot-response';
import type { Conversation, HeardPosition, OverlapReport } from './conversation';
import type { ToolRecord } from './functions/tool';

/** What is known of a call when it opens. Probes are not observed. */
export interface OpeningCall {
    readonly clock: Clock;
    /** Its lines carry the ids of the call. */
    readonly logger: Logger;
    readonly sessionId: Uuid;
    /** Genesys' id of the conversation. */
    readonly conversationId: Uuid;
    readonly organizationId: Uuid;
    readonly correlationId: Uuid | undefined;
    readonly language: LanguageCode | undefined;
    /** Personal data: its number and name stand in no record. */
    readonly participant: Participant;
    readonly inputVariables: StringMap;
}

/** The figures of a call so far; see docs/CALLS.md for their meaning. */
export interface CallFigures {
    /** Why it ends, as in the line `call ended`; a code of the catalogue is a fault. */
    readonly reason: string;
    /** Of the bot. */
    readonly turns: number;
    /** Interruptions, and times at which the bot was stopped for what was none. */
    readonly bargeIns: number;
    readonly takenBack: number;
    readonly digits: number;
    readonly toolCalls: number;
    /** US dollars; undefined: not known. */
    readonly costUsd: number | undefined;
    /** From `opened` to the first bot audio, ms; undefined: one of them did not come. */
    readonly firstAudioMs: number | undefined;
    /** Caller audio that came, and that the client left out, ms. */
    readonly callerAudioMs: number;
    readonly lostCallerAudioMs: number;
    readonly turnClock: { readonly worstMs: number | undefined; readonly medianMs: number | undefined };
}

/**
 * Follows one call, for records of it and never for its course. Each method is called in the tick in which the thing happens, after the call has
 * dealt with it. None may wait. One that throws is logged once, and that observer hears no more of the call.
 */
export interface CallObserver {
    /** Shown in each line of the call, such as the id of its trace; undefined: nothing. */
    readonly logFields?: Readonly<Record<string, string>>;
    /** `opened` was sent. */
    opened?(): void;
    /** The bot of the call: its events may be listened to until the call removes all listeners, which is not announced. */
    attach?(conversation: Conversation, name: string, version: string | undefined): void;
    /** A key was pressed. Which one is never told. */
    keyPressed?(): void;
    /** The client reports that it plays bot audio, or that it has played all of it. */
    playbackStarted?(): void;
    playbackCompleted?(): void;
    /** The caller interrupted, and had heard this much of each item. */
    interrupted?(heard: HeardPosition): void;
    /** The call ends while bot audio plays or waits: the caller had heard this much of each item. */
    cutOff?(heard: HeardPosition): void;
    /** A function has run, or was refused. */
    toolCalled?(record: ToolRecord): void;
    /** The call's verdict about speech over the bot. */
    overlap?(report: OverlapReport): void;
    /** The caller has heard a turn of the bot, or interrupted it: `text` is what they heard. */
    turnReported?(turn: BotResponse): void;
    /** A line of the call at the level warn or error; `code` is one of docs/ERRORS.md. */
    fault?(code: string): void;
    /** The client's stream is paused, or goes on. */
    paused?(): void;
    resumed?(): void;
    /** The call ends by a fault: a code of the catalogue. */
    failed?(code: string): void;
    /** What Architect is given at the end; comes before `end`, and only where a `disconnect` or `closed` follows. */
    outcome?(variables: StringMap): void;
    /** The socket is gone. Comes once, as the last. */
    end?(figures: CallFigures): void;
}

/** Begins to follow a call that opens; undefined: this one is not followed. Must not throw. */
export type ObserveCall = (call: OpeningCall) => CallObserver | undefined;
