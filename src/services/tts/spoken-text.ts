/** Text that was written for the eye, as a voice is to be given it. */
import { digitByDigit } from './spoken-values';

/** Beyond this nothing is looked at: the rest of a text is spoken as it stands. */
const MAX_CHARACTERS = 65_536;

/**
 * A text without the marks of Markdown: a link gives its words, an item of a list and a heading stand in a paragraph of their own, and what
 * is data for a machine, such as a tool call in JSON, is left out. Empty: there is nothing to say.
 */
export function plainSpeech(text: string): string {
    if (!MAY_BE_MARKED.test(text)) return text;
    const words = withoutCalls(withoutFences(text.slice(0, MAX_CHARACTERS)));
    return withoutMarks(words).trim();
}

/** A sentence with its rows of five and more digits, and its telephone numbers, digit by digit. */
export function withDigitsApart(sentence: string, tag?: string): string {
    if (!/\d{5}|\+\d/.test(sentence)) return sentence;
    return sentence
        .replace(PHONE_NUMBER, (number) => digitByDigit(number, tag))
        .replace(ROW_OF_DIGITS, (digits) => digitByDigit(digits, tag));
}

/** Whether a text that is still being written may hold data for a machine: no more of it is to be said before it is whole. */
export function mayHoldData(text: string): boolean {
    return /\{\s*(?:"|$)|```|<(?:tool_call|function)/.test(text);
}

const MAY_BE_MARKED = /[*_`~#>[\]{}<|\\]|^\s*[-+•]\s|---/m;

/** Not a part of a decimal, and not an amount: these are read as numbers. */
const ROW_OF_DIGITS = /(?<![\d\p{Sc}]|\d[.,]|\p{Sc} )\d{5,}(?!\d|[.,]\d| ?\p{Sc})/gu;
const PHONE_NUMBER = /\+\d{1,3}(?:[ ()/.-]{0,3}\d){6,14}(?!\d)/g;

/** A block of code gives its text; the name of its language is not a part of it. */
function withoutFences(text: string): string {
    return text.replace(/^[ \t]*(?:```|~~~)[\w+-]*[ \t]*$/gm, '').replace(/```(?:json)?/g, '');
}

/** Takes out tool calls: their XML, objects of JSON, and the name of a function that is called with one. */
function withoutCalls(text: string): string {
    const words = text.replace(/<(tool_call|function_call|function)\b[\s\S]*?(?:<\/\1>|$)/g, ' ');
    return withoutObjects(words).replace(/\b[\w.]+\(\s*\)/g, ' ');
}

/** Each part of the text is looked at once, however many braces there are. */
function withoutObjects(text: string): string {
    let kept = '';
    let from = 0;
    for (let at = nextBrace(text, 0); at >= 0; at = nextBrace(text, from)) {
        const end = endOfObject(text, at);
        const isData =
            end === undefined ? /^[[\s]*\{\s*"/.test(text.slice(at, at + 200)) : isObject(text.slice(at, end));
        kept += text.slice(from, at) + (isData ? ' ' : text.slice(at, end));
        from = end ?? text.length;
    }
    return kept + text.slice(from);
}

function nextBrace(text: string, from: number): number {
    const found = /\{|\[(?=\s*\{)/g;
    found.lastIndex = from;
    return found.exec(text)?.index ?? -1;
}

/** The place behind the bracket that closes the one at `start`; undefined: none does. */
function endOfObject(text: string, start: number): number | undefined {
    let depth = 0;
    let isText = false;
    for (let at = start; at < text.length; at++) {
        const sign = text.charAt(at);
        if (isText) {
            if (sign === '\\') at++;
            else if (sign === '"') isText = false;
        } else if (sign === '"') isText = true;
        else if (sign === '{' || sign === '[') depth++;
        else if (sign === '}' || sign === ']') {
            depth--;
            if (depth === 0) return at + 1;
        }
    }
    return undefined;
}

function isObject(text: string): boolean {
    try {
        JSON.parse(text);
        return true;
    } catch {
        // Words in braces.
        return false;
    }
}

const MARKS: readonly (readonly [RegExp, string])[] = [
    // Rules, and the line under the head of a table.
    [/^[ \t]*(?:[-*_][ \t]*){3,}$/gm, ''],
    [/^[ \t]*\|?[ \t]*:?-{3,}[-|: \t]*$/gm, ''],
    // A table: a row is a sentence, with a pause between its cells.
    [/^[ \t]*\|(.*)\|[ \t]*$/gm, '\n$1\n'],
    [/[ \t]*\|[ \t]*/g, ', '],
    [/^[ \t]*#{1,6}[ \t]+(.*?)[ \t]*#*[ \t]*$/gm, '\n$1\n'],
    [/^[ \t]*(?:>[ \t]?)+/gm, ''],
    [/^[ \t]*[-*+•][ \t]+(?:\[[ xX]\][ \t]+)?/gm, '\n'],
    // Pictures and links; an address in angle brackets.
    [/!?\[([^[\]\n]{0,500})\](?:\([^()\n]{0,2000}(?:\([^()\n]{0,200}\)[^()\n]{0,200})?\)|\[[^[\]\n]{0,200}\])/g, '$1'],
    [/<((?:https?:\/\/|mailto:)[^<>\s]+)>/g, '$1'],
    [/<\/?(?:a|b|br|code|em|i|li|ol|p|pre|span|strong|u|ul)(?:\s[^<>]{0,500})?\/?>/gi, ' '],
    [/\*\*|__|~~|`/g, ''],
    [/(?<![\w*\\])\*(?=[^\s*])([^*\n]{0,1000}?)(?<=[^\s*\\])\*(?![\w*])/g, '$1'],
    [/(?<![\w])_(?=[^\s_])([^_\n]{0,1000}?)(?<=[^\s_])_(?!\w)/g, '$1'],
    [/\\(?=[*_`#[\](){}.!|~>+-])/g, ''],
];

function withoutMarks(text: string): string {
    return MARKS.reduce((rest, [mark, words]) => rest.replace(mark, words), text);
}
