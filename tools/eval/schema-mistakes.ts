import type { z } from 'zod';
import { isFields } from '../../src/support/json';
import { didYouMean } from '../../src/support/near-names';
import { rightKeys } from './right-keys';
import type { Path } from './yaml-text';

type Issue = z.core.$ZodIssue;

/** What is wrong with a value, in a sentence, and where; `key`: the key of the map at `path` is wrong, and not its value. */
export interface PlacedSentence {
    readonly path: Path;
    readonly sentence: string;
    readonly key?: string;
}

/** The findings of `schema` about `value`, as sentences. Of several forms, the one that was meant is spoken of. */
export function schemaMistakes(schema: z.core.$ZodType, issues: readonly Issue[], value: unknown): PlacedSentence[] {
    const keysAt: KeysAt = (path, wrong) => rightKeys(schema, path, valueAt(value, path), wrong);
    return issues.flatMap((issue) => sentencesOf(issue, [], value, keysAt));
}

/** The keys that the map at a path may have, where those of `wrong` are none of them. */
type KeysAt = (path: Path, wrong: readonly string[]) => string[];

function sentencesOf(issue: Issue, place: Path, value: unknown, keysAt: KeysAt): PlacedSentence[] {
    const path = [...place, ...issue.path];
    const given = valueAt(value, issue.path);
    const cut = cutSentence(path, given, keysAt);
    if (cut !== undefined) return [{ path, key: cut, sentence: needsQuotes(cut) }];
    switch (issue.code) {
        case 'unrecognized_keys':
            return issue.keys.map((key) => ({ path, key, sentence: noSuchKey(key, keysAt(path, issue.keys), given) }));
        case 'invalid_union':
            return ofUnion(issue, path, given, keysAt);
        case 'invalid_type':
            return [{ path, sentence: ofType(issue, given) }];
        case 'invalid_value':
            return [{ path, sentence: `${subject(issue.path)}must be ${issue.values.map(String).join(' or ')}` }];
        default:
            return [{ path, sentence: `${subject(issue.path)}${plain(issue.message)}` }];
    }
}

/** The form that was meant is the one whose kind and whose leading key are right; where none is, all of them are named. */
function ofUnion(
    { errors, message }: z.core.$ZodIssueInvalidUnion,
    path: Path,
    value: unknown,
    keysAt: KeysAt,
): PlacedSentence[] {
    const meant = errors
        .filter((branch) => !branch.some((each) => isOtherKind(each) || isMissing(each, value)))
        .sort((a, b) => weight(a) - weight(b))[0];
    if (meant !== undefined) return meant.flatMap((each) => sentencesOf(each, path, value, keysAt));
    const forms = errors.flatMap((branch) => formsOf(branch, value));
    if (forms.length === 0) return [{ path, sentence: plain(message) }];
    const slips = isFields(value) ? Object.keys(value).flatMap((key) => slipOf(key, keysAt(path, []))) : [];
    return [{ path, sentence: [`must be ${[...new Set(forms)].join(' or ')}`, ...slips].join('; ') }];
}

/** Keys whose values, or the entries of them, may be texts. */
const TEXTS: ReadonlySet<PropertyKey> = new Set(['model', 'says', 'heard', 'not_heard', 'not_generated', 'judge']);

/** The key that is the beginning of a sentence with a colon, where a text may stand; undefined: there is none. */
function cutSentence(path: Path, value: unknown, keysAt: KeysAt): string | undefined {
    if (!isFields(value) || !TEXTS.has(path.findLast((part) => typeof part === 'string') ?? '')) return undefined;
    const right = keysAt(path, []);
    const isPlain = (rest: unknown): boolean => typeof rest !== 'object' || rest === null;
    const isCut = ([key, rest]: [string, unknown]): boolean =>
        !right.includes(key) && /\s|\p{Lu}/u.test(key) && isPlain(rest);
    return Object.entries(value).find(isCut)?.[0];
}

function needsQuotes(key: string): string {
    return `\`${key}: …\` is read as a key and its value, because of the colon: put the sentence in quotation marks`;
}

/** The right keys that the map has already are not named once more. */
function noSuchKey(key: string, right: readonly string[], given: unknown): string {
    const meant = didYouMean(key, right);
    const free = right.filter((each) => !isFields(given) || !Object.hasOwn(given, each));
    const keys = free.length === 0 ? '' : `; right here: ${free.join(', ')}`;
    return `there is no \`${key}\` here${meant === '' ? '' : `: ${meant}`}${keys}`;
}

function slipOf(key: string, right: readonly string[]): string[] {
    const meant = right.includes(key) ? '' : didYouMean(key, right);
    return meant === '' ? [] : [`there is no \`${key}\`: ${meant}`];
}

/** A key that is not known is a surer sign of another form than a value that does not fit. */
function weight(branch: readonly Issue[]): number {
    return branch.reduce((sum, { code }) => sum + (code === 'unrecognized_keys' ? 10 : 1), 0);
}

/** A union is of another kind when all of its forms are. */
function isOtherKind(issue: Issue): boolean {
    if (issue.path.length > 0) return false;
    if (issue.code === 'invalid_union') return issue.errors.every((branch) => branch.some(isOtherKind));
    return issue.code === 'invalid_type' || issue.code === 'invalid_value';
}

function isMissing(issue: Issue, value: unknown): boolean {
    return issue.path.length > 0 && valueAt(value, issue.path) === undefined;
}

function formsOf(branch: readonly Issue[], value: unknown): string[] {
    const key = branch.find((each) => isMissing(each, value))?.path[0];
    if (key !== undefined) return [`\`${String(key)}: …\``];
    const kind = branch.find(isOtherKind);
    if (kind?.code === 'invalid_union') return kind.errors.flatMap((each) => formsOf(each, value));
    if (kind?.code === 'invalid_value') return [kind.values.map(String).join(' or ')];
    return kind?.code === 'invalid_type' ? [nameOf(kind.expected)] : [];
}

function ofType(issue: z.core.$ZodIssueInvalidType, given: unknown): string {
    const name = String(issue.path.at(-1) ?? '');
    if (given === undefined && issue.path.length > 0) return `\`${name}\` is missing`;
    const quotes = issue.expected === 'string' && typeof given === 'number' ? ': write it in quotation marks' : '';
    return `${subject(issue.path)}must be ${nameOf(issue.expected)}${quotes}`;
}

const NAMES: Readonly<Record<string, string>> = {
    string: 'a text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    object: 'a map of keys and values',
    record: 'a map of keys and values',
    array: 'a list',
};

function nameOf(expected: string): string {
    return NAMES[expected] ?? expected;
}

function subject(path: readonly PropertyKey[]): string {
    const name = path.findLast((part) => typeof part === 'string');
    return name === undefined ? '' : `\`${name}\` `;
}

/** The schema's own words without its heading: "Too small: expected number to be >=0" is "expected number to be >=0". */
function plain(message: string): string {
    return message.replace(/^(?:Too small|Too big|Invalid \w+): /, 'is wrong: ');
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
    return path.reduce<unknown>(
        (part, name) => (typeof part === 'object' && part !== null ? Reflect.get(part, name) : undefined),
        value,
    );
}
