import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NUMBER_WORDS } from '../../src/services/tts/spoken-values';
import {
    languageCode,
    languagesWithWords,
    overlapPhrases,
    phraseKey,
    readWords,
    repeatedPhrases,
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
        const { sentences, defaultDialog, reading, overlap } = wordsFor('en');
        const file = { sentences, defaultDialog, reading, overlap };
        try {
            for (const [offer, wrong] of [
                ['For {{name}}, press {{key}}.', 'sentences.offer'],
                ['Press {{key}}.', 'sentences.offer'],
            ] as const) {
                writeFileSync(path, JSON.stringify({ ...file, sentences: { ...file.sentences, offer } }));
                expect(() => readWords(path)).toThrow(expect.objectContaining({ code: 'ERR_WORDS' }) as Error);
                expect(() => readWords(path)).toThrow(wrong);
            }
            const twice = { backchannels: ['mhm', 'Uh-huh'], alwaysYield: ['stop', 'm-hm'] };
            writeFileSync(path, JSON.stringify({ ...file, overlap: twice }));
            expect(() => readWords(path)).toThrow(/must be small letters[^]*overlap.backchannels\[1\]/);
            writeFileSync(path, JSON.stringify({ ...file, overlap: { ...twice, backchannels: ['mhm'] } }));
            expect(() => readWords(path)).toThrow('has "m-hm" twice');
            writeFileSync(path, '{');
            expect(() => readWords(path)).toThrow('xx.json');
        } finally {
            rmSync(folder, { recursive: true });
        }
    });
});

describe('the phrases that callers say over the bot', () => {
    const everywhere = LANGUAGES.map((language) => wordsFor(language).overlap);

    it.each([
        ['en', ['Mm-hmm.', 'Uh-huh', 'Mhmm', 'yeah', 'I see', 'got it'], ['wait', 'hold on', 'excuse me', 'agent']],
        ['de', ['mhm', 'ach so', 'genau', 'na ja', 'Alles klar.'], ['Stopp!', 'halt', 'Moment', 'Entschuldigung']],
        ['es', ['ajá', 'vale', 'claro', 'sí', 'ya veo'], ['espere', 'un momento', 'perdón', 'disculpe']],
        ['fr', ['mm', "d'accord", 'ouais', 'oui', 'je vois'], ['attendez', 'un moment', 'pardon', 'excusez-moi']],
        ['it', ['mhm', 'sì', 'certo', 'va bene', 'ho capito'], ['aspetti', 'un attimo', 'scusi', 'operatore']],
        ['pt', ['uhum', 'sim', 'tá bom', 'pois é', 'entendi'], ['espere', 'um momento', 'desculpe', 'atendente']],
        ['nl', ['mhm', 'ja', 'oké', 'precies', 'snap ik'], ['wacht', 'moment', 'pardon', 'medewerker']],
    ])('mean "go on" or "stop" in %s, as transcription models write them', (language, goOn, stop) => {
        const { backchannels, alwaysYield } = overlapPhrases(language);
        expect(backchannels.map(phraseKey)).toEqual(expect.arrayContaining(goOn.map(phraseKey)));
        expect(alwaysYield.map(phraseKey)).toEqual(expect.arrayContaining(stop.map(phraseKey)));
    });

    it('never mean both, nor "go on" with a word inside that means "stop", in any two languages', () => {
        const spaced = (phrase: string): string =>
            ` ${phrase
                .normalize('NFKD')
                .replace(/\p{M}|'/gu, '')
                .replaceAll('-', ' ')} `;
        const stops = everywhere.flatMap(({ alwaysYield }) => alwaysYield.map(spaced));
        const goOns = everywhere.flatMap(({ backchannels }) => backchannels.map(spaced));
        expect(goOns.filter((goOn) => stops.some((stop) => goOn.includes(stop)))).toEqual([]);
        const all = overlapPhrases(undefined);
        expect(repeatedPhrases([...all.backchannels, ...all.alwaysYield])).toEqual([]);
    });

    it('leave a no to its own: it is neither', () => {
        const { backchannels, alwaysYield } = overlapPhrases(undefined);
        const nos = new Set(['no', 'nein', 'non', 'nao', 'nee', 'nope']);
        expect([...backchannels, ...alwaysYield].map(phraseKey).filter((key) => nos.has(key))).toEqual([]);
    });

    it('are those of the language and English ones; of all languages without one, and without a file of it', () => {
        const german = overlapPhrases('de-AT').backchannels;
        expect(german).toEqual(expect.arrayContaining(['ach so', 'uh-huh']));
        expect(german).not.toContain('vale');
        for (const tag of [undefined, 'sv-SE'])
            expect(overlapPhrases(tag).backchannels).toEqual(expect.arrayContaining(['ach so', 'uh-huh', 'vale']));
        expect(overlapPhrases('de')).toBe(overlapPhrases('de-AT'));
    });

    it('are added to by a bot, whose phrase is taken out of the other list', () => {
        const own = { backchannels: ['Copy that', 'hold on'], alwaysYield: ['Yes!', 'talk to Anna'] };
        const { backchannels, alwaysYield } = overlapPhrases('en', own);
        expect(backchannels).toEqual(expect.arrayContaining(['mhm', 'Copy that', 'hold on']));
        expect(alwaysYield).toEqual(expect.arrayContaining(['wait', 'Yes!', 'talk to Anna']));
        expect(repeatedPhrases([...backchannels, ...alwaysYield])).toEqual([]);
        expect(backchannels).not.toContain('yes');
        expect(overlapPhrases('en').backchannels).toContain('yes');
    });
});
