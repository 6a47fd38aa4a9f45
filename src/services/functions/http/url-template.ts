import { fillTemplate, placeholdersIn } from '../../profiles/template';

/** Longest value of a placeholder, in characters. */
const MAX_VALUE_CHARS = 1000;
const MAX_URL_CHARS = 4096;

/** Where a value of a placeholder comes from; undefined: there is none. */
export type ValueOf = (name: string) => unknown;

/**
 * Fills the placeholders of an address whose scheme and host are fixed. Values are percent-encoded, and can change neither host
 * nor scheme nor the number of path segments.
 *
 * @returns the address, or a sentence for the model on what is wrong
 */
export function fillUrl(template: string, valueOf: ValueOf): URL | string {
    const problem = problemIn(template, valueOf);
    if (problem !== undefined) return problem;
    const text = fillTemplate(template, (name) => encodeURIComponent(textOf(valueOf(name)) ?? ''));
    if (text.length > MAX_URL_CHARS || !URL.canParse(text)) return 'The arguments make no usable address.';
    const url = new URL(text);
    return isSamePlace(template, url) ? url : 'The arguments make another address than the meant one.';
}

/** A value as an address can hold it; undefined: it is neither text, number nor boolean. */
export function textOf(value: unknown): string | undefined {
    if (typeof value === 'string') return value;
    if (typeof value === 'boolean') return String(value);
    return typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined;
}

function problemIn(template: string, valueOf: ValueOf): string | undefined {
    const [path = ''] = template.split('?');
    for (const name of placeholdersIn(template)) {
        const value = textOf(valueOf(name)) ?? '';
        if (value.length > MAX_VALUE_CHARS || !isWellFormed(value)) return `${name} is too long or is no text.`;
        if (!placeholdersIn(path).includes(name)) continue;
        if (value === '') return `${name} is needed.`;
        // Percent-encoded they are harmless only if every server and proxy on the way decodes exactly once.
        if (/[/\\%\p{Cc}]|\.\.|^\.$/u.test(value)) return `${name} holds characters that it must not hold.`;
    }
    return undefined;
}

/** Checks the result once more: it has the origin and as many path segments as the template. */
function isSamePlace(template: string, url: URL): boolean {
    const meant = fillTemplate(template, () => 'x');
    if (!URL.canParse(meant)) return false;
    const { origin, pathname } = new URL(meant);
    return url.origin === origin && url.pathname.split('/').length === pathname.split('/').length;
}

/** A lone surrogate has no percent encoding. */
function isWellFormed(text: string): boolean {
    return !/\p{Cs}/u.test(text);
}
