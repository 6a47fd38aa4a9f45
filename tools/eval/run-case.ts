import { createHash } from 'node:crypto';
import type { EvalCase } from './case-schema';
import { EvalCall } from './eval-call';
import { judgeCall } from './expectations';
import { LiveCall } from './live-call';
import { PersonaLost } from './persona';
import type { Failure, RunResult } from './result';
import { SpokenSentences } from './voice';

/** Lines of a file, from 1. */
export interface CaseLines {
    readonly begins: number;
    /** For each key of `expect`. */
    readonly expect: Readonly<Record<string, number>>;
}

/** A case with all that its file says about every case, ready to be run. JSON-safe. */
export interface CaseToRun {
    readonly bot: string;
    /** The file, for the reader of a report, and the folder that paths in it are relative to. */
    readonly file: string;
    readonly folder: string;
    /** Folder of the bot profiles. */
    readonly botsFolder: string;
    readonly evalCase: EvalCase;
    /** Where the case and what it expects stand in the file; left out: it is not known. */
    readonly lines?: CaseLines;
    /** Functions whose mocks are given in the case itself, and not for all cases of the file: what is slow or fails in them must come. */
    readonly ownMocks?: readonly string[];
    /** From 1. */
    readonly run: number;
    readonly seed: number;
    /** With the real model instead of the stand-in. */
    readonly live: boolean;
}

/** One voice for all cases of the process. */
let voice: SpokenSentences | undefined;

/** Runs a case as one real, signed call against a server of its own. Never rejects: what went wrong is the failure `case`. */
export async function runCase(toRun: CaseToRun): Promise<RunResult> {
    const { bot, file, lines, evalCase, run, seed } = toRun;
    const startedMs = performance.now();
    const about = { bot, file, ...(lines && { line: lines.begins }), name: evalCase.name, run, seed };
    const unknown = (why: string): RunResult => {
        const tookMs = performance.now() - startedMs;
        return { ...about, verdict: 'unknown', failures: [], notJudged: [why], tookMs };
    };
    const notRun = whyNotRun(toRun);
    if (notRun !== undefined) return unknown(notRun);
    const restore = seedChance(`${seed}`);
    let live: LiveCall | undefined;
    try {
        voice ??= new SpokenSentences();
        live = toRun.live ? new LiveCall(toRun, voice, process.env) : undefined;
        const evidence = await new EvalCall(toRun, voice, live).place();
        const judged = await judgeCall(evidence, evalCase.expect, live?.judge);
        const { notJudged } = judged;
        const failures = judged.failures.map((failure) => withLine(failure, lines));
        const verdict = failures.length > 0 ? 'failed' : notJudged.length > 0 ? 'unknown' : 'passed';
        const { outcome } = evidence;
        const tookMs = performance.now() - startedMs;
        return { ...about, verdict, failures, notJudged, tookMs, outcome, ...(live?.asked && { asked: live.asked }) };
    } catch (fault) {
        const why = fault instanceof Error ? fault.message : String(fault);
        if (fault instanceof PersonaLost) return { ...unknown(why), ...(live?.asked && { asked: live.asked }) };
        const failures = [{ of: 'case', why: `The case could not be run: ${why}` }];
        return { ...about, verdict: 'failed', failures, notJudged: [], tookMs: performance.now() - startedMs };
    } finally {
        await live?.close();
        restore();
    }
}

/** What a case does not expect itself is checked in every call, and has no line. */
function withLine(failure: Failure, lines: CaseLines | undefined): Failure {
    const { expect = {} } = lines ?? {};
    const line = Object.hasOwn(expect, failure.of) ? expect[failure.of] : undefined;
    return line === undefined ? failure : { ...failure, line };
}

/** A case that belongs to the other model; undefined: it can be run. */
function whyNotRun({ evalCase, live }: CaseToRun): string | undefined {
    const { only, faults = [], openai = true, script, persona } = evalCase;
    if (!live && only === 'live') return 'It was not run: the case says `only: live`, and needs --live.';
    if (!live && script === undefined && persona !== undefined)
        return 'It was not run: a model plays its caller, which needs --live.';
    if (!live) return undefined;
    if (only === 'stand-in') return 'It was not run with --live: the case says `only: stand-in`.';
    if (faults.length > 0) return 'It was not run with --live: its `faults` need the stand-in.';
    return openai ? undefined : 'It was not run with --live: it has no model (`openai: false`).';
}

/** Ends the voice of this process. */
export async function closeVoice(): Promise<void> {
    const open = voice;
    voice = undefined;
    await open?.close();
}

/** Until the returned function is called, chance in this process is the same for the same seed. */
function seedChance(seed: string): () => void {
    const { random } = Math;
    let state = createHash('sha256').update(seed).digest().readUInt32LE(0);
    // A linear congruential generator modulo 2^32; the upper bits are its best.
    Math.random = () => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return state / 2 ** 32;
    };
    return () => {
        Math.random = random;
    };
}
