/** The rules that hold between the parts of a profile, and the sentences that say where a profile is wrong. */
import type { z } from 'zod';
import { canReason, takesHint, takesKeywords } from '../../config/openai';
import { DEFAULT_MODEL, type BargeInMode } from '../../config/variables';
import { repeatedPhrases, type OwnOverlapPhrases } from '../words';
import type { UnnamedDialog } from './dialog-script';
import { dialogTexts, dialogVariables, saysSomething } from './dialog-texts';
import { hasStrayBraces, placeholdersIn } from './template';
import { nestedQuantifierProblems } from './tool-pattern';
import { environmentNamesIn, toolNameOf, type HttpToolSpec, type ToolSpec } from './tool-schema';
import {
    asType,
    plainLine,
    RESERVED_OUTPUT_NAMES,
    TRANSFER_OUTPUT_VARIABLES,
    type InputVariable,
    type OutputVariable,
} from './variables';

/** What is wrong, and where in the profile. */
export interface RuleBreach {
    readonly path: (string | number)[];
    readonly message: string;
}

/** What the rules look at. */
export interface RuleSubject {
    readonly instructions?: string | { readonly file: string } | undefined;
    readonly greeting?: string | undefined;
    readonly inputVariables: Readonly<Record<string, InputVariable>>;
    readonly outputVariables: Readonly<Record<string, OutputVariable>>;
    readonly tools: readonly ToolSpec[];
    readonly dialog?: UnnamedDialog | undefined;
    readonly realtime?: RealtimeSubject | undefined;
    readonly bargeIn?: ({ readonly mode?: BargeInMode | undefined } & OwnOverlapPhrases) | undefined;
    readonly turnTaking?: { readonly bargeInMinSpeechMs?: number | undefined } | undefined;
}

interface RealtimeSubject {
    readonly model?: string | undefined;
    readonly parallelToolCalls?: boolean | undefined;
    readonly toolChoice?: string | { readonly function: string } | undefined;
    readonly transcription?: 'off' | TranscriptionSubject | undefined;
}

interface TranscriptionSubject {
    readonly model?: string | undefined;
    readonly language?: string | undefined;
    readonly languages?: readonly string[] | undefined;
    readonly keywords?: readonly string[] | undefined;
    readonly prompt?: string | undefined;
}

/** One breach for each sentence, all at the same place. */
function breachesAt(path: (string | number)[], messages: readonly string[]): RuleBreach[] {
    return messages.map((message) => ({ path, message }));
}

/** Every broken rule. Instructions in a file are not looked at: `placeholderProblems` checks them when they are read. */
export function brokenProfileRules(profile: RuleSubject): RuleBreach[] {
    const { instructions, greeting = '', inputVariables, outputVariables } = profile;
    const texts = { instructions: typeof instructions === 'string' ? instructions : '', greeting };
    return [
        ...Object.entries(texts).flatMap(([name, text]) => breachesAt([name], undeclared(text, inputVariables))),
        ...Object.entries(inputVariables).flatMap(([name, each]) =>
            breachesAt(['inputVariables', name], brokenInput(each)),
        ),
        ...Object.keys(outputVariables).flatMap((name) => breachesAt(['outputVariables', name], reserved(name))),
        ...brokenToolRules(profile),
        ...breachesAt(['dialog'], brokenDialog(profile)),
        ...breachesAt(['realtime'], brokenRealtime(profile)),
        ...breachesAt(['bargeIn'], brokenBargeIn(profile)),
    ];
}

/** What interrupts in a mode that the profile does not have, and a phrase that would have two meanings. */
function brokenBargeIn({ bargeIn = {}, turnTaking = {} }: RuleSubject): string[] {
    const { backchannels = [], alwaysYield = [] } = bargeIn;
    const { bargeInMinSpeechMs: minSpeechMs } = turnTaking;
    const mode = bargeIn.mode ?? (minSpeechMs === undefined ? 'smart' : 'instant');
    const hasPhrases = backchannels.length + alwaysYield.length > 0;
    const problems: readonly (string | false)[] = [
        minSpeechMs !== undefined &&
            mode !== 'instant' &&
            `has the mode "${mode}", and turnTaking.bargeInMinSpeechMs goes only with "instant"`,
        hasPhrases && mode !== 'smart' && `has phrases, and the mode "${mode}"; they go only with "smart"`,
        ...repeatedPhrases([...backchannels, ...alwaysYield]).map((phrase) => `has "${phrase}" twice`),
    ];
    return problems.filter((problem) => problem !== false);
}

