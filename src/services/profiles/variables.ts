/**
 * Input variables, which the Architect action gives to a bot as untrusted text, and output variables, which the bot gives back: how
 * a profile declares them, and how values are made harmless and checked.
 */
import { z } from 'zod';
import { isMoney } from '../tts/spoken-values';
import { words } from './fields';
import { SparseMap } from '../../support/sparse';

/** Longest value of an input variable where none is declared, in characters. */
const DEFAULT_INPUT_CHARS = 200;
/** Longest value of any input variable, in characters. */
const MAX_INPUT_CHARS = 4000;
/** Longest value of an output variable where none is declared, in characters. */
export const DEFAULT_OUTPUT_CHARS = 1000;
/** All output variables of a call together, in characters: far below the 64,000 bytes of a message (docs/PROTOCOL.md, 2.4). */
const MAX_OUTPUT_TOTAL_CHARS = 8000;

const description = words(1, 500).optional();

export const inputVariableSchema = z.strictObject({
    type: z
        .enum(['string', 'number', 'boolean', 'date', 'time', 'money', 'digits', 'phone'])
        .default('string')
        .describe(
            'What it must be, and how the local voice reads it. Architect sends text: dates are 2026-01-31, with a time if wished; time 14:30; money 12.50 EUR; digits and phone are read one by one.',
        ),
    description: description.describe('What it is, for the author of the Architect flow.'),
    default: z
        .union([z.string(), z.number(), z.boolean()], { error: 'must be text, a number, true or false' })
        .optional()
        .describe('Its value when none comes, or none that fits.'),
    required: z.boolean().default(false).describe('The bot is of no use without it.'),
    maxLength: z
        .int()
        .min(1)
        .max(MAX_INPUT_CHARS)
        .default(DEFAULT_INPUT_CHARS)
        .describe('Most characters; what is beyond is cut off. Default 200.'),
});

export const outputVariableSchema = z.strictObject({
    description: description.describe('What it is, for the author of the Architect flow, and for the bot.'),
    maxLength: z
        .int()
        .min(1)
        .max(MAX_OUTPUT_TOTAL_CHARS)
        .default(DEFAULT_OUTPUT_CHARS)
        .describe('Most characters. Default 1000.'),
});

export type InputVariable = z.output<typeof inputVariableSchema>;
export type OutputVariable = z.output<typeof outputVariableSchema>;

/** Output variables that the call itself sets, always. No profile may declare them. */
export const CALL_OUTPUT_VARIABLES = {
    end_reason: 'Why the call ended: bot_ended, transfer, no_input, max_turns, max_cost, bot_failed …',
    bot: 'The bot that answered.',
    turns: 'How many responses the bot gave.',
    fallback_used: 'The bots that took over from one another; empty: none.',
    worst_turn_ms: 'The longest time that the caller waited for a response, in milliseconds.',
    cost_usd: 'What the call cost, in US dollars.',
} as const;

/** Output variables that only some ends set. No profile may declare them either. */
export const SITUATION_OUTPUT_VARIABLES = {
    error_code: 'What went wrong, when a fault ended the call: the cause, as a code of docs/ERRORS.md.',
    fallback_reason: 'Why the first bot could not go on, when another took over.',
    failure: 'no_match or no_input, when the local dialog gave up.',
} as const;

/** Output variables of the tool that transfers to an agent. */
export const TRANSFER_OUTPUT_VARIABLES = {
    transfer_reason: 'Why the caller wants an agent.',
    transfer_summary: 'What was said, for the agent.',
    transfer_queue: 'The queue that the bot chose, where it can choose.',
} as const;

/**
 * What the agent after the bot is told, where the server is set to (docs/HANDOVER.md). A profile may declare `summary` itself: what its bot sets
 * then stands.
 */
export const HANDOVER_OUTPUT_VARIABLES = {
    summary:
        'What the caller wanted, what was done and how the call ended, in a few sentences for the agent. With HANDOVER_SUMMARY.',
    call_link: 'Link for the agent to a page with the conversation as the caller heard it. With CALL_LINK_URL.',
} as const;

/** Every name that is not a profile's to declare. */
export const RESERVED_OUTPUT_NAMES: ReadonlySet<string> = new Set([
    'call_link',
    ...Object.keys(CALL_OUTPUT_VARIABLES),
    ...Object.keys(SITUATION_OUTPUT_VARIABLES),
    ...Object.keys(TRANSFER_OUTPUT_VARIABLES),
]);

/** Values by name: an object without a prototype, frozen. A name that has no value is not in it. */
export type InputValues = Readonly<Record<string, string>>;

