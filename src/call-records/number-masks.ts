/** Finds numbers in what was said: cards, telephone numbers, IBANs, and digits that are known to be private. Digits may be words. */
import { countrySpecs, isValidIBAN } from 'ibantools';
import { languageCode, USUAL_LANGUAGE, wordsFor } from '../services/words';

/** Digits that are private wherever they stand. */
export interface KnownDigits {
    readonly digits: string;
    readonly label: string;
}

/** One digit of a text, and where it stands. */
interface DigitAt {
    readonly digit: string;
    readonly start: number;
    readonly end: number;
    /** It stands apart from the digit before it. */
    readonly beginsGroup: boolean;
}

/** A payment card has so many digits (ISO/IEC 7812). */
const CARD_DIGITS = { least: 12, most: 19 };
/** Longest telephone number with its country (ITU-T E.164). */
const MAX_PHONE = 15;
/** What may stand between the digits of one number: three characters of these at most. */
const BETWEEN = '[\\s.,()/·_–—-]{0,3}';
/** Most of what is said has no digit in it, and is not looked through for dates and IBANs. */
const HAS_DIGIT = /\d/;
const LETTER = '[\\p{L}\\p{N}]';
/** Longest "plus" before a number, with blanks. */
const MAX_PLUS = 12;
/** Dates are no numbers of anything: 2026-11-28, 28.11.2026. */
const DATES = /(?<![\d./-])((?:19|20)\d\d-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./](?:19|20)\d\d)(?![\d./-]{0,3}\d)/g;
/** National numbers without a zero at their beginning, by language; the first holds for all. */
const NATIONAL: Readonly<Record<string, RegExp>> = {
    all: /^1?[2-9]\d{2}[2-9]\d{6}$/,
    es: /^[6-9]\d{8}$/,
    it: /^3\d{8,9}$/,
    pt: /^[29]\d{8}$/,
};

interface Reader {
    readonly run: RegExp;
    readonly unit: RegExp;
    readonly plus: RegExp;
    readonly digitOf: ReadonlyMap<string, string>;
    readonly language: string;
}

const readers = new Map<string, Reader>();

/** English words count in every language. */
function readerOf(tag: string | undefined): Reader {
    const language = tag === undefined ? USUAL_LANGUAGE : languageCode(tag);
    const known = readers.get(language);
    if (known !== undefined) return known;
    const readings = [wordsFor(USUAL_LANGUAGE).reading, wordsFor(language).reading];
    const digitOf = new Map([['oh', '0']]);
    for (const { digits } of readings) digits.forEach((word, digit) => digitOf.set(word.toLowerCase(), String(digit)));
    const words = [...digitOf.keys()].join('|');
    const unit = `(?:\\d|(?<!${LETTER})(?:${words})(?!${LETTER}))`;
    const pluses = readings.map(({ plus }) => plus).join('|');
    const made = {
        run: new RegExp(`${unit}(?:${BETWEEN}${unit}){2,}`, 'giu'),
        unit: new RegExp(unit, 'giu'),
        plus: new RegExp(`(?:\\+|(?<!${LETTER})(?:${pluses}))[\\s(]{0,2}$`, 'iu'),
        digitOf,
        language,
    };
    // Tags come from outside: a language without words of its own is read as English, and not remembered.
    if (readers.size < 20) readers.set(language, made);
    return made;
}

/** Masks cards and telephone numbers (`rules`), and known digits. */
export function maskNumbers(
    text: string,
    { known, rules, language }: { known: readonly KnownDigits[]; rules: boolean; language: string | undefined },
): string {
    if (!rules && known.length === 0) return text;
    const reader = readerOf(language);
    const mask = (part: string): string =>
        part.replace(reader.run, (run, at: number) =>
            maskRun(run, part.slice(Math.max(0, at - MAX_PLUS), at), reader, known, rules),
        );
    if (!HAS_DIGIT.test(text)) return mask(text);
    // Every second part is a date.
    const parts = text.split(DATES);
    return parts.map((part, at) => (at % 2 === 1 ? part : mask(part))).join('');
}

function digitsAt(run: string, { unit, digitOf }: Reader): DigitAt[] {
    let before = -1;
    return Array.from(run.matchAll(unit), ({ 0: word, index }) => {
        const beginsGroup = index !== before;
        before = index + word.length;
        return { digit: digitOf.get(word.toLowerCase()) ?? word, start: index, end: before, beginsGroup };
    });
}

function maskRun(run: string, before: string, reader: Reader, known: readonly KnownDigits[], rules: boolean): string {
    const at = digitsAt(run, reader);
    const digits = at.map(({ digit }) => digit).join('');
    // Digits of other scripts have other lengths.
    if (digits.length !== at.length) return run;
    const labels = new Array<string | undefined>(at.length).fill(undefined);
    for (const each of known) markKnown(digits, each, labels);
    const hasPlus = reader.plus.test(before);
    // A number after a plus is no card, whatever its last digit.
    if (rules && !(hasPlus && digits.length <= MAX_PHONE)) markCards(at, digits, labels);
    if (rules) markPhones(at, digits, labels, reader, hasPlus);
    return withLabels(run, at, labels);
}

