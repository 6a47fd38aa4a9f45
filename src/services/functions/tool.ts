import type { Logger } from '../../support/logger';
import type { DigitRequest } from '../dtmf-service';

/** What is known of the telephone call before it begins, and where its results go. The model is told nothing of it. */
export interface CallFacts {
    readonly botName: string;
    /** Genesys' id of the conversation; empty: there is none. */
    readonly conversationId: string;
    /** Values that Architect gave, checked and bounded. */
    readonly inputVariables: Readonly<Record<string, string>>;
    /** Sets an output variable for Architect. Returns what is wrong, as a sentence for the model; undefined: it is set. */
    setVariable(name: string, value: string): string | undefined;
}

/** The telephone call that a tool runs in. One object for the whole call. */
export interface CallContext extends CallFacts {
    /** Asks the caller for digits on the keypad; `request.done` is called once. false: digits cannot be collected now. */
    collectDigits(request: DigitRequest): boolean;
    /** The call's logger. Log neither arguments nor results: both may be the caller's data. */
    readonly logger: Logger;
}

/** Another way to end the call than hanging up: Architect goes on with the caller. */
export interface ToolEnd {
    reason: 'transfer';
    /** A short sentence for Genesys' logs: no personal data. */
    info: string;
    /** Told to Architect beside `end_reason`. */
    outputVariables: Readonly<Record<string, string>>;
}

/** What a tool gave. */
export interface ToolResult {
    /**
     * Told to the model: anything that JSON can hold. It reads all of it as words to follow: give the fields that it
     * needs, shortened, and no text of another system as a whole (docs/BOTS.md).
     */
    output: unknown;
    /** The call is to end once the caller has heard the goodbye. */
    hangUp?: boolean;
    /** As `hangUp`, with another end than a plain one. */
    end?: ToolEnd;
    /** It did not do what was asked; `output` says why. For the record of the call. */
    failure?: 'error' | 'timeout' | 'refused';
}

/** A function that the model can call. One object may serve many calls at once. */
export interface Tool {
    /** 1 … 64 letters, digits, `_` or `-`, a letter first; no tool of the server or of a profile may have it too. */
    readonly name: string;
    /** When to use it, in words for the model. */
    readonly description: string;
    /** JSON Schema (draft 7) of the arguments: an object schema. Arguments that do not fit never reach `run`. */
    readonly parameters: Readonly<Record<string, unknown>>;
    /** Milliseconds after which it has failed. Default 8000. */
    readonly limitMs?: number;
    /**
     * Said to the caller when it takes longer than 1.5 s, once they have heard nothing for 1 s, and again every 8 s. undefined: “One moment
     * please.” With FALLBACK=off no voice says it, and the caller hears nothing. false: nothing, because the caller is busy with the keypad.
     */
    readonly filler?: string | false;
    /**
     * Runs it. `args` is what the model wrote: parsed JSON that fits `parameters`, and still untrusted. `signal` is aborted when
     * the time limit has passed or the call has ended; a later result is dropped. May throw: the model is told that it failed.
     */
    run(args: unknown, call: CallContext, signal: AbortSignal): Promise<ToolResult>;
}

/** A function call of the model; `argumentsJson` is untrusted text. */
export interface FunctionCall {
    callId: string;
    name: string;
    argumentsJson: string;
    /** false: the model broke off while it wrote the arguments; it is not run. */
    completed: boolean;
}

/** One call of a tool, for the record of the telephone call: neither arguments nor results. */
export interface ToolRecord {
    /** Name of the tool; `label.name` for a tool of an MCP server. */
    name: string;
    /** The model's id of the call. */
    callId: string;
    /** How long it took. */
    ms: number;
    /** `refused`: it was not run, because of its name or its arguments. `aborted`: the call ended first. */
    outcome: 'ok' | 'error' | 'timeout' | 'aborted' | 'refused';
}

/** How a call of a function can end. */
export const TOOL_OUTCOMES = [
    'ok',
    'error',
    'timeout',
    'aborted',
    'refused',
] as const satisfies readonly ToolRecord['outcome'][];
