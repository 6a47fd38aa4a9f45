/** Longest sentence that an engine is given, in characters: about 40 s of speech. */
export const MAX_SENTENCE_CHARACTERS = 600;

/**
 * The sentences of a text, in order, none empty, none longer than `maxCharacters` (UTF-16 units), white space made single
 * blanks. Put together they are the text again, but for white space.
 *
 * A sentence ends at `.`, `!`, `?`, `…` before a blank, unless it is an abbreviation, an initial, an ordinal number at the
 * beginning, or the next word goes on in small letters; at the East Asian marks of the same meaning; and at an empty line or an item of a
 * list. What is longer is cut at the last clause, else word, that fits, and a word longer than all that is cut anywhere.
 */
export function splitSentences(text: string, maxCharacters: number): string[] {
    return paragraphs(text)
        .flatMap((paragraph) => cutAtEnds(paragraph))
        .flatMap((sentence) => cutToLength(sentence, Math.max(2, maxCharacters)));
}

/** Whether a text has anything to say: a letter, a digit or a sign of currency. */
export function hasWords(text: string): boolean {
    return /[\p{L}\p{N}\p{Sc}]/u.test(text);
}

/**
 * Ends of sentences: marks with the quotes and brackets that close, before a blank; or marks that need no blank. Looking
 * behind keeps a long row of marks from being tried from each of them.
 */
const END = /(?:(?<![.!?…])[.!?…]+["'”’»)\]]*(?= )|[。！？]+[」』）]*)/gu;
const PARAGRAPH = /\n\s*\n|\n(?=\s*(?:[-*•]|\d{1,3}[.)])\s)/u;

/** Words that end with a full stop within a sentence, in small letters, in English and German. */
const ABBREVIATIONS = wordSet(
    'mr mrs ms mx dr prof rev hon st sr jr sen rep gov gen col sgt capt lt vs est dept e.g i.e eg ie cf al ave blvd rd ' +
        'mt ft jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri hr fr bzw z.b d.h u.a evtl ggf inkl str',
);
/** The same, but only before a number: "No. 5", and not "No. Never". */
const BEFORE_NUMBERS = wordSet('no nos nr ext fig vol pp p approx ca tel');
const LONGEST_WORD = 12;

const CLAUSE_ENDS = [', ', '; ', ': ', '— ', '– '] as const;

function wordSet(words: string): ReadonlySet<string> {
    return new Set(words.split(' '));
}

function paragraphs(text: string): string[] {
    return text
        .replace(/\r\n?/g, '\n')
        .split(PARAGRAPH)
        .map((paragraph) => paragraph.replace(/\s+/gu, ' ').trim())
        .filter((paragraph) => paragraph !== '');
}

function cutAtEnds(paragraph: string): string[] {
    const sentences: string[] = [];
    let start = 0;
    for (const match of paragraph.matchAll(END)) {
        const end = match.index + match[0].length;
        if (!isEnd(paragraph.slice(start, match.index).trimStart(), match[0], paragraph.slice(end).trimStart()))
            continue;
        sentences.push(paragraph.slice(start, end).trim());
        start = end;
    }
    const rest = paragraph.slice(start).trim();
    return rest === '' ? sentences : [...sentences, rest];
}

function isEnd(sentence: string, marks: string, following: string): boolean {
    if (following === '') return true;
    // “What?” she asked.
    const goesOn = /^\p{Ll}/u.test(following);
    if (!/^[.…]/u.test(marks)) return !(goesOn && /["'”’»)\]]$/u.test(marks));
    if (goesOn) return false;
    return marks !== '.' || !isAbbreviated(sentence, following);
}

function isAbbreviated(sentence: string, following: string): boolean {
    const word = /[\p{L}\p{N}.]*$/u.exec(sentence.slice(-LONGEST_WORD))?.[0] ?? '';
    // "J. Smith", "U.S. dollars", and "1. Press the key".
    if (/^(?:\p{L}\.)*\p{Lu}$/u.test(word) || (word === sentence && /^\d{1,3}$/.test(word))) return true;
    const small = word.toLowerCase();
    return ABBREVIATIONS.has(small) || (BEFORE_NUMBERS.has(small) && /^\p{N}/u.test(following));
}

function cutToLength(sentence: string, maxCharacters: number): string[] {
    const parts: string[] = [];
    let rest = sentence;
    while (rest.length > maxCharacters) {
        const cut = cutPoint(rest, maxCharacters);
        parts.push(rest.slice(0, cut).trim());
        rest = rest.slice(cut).trim();
    }
    return rest === '' ? parts : [...parts, rest];
}

/** Where to cut: 1 to `max`, never in the middle of a character of two units. */
function cutPoint(text: string, max: number): number {
    const head = text.slice(0, max + 1);
    const clause = Math.max(...CLAUSE_ENDS.map((mark) => head.lastIndexOf(mark))) + 1;
    if (clause > max / 3) return clause;
    const blank = head.lastIndexOf(' ');
    if (blank > 0) return blank;
    const isHighHalf = (text.charCodeAt(max - 1) & 0xfc00) === 0xd800;
    return isHighHalf ? max - 1 : max;
}
