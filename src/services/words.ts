/** The words that the server itself says, one file for each language in assets/words. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CodedError } from '../support/errors';

/** The folder of the files: beside `src`, and beside `dist`. */
export const WORDS_FOLDER = join(__dirname, '..', '..', 'assets', 'words');

/** What a bot without a language speaks, and one whose language has no file. */
export const USUAL_LANGUAGE = 'en';

const PLACEHOLDER = /\{\{(\w+)\}\}/g;

const text = z.string().trim().min(1).max(500);

/** A sentence in which each of these placeholders stands, and no other. */
function sentenceWith(...names: string[]): z.ZodString {
    return text.superRefine((words, context) => {
        const found = Array.from(words.matchAll(PLACEHOLDER), ([, name = '']) => name);
        const isRight = found.every((name) => names.includes(name)) && names.every((name) => found.includes(name));
        if (!isRight)
            context.addIssue({ code: 'custom', message: `must have ${names.map((name) => `{{${name}}}`).join(', ')}` });
    });
}

const words = z.array(text).min(1).max(30);

/** The sentences of one language. A bot profile may replace each of them. */
export const sentencesSchema = z.strictObject({
    oneMoment: text.describe('Said to a caller who waits: "One moment please."'),
    technicalProblem: text.describe('The apology, when no bot can go on with the call.'),
    stillThere: text.describe('Asks a silent caller whether they are still there.'),
    goodbye: text.describe('The last words, where the bot has none of its own.'),
    lostConnection: text.describe('The local bot takes over, because the connection to the model was lost.'),
    cannotHelp: text.describe('The local bot takes over for another reason.'),
    fewThings: text.describe('Follows the sentence of a takeover: what comes now is a menu.'),
    keysOnly: text.describe('How to choose where only keys are understood.'),
    fewWords: text.describe('How to choose where only the phrases of a menu are understood.'),
    anyWords: text.describe('How to choose where free speech is understood.'),
    offer: sentenceWith('label', 'key').describe('A choice by key: "For {{label}}, press {{key}}."'),
    ownOffer: sentenceWith('offer', 'key').describe('A choice with an "offer" of its own: "{{offer}}, press {{key}}."'),
    sayOrPress: sentenceWith('label', 'key').describe('A choice by phrase: "Say {{label}}, or press {{key}}."'),
    confirm: sentenceWith('label').describe(
        'Asks whether a phrase was heard right; 1 and 2 are the keys for yes and no.',
    ),
    allRight: text.describe('Said after a no to that question.'),
    star: text.describe('The key *, as {{key}}.'),
    hash: text.describe('The key #, as {{key}}.'),
    yes: words.describe('What counts as yes.'),
    no: words.describe('What counts as no.'),
});

const choice = z.strictObject({ label: text, offer: text.optional(), phrases: words, text });

/** The texts of the dialog that comes with the server. */
const defaultDialogSchema = z.strictObject({
    greeting: text,
    hours: choice,
    echo: choice.extend({ before: text }),
    agent: choice,
    end: choice,
    noMatchKeys: text,
    noMatch: text,
});

const currency = z.strictObject({ one: text, many: sentenceWith('n'), partOne: text, partMany: sentenceWith('n') });
/** Words for single numbers that the rule of the language does not give. */
const exceptions = z.record(z.string().regex(/^\d{1,2}$/), text).default({});

/** How values are read aloud. */
const readingSchema = z.strictObject({
    digits: z.array(text).length(10),
    plus: text,
    minus: text,
    date: z.strictObject({
        day: z.enum(['ordinal', 'cardinal']),
        /** The first of a month, where it has a word of its own. */
        firstDay: text.optional(),
        format: sentenceWith('day', 'month', 'year'),
        withTime: sentenceWith('date', 'time'),
    }),
    /** 1985: `pairs` nineteen eighty-five, `hundreds` neunzehnhundertfünfundachtzig, `cardinal` as any number. */
    year: z.discriminatedUnion('style', [
        z.strictObject({ style: z.literal('cardinal') }),
        z.strictObject({ style: z.literal('hundreds'), hundred: text }),
        z.strictObject({ style: z.literal('pairs'), hundred: text, oh: text }),
    ]),
    time: z.strictObject({
        clockHours: z.union([z.literal(12), z.literal(24)]),
        hours: exceptions,
        hour: sentenceWith('n'),
        minutes: exceptions,
        minute: sentenceWith('n'),
        minuteBelowTen: sentenceWith('n').optional(),
        format: sentenceWith('hour', 'minute'),
        morning: sentenceWith('time').optional(),
        afternoon: sentenceWith('time').optional(),
    }),
    money: z.strictObject({
        format: sentenceWith('whole', 'part'),
        /** How a number changes before a noun: pairs of a pattern and what takes its place. */
        beforeNoun: z.array(z.tuple([text, text])).default([]),
        currencies: z.record(z.string().regex(/^[A-Z]{3}$/), currency),
    }),
});

