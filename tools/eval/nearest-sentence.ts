import { plain } from './matching';

/** Something that the caller heard of the bot, and when its first sound was heard, ms since the call was dialled. */
export interface HeardSentence {
    readonly atMs: number;
    readonly text: string;
}

/** Less than this share of the wanted letters is no likeness. */
const LEAST_SHARE = 0.3;

/** The heard sentence that is most like `wanted`; undefined: none is like it. */
export function nearestSentence(wanted: string, heard: readonly HeardSentence[]): HeardSentence | undefined {
    const pairs = pairsOf(wanted);
    const rated = heard.map((sentence) => {
        const own = pairsOf(sentence.text);
        const common = commonPairs(pairs, own);
        return { sentence, share: common / Math.max(1, pairs.length), likeness: common / (pairs.length + own.length) };
    });
    const [best] = rated
        .filter(({ share }) => share >= LEAST_SHARE)
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
