import { HeardSpeech, isAtPause, type HeardRun, type HeardStretch } from './coded-speech';

const BYTES_PER_MS = 8;
/** Longer silences of the playback, without a `barge_in`, are gaps. */
const LEAST_GAP_MS = 5;
/** What the machine did so shortly before or after a change of the playback may have moved it. */
const NEAR_MS = 60;

/** What was seen of one play. Times are those of the system clock, ms. */
export interface PlayTrace {
    /** When the caller's question ended, to which the response is the answer. */
    questionEndedMs: number;
    /** When the sound of the utterance began and ended. */
    voiceBeganMs: number;
    voiceEndedMs: number;
    /** The response that is spoken over, then what the bot said after it; PCMU. */
    sources: readonly Uint8Array[];
    /** The caller's playback from the question on. */
    stretches: readonly HeardStretch[];
    bargeInsMs: readonly number[];
    /** What the model was told that was heard of the first response, ms, each time; a deleted item counts as 0. */
    toldMs: readonly number[];
    /** Items of the caller that the conversation holds at the end, the question's among them. */
    callerItems: number;
    /** Whether the machine held the process up between two moments. */
    wasHeldUp: (fromMs: number, toMs: number) => boolean;
}

/** What became of one utterance over a response. Milliseconds, unless a name says otherwise. */
export interface PlayResult {
    /** `ignored`: no `barge_in` came; `resumed`: one came, and the bot went on; `stopped`: it did not go on. */
    outcome: 'ignored' | 'resumed' | 'stopped';
    /** From the end of the question to the response. */
    ordinaryAnswerMs: number;
    /** From the beginning of the voice to the first `barge_in`. */
    yieldMs: number | undefined;
    /** From the end of the voice to the response going on. */
    resumeMs: number | undefined;
    /** Lost or doubled audio where the response went on, once for each time; steps back to a pause are not among them. */
    seamsMs: readonly number[];
    stepBacksMs: readonly number[];
    /** Silences of the playback that no `barge_in` explains. */
    gapMs: number;
    /** What was heard of the response after the voice had begun. */
    oldAudioMs: number;
    /** What was not heard of a response that was not stopped. */
    unheardMs: number;
    /** Responses beyond the first. */
    answers: number;
    /** From the end of the voice to the first of them. */
    answerMs: number | undefined;
    /** Corrections of what the model thinks was heard of a response that was not stopped. */
    needlessTruncates: number;
    /** |what the model was told that was heard − what was heard| of a response that was stopped. */
    memoryErrorMs: number | undefined;
    /** Items of the caller in the conversation, the question's left out. */
    callerItems: number;
    strangeMs: number;
}

/** Reckons what became of a play. undefined: nothing was heard of the response. */
export function judgePlay(trace: PlayTrace): PlayResult | undefined {
    const heard = new HeardSpeech(trace.sources, trace.stretches);
    const old = heard.runs.filter(({ source }) => source === 0);
    const [first, last] = [old[0], old.at(-1)];
    if (first === undefined || last === undefined) return undefined;
    const { voiceBeganMs, voiceEndedMs, sources } = trace;
    const bargeInsMs = trace.bargeInsMs.filter((atMs) => atMs >= voiceBeganMs);
    const [yieldedAtMs] = bargeInsMs;
    const lastBargeInMs = bargeInsMs.at(-1) ?? -Infinity;
    const isStopped = last.atMs < lastBargeInMs;
    const resumedAtMs = old.find(({ atMs }) => yieldedAtMs !== undefined && atMs > yieldedAtMs)?.atMs;
    const answer = heard.runs.find(({ source, atMs }) => source > 0 && atMs >= voiceBeganMs);
    const heardMs = endOf(last) / BYTES_PER_MS;
    const wholeMs = (sources[0]?.length ?? 0) / BYTES_PER_MS;
    return {
        outcome: isStopped ? 'stopped' : yieldedAtMs === undefined ? 'ignored' : 'resumed',
        ordinaryAnswerMs: first.atMs - trace.questionEndedMs,
        yieldMs: yieldedAtMs === undefined ? undefined : yieldedAtMs - voiceBeganMs,
        resumeMs: resumedAtMs === undefined ? undefined : resumedAtMs - voiceEndedMs,
        ...seamsOf(old, trace),
        gapMs: gapsOf(old, trace),
        oldAudioMs: heardAfter(old, voiceBeganMs),
        unheardMs: isStopped ? 0 : wholeMs - heardMs,
        answers: sources.length - 1,
        answerMs: answer === undefined ? undefined : answer.atMs - voiceEndedMs,
        needlessTruncates: isStopped ? 0 : trace.toldMs.length,
        memoryErrorMs: isStopped ? memoryErrorOf(trace, last, lastBargeInMs) : undefined,
        callerItems: trace.callerItems - 1,
        strangeMs: heard.strangeBytes / BYTES_PER_MS,
    };
}

