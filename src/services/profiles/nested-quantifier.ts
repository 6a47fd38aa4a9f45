/**
 * Nested quantifiers in the patterns of a tool's parameters: `(a+)+`. The server itself matches in linear time (tool-pattern.ts). The
 * patterns also go to the model's service and to other readers of the schema, and engines that backtrack may try 2ⁿ ways there.
 */

/** A class, an escape, a group's beginning or end, a quantifier, or a character. Classes begin and end as in JavaScript. */
const TOKEN = /\\Q[\s\S]*?(?:\\E|$)|\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]|[*+?]\??|\{(\d+)(,?)(\d*)\}\??|[\s\S]/gu;

/** A group that is open. */
interface Level {
    /** Where it begins, in UTF-16 units. */
    readonly from: number;
    hasUnbounded: boolean;
}

/** A token, and where it stands in the pattern, in UTF-16 units. */
interface Token {
    readonly text: string;
    readonly from: number;
    /** Most repetitions that it allows; undefined: it is no quantifier. */
    readonly most: number | undefined;
}

/**
 * The first group, with its quantifier, that may be repeated and has a quantifier without an upper bound in it, at any depth:
 * `(a+)+` of `^(a+)+$`. undefined: there is none. A group that occurs once at most (`(a+)?`) is not repeated.
 */
export function nestedQuantifierIn(pattern: string): string | undefined {
    const levels: Level[] = [];
    const tokens = tokensOf(pattern);
    for (const [at, token] of tokens.entries()) {
        const level = levels.at(-1);
        if (token.text === '(') levels.push({ from: token.from, hasUnbounded: false });
        if (level === undefined) continue;
        if (token.most === Infinity) level.hasUnbounded = true;
        if (token.text !== ')') continue;
        levels.pop();
        const after = tokens[at + 1];
        if (level.hasUnbounded && isRepeating(after)) return pattern.slice(level.from, after.from + after.text.length);
        inherit(levels.at(-1), level);
    }
    return undefined;
}

function isRepeating(token: Token | undefined): token is Token {
    return token?.most !== undefined && token.most > 1;
}

function inherit(outer: Level | undefined, inner: Level): void {
    if (outer !== undefined) outer.hasUnbounded ||= inner.hasUnbounded;
}

function tokensOf(pattern: string): Token[] {
    return Array.from(pattern.matchAll(TOKEN), (match) => ({ text: match[0], from: match.index, most: mostOf(match) }));
}

/** The `?` of `(?:` counts as "once at most", which changes nothing. */
function mostOf([text, least, comma, most]: RegExpMatchArray): number | undefined {
    if (/^[*+]/.test(text)) return Infinity;
    if (text.startsWith('?')) return 1;
    if (least === undefined) return undefined;
    if (comma === '') return Number(least);
    return most === '' || most === undefined ? Infinity : Number(most);
}
