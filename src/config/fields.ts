/**
 * The kinds of value that an environment variable can have. Each schema reads trimmed, non-empty text and describes in words
 * what it accepts; the words are shown in docs/CONFIGURATION.md, in .env.example and in the error for a wrong value.
 */
import { isIP } from 'node:net';
import { z } from 'zod';

/** `true` or `false`, in upper or lower case. */
export const flag = z
    .string()
    .toLowerCase()
    .pipe(z.enum(['true', 'false']))
    .transform((word) => word === 'true')
    .describe('`true` or `false`');

/** One of several words, in upper or lower case. */
export function choice<const Words extends readonly [string, ...string[]]>(
    words: Words,
): z.ZodType<Words[number], string> {
    const marked = words.map((word) => `\`${word}\``);
    const described = [marked.slice(0, -1).join(', '), ...marked.slice(-1)].filter((part) => part !== '').join(' or ');
    return z.string().toLowerCase().pipe(z.enum(words)).describe(described);
}

/** A whole number in decimal digits, `min` to `max`, both included. */
export function whole(min: number, max: number): z.ZodType<number, string> {
    return numeric(/^\d{1,9}$/, min, max).describe(`a whole number from ${min} to ${max}`);
}

/** A decimal number, `min` to `max`, both included. */
export function decimal(min: number, max: number): z.ZodType<number, string> {
    return numeric(/^\d{1,9}(\.\d{1,9})?$/, min, max).describe(`a number from ${min} to ${max}`);
}

function numeric(format: RegExp, min: number, max: number): z.ZodType<number, string> {
    return z.string().regex(format).transform(Number).pipe(z.number().min(min).max(max));
}

/** Any text. */
export const text = z.string().describe('any text');

/** Text of a given form. */
export function matching(format: RegExp, described: string): z.ZodType<string, string> {
    return z.string().regex(format).describe(described);
}

/** A comma-separated list in lower case; empty places are left out. `items`: the items in words. */
export function listOf(item: z.ZodType<string, string>, items: string): z.ZodType<string[], string> {
    return z
        .string()
        .toLowerCase()
        .transform(splitAtCommas)
        .pipe(z.array(item))
        .describe(`a comma-separated list of ${items}`);
}

/** Printable ASCII without blanks: text that can stand in a header or a query unchanged. `described`: what it names. */
export function token(described: string): z.ZodType<string, string> {
    return matching(/^[\x21-\x7e]+$/, described);
}

/** An absolute URL of one of the schemes, without user name, password or fragment. */
export function address(...schemes: readonly string[]): z.ZodType<URL, string> {
    return z
        .string()
        .refine((given) => URL.canParse(given))
        .transform((given) => new URL(given))
        .refine((url) => schemes.includes(url.protocol.slice(0, -1)))
        .refine((url) => url.hostname !== '' && url.username === '' && url.password === '' && url.hash === '');
}

/** A host name or an IP address, without port. */
export const host = z
    .string()
    .refine((given) => isIP(given) !== 0 || HOST_NAME.test(given))
    .describe('an IP address or a host name');

/** A host name or an IP address with an optional port, as in a Host header. */
export const authority = z.string().refine((given) => URL.canParse(`http://${given}`) && AUTHORITY.test(given));

/** A UUID in hexadecimal, of any version. */
export const uuid = z.string().regex(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);

/** Whether a host can be reached from this machine only. */
export function isLoopback(hostName: string): boolean {
    const bare = hostName.replace(/^\[|\]$/g, '').toLowerCase();
    return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'));
}

export const HOST_NAME = /^[a-z\d]([a-z\d.-]{0,251}[a-z\d])?$/i;
const AUTHORITY = /^(\[[\da-f:.]+\]|[a-z\d.-]+)(:\d{1,5})?$/;

/** The parts of a comma-separated list, without blanks around them; empty ones are left out. */
export function splitAtCommas(list: string): string[] {
    return list
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '');
}

/** An environment variable: how it is read, and its words. */
export interface Variable<Schema extends z.ZodType = z.ZodType> extends MoreWords {
    readonly schema: Schema;
    /** What the variable does, in whole sentences. */
    readonly does: string;
    /** What a correct value looks like; completes "right is". */
    readonly right: string;
}

interface MoreWords {
    /** What holds when it is not set. undefined: the default of the schema, or nothing. */
    readonly unset?: string;
    /** Its value is never shown. */
    readonly secret?: true;
    /** A value for .env.example. undefined: the default of the schema. */
    readonly example?: string;
    /** A further sentence for some wrong values, in lower case. */
    readonly remark?: { readonly values: readonly string[]; readonly sentence: string };
}

/** An entry of the list of variables. The schema's description says what a correct value looks like. */
export function variable<Schema extends z.ZodType>(
    schema: Schema,
    does: string,
    more: MoreWords = {},
): Variable<Schema> {
    const kind = schema instanceof z.ZodDefault || schema instanceof z.ZodOptional ? schema.unwrap() : schema;
    return { schema, does, right: z.globalRegistry.get(kind)?.description ?? '', ...more };
}
