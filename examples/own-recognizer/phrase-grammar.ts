import { CodedError } from '../../src/support/errors';

/** Most phrases to listen for at a time, and most words of one. */
export const MAX_PHRASES = 200;
const MAX_WORDS = 12;

/** The sounds of English as PocketSphinx's model knows them. */
export const PHONES = [
    ...[
        'AA',
        'AE',
        'AH',
        'AO',
        'AW',
        'AY',
        'B',
        'CH',
        'D',
        'DH',
        'EH',
        'ER',
        'EY',
        'F',
        'G',
        'HH',
        'IH',
        'IY',
        'JH',
        'K',
    ],
    ...['L', 'M', 'N', 'NG', 'OW', 'OY', 'P', 'R', 'S', 'SH', 'T', 'TH', 'UH', 'UW', 'V', 'W', 'Y', 'Z', 'ZH'],
] as const;

/** No phrase can contain it: words have no such character. */
const SOUND_MARK = '_';
/** After one sound of an unknown word, how likely another one is. Smaller takes more for a phrase that is none. */
const NEXT_SOUND = 0.3;

/** A phrase to listen for, cut into words of small letters. */
export interface WordedPhrase {
    /** As it was asked for. */
    readonly phrase: string;
    readonly words: readonly string[];
}

/** The word that stands for a single sound. */
export function soundWord(phone: string): string {
    return SOUND_MARK + phone.toLowerCase();
}

/** Whether a hypothesis holds sounds that belong to no phrase: then something else was said. */
export function isForeign(hypothesis: string): boolean {
    return hypothesis.includes(SOUND_MARK);
}

/** Cuts phrases into words; what is written alike is taken once. Throws ERR_ASR_WORDS for what no dictionary can have. */
export function wordPhrases(phrases: readonly string[]): WordedPhrase[] {
    if (phrases.length > MAX_PHRASES) throw new CodedError('ERR_ASR_WORDS', `${phrases.length} phrases are too many.`);
    const worded = new Map<string, WordedPhrase>();
    for (const phrase of phrases) {
        const words = wordsOf(phrase);
        const key = words.join(' ');
        if (!worded.has(key)) worded.set(key, { phrase, words });
    }
    return [...worded.values()];
}

/**
 * The phrases as a grammar in PocketSphinx's finite-state format, with a loop through all sounds beside them: what is none
 * of the phrases goes there, instead of becoming the phrase that is least unlike it. (The JSGF of the same library would
 * be nicer to read, but loses the weights of a loop.)
 */
export function finiteStateGrammar(phrases: readonly WordedPhrase[]): string {
    const start = 0;
    const end = 1;
    const elsewhere = 2;
    let states = 3;
    const lines: string[] = [];
    for (const { words } of phrases) {
        let at = start;
        words.forEach((word, index) => {
            const next = index === words.length - 1 ? end : states++;
            lines.push(transition(at, next, at === start ? 1 / phrases.length : 1, word));
            at = next;
        });
    }
    for (const phone of PHONES) {
        lines.push(transition(start, elsewhere, 1 / PHONES.length, soundWord(phone)));
        lines.push(transition(elsewhere, elsewhere, NEXT_SOUND / PHONES.length, soundWord(phone)));
    }
    lines.push(transition(elsewhere, end, 1, ''));
    const head = ['FSG_BEGIN phrases', `NUM_STATES ${states}`, `START_STATE ${start}`, `FINAL_STATE ${end}`];
    return `${[...head, ...lines, 'FSG_END'].join('\n')}\n`;
}

function transition(from: number, to: number, probability: number, word: string): string {
    return `TRANSITION ${from} ${to} ${probability.toFixed(8)} ${word}`.trimEnd();
}

function wordsOf(phrase: string): string[] {
    const plain = phrase
        .toLowerCase()
        .replace(/[’‘]/g, "'")
        .replace(/[.,!?;:-]/g, ' ');
    const words = plain.split(/\s+/).filter((word) => word !== '');
    if (words.length === 0) throw new CodedError('ERR_ASR_WORDS', 'A phrase has no words.');
    if (words.length > MAX_WORDS) throw new CodedError('ERR_ASR_WORDS', `A phrase has more than ${MAX_WORDS} words.`);
    const odd = words.filter((word) => !/^[a-z']{1,40}$/.test(word));
    if (odd.length > 0) throw unknownWords(odd);
    return words;
}

/** The error for words that a dictionary lacks. They are the operator's own words, and may be logged. */
export function unknownWords(words: readonly string[]): CodedError {
    const shown = words.slice(0, 10).map((word) => JSON.stringify(word.slice(0, 40)));
    return new CodedError('ERR_ASR_WORDS', `Not in the dictionary: ${shown.join(', ')}.`);
}
