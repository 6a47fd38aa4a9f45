import fc from 'fast-check';
import { readableByFlite, wordsKnownToFlite } from '../../../src/speech/tts/flite';
import { anyText } from '../../support/any-text';

describe('wordsKnownToFlite', () => {
    it.each([
        ['I’m Zoë from “Café Größe” — €5.', 'I’m Zoë from “Café Größe” — €5.'],
        ['Hello Мария, ticket 5.', 'Hello , ticket 5.'],
        ['Room ٤٥ or 你好', 'Room or'],
        ['Привет', ''],
    ])('of %j are %j', (text, words) => {
        expect(wordsKnownToFlite(text)).toBe(words);
    });
});

describe('readableByFlite', () => {
    it('leaves plain English as it is', () => {
        const text = 'Your balance is $5,000.25 (50% off): "OK"?';
        expect(readableByFlite(text)).toBe(text);
    });

    it('drops accents and straightens quotes', () => {
        expect(readableByFlite('I’m Zoë from “Café Größe”')).toBe('I\'m Zoe from "Cafe Grosse"');
    });

    it('says the currency after the amount', () => {
        expect(readableByFlite('It is €5.20 or £ 4, not €.')).toBe('It is 5.20 euros or 4 pounds, not euros .');
    });

    it('turns control characters into blanks', () => {
        expect(readableByFlite('a\0b\x1b[2Jc\nd\x7f')).toBe('a b [2Jc d');
    });

    it('gives nothing when no letter is left that flite knows', () => {
        for (const text of ['你好', 'Привет', '?!', '']) expect(readableByFlite(text)).toBe('');
    });

    it('gives nothing but printable ASCII, for any input', () => {
        fc.assert(
            fc.property(anyText(), (text) => {
                expect(readableByFlite(text)).toMatch(/^[\x20-\x7e]*$/);
            }),
        );
    });
});