function markKnown(digits: string, { digits: wanted, label }: KnownDigits, labels: (string | undefined)[]): void {
    for (let from = digits.indexOf(wanted); from >= 0; from = digits.indexOf(wanted, from + 1))
        labels.fill(label, from, from + wanted.length);
}

/** Every row of 12 to 19 digits, in whole groups, whose check digit is right (ISO/IEC 7812-1, Luhn). */
function markCards(at: readonly DigitAt[], digits: string, labels: (string | undefined)[]): void {
    const { least, most } = CARD_DIGITS;
    for (let from = 0; from + least <= at.length; from++) {
        if (at[from]?.beginsGroup !== true) continue;
        for (let to = from + least; to <= Math.min(at.length, from + most); to++) {
            const endsGroup = at[to]?.beginsGroup !== false;
            if (endsGroup && isLuhn(digits.slice(from, to))) labels.fill('card', from, to);
        }
    }
}

const ZERO = '0'.charCodeAt(0);

/** Whether the last digit is the check digit of those before it. */
export function isLuhn(digits: string): boolean {
    let sum = 0;
    for (let at = 0; at < digits.length; at++) {
        const value = digits.charCodeAt(digits.length - 1 - at) - ZERO;
        const doubled = at % 2 === 1 ? value * 2 : value;
        sum += doubled > 9 ? doubled - 9 : doubled;
    }
    return sum % 10 === 0;
}

/** Rows of digits beside what is masked already that look like a telephone number. */
function markPhones(
    at: readonly DigitAt[],
    digits: string,
    labels: (string | undefined)[],
    { language }: Reader,
    hasPlus: boolean,
): void {
    for (let from = 0; from < at.length; from++) {
        if (labels[from] !== undefined) continue;
        let to = from;
        while (to < at.length && labels[to] === undefined) to += 1;
        const groups = groupLengths(at.slice(from, to));
        if (looksLikePhone(digits.slice(from, to), groups, hasPlus && from === 0, language))
            labels.fill('phone', from, to);
        from = to;
    }
}

function groupLengths(at: readonly DigitAt[]): number[] {
    const lengths: number[] = [];
    for (const { beginsGroup } of at) {
        if (beginsGroup || lengths.length === 0) lengths.push(0);
        lengths.push((lengths.pop() ?? 0) + 1);
    }
    return lengths;
}

function looksLikePhone(digits: string, groups: readonly number[], hasPlus: boolean, language: string): boolean {
    const { length } = digits;
    if (hasPlus) return length >= 7;
    if (digits.startsWith('0')) return length >= 9 && length <= 17;
    if (length === 7) return groups.length === 2 && groups[0] === 3;
    return NATIONAL['all']?.test(digits) === true || NATIONAL[language]?.test(digits) === true;
}

function withLabels(run: string, at: readonly DigitAt[], labels: readonly (string | undefined)[]): string {
    let masked = '';
    let copied = 0;
    at.forEach(({ start, end }, index) => {
        const label = labels[index];
        if (label === undefined) return;
        if (label !== labels[index - 1]) masked += `${run.slice(copied, start)}[${label}]`;
        copied = end;
    });
    return masked + run.slice(copied);
}

const IBAN_BEGINS = /(?<![\p{L}\p{N}])([A-Z]) ?([A-Z])[ -]?(\d)[ -]?(\d)/giu;
const IBAN_GOES_ON = /[ -]?([A-Z0-9])/iy;
/** Longest IBAN of any country. */
const MAX_IBAN = 34;

/** Masks IBANs: the country's length, its pattern and the checksum are right (ISO 13616). */
export function maskIbans(text: string): string {
    if (!HAS_DIGIT.test(text)) return text;
    let masked = '';
    let copied = 0;
    for (const match of text.matchAll(IBAN_BEGINS)) {
        if (match.index < copied) continue;
        const end = endOfIban(text, match.index + match[0].length, match.slice(1).join('').toUpperCase());
        if (end === undefined) continue;
        masked += `${text.slice(copied, match.index)}[iban]`;
        copied = end;
    }
    return masked + text.slice(copied);
}

/** `begun`: country and check digits. @returns where the IBAN ends; undefined: it is none */
function endOfIban(text: string, from: number, begun: string): number | undefined {
    const length = countrySpecs[begun.slice(0, 2)]?.chars ?? 0;
    if (length > MAX_IBAN) return undefined;
    let iban = begun;
    let end = from;
    while (iban.length < length) {
        IBAN_GOES_ON.lastIndex = end;
        const next = IBAN_GOES_ON.exec(text);
        if (next === null) return undefined;
        iban += (next[1] ?? '').toUpperCase();
        end += next[0].length;
    }
    return length > 0 && isValidIBAN(iban) ? end : undefined;
}
