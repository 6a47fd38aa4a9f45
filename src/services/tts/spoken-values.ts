/** Values of a type in words: how a voice reads a number of digits, a date, a time, an amount of money. */
import { toCardinal as de, toOrdinal as deOrdinal } from 'n2words/de-DE';
import { toCardinal as en, toOrdinal as enOrdinal } from 'n2words/en-US';
import { toCardinal as es, toOrdinal as esOrdinal } from 'n2words/es-ES';
import { toCardinal as fr, toOrdinal as frOrdinal } from 'n2words/fr-FR';
import { toCardinal as it, toOrdinal as itOrdinal } from 'n2words/it-IT';
import { toCardinal as nl, toOrdinal as nlOrdinal } from 'n2words/nl-NL';
import { toCardinal as pt, toOrdinal as ptOrdinal } from 'n2words/pt-PT';
import { filled, languageCode, languagesWithWords, USUAL_LANGUAGE, wordsFor, type Reading } from '../words';

/** Numbers in the words of a language. */
export interface NumberWords {
    cardinal(value: string | number): string;
    ordinal(value: number): string;
}

/** By the name of the file of assets/words. */
export const NUMBER_WORDS: Readonly<Record<string, NumberWords>> = {
    de: { cardinal: de, ordinal: deOrdinal },
    en: { cardinal: en, ordinal: enOrdinal },
    es: { cardinal: es, ordinal: esOrdinal },
    fr: { cardinal: fr, ordinal: frOrdinal },
    it: { cardinal: it, ordinal: itOrdinal },
    nl: { cardinal: nl, ordinal: nlOrdinal },
    pt: { cardinal: pt, ordinal: ptOrdinal },
};

/** A type whose values are read by their meaning; values of other types are read as they stand. */
export type SpokenType = 'number' | 'digits' | 'phone' | 'date' | 'time' | 'money';

/** What it takes to read in a language. */
interface Reader {
    readonly language: string;
    readonly numbers: NumberWords;
    readonly reading: Reading;
}

/** undefined: the language has no words. */
function readerOf(tag: string | undefined): Reader | undefined {
    const language = tag === undefined ? USUAL_LANGUAGE : languageCode(tag);
    const numbers = NUMBER_WORDS[language];
    if (numbers === undefined || !languagesWithWords().includes(language)) return undefined;
    return { language, numbers, reading: wordsFor(language).reading };
}

/**
 * A value as a voice is to read it. Without words of the language digits stand apart, and dates and amounts are written out as the
 * language does; a text that is no value of the type stays as it is.
 *
 * @param tag language tag of the bot; undefined: English
 */
export function spokenValue(type: SpokenType, value: string, tag?: string): string {
    const reader = readerOf(tag);
    switch (type) {
        case 'digits':
        case 'phone':
            return digitByDigit(value, tag);
        case 'number':
            return reader !== undefined && LONG_NUMBER.test(value) ? reader.numbers.cardinal(value) : value;
        case 'date':
            return spokenDate(value, reader, tag);
        case 'time':
            return spokenTime(value, reader);
        case 'money':
            return spokenMoney(value, reader, tag);
    }
}

/** A number that would be taken for a row of digits. */
const LONG_NUMBER = /^-?\d{5,15}(?:\.\d+)?$/;
/** Longest group of digits that was written as one, and is read without a pause. */
const LONGEST_GROUP = 4;

/** Digits one by one, in the groups in which they are written, else in threes or fours: "48213907" is "4 8 2 1, 3 9 0 7" in words. */
export function digitByDigit(value: string, tag?: string): string {
    const reading = readerOf(tag)?.reading;
    const plus = value.trim().startsWith('+') ? [reading?.plus ?? '+'] : [];
    const groups = (value.match(/\d+/g) ?? []).flatMap(grouped).map((group) => {
        return Array.from(group, (digit) => reading?.digits[Number(digit)] ?? digit).join(' ');
    });
    return groups.length === 0 ? value : [...plus, groups.join(', ')].join(' ');
}

/** Fours where they come out even, else threes, the last one longer or shorter: no digit stands alone. */
function grouped(digits: string): string[] {
    if (digits.length <= LONGEST_GROUP) return [digits];
    const size = digits.length % 4 === 0 ? 4 : 3;
    const groups = digits.match(new RegExp(`\\d{1,${size}}`, 'g')) ?? [];
    const last = groups.at(-1);
    if (last?.length !== 1) return groups;
    return [...groups.slice(0, -2), `${groups.at(-2) ?? ''}${last}`];
}

const DATE_AND_TIME = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}:\d{2}))?/;

function spokenDate(value: string, reader: Reader | undefined, tag: string | undefined): string {
    const [, year = '', month = '', day = '', time] = DATE_AND_TIME.exec(value) ?? [];
    const date = new Date(`${year}-${month}-${day}T00:00:00Z`);
    if (Number.isNaN(date.getTime())) return value;
    if (reader === undefined) {
        const written = date.toLocaleDateString(localeOf(tag), { dateStyle: 'long', timeZone: 'UTC' });
        return time === undefined ? written : `${written}, ${time}`;
    }
    const { format, withTime } = reader.reading.date;
    const words = filled(format, {
        day: dayWords(Number(day), reader),
        month: date.toLocaleDateString(reader.language, { month: 'long', timeZone: 'UTC' }),
        year: yearWords(Number(year), reader),
    });
    return time === undefined ? words : filled(withTime, { date: words, time: spokenTime(time, reader) });
}

function dayWords(day: number, { numbers, reading }: Reader): string {
    const { day: form, firstDay } = reading.date;
    if (day === 1 && firstDay !== undefined) return firstDay;
    return form === 'ordinal' ? numbers.ordinal(day) : numbers.cardinal(day);
}

