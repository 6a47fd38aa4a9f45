/**
 * The `pattern` keyword of a tool's parameters, in time that grows with the text and never faster. JavaScript's own regular expressions
 * go back and try again: a nested quantifier, or two alternatives that overlap, makes them try 2ⁿ ways on a text that the caller supplies,
 * while all calls wait. RE2 tries all ways at once. Nested quantifiers are refused all the same, for the other readers of the schema.
 */
import { RE2JS } from 're2js';
import { nestedQuantifierIn } from './nested-quantifier';

/** Longest text of an argument with a pattern when its schema names no `maxLength`. */
const USUAL_PATTERN_CHARS = 64;
/** Longest text that is matched at all: no `maxLength` beside a pattern may be larger. */
export const MAX_PATTERN_CHARS = 1000;
/** Most instructions of a compiled pattern. Matching costs this times the characters: some 5 ms at the most of both. */
export const MAX_PATTERN_INSTRUCTIONS = 300;

/** What ajv calls for each pattern. */
interface LinearPattern {
    test(text: string): boolean;
    /** ajv tells patterns apart by it. */
    toString(): string;
}

/**
 * Compiles a pattern for ajv's option `code.regExp`. A text of more than `MAX_PATTERN_CHARS` matches none.
 *
 * @throws Error in words for the author, for what RE2 does not have and for a pattern that is too large
 */
export function linearPattern(pattern: string): LinearPattern {
    const compiled = compile(pattern);
    if (compiled.programSize() > MAX_PATTERN_INSTRUCTIONS)
        throw new Error(`${quoted(pattern)} is too large; right is a shorter one, with maxLength for the length`);
    return { test: (text) => text.length <= MAX_PATTERN_CHARS && compiled.test(text), toString: () => pattern };
}
linearPattern.code = 'linearPattern';

function compile(pattern: string): RE2JS {
    try {
        return RE2JS.compile(RE2JS.translateRegExp(pattern));
    } catch (fault) {
        const why = fault instanceof Error ? fault.message.replace('error parsing regexp: ', '') : String(fault);
        const absent = 'lookahead, lookbehind and references to groups cannot be used';
        throw new Error(`${quoted(pattern)} is no pattern of RE2 (${why}); ${absent}`);
    }
}

function quoted(pattern: string): string {
    return `the pattern ${JSON.stringify(pattern.length > 80 ? `${pattern.slice(0, 80)}…` : pattern)}`;
}

type Schema = Readonly<Record<string, unknown>>;

/** A copy of a schema in which every text with a pattern has a `maxLength`: the model is told of it too. */
export function withCappedPatterns<T extends Schema>(schema: T): T {
    return capped(schema) as T;
}

/** Places where a pattern may meet longer texts than it is matched with. */
export function patternProblems(schema: unknown): string[] {
    if (typeof schema !== 'object' || schema === null) return [];
    const own = hasPattern(schema) && Number(Reflect.get(schema, 'maxLength') ?? 0) > MAX_PATTERN_CHARS;
    const why = `has a maxLength of more than ${MAX_PATTERN_CHARS} beside a pattern`;
    return [...(own ? [why] : []), ...childrenOf(schema).flatMap(([, child]) => patternProblems(child))];
}

/** A repeated group with an unlimited quantifier in it, a sentence for each pattern. `tool`: the name of the tool. */
export function nestedQuantifierProblems(tool: string, parameters: Schema): string[] {
    return patternsIn(parameters, []).flatMap(([parameter, pattern]) => {
        const part = nestedQuantifierIn(pattern);
        if (part === undefined) return [];
        const what = `the parameter ${parameter} of the tool ${tool} has ${quoted(pattern)}`;
        return [
            `${what}, where ${JSON.stringify(part)} repeats a group that has an unlimited quantifier in it; ${RIGHT}`,
        ];
    });
}

const RIGHT =
    'right is one quantifier over a class of characters ("[A-Z0-9-]+") with maxLength for the length, or numbers for both ' +
    '("([a-z]{1,8}-){0,3}"): the pattern also goes to the model’s service, where a nested quantifier may take 2ⁿ steps';

/** All patterns of a schema, each with the parameter that it is of: `order.lines.items`. */
function patternsIn(schema: unknown, place: readonly string[]): [string, string][] {
    if (typeof schema !== 'object' || schema === null) return [];
    const own: unknown = Reflect.get(schema, 'pattern');
    const named = place.filter((name) => name !== 'properties').join('.');
    return [
        ...(typeof own === 'string' ? [[named, own] satisfies [string, string]] : []),
        ...childrenOf(schema).flatMap(([name, child]) => [
            ...(place.at(-1) === 'patternProperties' ? [[named, name] satisfies [string, string]] : []),
            ...patternsIn(child, [...place, name]),
        ]),
    ];
}

function capped(schema: unknown): unknown {
    if (Array.isArray(schema)) return schema.map((part: unknown) => capped(part));
    if (typeof schema !== 'object' || schema === null) return schema;
    const children = childrenOf(schema).map(([name, child]): [string, unknown] => [name, capped(child)]);
    const copy: Schema = { ...schema, ...Object.fromEntries(children) };
    return hasPattern(schema) && !('maxLength' in schema) ? { ...copy, maxLength: USUAL_PATTERN_CHARS } : copy;
}

/** A property may be called `pattern`: it is an object then. */
function hasPattern(schema: object): boolean {
    return typeof Reflect.get(schema, 'pattern') === 'string';
}

/** Everything in a schema that may be, or may hold, a schema. */
function childrenOf(schema: object): [string, unknown][] {
    return Object.entries(schema).filter(([name]) => !VALUES.has(name));
}

/** Keywords whose values are values of the arguments, and no schemas. */
const VALUES: ReadonlySet<string> = new Set(['const', 'enum', 'default', 'examples']);
