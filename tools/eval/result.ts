import type { CallDocument } from '../../src/call-records/document';
import type { CallEvent } from '../caller/call-event';

/** What a case found wrong, or could not find out. */
export interface Failure {
    /** The key of `expect` that does not hold; `protocol`, `model`, `mocks`, `heard_position`, `case`: what every case checks. */
    readonly of: string;
    /** Its line in the file of cases; undefined: no key of the file, or the line is not known. */
    readonly line?: number;
    /** A sentence with what was expected and what there was. */
    readonly why: string;
    /** Where in the call, ms since it was dialled; undefined: no place. */
    readonly atMs?: number;
    /** The sentence of the bot or of the caller that is wrong; undefined: none. */
    readonly sentence?: string;
}

/** One answer of the bot, as it reached the caller's ear. */
export interface HeardAnswer {
    /** From 1; the greeting is the first. */
    readonly turn: number;
    /** When its first sound was heard, and its last one, ms since the call was dialled. */
    readonly fromMs: number;
    readonly toMs: number;
    /** All that was generated for it, and what of it was heard. */
    readonly generated: string;
    readonly heard: string;
    /** From the end of what the caller said or pressed before it; undefined: nothing was, as before the greeting. */
    readonly waitedMs?: number;
}

/** A call of a function, as the server has recorded it. */
export interface FunctionCalled {
    /** When it was over, ms since the call was opened; it had taken `ms`. */
    readonly atMs: number;
    readonly name: string;
    readonly arguments: unknown;
    readonly outcome: string;
    /** What the model was told where it was not `ok`. */
    readonly why?: string;
    readonly ms: number;
}

/** What one call of a case showed. JSON-safe. */
export interface CallOutcome {
    readonly answers: readonly HeardAnswer[];
    readonly functions: readonly FunctionCalled[];
    /** What the caller did, and when, ms since the call was dialled: `say`, `keys` … */
    readonly done: readonly {
        readonly atMs: number;
        readonly toMs: number;
        readonly what: string;
        readonly text: string;
    }[];
    readonly outputs: Readonly<Record<string, string>>;
    /** Reason of `disconnect`, or `caller`: they hung up; undefined: the socket was lost. */
    readonly end: string | undefined;
    readonly durationMs: number;
    /** The server's record of the call. */
    readonly record: CallDocument | undefined;
    /** Everything that happened, for the picture. Keys that a case calls private are masked. */
    readonly events: readonly CallEvent[];
}

/** A case was run once. JSON-safe: it goes from one process to another. */
export interface RunResult {
    readonly bot: string;
    readonly file: string;
    /** Where the case begins in it; undefined: that is not known. */
    readonly line?: number;
    readonly name: string;
    /** From 1. */
    readonly run: number;
    readonly seed: number;
    /** `unknown`: something could not be judged, and nothing failed. */
    readonly verdict: 'passed' | 'failed' | 'unknown';
    readonly failures: readonly Failure[];
    /** What could not be judged, and why. */
    readonly notJudged: readonly string[];
    /** Real time that it took, ms. */
    readonly tookMs: number;
    /** undefined: there was no call. */
    readonly outcome?: CallOutcome;
    /** With the real model: what the chat model was asked that played the caller and judged. */
    readonly asked?: ChatUsage;
}

/** What a chat model was asked beside the call, and what its service counted. */
export interface ChatUsage {
    readonly model: string;
    readonly requests: number;
    readonly inputTokens: number;
    readonly outputTokens: number;
}
