/** The kinds of text that stand in several places of a profile. */
import { z } from 'zod';
import { isLoopback } from '../../config/fields';
import { hasStrayBraces, NAME_PATTERN, PLACEHOLDER_FORM } from './template';

/** Name of a bot: the name of its file without `.json`. */
export const BOT_NAME_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

/** Text without blanks around it, `min` to `max` characters. */
export function words(min: number, max: number): z.ZodString {
    return z.string().trim().min(min).max(max);
}

/** Name of an input or output variable of the Architect action, of an argument of a tool, or of a part of a tool's result. */
export const variableName = z.string().regex(NAME_PATTERN, 'must be letters, digits and underscores, a letter first');

/** Name of a function that the model may call, of a profile or in code. */
export const TOOL_NAME_PATTERN = /^[A-Za-z][\w-]{0,63}$/;

export const toolName = z
    .string()
    .regex(TOOL_NAME_PATTERN, 'must be letters, digits, "_" and "-", a letter first')
    .describe('The name by which the model calls it: letters, digits, "_" and "-".');

/** Name of a variable of the environment: capitals, digits and underscores, so that the secret itself is refused there. */
export const environmentName = z
    .string()
    .regex(/^[A-Z][A-Z\d_]{0,99}$/, 'must be the NAME of an environment variable: capitals, digits and underscores');

/** Where in a JSON document: names and list positions, with dots between them. */
export const jsonPath = z
    .string()
    .max(200)
    .regex(/^[\w$-]+(\.[\w$-]+)*$/, 'must be names with dots between them, such as "customer.balance" or "items.0.id"');

/** A text with placeholders, all of them well formed. */
export function template(text: z.ZodString): z.ZodString {
    return text.refine((given) => !hasStrayBraces(given), {
        error: `has double braces that are no placeholder; right is ${PLACEHOLDER_FORM}, and no blanks in the name`,
    });
}

/**
 * An address whose scheme and host are fixed: what is filled in stands behind the host. `https`, or `http` to this machine.
 */
export const httpUrl = template(z.string().max(2000)).superRefine((text, context) => {
    const problem = urlProblem(text, ['https:']);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
});

/** An `https` address without placeholders. */
export const httpsUrl = z
    .string()
    .max(2000)
    .refine((text) => !text.includes('{{') && urlProblem(text, ['https:'], false) === undefined, {
        error: 'must be a whole https address',
    });

/** What is wrong with an address, in words; undefined: nothing is. */
export function urlProblem(text: string, secure: readonly string[], mayBeLocal = true): string | undefined {
    const [, origin = '', rest = ''] = /^([a-z]+:\/\/[^/?#]*)(.*)$/s.exec(text) ?? [];
    if (origin === '' || !URL.canParse(origin)) return 'must be a whole address with a scheme and a host';
    if (/[{}@\s\\]/.test(origin)) return 'must name its host itself: no placeholder, no user name, no password';
    if (/[#\s\\]/.test(rest.replace(/\{\{[ \t]*\w+[ \t]*\}\}/g, ''))) return 'must have no blanks, no "\\" and no "#"';
    const { protocol, hostname } = new URL(origin);
    if (secure.includes(protocol)) return undefined;
    const plain = secure.map((scheme) => scheme.replace('s:', ':'));
    if (mayBeLocal && plain.includes(protocol) && isLoopback(hostname)) return undefined;
    return `must begin with ${secure.join(' or ')}//; unencrypted is right only to this machine`;
}
