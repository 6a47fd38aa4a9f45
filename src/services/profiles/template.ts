/** Texts with `{{placeholders}}`: where they stand, and what is put there. */

/** A name of a variable or an argument: a letter first, then letters, digits and underscores, 64 at most. */
export const NAME_PATTERN = /^[A-Za-z]\w{0,63}$/;

/** How a placeholder is written, for people. */
export const PLACEHOLDER_FORM = '{{name}}';

const PLACEHOLDER = /\{\{[ \t]*([A-Za-z]\w{0,63})[ \t]*\}\}/g;

/** The names that stand in a text, each once, in the order of their first place. */
export function placeholdersIn(text: string): string[] {
    return [...new Set(Array.from(text.matchAll(PLACEHOLDER), ([, name = '']) => name))];
}

/** Whether there are double braces in a text that are no placeholder, such as `{{first name}}`: mostly a slip of the pen. */
export function hasStrayBraces(text: string): boolean {
    return /\{\{|\}\}/.test(text.replace(PLACEHOLDER, ''));
}

/** Puts something in the place of each placeholder, in one pass: what is put in is never read again. */
export function fillTemplate(text: string, valueOf: (name: string) => string): string {
    return text.replace(PLACEHOLDER, (_, name: string) => valueOf(name));
}
