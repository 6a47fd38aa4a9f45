import { heardText } from '../../src/support/heard-text';
import type { CallDocument, RecordTurn } from '../../src/call-records/document';
import type { Finding } from './finding';

/** `1:05`: minutes and seconds of the call. */
export function clockTime(ms: number): string {
    const whole = Math.floor(Math.max(0, ms) / 1000);
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** `1:05.3`: a moment of the call to a tenth of a second, rounded down as the player's position is. */
export function momentTime(ms: number): string {
    return `${clockTime(ms)}.${Math.floor((Math.max(0, ms) % 1000) / 100)}`;
}

/** `3.2 s`. */
export function seconds(ms: number): string {
    return `${(Math.max(0, ms) / 1000).toFixed(1)} s`;
}

/** `$0.42`, with as many digits as a small sum needs. */
export function dollars(usd: number): string {
    return `$${usd.toFixed(usd !== 0 && usd < 0.1 ? 4 : 2)}`;
}

/** What people said, for a terminal and a page: no control characters, in quotation marks, not longer than a line. */
export function quoted(text: string, longest = 100): string {
    const clean = text.replace(/\p{Cc}+/gu, ' ').trim();
    return `“${clean.length > longest ? `${clean.slice(0, longest - 1).trimEnd()}…` : clean}”`;
}

/** What was generated for a turn and was never heard; '': all of it was, or its words are not in the record. */
export function unheardWords({ generated = '', heard, audioMs, heardMs }: RecordTurn): string {
    if (generated === '') return '';
    const known = heard ?? heardText(generated, audioMs === 0 ? 1 : heardMs / audioMs);
    if (generated.startsWith(known)) return generated.slice(known.length).trim();
    // What was heard is told without the blanks and breaks of what was generated.
    const words = generated.split(/\s+/);
    return words.slice(known.split(/\s+/).filter((word) => word !== '').length).join(' ');
}

/** The bot answered, and the caller heard nothing of it: they interrupted before, or the client never played it. */
export function wasNeverHeard(
    { number, audioMs, heardMs }: RecordTurn,
    findings: readonly Pick<Finding, 'kind' | 'turn'>[],
): boolean {
    return audioMs > 0 && (heardMs === 0 || findings.some(({ kind, turn }) => kind === 'notPlayed' && turn === number));
}

/** One part of a caller's wait. */
export interface WaitPart {
    readonly name: 'sign' | 'function' | 'voice' | 'playback';
    readonly ms: number;
    /** What the caller waited for. */
    readonly words: string;
}

/** The parts in one word each. */
export const PART_NAMES = { sign: 'model', function: 'function', voice: 'voice', playback: 'playback' } as const;

const PART_WORDS = {
    sign: 'the first sign of the model',
    function: 'functions',
    voice: 'the bot’s voice, after that',
    playback: 'its playback',
} as const;

/** Playback that begins so long after the answer has come is that of something else, ms. */
const MOST_PLAYBACK_MS = 4000;

/**
 * From the end of the caller's voice until they heard the bot's answer, ms; undefined: they did not, or the turn is the bot's own. What played
 * before the answer came was a filler, and the answer followed it.
 */
export function waitOf({ toAudioMs, toPlaybackMs = 0 }: RecordTurn): number | undefined {
    if (toAudioMs === undefined || toPlaybackMs - toAudioMs > MOST_PLAYBACK_MS) return toAudioMs;
    return Math.max(toAudioMs, toPlaybackMs);
}

/** What a wait consists of, in its order; the parts are the whole wait. Empty: there was none. */
export function waitParts(turn: RecordTurn): WaitPart[] {
    const wholeMs = waitOf(turn);
    if (wholeMs === undefined) return [];
    const audioMs = Math.min(turn.toAudioMs ?? wholeMs, wholeMs);
    const signMs = Math.min(turn.toModelMs ?? 0, audioMs);
    const functionMs = Math.min(turn.toolsMs, audioMs - signMs);
    const parts = {
        sign: signMs,
        function: functionMs,
        voice: audioMs - signMs - functionMs,
        playback: wholeMs - audioMs,
    };
    return Object.entries(parts).flatMap(([name, ms]) => {
        const known = name as keyof typeof parts;
        return ms > 0 ? [{ name: known, ms, words: PART_WORDS[known] }] : [];
    });
}

/** The turn in which a moment of the call lies; the first one before all of them. undefined: there are none. */
export function turnAt({ turns }: Pick<CallDocument, 'turns'>, ms: number): RecordTurn | undefined {
    return turns.findLast(({ startMs }) => startMs <= ms) ?? turns[0];
}