/** What was read, and what was wrong with it. Holds data of the caller: log the names, never the values. */
export interface ReadVariables {
    readonly values: InputValues;
    /** Required ones that did not come, or came with nothing that fits. */
    readonly missing: readonly string[];
    /** Names that came and are not declared; cleaned, 20 at most. */
    readonly ignored: readonly string[];
    /** Declared ones whose value was longer than `maxLength`. */
    readonly cut: readonly string[];
    /** Declared ones whose value is none of their type: they count as not given. */
    readonly unfit: readonly string[];
}

type Declared = Readonly<Record<string, InputVariable>>;

const MAX_IGNORED = 20;
const MAX_NAME_CHARS = 64;

/**
 * Reads the variables that a profile declares, and nothing else. Values become one line of visible characters; numbers and
 * booleans are taken as text. Throws for no JSON value.
 */
export function readInputVariables(declared: Declared, given: unknown): ReadVariables {
    const source = ownTexts(given);
    const found = Object.entries(declared).map(([name, variable]) => ({
        name,
        required: variable.required,
        ...readOne(variable, source.get(name)),
    }));
    const namesWhere = (is: (each: (typeof found)[number]) => boolean): string[] =>
        found.filter(is).map(({ name }) => name);
    const values = found.flatMap(({ name, value }): [string, string][] => (value === undefined ? [] : [[name, value]]));
    return {
        values: Object.freeze(bareRecord(values)),
        missing: namesWhere(({ required, value }) => required && value === undefined),
        ignored: strangers(declared, source),
        cut: namesWhere(({ isCut }) => isCut),
        unfit: namesWhere(({ isUnfit }) => isUnfit),
    };
}

/**
 * The variables of a call whose bot has no profile: all of them, each as one line of visible characters, at most 4000. Numbers and
 * booleans are taken as text; anything else is left out. `given` may be any JSON; nothing throws.
 */
export function undeclaredInputVariables(given: unknown): InputValues {
    const texts = [...ownTexts(given)].map(([name, raw]) => [name, cutAt(plainLine(raw), MAX_INPUT_CHARS)] as const);
    return Object.freeze(bareRecord(texts));
}

interface ReadValue {
    value: string | undefined;
    isCut: boolean;
    isUnfit: boolean;
}

function readOne(variable: InputVariable, raw: string | undefined): ReadValue {
    const given = plainLine(raw ?? '');
    const text = cutAt(given, variable.maxLength);
    const value = text === '' ? undefined : asType(variable.type, text);
    return {
        value: value ?? defaultOf(variable),
        isCut: text.length < given.length,
        isUnfit: text !== '' && value === undefined,
    };
}

function defaultOf({ default: given }: InputVariable): string | undefined {
    return given === undefined ? undefined : plainLine(String(given));
}

/** Own properties that are text, or a number or boolean by mistake. What is inherited does not count. */
function ownTexts(given: unknown): ReadonlyMap<string, string> {
    const texts = new Map<string, string>();
    if (typeof given !== 'object' || given === null || Array.isArray(given)) return texts;
    for (const name of Object.keys(given)) {
        const value: unknown = Reflect.get(given, name);
        if (typeof value === 'string') texts.set(name, value);
        else if (typeof value === 'number' || typeof value === 'boolean') texts.set(name, String(value));
    }
    return texts;
}

function strangers(declared: Declared, source: ReadonlyMap<string, string>): string[] {
    return [...source.keys()]
        .filter((name) => !Object.hasOwn(declared, name))
        .slice(0, MAX_IGNORED)
        .map((name) => cutAt(plainLine(name), MAX_NAME_CHARS));
}

/**
 * The output variables of one call that its bot sets: only those that the profile declares, as text, bounded one by one and
 * together (docs/PROTOCOL.md, 8.3). Those of the call itself (`end_reason` …) are the session's to add.
 */
export class OutputVariables {
    private readonly values = new SparseMap<string, string>();
    private totalChars = 0;

    constructor(
        readonly declared: Readonly<Record<string, OutputVariable>>,
        /** What a name may hold that is not declared; undefined: none may be set. */
        readonly others?: OutputVariable,
    ) {}

    /**
     * Sets one, or sets it anew. Numbers and booleans become text.
     *
     * @returns what is wrong, as a sentence for the model; undefined: it is set
     */
    set(name: string, value: unknown): string | undefined {
        const variable = this.variableFor(name);
        if (variable === undefined) return `There is no variable ${named(name)}. ${this.choices()}`;
        const text = asText(value);
        if (text === undefined) return `The value of ${name} must be text, a number, true or false.`;
        if (text.length > variable.maxLength)
            return `The value of ${name} is too long: ${variable.maxLength} characters at most.`;
        const totalChars = this.totalChars - this.charsOf(name) + name.length + text.length;
        if (totalChars > MAX_OUTPUT_TOTAL_CHARS) return `The variables of this call are full; make ${name} shorter.`;
        this.values.set(name, text);
        this.totalChars = totalChars;
        return undefined;
    }