function endOf({ fromByte, byteCount }: HeardRun): number {
    return fromByte + byteCount;
}

function endMsOf({ atMs, byteCount }: HeardRun): number {
    return atMs + byteCount / BYTES_PER_MS;
}

function heardAfter(runs: readonly HeardRun[], fromMs: number): number {
    return runs.reduce((sum, run) => sum + Math.max(0, endMsOf(run) - Math.max(run.atMs, fromMs)), 0);
}

/** Each run with the one before it. */
function pairs(runs: readonly HeardRun[]): { before: HeardRun; run: HeardRun }[] {
    return runs.slice(1).flatMap((run, index) => {
        const before = runs[index];
        return before === undefined ? [] : [{ before, run }];
    });
}

function seamsOf(old: readonly HeardRun[], trace: PlayTrace): Pick<PlayResult, 'seamsMs' | 'stepBacksMs'> {
    const seamsMs: number[] = [];
    const stepBacksMs: number[] = [];
    const response = trace.sources[0] ?? new Uint8Array(0);
    for (const { before, run } of pairs(old)) {
        const lostMs = (run.fromByte - endOf(before)) / BYTES_PER_MS;
        if (lostMs === 0 && !bargedInBetween(before, run, trace)) continue;
        if (lostMs < 0 && isAtPause(response, run.fromByte)) stepBacksMs.push(-lostMs);
        else if (![before.atMs, endMsOf(before), run.atMs].some((atMs) => near(trace, atMs)))
            seamsMs.push(Math.abs(lostMs));
    }
    return { seamsMs, stepBacksMs };
}

function gapsOf(old: readonly HeardRun[], trace: PlayTrace): number {
    let sumMs = 0;
    for (const { before, run } of pairs(old)) {
        const fromMs = endMsOf(before);
        if (run.atMs - fromMs < LEAST_GAP_MS) continue;
        if (bargedInBetween(before, run, trace) || trace.wasHeldUp(fromMs - NEAR_MS, run.atMs)) continue;
        sumMs += run.atMs - fromMs;
    }
    return sumMs;
}

function bargedInBetween(before: HeardRun, run: HeardRun, { bargeInsMs }: PlayTrace): boolean {
    return bargeInsMs.some((atMs) => atMs > before.atMs && atMs <= run.atMs);
}

/** undefined: the machine was held up when the server learned that the playback began, or when it stopped it. */
function memoryErrorOf(trace: PlayTrace, last: HeardRun, bargedInAtMs: number): number | undefined {
    if (near(trace, last.atMs) || near(trace, bargedInAtMs)) return undefined;
    const toldMs = trace.toldMs.at(-1) ?? (trace.sources[0]?.length ?? 0) / BYTES_PER_MS;
    return Math.abs(toldMs - endOf(last) / BYTES_PER_MS);
}

function near({ wasHeldUp }: PlayTrace, atMs: number): boolean {
    return wasHeldUp(atMs - NEAR_MS, atMs + NEAR_MS);
}