/** Options that the model which is named beside them does not take. What the server's model takes is not known here. */
function brokenRealtime({ realtime = {}, tools }: RuleSubject): string[] {
    const { model = DEFAULT_MODEL, parallelToolCalls, toolChoice, transcription } = realtime;
    const words: TranscriptionSubject = transcription === undefined || transcription === 'off' ? {} : transcription;
    const { model: recognizer = 'gpt-transcribe', languages, keywords, prompt, language } = words;
    const named = typeof toolChoice === 'object' ? toolChoice.function : undefined;
    const isKnown = named === undefined || tools.some((tool) => toolNameOf(tool) === named);
    const problems: readonly (string | false)[] = [
        parallelToolCalls !== undefined && !canReason(model) && `has parallelToolCalls, which ${model} does not know`,
        !isKnown && `has the toolChoice ${named}, which is none of the tools`,
        language !== undefined && languages !== undefined && 'has language and languages; right is only one of them',
        (languages ?? keywords) !== undefined &&
            !takesKeywords(recognizer) &&
            `has languages or keywords, which the transcription model ${recognizer} does not take`,
        prompt !== undefined && !takesHint(recognizer) && `has a prompt, which ${recognizer} does not take`,
    ];
    return problems.filter((problem) => problem !== false);
}

/** What is wrong with the placeholders of a text that was read from a file. */
export function placeholderProblems(text: string, declared: Readonly<Record<string, InputVariable>>): string[] {
    const stray = hasStrayBraces(text) ? ['has double braces that are no placeholder; right is {{name}}'] : [];
    return [...stray, ...undeclared(text, declared)];
}

function undeclared(text: string, declared: Readonly<Record<string, InputVariable>>): string[] {
    return placeholdersIn(text)
        .filter((name) => !Object.hasOwn(declared, name))
        .map((name) => `{{${name}}} is not declared in inputVariables`);
}

function brokenInput({ type, default: given, required, maxLength }: InputVariable): string[] {
    if (given === undefined) return [];
    if (required) return ['is required and has a default; right is only one of them'];
    const text = plainLine(String(given));
    if (asType(type, text) === undefined) return [`has a default that is no ${type}`];
    return text.length > maxLength ? [`has a default of more than ${maxLength} characters`] : [];
}

function reserved(name: string): string[] {
    return RESERVED_OUTPUT_NAMES.has(name) ? ['is set by the call itself, and cannot be declared'] : [];
}

function brokenDialog({ dialog, inputVariables, outputVariables }: RuleSubject): string[] {
    if (dialog === undefined) return [];
    const texts = dialogTexts(dialog).flatMap((text) => placeholderProblems(text, inputVariables));
    const empty = dialogTexts(dialog)
        .filter((text) => !saysSomething(text))
        .map((text) => `says nothing where a value is missing: ${JSON.stringify(text)}`);
    const strangers = dialogVariables(dialog)
        .filter((name) => !Object.hasOwn(outputVariables, name) && !Object.hasOwn(TRANSFER_OUTPUT_VARIABLES, name))
        .map((name) => `sets ${name}, which is not declared in outputVariables`);
    return [...new Set([...texts, ...empty, ...strangers])];
}

/** Names of tools that every profile can have: nothing else may be called so. */
export const BUILT_IN_TOOLS: ReadonlySet<string> = new Set([
    'end_call',
    'transfer_to_agent',
    'collect_digits',
    'set_variable',
]);
/** Headers that say how the message is sent: they are set with it. */
const WIRE_HEADERS: ReadonlySet<string> = new Set([
    'host',
    'content-length',
    'transfer-encoding',
    'connection',
    'upgrade',
    'expect',
    'te',
]);

/** Headers whose values do not belong into a file. */
const SECRET_HEADER = /^(proxy-)?authorization$|^cookie$|api-?key|token|secret|password/i;

/** Every broken rule of the tools. */
function brokenToolRules(profile: RuleSubject): RuleBreach[] {
    const { tools } = profile;
    return tools.flatMap((tool, index) => [
        ...breachesAt(['tools', index], repeatedName(tool, tools.slice(0, index))),
        ...brokenVariables(tool, index, profile),
        ...brokenArguments(tool, index, profile),
        ...breachesAt(['tools', index, 'parameters'], brokenPatterns(tool)),
        ...(tool.kind === 'http' ? brokenHttp(tool, index, profile) : []),
    ]);
}

