import fc from 'fast-check';
import { hasWords, splitSentences } from '../../../src/services/tts/sentences';

const MAX = 600;

function split(text: string): string[] {
    return splitSentences(text, MAX);
}

function withoutBlanks(text: string): string {
    return text.replace(/\s+/gu, '');
}

describe('splitSentences', () => {
    it('cuts after full stops, questions and exclamations', () => {
        expect(split('Hello. How are you? Fine! Good')).toEqual(['Hello.', 'How are you?', 'Fine!', 'Good']);
    });

    it('leaves decimals, versions, addresses and times whole', () => {
        const whole = ['It costs $5,000.25 today.', 'See www.example.com for 3.14 reasons.', 'Version 2.0.1 is out.'];
        for (const sentence of whole) expect(split(sentence)).toEqual([sentence]);
    });

    it('knows abbreviations, initials and titles', () => {
        const whole = [
            'Dr. Smith and Mrs. Jones met Prof. J. R. Tolkien.',
            'The U.S. Mint made it, e.g. A coin.',
            'Take No. 5 on St. James Street.',
            'Bitte z.B. Herrn Dr. Müller.',
        ];
        for (const sentence of whole) expect(split(sentence)).toEqual([sentence]);
    });

    it('cuts after "No." when that is the answer', () => {
        expect(split('No. We are closed.')).toEqual(['No.', 'We are closed.']);
    });

    it('goes on where the next word is small', () => {
        const whole = ['Open till 5 p.m. on Friday.', 'Well... maybe.', 'Hm… yes.', '"Really?" she asked.'];
        for (const sentence of whole) expect(split(sentence)).toEqual([sentence]);
    });

    it('cuts after an ellipsis before a new beginning', () => {
        expect(split('One moment... Here it is. Wait… Now.')).toEqual([
            'One moment...',
            'Here it is.',
            'Wait…',
            'Now.',
        ]);
    });

    it('keeps quotes and brackets with the sentence that they close', () => {
        expect(split('She said "No." Then she left. (They too.) Good.')).toEqual([
            'She said "No."',
            'Then she left.',
            '(They too.)',
            'Good.',
        ]);
    });

    it('keeps the number of an item with its words, and cuts items and paragraphs apart', () => {
        expect(split('Choose:\n1. Press one\n2. Press two\n\nThank you')).toEqual([
            'Choose:',
            '1. Press one',
            '2. Press two',
            'Thank you',
        ]);
    });

    it('joins lines that are only wrapped', () => {
        expect(split('This is one\r\nsentence on  two\tlines.')).toEqual(['This is one sentence on two lines.']);
    });

    it('cuts after East Asian marks, which need no blank', () => {
        expect(split('你好。你叫什么名字？')).toEqual(['你好。', '你叫什么名字？']);
    });

    it('gives nothing for a text of nothing', () => {
        expect(split('')).toEqual([]);
        expect(split(' \n\t ')).toEqual([]);
    });

    it('cuts what is too long at a clause, else at a blank, else anywhere', () => {
        expect(splitSentences('one two, three four five', 14)).toEqual(['one two,', 'three four', 'five']);
        expect(splitSentences('abcdefghij', 4)).toEqual(['abcd', 'efgh', 'ij']);
    });

    it('never cuts a character in two', () => {
        expect(splitSentences('😀😀😀', 3)).toEqual(['😀', '😀', '😀']);
    });

    it('loses and invents nothing but white space, for any text and length', () => {
        const words = fc.constantFrom(
            'Dr',
            'a',
            '.',
            '. ',
            '...',
            '?! ',
            '" ',
            '\n',
            '\n\n- ',
            '1. ',
            ' ',
            'No. 5 ',
            '😀',
            '。',
        );
        const texts = fc.oneof(
            fc.string({ unit: 'grapheme' }),
            fc.array(words, { maxLength: 60 }).map((w) => w.join('')),
        );
        fc.assert(
            fc.property(texts, fc.integer({ min: 2, max: 40 }), (text, max) => {
                const sentences = splitSentences(text, max);
                expect(withoutBlanks(sentences.join(''))).toBe(withoutBlanks(text));
                for (const sentence of sentences) {
                    expect(sentence).toBe(sentence.trim());
                    expect(sentence.length).toBeGreaterThan(0);
                    expect(sentence.length).toBeLessThanOrEqual(max);
                }
            }),
            { numRuns: 500 },
        );
    });

    it('takes hostile texts of 200,000 characters in its stride', () => {
        for (const unit of ['.', '. ', 'a. ', '."', '\n', '\n ', ', ', '1.', 'a', '。']) {
            const text = unit.repeat(200_000 / unit.length);
            expect(withoutBlanks(split(text).join(''))).toBe(withoutBlanks(text));
        }
    });
});

describe('hasWords', () => {
    it('sees letters and digits of any script, and amounts', () => {
        for (const text of ['a', '5', 'é', '你', '-x-', '$']) expect(hasWords(text)).toBe(true);
    });

    it('sees none in marks and blanks', () => {
        for (const text of ['', ' ', '...', '?!', '— "', '\0']) expect(hasWords(text)).toBe(false);
    });
});
