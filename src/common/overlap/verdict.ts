import type { SpeechRun } from './caller-voice';
import { compareWords, type OverlapWords } from './word-list';

/** All that is known about what the caller utters over the bot, at one moment. */
export interface OverlapEvidence {
    readonly run: SpeechRun;
    /** By the clock, since the last step of voice was received, in ms. */
    readonly quietMs: number;
    /** All words known so far; '': nothing was understood; undefined: none came yet. */
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

/** Quiet in the caller's audio after which what they said is sent for its words, in ms. */
export const ASK_WORDS_AFTER_MS = 200;

const UNDECIDED: Verdict = { kind: 'undecided' };

/** Voice that is more than most backchannels, in ms. */
const YIELD_MS = 380;
const HUM_YIELD_MS = 800;
const HUM_SHARE = 0.8;
const ASIDE_DB = 6;
const ASIDE_STAND_MS = 2000;
const STAND_MS = 1500;
const STAND_WITHOUT_WORDS_MS = 700;
const TALKING_QUIET_MS = 120;
const NO_WORDS_MS = 900;
const QUIET_WITHOUT_WORDS_MS = 450;

/** Judges one utterance of the caller over the bot. Pure; asked after each piece of caller audio, when words come, and as time passes. */
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
    const { run, awaitsWords, hasYielded } = evidence;
    const standMs = isAside(run) ? ASIDE_STAND_MS : awaitsWords ? STAND_MS : STAND_WITHOUT_WORDS_MS;
    if (run.stretchMs >= standMs) return { kind: 'stand', reason: `turn: ${run.stretchMs} ms of voice` };
    if (hasYielded || isAside(run) || !isTalking(evidence)) return undefined;
    const isHum = run.humMs >= HUM_SHARE * run.voicedMs;
    if (run.stretchMs < (isHum ? HUM_YIELD_MS : YIELD_MS)) return undefined;
    return { kind: 'yield', reason: `held: ${run.stretchMs} ms of voice` };
}

function byQuiet(evidence: OverlapEvidence): Verdict | undefined {
    const limitMs = evidence.awaitsWords ? NO_WORDS_MS : QUIET_WITHOUT_WORDS_MS;
    if (quietMs(evidence) < limitMs) return undefined;
    return dismiss(evidence, `no words within ${limitMs} ms`);
}

function dismiss({ hasYielded }: OverlapEvidence, why: string): Verdict {
    return hasYielded ? { kind: 'resume', reason: `resumed: ${why}` } : { kind: 'ignore', reason: `ignored: ${why}` };
}

function isTalking(evidence: OverlapEvidence): boolean {
    return evidence.run.voicedMs > 0 && evidence.run.quietMs < TALKING_QUIET_MS;
}

function quietMs(evidence: OverlapEvidence): number {
    return Math.max(evidence.quietMs, evidence.run.quietMs);
}

function isAside({ belowUsualDb }: SpeechRun): boolean {
    return belowUsualDb !== undefined && belowUsualDb >= ASIDE_DB;
}

function level({ belowUsualDb = 0 }: SpeechRun): string {
    return `${Math.round(belowUsualDb)} dB below the caller's usual level`;
}
