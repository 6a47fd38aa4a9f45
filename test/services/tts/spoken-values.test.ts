import fc from 'fast-check';
import { spokenValue, type SpokenType } from '../../../src/services/tts/spoken-values';
import { languagesWithWords } from '../../../src/services/words';
import { asType } from '../../../src/services/profiles/variables';

const CASES: readonly [SpokenType, string, string, string][] = [
    ['digits', '48213907', 'en', 'four eight two one, three nine zero seven'],
    ['digits', '007', 'de', 'null null sieben'],
    ['digits', '1234567', 'en', 'one two three, four five six seven'],
    ['digits', '12-34 5', 'en', 'one two, three four, five'],
    ['phone', '+49 611 123456', 'de', 'plus vier neun, sechs eins eins, eins zwei drei, vier fünf sechs'],
    ['phone', '307-778-7550', 'en', 'three zero seven, seven seven eight, seven five five zero'],
    ['number', '48213907', 'de', 'achtundvierzig Millionen zweihundertdreizehntausendneunhundertsieben'],
    ['number', '12.5', 'de', '12.5'],
    ['date', '2026-01-31', 'en', 'January thirty-first, twenty twenty-six'],
    ['date', '1905-12-02', 'en', 'December second, nineteen oh five'],
    ['date', '2026-01-31', 'de', 'einunddreißigsten Januar zweitausendsechsundzwanzig'],
    ['date', '1985-10-03', 'de', 'dritten Oktober neunzehnhundertfünfundachtzig'],
    ['date', '2026-02-01', 'fr', 'premier février deux mille vingt-six'],
    ['date', '2026-01-31', 'es', 'treinta y uno de enero de dos mil veintiséis'],
    ['date', '2026-01-31', 'it', 'trentuno gennaio duemilaventisei'],
    ['date', '2026-01-31', 'pt', 'trinta e um de janeiro de dois mil e vinte e seis'],
    ['date', '2026-01-31T09:05Z', 'nl', 'eenendertig januari tweeduizend zesentwintig om negen uur vijf'],
    ['date', '2026-01-31', 'sv', '31 januari 2026'],
    ['time', '14:30', 'en', 'two thirty p m'],
    ['time', '00:05', 'en', 'twelve oh five a m'],
    ['time', '01:00', 'de', 'ein Uhr'],
    ['time', '21:30', 'fr', 'vingt et une heures trente'],
    ['time', '14:31', 'es', 'catorce horas y treinta y un minutos'],
    ['time', '2:00', 'pt', 'duas horas'],
    ['money', '12.50 EUR', 'de', 'zwölf Euro und fünfzig Cent'],
    ['money', 'EUR 1', 'de', 'ein Euro'],
    ['money', '21.01 EUR', 'es', 'veintiún euros con un céntimo'],
    ['money', '1234.05 USD', 'en', 'one thousand two hundred thirty-four dollars and five cents'],
    ['money', '-0.50 GBP', 'en', 'minus fifty pence'],
    ['money', '1 PLN', 'en', 'one Polish zloty'],
    ['money', '1 PLN', 'de', 'ein Polnischer Złoty'],
    ['money', '21 PLN', 'es', 'veintiún eslotis polacos'],
    ['money', '1.10 PLN', 'de', 'eins komma eins Polnische Złoty'],
    ['money', '12.50 SEK', 'nl', 'twaalf komma vijf Zweedse kronen'],
];

describe('a value of a type', () => {
    it.each(CASES)('%s %s is read in %s as "%s"', (type, value, language, words) => {
        expect(asType(type, value)).toBe(value);
        expect(spokenValue(type, value, language)).toBe(words);
    });

    it.each([
        ['time', '25:00'],
        ['time', '12'],
        ['money', '12.50'],
        ['money', 'EUR 12 EUR'],
        ['money', '12,50 EUR'],
        ['digits', '12a'],
        ['digits', ''],
        ['phone', '12'],
        ['phone', 'call me'],
    ] as const)('of the type %s is not "%s"', (type, value) => {
        expect(asType(type, value)).toBeUndefined();
    });

    it('is read without a digit in every language that has words', () => {
        const clock = fc
            .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
            .map(([hour, minute]) => `${hour}:${String(minute).padStart(2, '0')}`);
        const day = fc
            .date({ min: new Date('1000-01-01'), max: new Date('2999-12-31'), noInvalidDate: true })
            .map((date) => date.toISOString().slice(0, 10));
        const amount = fc.integer({ min: 0, max: 99_999_999 }).map((cents) => (cents / 100).toFixed(2));
        const digits = fc.stringMatching(/^\d{1,20}$/);
        fc.assert(
            fc.property(fc.constantFrom(...languagesWithWords()), clock, day, amount, digits, (tag, ...values) => {
                const [time, date, money, row] = values;
                const spoken = [
                    spokenValue('time', time, tag),
                    spokenValue('date', date, tag),
                    spokenValue('money', `${money} EUR`, tag),
                    spokenValue('money', `JPY ${money}`, tag),
                    spokenValue('digits', row, tag),
                ];
                expect(spoken.join(' ')).not.toMatch(/\d|undefined|\{/);
            }),
        );
    });

    it('that is none of its type, or of a language that is none, is read as it stands', () => {
        for (const type of ['date', 'time', 'money'] as const) {
            expect(spokenValue(type, 'soon', 'de')).toBe('soon');
            expect(spokenValue(type, 'soon', 'x-no-language-0')).toBe('soon');
        }
        expect(spokenValue('date', '2026-01-31', '%')).toMatch(/2026/);
    });
});
