/** Three digits or more, also with blanks or dashes between them. */
const NUMBERS = /\p{Nd}(?:[ \u00a0\u202f-]{0,2}\p{Nd}){2,}/gu;
const DATE = /^(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;

/**
 * The text with every number of three digits or more replaced by `***`: account, card and telephone numbers, years and amounts too, whatever
 * blanks and dashes group them. Times, dates as 2026-01-31 and numbers of one or two digits stay. Numbers in words are not found.
 */
export function maskDigits(text: string): string {
    return text.replace(NUMBERS, (number) => (DATE.test(number) ? number : '***'));
}
