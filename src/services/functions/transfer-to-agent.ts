import { isFields, textIn, type Fields } from '../../support/json';
import { cutAt } from '../profiles/variable-values';
import { cleanText } from './outside-data';
import type { Tool } from './tool';

const MAX_REASON_CHARS = 100;
const MAX_SUMMARY_CHARS = 1000;
const DESCRIPTION =
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
        description: description ?? DESCRIPTION,
        parameters: parametersFor(reasons, queues),
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

function parametersFor(reasons: TransferOptions['reasons'], queues: TransferOptions['queues']): Tool['parameters'] {
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
