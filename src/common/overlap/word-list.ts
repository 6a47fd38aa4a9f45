/** What a transcript says about an overlap: nothing, only backchannels, or words that are a turn. */
export type HeardWords = 'none' | 'backchannel' | 'always-yield' | 'other';

/** The lists that a transcript is compared with: words and phrases of any language. */
export interface OverlapWords {
    /** "mhm", "I see": the caller listens. */
    readonly backchannels: readonly string[];
    /** "wait", "hold on": the caller wants to speak, whatever was said beside it. Wins over `backchannels`. */
    readonly alwaysYield: readonly string[];
}

/** Sounds that a transcript notes beside the words: "[noise]", "(coughs)", "*laughs*". */
const NOTED_SOUNDS = /\[[^\]]*\]|\([^)]*\)|\*[^*]*\*/gu;
const APOSTROPHES = /['’ʼ`]/gu;
const COMBINING_MARKS = /\p{M}/gu;
const NO_LETTERS = /[^\p{L}\p{N}]+/u;
/** "mm" and "mmm" are one hum; "yeahhh" is "yeah". */
const HELD_LETTERS = /m{2,}|(\p{L})\1{2,}/gu;

/**
 * Compares the words of an overlap with the lists. Case, accents, punctuation, hyphens and held letters make no difference: "Mm-hmm."
 * is "mhm". A text is a backchannel when it is made of nothing but words and phrases of that list, each as often as it likes.
 */
export function compareWords(text: string, lists: OverlapWords): HeardWords {
    const words = wordsOf(text);
    if (words.length === 0) return 'none';
    if (containsPhrase(words, phrasesOf(lists.alwaysYield))) return 'always-yield';
    return isMadeOf(words, phrasesOf(lists.backchannels)) ? 'backchannel' : 'other';
}

function wordsOf(text: string): string[] {
    return text
        .replace(NOTED_SOUNDS, ' ')
        .toLowerCase()
        .replace(APOSTROPHES, '')
        .normalize('NFKD')
        .replace(COMBINING_MARKS, '')
        .split(NO_LETTERS)
        .filter((word) => word !== '')
        .map((word) => word.replace(HELD_LETTERS, (letters) => letters.charAt(0)));
}

/** Written as one word, as "mm hm", "mm-hm" and "mmhm" are compared. */
function phrasesOf(list: readonly string[]): ReadonlySet<string> {
    const phrases = new Set(list.map((entry) => wordsOf(entry).join('')));
    phrases.delete('');
    return phrases;
}

function containsPhrase(words: readonly string[], phrases: ReadonlySet<string>): boolean {
    return words.some((_, start) => endsOfPhrases(words, start, phrases).length > 0);
}

function isMadeOf(words: readonly string[], phrases: ReadonlySet<string>): boolean {
    const reached = new Set([0]);
    for (const start of reached) {
        for (const end of endsOfPhrases(words, start, phrases)) reached.add(end);
    }
    return reached.has(words.length);
}

/** Where the phrases that begin at a word end, as indexes of the next word. */
function endsOfPhrases(words: readonly string[], start: number, phrases: ReadonlySet<string>): number[] {
    const ends: number[] = [];
    let phrase = '';
    for (let end = start; end < Math.min(words.length, start + MOST_WORDS); end++) {
        phrase += words[end] ?? '';
        if (phrases.has(phrase)) ends.push(end + 1);
    }
    return ends;
}

/** Words of the longest phrase that is looked for. */
const MOST_WORDS = 8;
