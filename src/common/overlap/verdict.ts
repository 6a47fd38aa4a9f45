import type { SpeechRun } from './caller-voice';
import { compareWords, type OverlapWords } from './word-list';

/** All that is known about what the caller utters over the bot, at one moment. */
export interface OverlapEvidence {
    readonly run: SpeechRun;
    /** By the clock, since the last step of voice was received, in ms. */
    readonly quietMs: number;
    /** The words of all the voice so far; '': nothing was understood; undefined: they are not known yet. */
    readonly words: string | undefined;
    /** Words are still to come: what the caller says is transcribed. */
    readonly awaitsWords: boolean;
    /** The bot has stopped for this utterance. */
    readonly hasYielded: boolean;
}

/**
 * What to do about an overlap. `yield`: the bot stops, provisionally. `stand`: the caller has the floor. `ignore`: the bot, which has not
 * stopped, goes on. `resume`: the bot, which has stopped, goes on where it was heard last. `reason` is for the log: it holds none of the
 * caller's words.
 */
export type Verdict =
    | { readonly kind: 'undecided' }
    | { readonly kind: 'yield' | 'stand' | 'ignore' | 'resume'; readonly reason: string };

/** Quiet in the caller's audio after which what they said is sent for its words, in ms: longer than the pause before a "t" or a "k". */
export const ASK_WORDS_AFTER_MS = 160;

const UNDECIDED: Verdict = { kind: 'undecided' };

/** Voice for which the bot stops, in ms: with frames of 200 ms it has then stopped half a second after the voice began. */
const YIELD_MS = 320;
/** The voice falls: it may be the end of an "okay". */
const FADED_DB = 6;
const FADED_YIELD_MS = 384;
/** So far below their usual level callers say "okay" rather than "wait". */
const SOFT_DB = 3;
const SOFT_YIELD_MS = 448;
/** So far below it they talk to another person. */
const ASIDE_DB = 5;
/** So much of the voice comes through a closed mouth: "mhm". */
const HUM_SHARE = 0.7;
const HUM_YIELD_MS = 992;

/** Voice without a pause that is a turn, whatever its words turn out to be, in ms. */
const STAND_MS = 1504;
const ASIDE_STAND_MS = 2016;
const STAND_WITHOUT_WORDS_MS = 608;

/** Quiet after which the caller is not talking, in ms. */
const TALKING_QUIET_MS = 120;
/** The bot goes on after so much quiet, if there are no words by then, or none to wait for, in ms. */
const NO_WORDS_MS = 900;
const QUIET_WITHOUT_WORDS_MS = 450;

/**
 * Judges one utterance of the caller over the bot. Pure. To be asked after each frame of caller audio, not within it: the end of a word may
 * lie in the same frame; when words come; and as time passes.
 */
export function verdict(evidence: OverlapEvidence, lists: OverlapWords): Verdict {
    return byWords(evidence, lists) ?? bySound(evidence) ?? byQuiet(evidence) ?? UNDECIDED;
}

function byWords(evidence: OverlapEvidence, lists: OverlapWords): Verdict | undefined {
    const { words, run } = evidence;
    if (words === undefined) return undefined;
    const heard = compareWords(words, lists);
    if (heard === 'always-yield') return { kind: 'stand', reason: 'turn: words that always interrupt' };
    if (heard === 'other' && !isAside(run)) return { kind: 'stand', reason: 'turn: words' };
    if (isTalking(evidence)) return undefined;
    if (heard === 'other') return dismiss(evidence, `words, ${level(run)}`);
    return dismiss(evidence, heard === 'none' ? 'no words' : 'a backchannel');
}

function bySound(evidence: OverlapEvidence): Verdict | undefined {
    const { run, hasYielded } = evidence;
    if (run.stretchMs >= standMs(evidence)) return { kind: 'stand', reason: `turn: ${run.stretchMs} ms of voice` };
    if (hasYielded || isAside(run) || !isTalking(evidence)) return undefined;
    if (run.stretchMs < yieldMs(run)) return undefined;
    return { kind: 'yield', reason: `held: ${run.stretchMs} ms of voice` };
}

function byQuiet(evidence: OverlapEvidence): Verdict | undefined {
    const limitMs = evidence.awaitsWords ? NO_WORDS_MS : QUIET_WITHOUT_WORDS_MS;
    if (Math.max(evidence.quietMs, evidence.run.quietMs) < limitMs) return undefined;
    return dismiss(evidence, `no words within ${limitMs} ms`);
}

function standMs({ run, awaitsWords }: OverlapEvidence): number {
    if (isAside(run)) return ASIDE_STAND_MS;
    if (awaitsWords) return STAND_MS;
    return isHum(run) ? HUM_YIELD_MS : STAND_WITHOUT_WORDS_MS;
}

function yieldMs(run: SpeechRun): number {
    if (isHum(run)) return HUM_YIELD_MS;
    if (isBelowUsual(run, SOFT_DB)) return SOFT_YIELD_MS;
    return run.fadedDb >= FADED_DB ? FADED_YIELD_MS : YIELD_MS;
}

function dismiss({ hasYielded }: OverlapEvidence, why: string): Verdict {
    return hasYielded ? { kind: 'resume', reason: `resumed: ${why}` } : { kind: 'ignore', reason: `ignored: ${why}` };
}

function isTalking({ run }: OverlapEvidence): boolean {
    return run.voicedMs > 0 && run.quietMs < TALKING_QUIET_MS;
}

function isHum({ humMs, voicedMs }: SpeechRun): boolean {
    return humMs >= HUM_SHARE * voicedMs;
}

function isAside(run: SpeechRun): boolean {
    return isBelowUsual(run, ASIDE_DB);
}

function isBelowUsual({ belowUsualDb }: SpeechRun, db: number): boolean {
    return belowUsualDb !== undefined && belowUsualDb >= db;
}

function level({ belowUsualDb = 0 }: SpeechRun): string {
    return `${Math.round(belowUsualDb)} dB below the caller's usual level`;
}
