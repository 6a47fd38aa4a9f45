import fc from 'fast-check';
import { plainSpeech, withDigitsApart } from '../../../src/services/tts/spoken-text';

/** As a person would compare them: white space aside. */
function plain(text: string): string {
    return plainSpeech(text).replace(/\s+/g, ' ').trim();
}

describe('marks of Markdown', () => {
    it.each([
        ['**Order** number _seven_ is ~~late~~ `here`.', 'Order number seven is late here.'],
        ['See [our page](https://shop.example.com/a_(b)) or [this][1].', 'See our page or this.'],
        ['![A red door](door.png) Write to <mailto:desk@example.com>.', 'A red door Write to mailto:desk@example.com.'],
        ['# Prices #\n\n> Now *lower*.', 'Prices Now lower.'],
        ['- one\n* two\n+ [x] three\n1. four', 'one two three 1. four'],
        ['| Day | Open |\n| --- | :--: |\n| Mo | nine |', 'Day, Open Mo, nine'],
        ['First.\n\n---\n\nSecond.', 'First. Second.'],
        ['Say \\*star\\*.<br>Bye.', 'Say *star*. Bye.'],
    ])('fall away in %j', (text, words) => {
        expect(plain(text)).toBe(words);
    });

    it.each([
        'Press * or #.',
        '2 * 3 * 4 is 24.',
        'Say [yes] or {no}.',
        'snake_case_name stays.',
        'It costs 5 < 6 and > 4.',
        'A – B; C – D.',
    ])('are not seen in %j', (text) => {
        expect(plain(text)).toBe(text);
    });

    it('leave an item of a list a paragraph of its own', () => {
        expect(plainSpeech('We have:\n- tea\n- milk').split(/\n\s*\n/)).toEqual(['We have:', 'tea', 'milk']);
    });
});

describe('a text that is a tool call', () => {
    it.each([
        '{"name":"look_up","arguments":{"question":"Hello. Who is it?"}}',
        '[{"type": "function", "function": {"name": "look_up"}}]',
        '```json\n{"name": "look_up"}\n```',
        '<tool_call>{"name": "look_up"}</tool_call>',
        'look_up({"id": 1})',
        '{"name": "look_up", "argu',
    ])('is not spoken: %j', (text) => {
        expect(plain(text)).not.toMatch(/[\p{L}\p{N}]/u);
    });

    it('is taken out of the words around it', () => {
        expect(plain('One moment. {"name": "look_up", "arguments": {"id": "a}b"}} It is there.')).toBe(
            'One moment. It is there.',
        );
    });
});

describe('digits in a text', () => {
    it.each([
        ['Number: 48213907.', 'en', 'Number: four eight two one, three nine zero seven.'],
        ['Nummer: 123456.', 'de', 'Nummer: eins zwei drei, vier fünf sechs.'],
        ['Kod: 123456.', 'sv', 'Kod: 1 2 3, 4 5 6.'],
        ['Call +49 611 1234567.', 'en', 'Call plus four nine, six one one, one two three, four five six seven.'],
    ])('are read one by one from five on: %s', (text, language, words) => {
        expect(withDigitsApart(text, language)).toBe(words);
    });

    it.each([
        'In 2026.',
        'Room 4711.',
        'Pi is 3.14159.',
        'It is €12500.',
        '12345.67 units',
        '1,234,567',
        '307-778-7550',
    ])('are left to the voice in %j', (text) => {
        expect(withDigitsApart(text, 'en')).toBe(text);
    });
});

describe('plainSpeech', () => {
    it('changes nothing about plain words', () => {
        const sentence = fc.array(fc.constantFrom('Hello', 'we’re', 'open', '9.30', '5%', 'Mr.', 'ok?'), {
            minLength: 1,
        });
        fc.assert(fc.property(sentence, (parts) => plainSpeech(parts.join(' ')) === parts.join(' ')));
    });

    it('takes any text, and says it the same when it is read twice', () => {
        const marks = fc.constantFrom(
            '*',
            '_',
            '`',
            '#',
            '[',
            ']',
            '(',
            ')',
            '{',
            '}',
            '"',
            '\\',
            '\n',
            '|',
            '-',
            '<',
            'a ',
            '1',
        );
        fc.assert(
            fc.property(fc.array(marks, { maxLength: 60 }), (parts) => {
                expect(typeof plainSpeech(parts.join(''))).toBe('string');
            }),
        );
    });

    it('is no slower for many open marks: each part of a text is looked at a bounded number of times', () => {
        // Quadratic work on one of these would take longer than the limit of the test.
        for (const sign of ['{', '[{', '{"', '[', '*a', '_a', '`', '![', '<a ', '|', '> ', '- ', '+1 ', '<tool_call>'])
            expect(typeof plainSpeech(sign.repeat(30_000))).toBe('string');
    });
});
