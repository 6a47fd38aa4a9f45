import fc from 'fast-check';
import { isPersonal, Masker } from '../../src/call-records/masking';
import { isLuhn, maskIbans } from '../../src/call-records/number-masks';

function mask(text: string, language = 'en-US'): string {
    return new Masker({ rules: true, language }).text(text);
}

/** A number of so many digits with the right check digit. */
function withCheckDigit(digits: string): string {
    for (let check = 0; check < 10; check++) if (isLuhn(`${digits}${check}`)) return `${digits}${check}`;
    throw new Error('there is always one');
}

const CARD = '4111111111111111';
const IBAN = 'DE89370400440532013000';

describe('payment cards', () => {
    it.each([
        'My card is 4111111111111111.',
        'It is 4111 1111 1111 1111, yes.',
        '4111-1111-1111-1111',
        '4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1',
        'four one one one, one one one one, one one one one, one one one one',
        'four 111 1111, 1111 one one one 1',
        '41 11 11 11. 11 11 11 11',
    ])('are masked: %s', (text) => {
        const masked = mask(text);
        expect(masked).toContain('[card]');
        expect(masked).not.toMatch(/\d/);
        expect(masked).not.toMatch(/\bone\b/);
    });

    it('are masked beside an expiry date and in the words of the language', () => {
        expect(mask('4111 1111 1111 1111 12 27')).toContain('[card]');
        const german = 'vier eins eins eins '.repeat(1) + 'eins '.repeat(12);
        expect(mask(german, 'de-DE')).toContain('[card]');
    });

    it('are not every long number: the check digit must be right', () => {
        expect(mask('The order is 4111111111111112.')).toBe('The order is 4111111111111112.');
        expect(mask('The order is 48213907.')).toBe('The order is 48213907.');
    });

    it('leave nothing of any card, however it is grouped', () => {
        const card = fc
            .tuple(fc.stringMatching(/^[3-6]\d{11,17}$/), fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 19 }))
            .map(([digits, sizes]) => ({ digits: withCheckDigit(digits), sizes }));
        fc.assert(
            fc.property(card, fc.constantFrom(' ', '-', '. ', ', ', ''), ({ digits, sizes }, between) => {
                let left = digits;
                const groups = [...sizes, digits.length].map((size) => {
                    const group = left.slice(0, size);
                    left = left.slice(size);
                    return group;
                });
                const written = groups.filter((group) => group !== '').join(between);
                const masked = mask(`It is ${written} and that is all.`);
                expect(masked).toBe('It is [card] and that is all.');
            }),
        );
    });
});

describe('telephone numbers', () => {
    it.each([
        ['+49 171 2345678', 'en'],
        ['call me at 0171/2345678 please', 'de'],
        ['(202) 555-0187', 'en'],
        ['202 555 0187', 'en'],
        ['555-0143', 'en'],
        ['plus four nine one seven one two three four five six seven eight', 'en'],
        ['zero one seven one, two three four, five six seven eight', 'en'],
        ['null eins sieben eins zwei drei vier fünf sechs sieben acht', 'de'],
        ['612 345 678', 'es'],
        ['01 42 68 53 00', 'fr'],
    ])('are masked: %s', (text, language) => {
        const masked = mask(text, language);
        expect(masked).toContain('[phone]');
        expect(masked.replace('[phone]', '')).not.toMatch(/\d{3}/);
    });

    it.each([
        'It costs 1,250.00 euros.',
        'On 2026-11-28 at 10:30.',
        'On 28.11.2026, 14 people.',
        'Meter reading 482139.',
        'Room 12, floor 3, from 9 to 17.',
        'Two or three of them.',
    ])('are not what other numbers are: %s', (text) => {
        expect(mask(text)).toBe(text);
    });
});

describe('e-mail addresses', () => {
    it.each([
        'Write to anna.schmidt+bills@mail.example.com, please.',
        'It is anna dot schmidt at example dot com.',
        'anna punkt schmidt ät beispiel punkt de',
    ])('are masked: %s', (text) => {
        expect(mask(text)).toContain('[email]');
        expect(mask(text)).not.toMatch(/anna|schmidt|example|beispiel/i);
    });

    it('are not every “at”', () => {
        const text = 'Meet me at noon at the office, look at it. That is all.';
        expect(mask(text)).toBe(text);
    });
});

describe('IBANs', () => {
    it.each([
        IBAN,
        'DE89 3704 0044 0532 0130 00',
        'de89 3704 0044 0532 0130 00',
        'D E 8 9 3 7 0 4 0 0 4 4 0 5 3 2 0 1 3 0 0 0',
        'GB29 NWBK 6016 1331 9268 19',
        'NO93 8601 1117 947',
    ])('are masked: %s', (iban) => {
        expect(mask(`Mine is ${iban} thanks`)).toBe('Mine is [iban] thanks');
    });

    it('are not taken for one when the checksum or the length is wrong', () => {
        expect(maskIbans('DE88370400440532013000')).toBe('DE88370400440532013000');
        expect(maskIbans('be 45 minutes late today and then go home again')).toBe(
            'be 45 minutes late today and then go home again',
        );
    });
});

