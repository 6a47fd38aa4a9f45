import type { DigitRequest, DigitResult } from '../dtmf-service';
import { isFields, textIn, finiteIn, type Fields } from '../openai/event-fields';
import type { Tool } from './tool';

/** The caller needs time to find a card and to type it; longer than an entry usually may take. */
export const COLLECT_LIMIT_MS = 70_000;
const MAX_DIGITS = 64;
const NAME = /^[A-Za-z]\w{0,63}$/;
const TERMINATOR = /^[0-9*#]?$/;
const NOT_COLLECTED = { collected: false };

const PARAMETERS = {
    type: 'object',
    properties: {
        name: {
            type: 'string',
            description: 'What the digits are, in letters, digits and underscores: customer_number, pin.',
        },
        max_digits: { type: 'integer', minimum: 1, maximum: MAX_DIGITS, description: 'The most digits it can have.' },
        secure: {
            type: 'boolean',
            description: 'true for a card number, a PIN or another secret: you are then told only that it was entered.',
        },
        terminator: {
            type: 'string',
            enum: ['#', '*', ''],
            description: 'The key that ends the entry; empty: none. Leave it out for the usual one.',
        },
    },
    required: ['name', 'max_digits', 'secure'],
    additionalProperties: false,
} as const;

/**
 * Lets the model ask the caller for digits on the telephone keypad. Of a secure entry it learns only that it was made and how
 * long it is: nothing of it is in a result, a log or the talk.
 *
 * @param ask hands the request to the call; false: nobody takes it
 */
export function collectDigitsTool(ask: (request: DigitRequest) => boolean): Tool {
    return {
        name: 'collect_digits',
        description:
            'Have the caller type digits on the telephone keypad. Say first what to type, and how to end it. ' +
            'Use it for every number that must be exact, and for every secret.',
        parameters: PARAMETERS,
        limitMs: COLLECT_LIMIT_MS,
        run: (args) => {
            const wanted = readRequest(args);
            if (typeof wanted === 'string') return Promise.resolve({ output: { error: wanted } });
            return new Promise((resolve) => {
                const done = (result: DigitResult): void => {
                    resolve({ output: outcome(result, wanted.secure) });
                };
                if (!ask({ ...wanted, done })) resolve({ output: NOT_COLLECTED });
            });
        },
    };
}

/** A pause after some digits ends an entry as well as a key does; a pause without any is none. */
function outcome({ digits, by }: DigitResult, secure: boolean): unknown {
    if (by === 'cancelled' || digits === '') return NOT_COLLECTED;
    return secure ? { collected: true, length: digits.length } : { digits };
}

/** What the model wrote, checked; or, in words for the model, what is wrong with it. */
function readRequest(args: unknown): Omit<DigitRequest, 'done'> | string {
    const fields: Fields = isFields(args) ? args : {};
    const name = textIn(fields, 'name') ?? '';
    if (!NAME.test(name)) return 'name must be 1 … 64 letters, digits or underscores, a letter first.';
    const maxDigits = finiteIn(fields, 'max_digits') ?? 0;
    if (!Number.isInteger(maxDigits) || maxDigits < 1 || maxDigits > MAX_DIGITS)
        return `max_digits must be a whole number from 1 to ${MAX_DIGITS}.`;
    const terminator = textIn(fields, 'terminator');
    if (terminator !== undefined && !TERMINATOR.test(terminator)) return 'terminator must be one key, or empty.';
    // Where the model does not say, it is told nothing that it should not know.
    const secure = fields['secure'] !== false;
    return { name, maxDigits, secure, ...(terminator === undefined ? {} : { terminator }) };
}
