/**
 * The kinds of value that a variable of the environment may have. Each reads trimmed, non-empty text; what does not fit is
 * refused. The sentence that says what would be right stands with the variable, in env-notes.ts.
 */
import { isIP } from 'node:net';
import { z } from 'zod';

/** `true` or `false`, in capitals too. */
export const flag = z
    .string()
    .toLowerCase()
    .pipe(z.enum(['true', 'false']))
    .transform((word) => word === 'true');

/** One of a few words, in capitals too. */
export function choice<const Words extends readonly [string, ...string[]]>(
    words: Words,
): z.ZodType<Words[number], string> {
    return z.string().toLowerCase().pipe(z.enum(words));
}

/** A whole number in decimal digits, `min` to `max`, both included. */
export function whole(min: number, max: number): z.ZodType<number, string> {
    return z
        .string()
        .regex(/^\d{1,9}$/)
        .transform(Number)
        .pipe(z.number().min(min).max(max));
}

/** A decimal number, `min` to `max`, both included. */
export function decimal(min: number, max: number): z.ZodType<number, string> {
    return z
        .string()
        .regex(/^\d{1,9}(\.\d{1,9})?$/)
        .transform(Number)
        .pipe(z.number().min(min).max(max));
}

/** A comma-separated list, in small letters, empty places left out. */
export function listOf(item: z.ZodType<string, string>): z.ZodType<string[], string> {
    return z.string().toLowerCase().transform(splitAtCommas).pipe(z.array(item));
}

/** Printable ASCII without blanks: what may stand in a header or a query as it is. */
export const token = z.string().regex(/^[\x21-\x7e]+$/);

/** An absolute URL of one of the schemes, without user name, password or fragment. */
export function address(...schemes: readonly string[]): z.ZodType<URL, string> {
    return z
        .string()
        .refine((text) => URL.canParse(text))
        .transform((text) => new URL(text))
        .refine((url) => schemes.includes(url.protocol.slice(0, -1)))
        .refine((url) => url.hostname !== '' && url.username === '' && url.password === '' && url.hash === '');
}

/** A host name or IP address to listen on. */
export const host = z.string().refine((text) => isIP(text) !== 0 || HOST_NAME.test(text));

/** A host name or IP address with an optional port, as it stands in a Host header. */
export const authority = z.string().refine((text) => URL.canParse(`http://${text}`) && AUTHORITY.test(text));

/** Any UUID in hexadecimal, whatever its version. */
export const uuid = z.string().regex(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);

/** Whether a host can be reached from this machine only. */
export function isLoopback(hostName: string): boolean {
    const bare = hostName.replace(/^\[|\]$/g, '').toLowerCase();
    return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'));
}

const HOST_NAME = /^[a-z\d]([a-z\d.-]{0,251}[a-z\d])?$/i;
const AUTHORITY = /^(\[[\da-f:.]+\]|[a-z\d.-]+)(:\d{1,5})?$/;

function splitAtCommas(text: string): string[] {
    return text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '');
}
