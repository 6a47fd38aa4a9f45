import { plain } from './matching';

/** Something that the caller heard of the bot, and when its first sound was heard, ms since the call was dialled. */
export interface HeardSentence {
    readonly atMs: number;
    readonly text: string;
}

/** Less than this share of the wanted words is no likeness. */
const LEAST_WORDS = 1 / 3;

/** The heard sentence that is most like `wanted`; undefined: none is like it. */
export function nearestSentence(wanted: string, heard: readonly HeardSentence[]): HeardSentence | undefined {
    const pairs = pairsOf(wanted);
    const rated = heard.map((sentence) => {
        const own = pairsOf(sentence.text);
        const common = commonPairs(pairs, own);
        const share = common / Math.max(1, pairs.length);
        return {
            sentence,
            words: sharedWords(wanted, sentence.text),
            share,
            likeness: common / (pairs.length + own.length),
        };
    });
    const [best] = rated
        .filter(({ words }) => words >= LEAST_WORDS)
        .sort((left, right) => right.share - left.share || right.likeness - left.likeness);
    return best?.sentence;
}

/**
 * The single sentences of a text that was heard from `fromMs` to `toMs`. All but the first have the moment that their place among the characters
 * gives.
 */
export function sentencesIn(text: string, fromMs: number, toMs: number): HeardSentence[] {
    return [...text.matchAll(/\S.*?(?:[.!?…](?=\s|$)|$)/gs)].map(({ 0: sentence, index }) => ({
        atMs: Math.round(fromMs + ((toMs - fromMs) * index) / Math.max(1, text.length)),
        text: sentence,
    }));
}

/** The share of the wanted words that stand in a sentence. */
function sharedWords(wanted: string, text: string): number {
    const words = plain(wanted).trim().split(' ');
    const heard = new Set(plain(text).trim().split(' '));
    return words.filter((word) => word !== '' && heard.has(word)).length / words.length;
}

/** Pairs of letters that follow one another, word ends included. */
function pairsOf(text: string): string[] {
    const letters = plain(text);
    return Array.from({ length: Math.max(0, letters.length - 1) }, (_, at) => letters.slice(at, at + 2));
}

function commonPairs(left: readonly string[], right: readonly string[]): number {
    const free = new Map<string, number>();
    for (const pair of right) free.set(pair, (free.get(pair) ?? 0) + 1);
    let common = 0;
    for (const pair of left) {
        const count = free.get(pair) ?? 0;
        if (count === 0) continue;
        free.set(pair, count - 1);
        common++;
    }
    return common;
}