    get(name: string): string | undefined {
        return this.values.get(name);
    }

    /** What is set, for `disconnect`: an object without a prototype. */
    entries(): Record<string, string> {
        return bareRecord(this.values);
    }

    /** Names that the call itself sets cannot be set by a bot. */
    private variableFor(name: string): OutputVariable | undefined {
        if (Object.hasOwn(this.declared, name)) return this.declared[name];
        return RESERVED_OUTPUT_NAMES.has(name) ? undefined : this.others;
    }

    private charsOf(name: string): number {
        const value = this.values.get(name);
        return value === undefined ? 0 : name.length + value.length;
    }

    private choices(): string {
        const names = Object.keys(this.declared);
        return names.length === 0 ? 'None can be set.' : `Right is one of: ${names.join(', ')}.`;
    }
}

/** What JSON can hold, as text without characters that no log and no screen can bear. */
function asText(value: unknown): string | undefined {
    if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined;
    if (typeof value === 'boolean') return String(value);
    return typeof value === 'string' ? value.replace(UNPRINTABLE, '').trim() : undefined;
}

/** A name that the model made up may be anything. */
function named(name: string): string {
    return JSON.stringify(cutAt(name, 64));
}

/** Controls except line breaks and tabs, and lone surrogates, which are no UTF-8. */
const UNPRINTABLE = /[\p{Cs}\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/gu;

/** Text of any length comes in; beyond this nothing is looked at. */
const MAX_RAW_CHARS = 65_536;

/**
 * Characters that say nothing to a person and may say something to a model or a terminal: controls, lone surrogates, private
 * and unassigned ones, marks of writing direction, zero-width ones, tags, and variation selectors beyond the usual sixteen.
 * Zero-width joiners stay: names in some scripts need them.
 */
const UNSEEN =
    /[\p{Cc}\p{Cs}\p{Co}\p{Cn}\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu;

/** The text as one line of characters that a person sees, without blanks around it. */
export function plainLine(raw: string): string {
    return raw
        .slice(0, MAX_RAW_CHARS)
        .replace(/[\t-\r\u0085\p{Z}]+/gu, ' ')
        .replace(UNSEEN, '')
        .trim();
}

/** The first `maxChars` of a text; never half a character. */
export function cutAt(text: string, maxChars: number): string {
    if (text.length <= maxChars) return text;
    const endsInHalf = /[\ud800-\udbff]/.test(text.charAt(maxChars - 1));
    return text.slice(0, endsInHalf ? maxChars - 1 : maxChars).trimEnd();
}

/** An object that has these properties and no others: nothing is inherited, also not under names such as `toString`. */
function bareRecord(entries: Iterable<readonly [string, string]>): Record<string, string> {
    const record = Object.create(null) as Record<string, string>;
    for (const [name, value] of entries) record[name] = value;
    return record;
}

/** The value in the form of its type; undefined: it is none of this type. */
export function asType(type: InputVariable['type'], text: string): string | undefined {
    switch (type) {
        case 'string':
            return text;
        case 'number':
            return NUMBER.test(text) ? text : undefined;
        case 'boolean':
            return BOOLEAN.test(text) ? text.toLowerCase() : undefined;
        case 'date':
            return isDate(text) ? text : undefined;
        case 'time':
            return TIME.test(text) ? text : undefined;
        case 'money':
            return isMoney(text) ? text : undefined;
        case 'digits':
            return DIGITS.test(text) ? text : undefined;
        case 'phone':
            return PHONE.test(text) ? text : undefined;
    }
}

const NUMBER = /^-?\d{1,15}(\.\d{1,10})?$/;
const TIME = /^([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/;
/** In groups, if wished. */
const DIGITS = /^\d+([ ./-]\d+)*$/;
const PHONE = /^\+?[ ()./-]{0,3}\d([ ()./-]{0,3}\d){2,19}$/;
const BOOLEAN = /^(true|false)$/i;
const DATE = /^(\d{4})-(\d{2})-(\d{2})(T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** ISO 8601, and a day that the calendar has. */
function isDate(text: string): boolean {
    const [, year, month, day] = DATE.exec(text) ?? [];
    if (year === undefined || month === undefined || day === undefined) return false;
    const date = new Date(`${year}-${month}-${day}T00:00:00Z`);
    return !Number.isNaN(date.getTime()) && date.getUTCDate() === Number(day);
}
