import type { EvalCase } from './case-schema';
import type { RunResult } from './result';

/** A case with all that its file says about every case, ready to be run. JSON-safe. */
export interface CaseToRun {
    readonly bot: string;
    /** The file, for the reader of a report, and the folder that paths in it are relative to. */
    readonly file: string;
    readonly folder: string;
    /** Folder of the bot profiles. */
    readonly botsFolder: string;
    readonly evalCase: EvalCase;
    /** From 1. */
    readonly run: number;
    readonly seed: number;
    /** With the real model instead of the stand-in. */
    readonly live: boolean;
}

/** Runs a case as one real, signed call against a server of its own. Never rejects: what went wrong is the failure `case`. */
export function runCase(toRun: CaseToRun): Promise<RunResult> {
    return Promise.reject(new Error(`not yet: ${toRun.bot}`));
}
