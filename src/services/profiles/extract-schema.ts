/** What the model is asked about a call after its end: `extract` of a profile. */
import { z } from 'zod';
import { variableName, words } from './fields';

/** Most questions of one profile. */
const MAX_FIELDS = 20;
/** Longest text that is kept where none is declared, in characters. */
const DEFAULT_TEXT_CHARS = 200;

const description = words(1, 500).describe('What is asked, in words for the model, such as "Is the caller content?".');

const field = z.discriminatedUnion('type', [
    z.strictObject({
        type: z.literal('string'),
        description,
        maxLength: z
            .int()
            .min(1)
            .max(1000)
            .default(DEFAULT_TEXT_CHARS)
            .describe('Most characters; what is beyond is cut off. Default 200.'),
    }),
    z.strictObject({ type: z.literal('number'), description }),
    z.strictObject({ type: z.literal('boolean'), description }),
    z.strictObject({
        type: z.literal('enum'),
        description,
        values: z
            .array(words(1, 64))
            .min(1)
            .max(50)
            .refine((values) => new Set(values).size === values.length, { error: 'must be different words' })
            .describe('The answers to choose from.'),
    }),
]);

export const extractSchema = z
    .record(variableName, field)
    .refine((fields) => Object.keys(fields).length <= MAX_FIELDS, {
        error: `must be ${MAX_FIELDS} at most`,
    });

/** Questions by the name under which the answer stands in the record of the call. */
export type ExtractSpec = z.output<typeof extractSchema>;
