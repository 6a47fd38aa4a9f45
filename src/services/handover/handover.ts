import type { StringMap } from '../../protocol/core';
import type { Logger } from '../../support/logger';
import type { ToolRecord } from '../functions/tool';
import type { TranscriptLine } from '../transcript';

/** The call that is handed over. */
export interface HandoverCall {
    readonly sessionId: string;
    /** Genesys' id of the conversation. */
    readonly conversationId: string;
    /** What was said so far, as far as it was heard. */
    readonly transcript: { readonly lines: readonly TranscriptLine[] };
    /** The functions that were called so far. */
    readonly tools: readonly ToolRecord[];
    /** Its lines carry the ids of the call. */
    readonly logger: Logger;
}

/** How the call ends. */
export interface CallEnding {
    /** Name of the bot. */
    readonly bot: string;
    readonly endReason: string;
    /** The output variables that the bot has set, and those that come with the end. */
    readonly variables: StringMap;
}

/** What Architect and the agent after the bot are told of one call. None of the methods throws or waits. */
export interface Handover {
    /** The bot has begun to end the call, and the caller still hears it: what takes time begins now. May be called again. */
    begin(): void;
    /** The output variables, of what is ready now. Called once at most. */
    variables(ending: CallEnding): StringMap;
    /** Gives up what is still being written. May be called twice. */
    close(): void;
}

/** Begins a hand-over when a bot is joined to the caller. */
export type MakeHandover = (call: HandoverCall) => Handover;

/** A call at its end, as an agent may see it before its record is stored. */
export interface EndedCall extends CallEnding {
    readonly sessionId: string;
    readonly conversationId: string;
    readonly lines: readonly TranscriptLine[];
    readonly tools: readonly ToolRecord[];
}
