/** Three digits or more, also with blanks or dashes between them. */
const NUMBERS = /\p{Nd}(?:[ \u00a0\u202f-]{0,2}\p{Nd}){2,}/gu;

/**
 * The text with every number of three digits or more replaced by `***`: account, card and telephone numbers, whatever blanks and dashes group
 * them. Times, days and small amounts stay. Numbers in words are not found.
 */
export function maskDigits(text: string): string {
    return text.replace(NUMBERS, '***');
}