/** Longest word or phrase of `overlap`, in characters. */
export const MAX_OVERLAP_PHRASE_CHARS = 40;

const phrases = z
    .array(
        z
            .string()
            .regex(/^\p{Ll}[\p{Ll}' -]*$/u, 'must be small letters, apostrophes, hyphens and blanks')
            .max(MAX_OVERLAP_PHRASE_CHARS),
    )
    .min(1)
    .max(200);

/** What callers say over the bot. */
const overlapSchema = z
    .strictObject({
        /** Said while listening, and so no interruption. */
        backchannels: phrases,
        /** Interrupts the bot however softly it is said, and among other words too. */
        alwaysYield: phrases,
    })
    .superRefine(({ backchannels, alwaysYield }, context) => {
        for (const phrase of repeatedPhrases([...backchannels, ...alwaysYield]))
            context.addIssue({ code: 'custom', message: `has "${phrase}" twice` });
    });

/** A file of assets/words. */
export const wordsSchema = z.strictObject({
    sentences: sentencesSchema,
    defaultDialog: defaultDialogSchema,
    reading: readingSchema,
    overlap: overlapSchema,
});

export type Sentences = z.output<typeof sentencesSchema>;
export type WordsFile = z.output<typeof wordsSchema>;
export type Reading = WordsFile['reading'];
export type OwnSentences = { readonly [K in keyof Sentences]?: Sentences[K] | undefined };

/** The words of one bot. */
export interface Words extends WordsFile {
    /** Of the file that they come from. */
    readonly language: string;
}

/** The sentences that come with the server as recordings too, and their names there. */
export const PROMPT_KEYS = {
    'one-moment': 'oneMoment',
    'technical-problem': 'technicalProblem',
    'still-there': 'stillThere',
    goodbye: 'goodbye',
} as const satisfies Record<string, keyof Sentences>;

export type ShippedPrompt = keyof typeof PROMPT_KEYS;

/** Words and phrases that are said over the bot, and what they mean for it. */
export interface OverlapPhrases {
    /** No interruption. */
    readonly backchannels: readonly string[];
    /** An interruption, however softly it is said. */
    readonly alwaysYield: readonly string[];
}

/** What a bot adds to the phrases of its language. */
export type OwnOverlapPhrases = { readonly [K in keyof OverlapPhrases]?: OverlapPhrases[K] | undefined };

let known: ReadonlySet<string> | undefined;
const files = new Map<string, WordsFile>();
/** By language code; that of all languages by the empty one. */
const overlaps = new Map<string, OverlapPhrases>();

/** The languages that have words, as `languageCode` gives them: alphabetical. */
export function languagesWithWords(): string[] {
    known ??= new Set(
        readdirSync(WORDS_FOLDER)
            .filter((name) => name.endsWith('.json'))
            .map((name) => name.replace(/\.json$/, '')),
    );
    return [...known].sort();
}

/** The language of a tag without its region, in small letters: `de` of `de-AT`. */
export function languageCode(tag: string): string {
    return (tag.split('-')[0] ?? '').toLowerCase();
}

/**
 * The words of a language with those of a bot over them. Without a language, and where there is no file of it, they are English.
 *
 * @throws CodedError `ERR_WORDS` when a file of assets/words cannot be read
 */
export function wordsFor(tag: string | undefined, own: OwnSentences = {}): Words {
    const language = tag === undefined || !hasWords(tag) ? USUAL_LANGUAGE : languageCode(tag);
    if (Object.keys(own).length === 0) return usualWords(language);
    const file = fileOf(language);
    const given = Object.fromEntries(Object.entries(own).filter(([, sentence]) => sentence !== undefined));
    return { ...file, language, sentences: { ...file.sentences, ...given } };
}

/**
 * What callers say over a bot: the phrases of its language and the English ones, which are said in other languages too. Those of all
 * languages without a language, because a model speaks many, and where there is no file of it. A phrase that a bot adds to one list is
 * taken out of the other.
 *
 * @throws CodedError `ERR_WORDS` when a file of assets/words cannot be read
 */
export function overlapPhrases(tag: string | undefined, own: OwnOverlapPhrases = {}): OverlapPhrases {
    const language = tag === undefined || !hasWords(tag) ? '' : languageCode(tag);
    const languages = language === '' ? languagesWithWords() : [USUAL_LANGUAGE, language];
    const shared = overlaps.get(language) ?? overlapIn(languages);
    overlaps.set(language, shared);
    return own.backchannels === undefined && own.alwaysYield === undefined ? shared : joined(shared, own);
}

/** The same words in other letters, accents, hyphens and blanks have one key: `uhhuh` of "Uh-huh". */
export function phraseKey(phrase: string): string {
    return phrase
        .normalize('NFKD')
        .toLowerCase()
        .replace(/[^\p{L}\p{N}]/gu, '');
}

/** The sentences that a bot says in English although its language is another one. */
export function sentencesMissing(tag: string | undefined, own: OwnSentences = {}): string[] {
    if (tag === undefined || hasWords(tag)) return [];
    return Object.keys(sentencesSchema.shape).filter((key) => !Object.hasOwn(own, key));
}

/** The words of a prompt by the name of its recording. */
export function promptWords(name: ShippedPrompt, { sentences }: Pick<Words, 'sentences'>): string {
    return sentences[PROMPT_KEYS[name]];
}

/** Puts values into the placeholders of a sentence of these files; what is put in is not read again. */
export function filled(sentence: string, values: Readonly<Record<string, string>>): string {
    return sentence.replace(PLACEHOLDER, (mark, name: string) => values[name] ?? mark);
}

function overlapIn(languages: readonly string[]): OverlapPhrases {
    const none: OverlapPhrases = { backchannels: [], alwaysYield: [] };
    return languages.map((language) => fileOf(language).overlap).reduce(joined, none);
}

function joined(phrases: OverlapPhrases, { backchannels = [], alwaysYield = [] }: OwnOverlapPhrases): OverlapPhrases {
    return {
        backchannels: [...without(phrases.backchannels, [...backchannels, ...alwaysYield]), ...backchannels],
        alwaysYield: [...without(phrases.alwaysYield, [...backchannels, ...alwaysYield]), ...alwaysYield],
    };
}

function without(phrases: readonly string[], others: readonly string[]): string[] {
    const keys = new Set(others.map(phraseKey));
    return phrases.filter((phrase) => !keys.has(phraseKey(phrase)));
}

/** The phrases that stand in a list before too. */
export function repeatedPhrases(phrases: readonly string[]): string[] {
    const keys = new Set<string>();
    return phrases.filter((phrase) => keys.size === keys.add(phraseKey(phrase)).size);
}

function hasWords(tag: string): boolean {
    return languagesWithWords().includes(languageCode(tag));
}

/** Of a language, for all bots without sentences of their own. */
const usual = new Map<string, Words>();

function usualWords(language: string): Words {
    const words = usual.get(language) ?? { ...fileOf(language), language };
    usual.set(language, words);
    return words;
}

function fileOf(language: string): WordsFile {
    const read = files.get(language) ?? readWords(join(WORDS_FOLDER, `${language}.json`));
    files.set(language, read);
    return read;
}

/**
 * One file of words.
 *
 * @throws CodedError `ERR_WORDS` that names the wrong places
 */
export function readWords(path: string): WordsFile {
    try {
        return wordsSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    } catch (fault) {
        const what = fault instanceof z.ZodError ? z.prettifyError(fault) : String(fault);
        throw new CodedError('ERR_WORDS', `${path}: ${what}`);
    }
}
