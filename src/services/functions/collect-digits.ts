import type { DigitRequest, DigitResult } from '../dtmf-service';
import { finiteIn, isFields, textIn, type Fields } from '../../support/json';
import type { Tool } from './tool';

/** The caller needs time to find a card and to type it; longer than an entry usually may take. */
export const COLLECT_LIMIT_MS = 70_000;
const MAX_DIGITS = 64;
const NOT_COLLECTED = { collected: false };

const PARAMETERS = {
    type: 'object',
    properties: {
        name: {
            type: 'string',
            pattern: '^[A-Za-z]\\w{0,63}$',
            description: 'What the digits are, in letters, digits and underscores: customer_number, pin.',
        },
        max_digits: { type: 'integer', minimum: 1, maximum: MAX_DIGITS, description: 'The most digits it can have.' },
        secure: {
            type: 'boolean',
            description:
                'true for a card number, a PIN or another secret: you are then told only that it was entered. ' +
                'false where you need the digits yourself, for a customer number or a function. Left out: true.',
        },
        terminator: {
            type: 'string',
            enum: ['#', '*', ''],
            description: 'The key that ends the entry; empty: none. Leave it out for the usual one.',
        },
    },
    required: ['name', 'max_digits'],
    additionalProperties: false,
} as const;

/**
 * Lets the model ask the caller for digits on the telephone keypad. Of a secure entry it learns only that it was made and how
 * long it is: nothing of it is in a result, a log or the talk.
 */
export const COLLECT_DIGITS: Tool = {
    name: 'collect_digits',
    description:
        'Have the caller type digits on the telephone keypad. Say first what to type, and how to end it. ' +
        'Use it for every number that must be exact, and for every secret.',
    parameters: PARAMETERS,
    limitMs: COLLECT_LIMIT_MS,
    filler: false,
    run: (args, call) => {
        const wanted = readRequest(args);
        return new Promise((resolve) => {
            const done = (result: DigitResult): void => {
                resolve({ output: outcome(result, wanted.secure) });
            };
            if (!call.collectDigits({ ...wanted, done })) resolve({ output: NOT_COLLECTED, failure: 'error' });
        });
    },
};

/** A pause after some digits ends an entry as well as a key does; a pause without any is none. */
function outcome({ digits, by }: DigitResult, secure: boolean): unknown {
    if (by === 'cancelled' || digits === '') return NOT_COLLECTED;
    return secure ? { collected: true, length: digits.length } : { digits };
}

function readRequest(args: unknown): Omit<DigitRequest, 'done'> {
    const fields: Fields = isFields(args) ? args : {};
    const terminator = textIn(fields, 'terminator');
    // Where the model does not say, it is told nothing that it should not know.
    const secure = fields['secure'] !== false;
    const maxDigits = finiteIn(fields, 'max_digits') ?? MAX_DIGITS;
    const wanted = { name: textIn(fields, 'name') ?? 'digits', maxDigits, secure };
    return terminator === undefined ? wanted : { ...wanted, terminator };
}
