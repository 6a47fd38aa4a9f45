/** JSON Schema of a tool's arguments, checked when a profile is read and not in the middle of a call. */
import Ajv from 'ajv';
import { z } from 'zod';
import { NAME_PATTERN } from './template';

/** What ajv is told wherever arguments are checked: unknown keywords are slips of the pen, and nothing is printed. */
export const AJV_OPTIONS = { strict: true, strictRequired: true, validateFormats: false, logger: false } as const;

const property = z.looseObject({ description: z.string().optional() });

/** An object schema whose properties have usable names, and that compiles. */
export const parametersSchema = z
    .looseObject({
        type: z.literal('object'),
        properties: z.record(z.string().regex(NAME_PATTERN, 'must be letters, digits and underscores'), property),
        required: z.array(z.string()).optional(),
    })
    .superRefine((schema, context) => {
        const message = schemaProblem(schema);
        if (message !== undefined) context.addIssue({ code: 'custom', message });
    });

export type ParametersSchema = z.output<typeof parametersSchema>;

/** What is wrong with a JSON Schema, in words; undefined: nothing is. */
export function schemaProblem(schema: Record<string, unknown>): string | undefined {
    try {
        new Ajv(AJV_OPTIONS).compile(schema);
        return undefined;
    } catch (fault) {
        return `is no JSON Schema that can be used: ${fault instanceof Error ? fault.message : String(fault)}`;
    }
}