function repeatedName(tool: ToolSpec, before: readonly ToolSpec[]): string[] {
    if (tool.kind === 'mcp') {
        const isTaken = before.some((other) => other.kind === 'mcp' && other.label === tool.label);
        return isTaken ? [`another MCP server is called ${tool.label} already`] : [];
    }
    const name = toolNameOf(tool);
    if ('name' in tool && BUILT_IN_TOOLS.has(tool.name)) return [`${tool.name} is the name of a tool of the server`];
    return before.some((other) => toolNameOf(other) === name) ? [`another tool is called ${name ?? ''} already`] : [];
}

function brokenVariables(tool: ToolSpec, index: number, { outputVariables }: RuleSubject): RuleBreach[] {
    const field = tool.kind === 'set_variable' ? 'variables' : 'setVariables';
    return setVariablesOf(tool)
        .filter((name) => !Object.hasOwn(outputVariables, name))
        .map((name) => ({
            path: ['tools', index, field, name],
            message: 'is not declared in outputVariables',
        }));
}

function setVariablesOf(tool: ToolSpec): readonly string[] {
    if (tool.kind === 'set_variable') return tool.variables;
    return 'setVariables' in tool ? Object.keys(tool.setVariables ?? {}) : [];
}

/** The model must not be able to stand in for Architect. */
function brokenArguments(tool: ToolSpec, index: number, { inputVariables }: RuleSubject): RuleBreach[] {
    if (!('parameters' in tool)) return [];
    return Object.keys(tool.parameters.properties)
        .filter((name) => Object.hasOwn(inputVariables, name))
        .map((name) => ({
            path: ['tools', index, 'parameters', 'properties', name],
            message: 'is the name of an input variable too; right is another name',
        }));
}

function brokenPatterns(tool: ToolSpec): string[] {
    return 'parameters' in tool ? nestedQuantifierProblems(tool.name, tool.parameters) : [];
}

function brokenHttp(tool: HttpToolSpec, index: number, profile: RuleSubject): RuleBreach[] {
    const path = ['tools', index];
    return [
        ...breachesAt([...path, 'url'], brokenUrl(tool, profile)),
        ...breachesAt([...path, 'body'], brokenBody(tool, profile)),
        ...Object.entries(tool.headers ?? {}).flatMap(([name, value]) =>
            breachesAt([...path, 'headers', name], brokenHeader(name, value)),
        ),
    ];
}

function brokenUrl(tool: HttpToolSpec, profile: RuleSubject): string[] {
    const optional = placeholdersIn(tool.url).filter(
        (name) => Object.hasOwn(tool.parameters.properties, name) && tool.parameters.required?.includes(name) !== true,
    );
    return [
        ...unknownPlaceholders(tool.url, tool, profile),
        ...optional.map((name) => `needs the argument ${name}, which parameters.required does not name`),
        ...(isAllowed(tool) ? [] : ['has a host that allowedHosts lacks']),
    ];
}

function brokenBody(tool: HttpToolSpec, profile: RuleSubject): string[] {
    if (tool.body === undefined) return [];
    if (tool.method === 'GET') return ['does not go with GET'];
    if (tool.body === 'json') return [];
    return textsIn(tool.body.template).flatMap((text) => [
        ...(hasStrayBraces(text) ? ['has double braces that are no placeholder; right is {{name}}'] : []),
        ...unknownPlaceholders(text, tool, profile),
    ]);
}

function brokenHeader(name: string, value: string): string[] {
    if (WIRE_HEADERS.has(name.toLowerCase())) return ['is set with the message, and cannot be given'];
    if (SECRET_HEADER.test(name) && !value.includes('${')) return ['is a secret; right is ${NAME} of the environment'];
    if (value.includes('{{')) return ['may hold ${NAME} of the environment, and no {{placeholder}}'];
    const references = value.split('${').length - 1;
    return references === environmentNamesIn(value).length ? [] : ['has a "${" that is no ${NAME} of the environment'];
}

function unknownPlaceholders(text: string, tool: HttpToolSpec, { inputVariables }: RuleSubject): string[] {
    return placeholdersIn(text)
        .filter((name) => !Object.hasOwn(tool.parameters.properties, name) && !Object.hasOwn(inputVariables, name))
        .map((name) => `{{${name}}} is neither an argument of the tool nor declared in inputVariables`);
}

/** An address that is none is told of where it is read. */
function isAllowed({ url, allowedHosts }: HttpToolSpec): boolean {
    const [origin = ''] = /^[a-z]+:\/\/[^/?#]*/.exec(url) ?? [];
    return !URL.canParse(origin) || allowedHosts.includes(new URL(origin).host);
}

function textsIn(value: unknown): string[] {
    if (typeof value === 'string') return [value];
    return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

type Issue = z.core.$ZodIssue;
type Place = readonly PropertyKey[];

/** Most problems of one file that are listed; the others are counted. */
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
