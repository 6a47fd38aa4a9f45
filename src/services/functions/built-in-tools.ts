/** The functions that every bot profile can have. */
import { finiteIn, isFields, textIn, type Fields } from '../../support/json';
import type { DigitRequest, DigitResult } from '../dtmf-service';
import { cutAt } from '../profiles/variables';
import { cleanText } from './service-response';
import type { Tool } from './tool';

/** Lets the model hang up. The call ends when the caller has heard what is queued. */
export const END_CALL: Tool = {
    name: 'end_call',
    description:
        'Hang up the telephone. Use it when the caller has said goodbye or wants to end the call, ' +
        'and say a short goodbye in the same answer, before you use it.',
    parameters: { type: 'object', properties: {}, additionalProperties: false },
    run: () => Promise.resolve({ output: { ok: true }, hangUp: true }),
};

/** Time limit of `collect_digits`: the caller needs time to find a card and to type its number. */
const COLLECT_LIMIT_MS = 70_000;
const MAX_DIGITS = 64;
const NOT_COLLECTED = { collected: false };

const COLLECT_PARAMETERS = {
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
 * long it is: none of its digits are in a result, a log or the transcript.
 */
export const COLLECT_DIGITS: Tool = {
    name: 'collect_digits',
    description:
        'Have the caller type digits on the telephone keypad. Say first what to type, and how to end it. ' +
        'Use it for every number that must be exact, and for every secret.',
    parameters: COLLECT_PARAMETERS,
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

/** A pause ends an entry as well as a key does; without a single digit nothing was collected. */
function outcome({ digits, by }: DigitResult, secure: boolean): unknown {
    if (by === 'cancelled' || digits === '') return NOT_COLLECTED;
    return secure ? { collected: true, length: digits.length } : { digits };
}

function readRequest(args: unknown): Omit<DigitRequest, 'done'> {
    const fields: Fields = isFields(args) ? args : {};
    const terminator = textIn(fields, 'terminator');
    // Left out counts as secure: the model then does not learn digits that it must not know.
    const secure = fields['secure'] !== false;
    const maxDigits = finiteIn(fields, 'max_digits') ?? MAX_DIGITS;
    const wanted = { name: textIn(fields, 'name') ?? 'digits', maxDigits, secure };
    return terminator === undefined ? wanted : { ...wanted, terminator };
}

/** Most characters of a value in the model's arguments. The profile bounds each variable more closely. */
const MAX_VARIABLE_CHARS = 8000;

/**
 * Lets the model set output variables for Architect.
 *
 * @param names those that it may set; each is declared by the profile, which bounds their values
 */
export function setVariableTool(names: readonly string[]): Tool {
    return {
        name: 'set_variable',
        description:
            'Write down a result of the call for the system that goes on with it. ' +
            'Use it as soon as the value is certain; do not tell the caller of it.',
        parameters: {
            type: 'object',
            properties: {
                name: { type: 'string', enum: [...names], description: 'Which result.' },
                value: { type: 'string', maxLength: MAX_VARIABLE_CHARS, description: 'Its value.' },
            },
            required: ['name', 'value'],
            additionalProperties: false,
        },
        run: (args, call) => {
            const fields = isFields(args) ? args : {};
            const problem = call.setVariable(textIn(fields, 'name') ?? '', textIn(fields, 'value') ?? '');
            if (problem === undefined) return Promise.resolve({ output: { ok: true } });
            return Promise.resolve({ output: { error: problem }, failure: 'refused' });
        },
    };
}

const MAX_REASON_CHARS = 100;
const MAX_SUMMARY_CHARS = 1000;
const TRANSFER_DESCRIPTION =
    'Hand the caller to a person. Use it when the caller asks for one, or when you cannot help. ' +
    'Say in the same answer, before you use it, that you are putting the caller through.';

export interface TransferOptions {
    description?: string | undefined;
    /** The reasons to choose from; left out: the model words it. */
    reasons?: readonly string[] | undefined;
    /** The queues to choose from; left out: Architect decides. */
    queues?: readonly string[] | undefined;
}

/**
 * Lets the model hand the caller back to Architect for an agent. The end has `end_reason` = `transfer`, `transfer_reason`,
 * `transfer_summary` and, where there are queues to choose from, `transfer_queue`.
 */
export function transferTool({ description, reasons, queues }: TransferOptions = {}): Tool {
    return {
        name: 'transfer_to_agent',
        description: description ?? TRANSFER_DESCRIPTION,
        parameters: transferParameters(reasons, queues),
        run: (args) => {
            const fields: Fields = isFields(args) ? args : {};
            const queue = textIn(fields, 'queue');
            const outputVariables = {
                transfer_reason: bounded(textIn(fields, 'reason'), MAX_REASON_CHARS),
                transfer_summary: bounded(textIn(fields, 'summary'), MAX_SUMMARY_CHARS),
                ...(queue === undefined ? {} : { transfer_queue: bounded(queue, MAX_REASON_CHARS) }),
            };
            const end = { reason: 'transfer', info: 'the caller is handed to an agent', outputVariables } as const;
            return Promise.resolve({ output: { ok: true }, end });
        },
    };
}

function transferParameters(
    reasons: TransferOptions['reasons'],
    queues: TransferOptions['queues'],
): Tool['parameters'] {
    return {
        type: 'object',
        properties: {
            reason: { ...choiceOf(reasons), description: 'Why, in a few words.' },
            summary: {
                type: 'string',
                maxLength: MAX_SUMMARY_CHARS,
                description: 'What the agent must know, in one to three sentences: neither card numbers nor PINs.',
            },
            ...(queues === undefined
                ? {}
                : { queue: { ...choiceOf(queues), description: 'Who is to take the call.' } }),
        },
        required: ['reason', 'summary', ...(queues === undefined ? [] : ['queue'])],
        additionalProperties: false,
    };
}

function choiceOf(values: readonly string[] | undefined): Record<string, unknown> {
    if (values !== undefined) return { type: 'string', enum: [...values] };
    return { type: 'string', maxLength: MAX_REASON_CHARS };
}

function bounded(text: string | undefined, maxChars: number): string {
    return cutAt(cleanText(text ?? ''), maxChars);
}

/**
 * The function that the server itself has under this name; undefined: it has none. What the model is told of it may be worded otherwise by
 * a profile: what it does is the same.
 */
export function builtInTool(name: string): Tool | undefined {
    return [END_CALL, COLLECT_DIGITS, setVariableTool([]), transferTool()].find((tool) => tool.name === name);
}

/** The functions of a bot whose profile names none: hang up, and have the caller type digits. */
export const DEFAULT_TOOLS: readonly Tool[] = [END_CALL, COLLECT_DIGITS];