function yearWords(year: number, { numbers, reading }: Reader): string {
    const rule = reading.year;
    const [century, rest] = [Math.floor(year / 100), year % 100];
    const inHundreds = (last: string): string => {
        const between = rule.style === 'pairs' ? ' ' : '';
        return `${numbers.cardinal(century)}${between}${last}`;
    };
    switch (rule.style) {
        case 'cardinal':
            return numbers.cardinal(year);
        case 'hundreds':
            if (year < 1100 || year > 1999) return numbers.cardinal(year);
            return inHundreds(`${rule.hundred}${rest === 0 ? '' : numbers.cardinal(rest)}`);
        case 'pairs':
            if (year < 1100 || year > 2099 || (year >= 2000 && year < 2010)) return numbers.cardinal(year);
            if (rest === 0) return inHundreds(rule.hundred);
            return inHundreds(rest < 10 ? `${rule.oh} ${numbers.cardinal(rest)}` : numbers.cardinal(rest));
    }
}

const TIME = /^(\d{1,2}):(\d{2})/;

function spokenTime(value: string, reader: Reader | undefined): string {
    const [, hourText, minuteText] = TIME.exec(value) ?? [];
    if (reader === undefined || hourText === undefined || minuteText === undefined) return value;
    const [hour, minute] = [Number(hourText), Number(minuteText)];
    const { time } = reader.reading;
    const onDial = time.clockHours === 12 ? hour % 12 || 12 : hour;
    const hourWords =
        time.hours[String(onDial)] ?? filled(time.hour, { n: beforeNoun(reader.numbers.cardinal(onDial), reader) });
    const words =
        minute === 0 ? hourWords : filled(time.format, { hour: hourWords, minute: minuteWords(minute, reader) });
    const frame = hour < 12 ? time.morning : time.afternoon;
    return frame === undefined ? words : filled(frame, { time: words });
}

function minuteWords(minute: number, { numbers, reading: { time } }: Reader): string {
    const format = minute < 10 ? (time.minuteBelowTen ?? time.minute) : time.minute;
    return time.minutes[String(minute)] ?? filled(format, { n: numbers.cardinal(minute) });
}

/** The amount and the currency of a value of the type `money`: "12.50 EUR" or "EUR 12.50". */
const MONEY = /^(?:([A-Z]{3}) ?)?(-?)(\d{1,12})(?:\.(\d{1,2}))?(?: ?([A-Z]{3}))?$/;

/** Whether a text is an amount with one currency. */
export function isMoney(text: string): boolean {
    const [, before, , , , after] = MONEY.exec(text) ?? [];
    return (before === undefined) !== (after === undefined);
}

function spokenMoney(value: string, reader: Reader | undefined, tag: string | undefined): string {
    const [, before, sign = '', whole = '', decimals = '', after] = MONEY.exec(value) ?? [];
    const code = before ?? after;
    if (code === undefined) return value;
    if (reader === undefined) return writtenMoney(`${sign}${whole}.${decimals || '0'}`, code, tag);
    const names = reader.reading.money.currencies[code];
    const [units, parts] = [Number(whole), Number(decimals.padEnd(2, '0'))];
    const amount =
        names === undefined
            ? otherMoney(parts === 0 ? whole : `${whole}.${decimals.replace(/0$/, '')}`, code, reader)
            : inCurrency(units, parts, names, reader);
    return sign === '' ? amount : `${reader.reading.minus} ${amount}`;
}

function inCurrency(
    units: number,
    parts: number,
    names: Reading['money']['currencies'][string],
    reader: Reader,
): string {
    const counted = (n: number, one: string, many: string): string =>
        n === 1 ? one : filled(many, { n: beforeNoun(reader.numbers.cardinal(n), reader) });
    const part = counted(parts, names.partOne, names.partMany);
    if (units === 0 && parts > 0) return part;
    const whole = counted(units, names.one, names.many);
    return parts === 0 ? whole : filled(reader.reading.money.format, { whole, part });
}

/** A currency whose name the file lacks: the number and the name that the language has for it. */
function otherMoney(amount: string, code: string, reader: Reader): string {
    const number = reader.numbers.cardinal(amount);
    // A name is counted by the digits that are heard: one zloty, 1.00 zlotys.
    const { name } = moneyParts(amount, code, reader.language, { minimumFractionDigits: 0 });
    return `${amount.includes('.') ? number : beforeNoun(number, reader)} ${name}`;
}

/** An amount in a language without words. */
function writtenMoney(amount: string, code: string, tag: string | undefined): string {
    const { digits, name } = moneyParts(amount, code, tag);
    return `${digits} ${name}`;
}

function moneyParts(
    amount: string,
    code: string,
    tag: string | undefined,
    more: Intl.NumberFormatOptions = {},
): { digits: string; name: string } {
    const named = { style: 'currency', currency: code, currencyDisplay: 'name', ...more } as const;
    const parts = new Intl.NumberFormat(localeOf(tag), named).formatToParts(Number(amount));
    const digits = parts.filter(({ type }) => type !== 'currency' && type !== 'literal').map(({ value }) => value);
    return { digits: digits.join(''), name: parts.find(({ type }) => type === 'currency')?.value ?? code };
}

/** A tag that comes from outside may be none. */
function localeOf(tag: string | undefined): string {
    try {
        return Intl.getCanonicalLocales(tag)[0] ?? USUAL_LANGUAGE;
    } catch {
        return USUAL_LANGUAGE;
    }
}

function beforeNoun(number: string, { reading }: Reader): string {
    for (const [pattern, replacement] of reading.money.beforeNoun) {
        const changed = number.replace(new RegExp(pattern, 'u'), replacement);
        if (changed !== number) return changed;
    }
    return number;
}