describe('values of a person’s variables', () => {
    it.each([
        'name',
        'first_name',
        'customerName',
        'Caller Name',
        'phone',
        'mobile_number',
        'customerPhone',
        'email',
        'E-Mail',
        'iban',
        'card_number',
        'creditCard',
        'date_of_birth',
        'birthDate',
        'billing_address',
        'zip',
        'PIN',
        'Vorname',
    ])('are known by their name: %s', (name) => {
        expect(isPersonal(name)).toBe(true);
    });

    it.each(['product_name', 'bot', 'order_number', 'reading', 'queue', 'cardinality', 'turns', 'status', 'namespace'])(
        'and others are not: %s',
        (name) => {
            expect(isPersonal(name)).toBe(false);
        },
    );

    it('are masked wherever they stand, in other letters and blanks, and with a genitive', () => {
        const masker = new Masker({ rules: true, language: 'en' });
        masker.learn('customer_name', 'Anna  Featherstone');
        masker.learn('street', '12 Rose Lane');
        expect(masker.text('I am ANNA FEATHERSTONE of 12 rose lane.')).toBe('I am [customer_name] of [street].');
        expect(masker.text('Featherstone’s bill, Anna.')).toBe('[customer_name] bill, [customer_name].');
        expect(masker.text('Annabel and Feather are others.')).toBe('Annabel and Feather are others.');
    });

    it('are masked as digits too, in words and without the country', () => {
        const masker = new Masker({ rules: true, language: 'en' });
        masker.learn('phone', 'tel:+12025550187');
        masker.learn('birth_date', '1980-05-17');
        expect(masker.text('It is two zero two five five five zero one eight seven.')).not.toMatch(/seven|five/);
        expect(masker.text('Born 1980 05 17.')).toBe('Born [birth_date].');
    });

    it('are masked in JSON by the names of its fields, which are learnt', () => {
        const masker = new Masker({ rules: true, language: 'en' });
        const json = JSON.stringify({ customer: { name: 'Anna Featherstone', iban: IBAN, balance: 12.5 }, ok: true });
        expect(JSON.parse(masker.json(json, 'lookup'))).toEqual({
            customer: { name: '[name]', iban: '[iban]', balance: 12.5 },
            ok: true,
        });
        expect(masker.text('Thank you, Ms Featherstone.')).toBe('Thank you, Ms [name].');
        const set = JSON.stringify({ name: 'email', value: 'a@b.example' });
        expect(JSON.parse(masker.json(set, 'set_variable'))).toEqual({ name: 'email', value: '[email]' });
    });

    it('are masked in JSON that is none, or is nested without end', () => {
        const masker = new Masker({ rules: true, language: 'en' });
        expect(masker.json(`{"card": ${CARD}`, 'x')).toBe('{"card": [card]');
        expect(masker.json('['.repeat(5000) + ']'.repeat(5000), 'x').length).toBeLessThan(200);
    });
});

describe('digits of the keypad', () => {
    it.each([true, false])('are masked wherever they stand, with the rules %s', (rules) => {
        const masker = new Masker({ rules, language: 'en' });
        masker.learnDigits('The caller entered 4 8 2 1 3 9 on the telephone keypad.');
        expect(masker.text('You typed 482139, that is four eight two, one three nine.')).toBe(
            'You typed [digits], that is [digits].',
        );
        expect(masker.json('{"number":"482139"}', 'x')).toBe('{"number":"[digits]"}');
        expect(masker.variable('customer_number', '482139')).toBe('[digits]');
    });

    it('of a secret are not even shown in part', () => {
        const masker = new Masker({ rules: false, language: 'en' });
        expect(masker.variable('card', '************5678')).toBe('*'.repeat(16));
    });

    it('are all that is masked without the rules', () => {
        const masker = new Masker({ rules: false, language: 'en' });
        const text = `Anna, ${CARD}, a@b.example`;
        masker.learn('name', 'Anna');
        expect(masker.text(text)).toBe(text);
    });
});

describe('masking', () => {
    const anyText = fc.oneof(
        fc.string({ unit: 'grapheme' }),
        fc.stringMatching(/^[a-z0-9 .,@+\-[\]]{0,200}$/),
        fc
            .array(fc.constantFrom('four', '1', ' ', '-', '+', '@', 'a', '.', CARD, IBAN, '[card]', 'dot', 'at'))
            .map((parts) => parts.join('')),
    );

    it('twice is the same as once', () => {
        fc.assert(
            fc.property(anyText, (text) => {
                const masker = new Masker({ rules: true, language: 'en' });
                masker.learn('name', 'Card Phone');
                masker.learnDigits('4111');
                const once = masker.text(text);
                expect(masker.text(once)).toBe(once);
            }),
        );
    });

    it('leaves text alone in which there is nothing to mask', () => {
        fc.assert(
            fc.property(fc.stringMatching(/^[a-df-z ,.!?]{0,200}$/), (text) => {
                expect(mask(text)).toBe(text);
            }),
        );
    });

    it('makes JSON of JSON', () => {
        fc.assert(
            fc.property(fc.json(), (json) => {
                const masker = new Masker({ rules: true, language: 'en' });
                masker.learnDigits('1234');
                expect(() => JSON.parse(masker.json(json, 'x')) as unknown).not.toThrow();
            }),
        );
    });

    it.each([
        ['digits', '1 '.repeat(30_000)],
        ['dates', '1.1.2026'.repeat(8000)],
        ['addresses', 'a.'.repeat(40_000)],
        ['spoken addresses', 'a dot '.repeat(12_000)],
        ['pluses', '+1 '.repeat(25_000)],
        ['beginnings of IBANs', 'DE89 '.repeat(15_000)],
    ])('takes no time that grows out of bounds with a long text of %s', (_what, text) => {
        const startedMs = performance.now();
        mask(text);
        expect(performance.now() - startedMs).toBeLessThan(5000);
    });
});
