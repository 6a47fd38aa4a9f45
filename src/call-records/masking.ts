import type { LanguageCode } from '../protocol/core';
import { isFields } from '../support/json';
import { maskIbans, maskNumbers, type KnownDigits } from './number-masks';

export interface MaskerOptions {
    /** Mask personal data; false: digits of the keypad only. */
    readonly rules: boolean;
    /** Tag of the call's language: its words for digits count beside the English ones. */
    readonly language: LanguageCode | undefined;
}

/** Values that are remembered in one call, and the length of one; what is beyond is masked where it stands, and not elsewhere. */
const MAX_VALUES = 200;
const MAX_VALUE = 200;
/** An entry of the keypad of one or two digits is the key of a menu. */
const LEAST_KEYPAD_DIGITS = 3;
const LEAST_PERSONAL_DIGITS = 4;
const MOST_DIGITS = 64;
/** Of a number with its country, so many last digits are said in the country itself. */
const LOCAL_DIGITS = 8;
/** A text is masked so often at most. */
const MOST_TIMES = 4;
/** Longest text that is read as JSON, and how deep. */
const MAX_JSON = 100_000;
const MAX_DEPTH = 30;

const EMAIL = /[^\s@<>"'“”,;:()[\]{}]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)+/gi;
const DOT = '(?:dot|punkt|punto|point|ponto|punt)';
const AT = '(?:at|ät|arroba|arobase|chiocciola|apenstaartje)';
/** As it is said: "anna dot smith at example dot com". */
const SPOKEN_EMAIL = new RegExp(
    `(?<!\\p{L})[\\p{L}\\p{N}_-]{1,64}(?: ${DOT} [\\p{L}\\p{N}_-]{1,64}){0,5} ${AT} [\\p{L}\\p{N}-]{1,64}(?: ${DOT} [\\p{L}\\p{N}-]{1,64}){1,4}(?!\\p{L})`,
    'giu',
);
const MAYBE_EMAIL = new RegExp(` ${AT} `, 'iu');
/** A secure entry of the keypad as an output variable shows it. */
const MASKED_ENTRY = /^\*+\d{0,4}$/;
const LABEL = /(\[[a-z][a-z0-9_]{0,63}\])/;

/** Words in the name of a variable, or of a field, that say that its value is a person's. */
const PERSONAL: ReadonlySet<string> = new Set(
    (
        'firstname lastname fullname surname forename givenname familyname maidenname nickname vorname nachname familienname ' +
        'nombre apellido apellidos prenom cognome nome naam voornaam achternaam sobrenome ' +
        'phone telephone telefon telefono telefone telefoon tel mobile mobil cell cellphone handy fax ani msisdn phonenumber ' +
        'email mail iban bban card creditcard cardnumber pan cvv cvc pin ssn passport taxid ' +
        'address adresse anschrift direccion indirizzo endereco adres street strasse zip zipcode postcode plz ' +
        'birth birthday birthdate dob geburtsdatum geburtstag geboortedatum naissance nacimiento nascita nascimento'
    ).split(' '),
);
/** Words beside which `name` is the name of a person. */
const OF_A_PERSON: ReadonlySet<string> = new Set(
    (
        'first last full given family middle maiden birth customer caller client contact person holder cardholder account ' +
        'owner user patient guest member employee participant subscriber policyholder of the my your'
    ).split(' '),
);
/** Parts of names that are words of their own. */
const NO_NAMES: ReadonlySet<string> = new Set(['van', 'von', 'der', 'den', 'del', 'dos', 'das', 'the', 'and', 'mrs']);

/** Answers that are remembered, for all calls: the same names come again. */
const MAX_ANSWERS = 1000;
const MAX_NAME = 64;
const answers = new Map<string, boolean>();

/** Whether the name of a variable, or of a field, says that its value is a person's: `first_name`, `customerPhone`, `name`. */
export function isPersonal(name: string): boolean {
    const known = answers.get(name);
    if (known !== undefined) return known;
    const answer = saysPerson(name);
    if (answers.size < MAX_ANSWERS && name.length <= MAX_NAME) answers.set(name, answer);
    return answer;
}

function saysPerson(name: string): boolean {
    const words = name
        .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
        .toLowerCase()
        .split(/[^a-z]+/)
        .filter((word) => word !== '')
        .map((word) => (PERSONAL.has(word) ? word : word.replace(/s$/, '')));
    if (words.some((word) => PERSONAL.has(word)) || PERSONAL.has(words.join(''))) return true;
    return words.includes('name') && words.every((word) => word === 'name' || OF_A_PERSON.has(word));
}

/** An entry of the keypad, with `*` for every digit. */
export function withoutDigits(text: string): string {
    return text.replace(/\d/g, '*');
}

/**
 * Masks the texts of one call by the rules of docs/CALLS.md. It learns: values of a person's variables, and digits of the keypad, are masked
 * wherever they stand from then on; what was masked before may be masked again. What is masked becomes a label: `[card]`, `[customer_name]`.
 */
export class Masker {
    private readonly numbers: KnownDigits[] = [];
    /** By their key: the label. */
    private readonly values = new Map<string, string>();
    private readonly labels = new Set(['[card]', '[phone]', '[iban]', '[email]', '[digits]']);
    /** undefined: to be made anew. */
    private pattern: RegExp | undefined;

    constructor(private readonly options: MaskerOptions) {}

    /** How much it has learnt so far. */
    get known(): number {
        return this.numbers.length + this.values.size;
    }

    /** A variable, or a field, has this value: where its name says that it is a person's, it is masked from now on. */
    learn(name: string, value: string): void {
        const trimmed = value.trim();
        if (!this.options.rules || !isPersonal(name) || trimmed.length < 2 || trimmed.length > MAX_VALUE) return;
        const label = this.labelOf(name);
        const digits = trimmed.replace(/\D/g, '');
        if (digits.length >= LEAST_PERSONAL_DIGITS) {
            this.know(digits, label);
            if (digits.length > LOCAL_DIGITS) this.know(digits.slice(-LOCAL_DIGITS), label);
        }
        if (!/\p{L}/u.test(trimmed)) return;
        this.keep(trimmed, label);
        if (!/name|nom|naam/i.test(name)) return;
        for (const part of trimmed.split(/[\s,]+/))
            if (/^\p{L}[\p{L}'’-]{2,}$/u.test(part) && !NO_NAMES.has(part.toLowerCase())) this.keep(part, label);
    }

    /** The caller has typed the digits of this text on the keypad. They are masked from now on, whatever `rules` says. */
    learnDigits(text: string): void {
        const digits = text.replace(/\D/g, '');
        if (digits.length >= LEAST_KEYPAD_DIGITS) this.know(digits, 'digits');
    }

    /** What was said, or written. A label may leave the rest of what it stood in: it is masked until nothing changes. */
    text(text: string): string {
        if (!this.options.rules && this.numbers.length === 0) return text;
        let masked = text;
        for (let times = 0; times < MOST_TIMES; times++) {
            const before = masked;
            masked = this.maskedOnce(masked);
            if (masked === before) break;
        }
        return masked;
    }

    private maskedOnce(text: string): string {
        if (!text.includes('[')) return this.masked(text);
        // Labels of a text that was masked before stay as they are.
        const parts = text.split(LABEL).reduce<string[]>((joined, part, at) => {
            if (at % 2 === 1 && this.labels.has(part)) return [...joined, part, ''];
            return [...joined.slice(0, -1), `${joined.at(-1) ?? ''}${part}`];
        }, []);
        return parts.map((part) => (this.labels.has(part) ? part : this.masked(part))).join('');
    }

    /** JSON that a function was given or gave: fields of a person are masked by their names, and learnt. Other text is masked as text. */
    json(json: string, tool: string): string {
        if (!this.options.rules && this.numbers.length === 0) return json;
        const value = json.length > MAX_JSON ? undefined : parsed(json);
        if (value === undefined) return this.text(json);
        if (tool === 'set_variable' && isFields(value) && typeof value['name'] === 'string') {
            const { name, value: given } = value;
            this.learn(name, String(given));
            return JSON.stringify({ name, value: this.variable(name, String(given)) });
        }
        // Its argument `name` is that of a variable.
        if (tool === 'collect_digits') return this.text(json);
        return JSON.stringify(this.walked(value, '', 0));
    }

    /** The value of a variable. */
    variable(name: string, value: string): string {
        if (MASKED_ENTRY.test(value)) return withoutDigits(value);
        if (this.options.rules && isPersonal(name) && value.trim() !== '') return `[${this.labelOf(name)}]`;
        return this.text(value);
    }

    private walked(value: unknown, key: string, depth: number): unknown {
        if (depth > MAX_DEPTH) return '…';
        if (Array.isArray(value)) return value.map((each) => this.walked(each, key, depth + 1));
        if (isFields(value))
            return Object.fromEntries(
                Object.entries(value).map(([name, each]) => [this.text(name), this.walked(each, name, depth + 1)]),
            );
        if (typeof value !== 'string' && typeof value !== 'number') return value;
        const text = String(value);
        if (key !== '') this.learn(key, text);
        const masked = this.variable(key, text);
        return masked === text ? value : masked;
    }

    private masked(text: string): string {
        const { rules, language } = this.options;
        const numbers = { known: this.numbers, rules, language };
        if (!rules) return maskNumbers(text, numbers);
        const written = text.includes('@') ? text.replace(EMAIL, '[email]') : text;
        const plain = MAYBE_EMAIL.test(written) ? written.replace(SPOKEN_EMAIL, '[email]') : written;
        return maskNumbers(this.withoutValues(maskIbans(plain)), numbers);
    }

    private withoutValues(text: string): string {
        if (this.values.size === 0) return text;
        this.pattern ??= patternOf([...this.values.keys()]);
        return text.replace(this.pattern, (_all, value: string) => `[${this.values.get(keyOf(value)) ?? 'personal'}]`);
    }

    private keep(value: string, label: string): void {
        const key = keyOf(value);
        if (key === '' || this.values.has(key) || this.values.size >= MAX_VALUES) return;
        this.values.set(key, label);
        this.pattern = undefined;
    }

    private know(digits: string, label: string): void {
        if (digits.length > MOST_DIGITS || this.numbers.length >= MAX_VALUES) return;
        if (!this.numbers.some((each) => each.digits === digits)) this.numbers.push({ digits, label });
    }

    private labelOf(name: string): string {
        const label = name
            .toLowerCase()
            .replace(/[^a-z0-9_]/g, '_')
            .replace(/^[^a-z]+/, '')
            .slice(0, 64);
        const named = label === '' ? 'personal' : label;
        this.labels.add(`[${named}]`);
        return named;
    }
}

function parsed(json: string): unknown {
    try {
        return JSON.parse(json);
    } catch {
        return undefined;
    }
}

/** The same value in other blanks and in other letters has one key. */
function keyOf(value: string): string {
    return value
        .toLowerCase()
        .split(/[\s,]+/)
        .filter((word) => word !== '')
        .join(' ');
}

/** Whole words, the longest value first; a genitive may follow. */
function patternOf(keys: readonly string[]): RegExp {
    const sorted = [...keys].sort((a, b) => b.length - a.length);
    const escaped = sorted.map((key) => key.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&').replace(/ /g, '[\\s,]+'));
    return new RegExp(`(?<![\\p{L}\\p{N}])(${escaped.join('|')})(?:['’]s|s)?(?![\\p{L}\\p{N}])`, 'giu');
}
