/**
 * The first `share` (0 to 1) of a text, cut at the end of a word: the part that was heard when this share of its audio was played.
 * Speech is even enough to count letters instead of time. A word that was only begun counts as not heard.
 */
export function heardText(text: string, share: number): string {
    if (share >= 1) return text;
    const end = Math.floor(text.length * Math.max(0, share));
    if (/\s/.test(text.charAt(end))) return text.slice(0, end).trimEnd();
    return text.slice(0, Math.max(0, text.slice(0, end).search(/\s\S*$/))).trimEnd();
}
