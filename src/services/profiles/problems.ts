/** What is wrong with a file, in sentences for whoever wrote it: each names its place, none shows a value. */
import type { z } from 'zod';

type Issue = z.core.$ZodIssue;
type Place = readonly PropertyKey[];

/** A file with many slips is not read to its end by anybody. */
const MAX_PROBLEMS = 40;

/** One sentence for each problem: `tools.2.url: must be a whole address with a scheme and a host`. */
export function problemSentences(issues: readonly Issue[]): string[] {
    const sentences = [...new Set(issues.flatMap((issue) => sentencesOf(issue, [])))];
    const rest = sentences.length - MAX_PROBLEMS;
    return rest <= 0 ? sentences : [...sentences.slice(0, MAX_PROBLEMS), `and ${rest} more`];
}

function sentencesOf(issue: Issue, place: Place): string[] {
    const here = [...place, ...issue.path];
    switch (issue.code) {
        case 'unrecognized_keys':
            return issue.keys.map((key) => sentence([...here, key], 'there is no such setting'));
        case 'invalid_union':
            return ofUnion(issue, here);
        case 'invalid_key':
            return [sentence(here, issue.issues[0]?.message ?? issue.message)];
        case 'invalid_value':
            return [sentence(here, `must be ${oneOf(issue.values.map(String))}`)];
        default:
            return [sentence(here, plain(issue.message))];
    }
}

/** Of several forms, the one that was meant: the one whose kind is right. */
function ofUnion(issue: z.core.$ZodIssueInvalidUnion, here: Place): string[] {
    if (issue.errors.length === 0) return [sentence(here, issue.message.replace(/^.*Expected /, 'must be one of '))];
    const meant = issue.errors.find((branch) => !branch.some(isWrongKind));
    if (meant !== undefined) return meant.flatMap((each) => sentencesOf(each, here));
    if (issue.message !== 'Invalid input') return [sentence(here, issue.message)];
    const kinds = issue.errors.flat().filter(isWrongKind).map(kindOf);
    return [sentence(here, `must be ${[...new Set(kinds)].join(' or ')}`)];
}

function isWrongKind(issue: Issue): boolean {
    return issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value');
}

function kindOf(issue: Issue): string {
    if (issue.code === 'invalid_value') return oneOf(issue.values.map(String));
    return issue.code === 'invalid_type' ? (KINDS[issue.expected] ?? issue.expected) : issue.message;
}

const KINDS: Readonly<Record<string, string>> = {
    string: 'text',
    object: 'an object',
    record: 'an object',
    array: 'a list',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
};

function plain(message: string): string {
    const [, expected, received] = /^Invalid input: expected (\w+), received (\w+)$/.exec(message) ?? [];
    if (received === 'undefined') return 'is missing';
    return expected === undefined ? message : `must be ${KINDS[expected] ?? expected}`;
}

function oneOf(words: readonly string[]): string {
    const quoted = words.map((word) => JSON.stringify(word));
    return quoted.length === 1 ? quoted.join('') : `one of ${quoted.join(', ')}`;
}

function sentence(place: Place, message: string): string {
    return place.length === 0 ? message : `${place.map(String).join('.')}: ${message}`;
}
