/**
 * The text in the letters that flite knows: ASCII. Accents are dropped, signs of currency are spelled out, control
 * characters become blanks, and what is left of other scripts is left out; '' when there is nothing left to say.
 */
export function readableByFlite(text: string): string {
    const ascii = text
        .replace(AMOUNT, (_, sign: string, amount: string) => `${amount}${(SPELLED[sign] ?? '').trimEnd()}`)
        .normalize('NFKD')
        .replace(/[^\p{ASCII}]/gu, (character) => SPELLED[character] ?? (/\p{M}/u.test(character) ? '' : ' '))
        .replace(/[^\x21-\x7e]+/g, ' ')
        .trim();
    return /[A-Za-z0-9$]/.test(ascii) ? ascii : '';
}

/** "€ 5.20" is said "5.20 euros"; flite does so with the dollar by itself. */
const AMOUNT = /([€£¥]) ?(\d(?:[\d.,]{0,20}\d)?)/gu;

const SPELLED: Readonly<Record<string, string>> = {
    '‘': "'",
    '’': "'",
    '“': '"',
    '”': '"',
    '„': '"',
    '–': ', ',
    '—': ', ',
    '•': ', ',
    '⁄': '/',
    '€': ' euros ',
    '£': ' pounds ',
    '¥': ' yen ',
    '°': ' degrees ',
    '×': ' times ',
    '÷': ' divided by ',
    ß: 'ss',
    æ: 'ae',
    Æ: 'Ae',
    œ: 'oe',
    Œ: 'Oe',
    ø: 'o',
    Ø: 'O',
    ł: 'l',
    Ł: 'L',
    đ: 'd',
    Đ: 'D',
};
