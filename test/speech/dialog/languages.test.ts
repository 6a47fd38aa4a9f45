import { wordsFor, languagesWithWords } from '../../../src/services/words';
import { readDialog, type DialogScript } from '../../../src/services/profiles/dialog-script';
import { Dialog } from '../../../src/speech/dialog/dialog';
import { defaultDialog, takeoverDialog } from '../../../src/speech/dialog/default-dialog';
import type { LocalBotOptions } from '../../../src/speech/local-bot';
import { LocalBench } from './local-bench';

const GERMAN: DialogScript = readDialog({
    name: 'empfang',
    greeting: 'Willkommen.',
    start: 'main',
    menus: {
        main: {
            choices: [
                { label: 'unsere Öffnungszeiten', key: '1', action: { do: 'say', text: 'Von neun bis fünf.' } },
                { label: 'Auskunft', key: '#', action: { do: 'say', text: 'Gern.' } },
                { label: 'Ende', offer: 'Um aufzulegen', key: '9', action: { do: 'goodbye', text: 'Tschüss.' } },
            ],
        },
    },
    noMatch: 'Wie bitte?',
    noInput: 'Hallo?',
    goodbye: 'Tschüss.',
    onFailure: { do: 'transfer', text: 'Ich verbinde Sie.' },
});

const DE = wordsFor('de-DE');
const LEFT_IN_ENGLISH = /\b(press|say|for|or|did you|otherwise|star|hash|all right|sorry|hello|please|goodbye)\b/i;

/** What a step says, joined. */
function said(step: ReturnType<Dialog['step']>): string {
    return step.say.filter((part) => typeof part === 'string').join(' ');
}

describe('a local bot in another language', () => {
    it('says its menu without a word of English', () => {
        const dialog = new Dialog(GERMAN, 'none', DE.sentences);
        expect(said(dialog.step({ type: 'begin' }))).toBe(
            'Willkommen. Für unsere Öffnungszeiten drücken Sie die 1. Für Auskunft drücken Sie die Rautetaste. ' +
                'Um aufzulegen, drücken Sie die 9.',
        );
    });

    it('asks whether it heard right, and understands yes and no, in that language', () => {
        const dialog = new Dialog(GERMAN, 'closed', DE.sentences);
        expect(said(dialog.step({ type: 'begin' }))).toContain('Sagen Sie Auskunft, oder drücken Sie die Rautetaste.');
        const asked = dialog.step({ type: 'heard', text: 'Auskunft' });
        expect(said(asked)).toBe(
            'Haben Sie Auskunft gesagt? Drücken Sie die 1, oder sagen Sie ja. Sonst drücken Sie die 2, oder sagen Sie nein.',
        );
        expect(asked.next).toMatchObject({ expect: 'yesno', phrases: ['ja', 'nein'] });
        expect(said(dialog.step({ type: 'heard', text: 'Nein!' }))).toMatch(/^In Ordnung\./);
        dialog.step({ type: 'heard', text: 'Auskunft' });
        expect(said(dialog.step({ type: 'heard', text: 'Ja, genau.' }))).toMatch(/^Gern\./);
    });

    it('can have its own words for each of these sentences', () => {
        const { sentences } = wordsFor('de', { offer: '{{key}}: {{label}}.', hash: 'die Raute' });
        const dialog = new Dialog(GERMAN, 'none', sentences);
        expect(said(dialog.step({ type: 'begin' }))).toContain('die Raute: Auskunft.');
    });

    it.each(languagesWithWords().filter((language) => language !== 'en'))(
        'greets, takes over and offers the dialog of the server without English in %s',
        (language) => {
            const words = wordsFor(language);
            for (const kind of ['none', 'closed', 'open'] as const)
                for (const why of ['ERR_OPENAI_LOST', 'ERR_OPENAI_QUOTA']) {
                    const script = takeoverDialog({ why, greeted: true }, defaultDialog(words), words);
                    const dialog = new Dialog(script, kind, words.sentences);
                    const texts = [
                        said(dialog.step({ type: 'begin' })),
                        said(dialog.step({ type: 'keys', keys: '7' })),
                        said(dialog.step({ type: 'silence' })),
                        said(dialog.step({ type: 'keys', keys: '2' })),
                        said(dialog.step({ type: 'recorded' })),
                        said(dialog.step({ type: 'goodbye' })),
                    ];
                    // A word that is spelled alike in both languages.
                    const heard = texts.join(' ').replace(/\bStar\b/g, '');
                    expect(heard).not.toMatch(LEFT_IN_ENGLISH);
                }
        },
    );

    it.each([
        ['de', 'Guten Tag.'],
        ['en', 'Good day.'],
        ['es', 'Buenos días.'],
        ['fr', 'Bonjour.'],
        ['it', 'Buongiorno.'],
        ['nl', 'Dag, met Jan de Vries.'],
        ['pt', 'Bom dia.'],
    ])('takes no greeting for a goodbye in %s', (language, greeting) => {
        const words = wordsFor(language);
        const dialog = new Dialog(defaultDialog(words), 'open', words.sentences);
        dialog.step({ type: 'begin' });
        expect(dialog.step({ type: 'heard', text: greeting }).next.do).toBe('listen');
    });

    it('is told of the language of each sentence that it has spoken', async () => {
        const options: LocalBotOptions = { dialog: GERMAN, takeover: { why: 'ERR_OPENAI_LOST', greeted: true } };
        const bench = new LocalBench('none', { language: 'de-DE', words: DE }, options);
        await bench.start();
        expect(bench.lastTurn).toMatch(
            /^Es tut mir leid, die Verbindung zu meinem Kollegen ist abgebrochen\. .*Für Auskunft/,
        );
        expect(new Set(bench.speech.languages)).toEqual(new Set(['de-DE']));
        bench.bot.end();
    });
});
