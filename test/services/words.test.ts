import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NUMBER_WORDS } from '../../src/services/tts/spoken-values';
import {
    languageCode,
    languagesWithWords,
    readWords,
    sentencesMissing,
    sentencesSchema,
    wordsFor,
    WORDS_FOLDER,
} from '../../src/services/words';
import { defaultDialog } from '../../src/speech/dialog/default-dialog';

const LANGUAGES = languagesWithWords();

/** The sentences of a file as they stand there. */
function sentencesIn(language: string): Record<string, unknown> {
    const file = JSON.parse(readFileSync(join(WORDS_FOLDER, `${language}.json`), 'utf8')) as {
        sentences: Record<string, unknown>;
    };
    return file.sentences;
}

describe('the words of the server', () => {
    it('are there in English, German, French, Spanish, Italian, Portuguese and Dutch', () => {
        expect(LANGUAGES).toEqual(expect.arrayContaining(['de', 'en', 'es', 'fr', 'it', 'nl', 'pt']));
    });

    it.each(LANGUAGES)('have every key in %s, a dialog that can be used, and numbers', (language) => {
        readWords(join(WORDS_FOLDER, `${language}.json`));
        expect(Object.keys(sentencesIn(language)).sort()).toEqual(Object.keys(sentencesSchema.shape).sort());
        expect(Object.keys(defaultDialog(wordsFor(language)).menus)).toEqual(['main']);
        expect(Object.keys(NUMBER_WORDS)).toContain(language);
    });

    it.each(LANGUAGES.filter((language) => language !== 'en'))('are not left in English in %s', (language) => {
        const [own, english] = [sentencesIn(language), sentencesIn('en')];
        const same = Object.keys(own).filter((key) => JSON.stringify(own[key]) === JSON.stringify(english[key]));
        expect(same).toEqual([]);
    });

    it('are found by a language tag in any case, and are English where there are none', () => {
        expect([languageCode('de-AT'), languageCode('PT-br')]).toEqual(['de', 'pt']);
        expect(wordsFor('de-AT').sentences.goodbye).toBe('Auf Wiederhören.');
        for (const tag of [undefined, 'sv-SE', 'constructor', '../en']) expect(wordsFor(tag).language).toBe('en');
    });

    it('can be replaced one by one, and say which are missing in a language without a file', () => {
        const own = { goodbye: 'Hej då.', stillThere: undefined };
        expect(wordsFor('sv', own).sentences).toMatchObject({ goodbye: 'Hej då.', stillThere: 'Are you still there?' });
        expect(sentencesMissing('sv', { goodbye: 'Hej då.' })).not.toContain('goodbye');
        expect(sentencesMissing('sv')).toContain('offer');
        expect([sentencesMissing('de-DE'), sentencesMissing(undefined)]).toEqual([[], []]);
    });

    it('are refused with the place when a file is broken', () => {
        const folder = mkdtempSync(join(tmpdir(), 'words-'));
        const path = join(folder, 'xx.json');
        const { sentences, defaultDialog, reading } = wordsFor('en');
        const file = { sentences, defaultDialog, reading };
        try {
            for (const [offer, wrong] of [
                ['For {{name}}, press {{key}}.', 'sentences.offer'],
                ['Press {{key}}.', 'sentences.offer'],
            ] as const) {
                writeFileSync(path, JSON.stringify({ ...file, sentences: { ...file.sentences, offer } }));
                expect(() => readWords(path)).toThrow(expect.objectContaining({ code: 'ERR_WORDS' }) as Error);
                expect(() => readWords(path)).toThrow(wrong);
            }
            writeFileSync(path, '{');
            expect(() => readWords(path)).toThrow('xx.json');
        } finally {
            rmSync(folder, { recursive: true });
        }
    });
});
