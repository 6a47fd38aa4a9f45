/** The rules of a file of cases that its schema cannot say: names that must exist, expressions that must compile. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { BotProfile } from '../../src/services/profiles/schema';
import { toolNameOf } from '../../src/services/profiles/tool-schema';
import { HANDOVER_OUTPUT_VARIABLES, RESERVED_OUTPUT_NAMES } from '../../src/services/profiles/variables';
import { DEFAULT_TOOLS } from '../../src/services/functions/built-in-tools';
import { TOOL_OUTCOMES } from '../../src/services/functions/tool';
import { OUTPUT_END_REASONS } from '../../src/metrics/bounded-label';
import { ERRORS } from '../../src/support/errors';
import { didYouMean } from '../../src/support/near-names';
import type { EvalCase, EvalFile, Expectation, ModelStep } from './case-schema';
import type { PlacedSentence } from './schema-mistakes';
import type { Path, WrittenNumber } from './yaml-text';

/** The names that a bot knows. */
export interface NamesOfBot {
    /** All that the model may call, those of MCP servers too. */
    readonly functions: ReadonlySet<string>;
    /** Those that ask something outside the server, and so can be mocked. */
    readonly asking: ReadonlySet<string>;
    /** Output variables that Architect can get; undefined: any. */
    readonly outputs: ReadonlySet<string> | undefined;
    /** Input variables that are taken; undefined: any. */
    readonly inputs: ReadonlySet<string> | undefined;
    /** Values of `end_reason` that its own dialog gives beside the server's. */
    readonly endReasons: ReadonlySet<string>;
}

/** The names of a profile, or of a bot that the server has without any profile. */
export function namesOf(bot: string, profile: BotProfile | undefined): NamesOfBot {
    if (profile === undefined) {
        const names = bot === 'openai' ? DEFAULT_TOOLS.map(({ name }) => name) : [];
        return {
            functions: new Set(names),
            asking: new Set(),
            outputs: undefined,
            inputs: undefined,
            endReasons: new Set(),
        };
    }
    const named = profile.tools.flatMap((tool) => toolNameOf(tool) ?? []);
    const ofMcp = profile.tools.flatMap((tool) => (tool.kind === 'mcp' ? tool.allowedTools : []));
    const asking = profile.tools.flatMap((tool) => ('name' in tool ? [tool.name] : []));
    // The reserved ones hold `call_link` too.
    const outputs = [
        ...Object.keys(profile.outputVariables),
        ...Object.keys(HANDOVER_OUTPUT_VARIABLES),
        ...RESERVED_OUTPUT_NAMES,
    ];
    return {
        functions: new Set([...named, ...ofMcp]),
        asking: new Set(asking),
        outputs: new Set(outputs),
        inputs: new Set(Object.keys(profile.inputVariables)),
        endReasons: new Set(ownEndReasons(profile)),
    };
}

/** The values of `end_reason` anywhere in a profile: the `outputVariables` of a dialog's end may have one. */
function ownEndReasons(value: unknown): string[] {
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([name, inner]) =>
        name === 'end_reason' && typeof inner === 'string' ? [inner] : ownEndReasons(inner),
    );
}

/** What is wrong with a file whose form is right. `folder`: of the file. */
export function brokenCaseRules(file: EvalFile, names: NamesOfBot, folder: string): PlacedSentence[] {
    const ofCases = file.cases.flatMap((each, at) => {
        const path = ['cases', at];
        const model = each.model ?? [];
        return [
            ...(each.script === undefined && each.persona === undefined
                ? [{ path, sentence: `the case "${each.name}" needs a \`script\` or a \`persona\`` }]
                : []),
            ...(each.only === 'stand-in' && each.script === undefined && each.persona !== undefined
                ? [{ path: [...path, 'only'], sentence: 'a persona talks with --live only: there is no `script`' }]
                : []),
            ...unknownMocks(each.mocks, names, path),
            ...unknownInputs(each.input, names, path),
            ...unknownCalls(model, names, path),
            ...withoutModel(each, path),
            ...missingSounds(each.script ?? [], folder, path),
            ...brokenExpectation(each.expect, names, [...path, 'expect'], model.some(mayCallUnknown)),
        ];
    });
    return [
        ...unknownMocks(file.mocks, names, []),
        ...unknownInputs(file.input, names, []),
        ...brokenExpectation(file.expect ?? {}, names, ['expect'], false),
        ...repeatedNames(file),
        ...ofCases,
    ];
}

/** What has no effect, and harms nothing. */
export function uselessParts(file: EvalFile, { inputs }: NamesOfBot): PlacedSentence[] {
    if (inputs === undefined || inputs.size > 0) return [];
    const useless = (input: object | undefined, path: Path): PlacedSentence[] =>
        inputNames(input).map((name) => ({
            path: [...path, 'input'],
            key: name,
            sentence: `\`${name}\` has no effect: the profile declares no \`inputVariables\``,
        }));
    return [...useless(file.input, []), ...file.cases.flatMap(({ input }, at) => useless(input, ['cases', at]))];
}

/** Places whose values are compared, or given to a function or a person: a number there is often no number. */
const DATA = ['outputs', 'calls', 'mocks', 'knows'];

/** Numbers that are read as something else than is written: `0123` as 123, and, where text is compared, `84.20` as 84.2. */
export function misreadNumbers(numbers: readonly WrittenNumber[]): PlacedSentence[] {
    return numbers.flatMap(({ path, value, source }) => {
        const isData = path.some((part) => typeof part === 'string' && DATA.includes(part));
        const isText = path.at(-2) === 'outputs' && path.at(-3) === 'expect';
        const isMisread = isText ? source !== String(value) : isData && /^[-+]?0\d/.test(source);
        if (!isMisread) return [];
        return [{ path, sentence: `${source} is read as the number ${value}: write it in quotation marks` }];
    });
}

function repeatedNames({ cases }: EvalFile): PlacedSentence[] {
    const first = new Map<string, number>();
    return cases.flatMap(({ name }, at) => {
        const before = first.get(name);
        if (before === undefined) first.set(name, at);
        if (before === undefined) return [];
        return [{ path: ['cases', at, 'name'], sentence: `"${name}" is already the name of case ${before + 1}` }];
    });
}

function unknownMocks(mocks: object | undefined, { functions, asking }: NamesOfBot, path: Path): PlacedSentence[] {
    return Object.keys(mocks ?? {})
        .filter((name) => !asking.has(name))
        .map((name) => ({
            path: [...path, 'mocks'],
            key: name,
            sentence: functions.has(name)
                ? `\`${name}\` asks no service of yours: there is nothing to mock`
                : unknownName('function', name, asking),
        }));
}

function unknownInputs(input: object | undefined, { inputs }: NamesOfBot, path: Path): PlacedSentence[] {
    if (inputs === undefined || inputs.size === 0) return [];
    return inputNames(input)
        .filter((name) => !inputs.has(name))
        .map((name) => ({
            path: [...path, 'input'],
            key: name,
            sentence: unknownName('input variable', name, inputs),
        }));
}

/** The server itself reads the input variable `bot`, whatever a profile declares (docs/BOTS.md, Which bot answers). */
function inputNames(input: object | undefined): string[] {
    return Object.keys(input ?? {}).filter((name) => name !== 'bot');
}

function unknownCalls(model: readonly ModelStep[], { functions }: NamesOfBot, path: Path): PlacedSentence[] {
    return model.flatMap((step, at) => {
        if (typeof step === 'string' || mayCallUnknown(step)) return [];
        const { calls = {} } = step;
        const place = [...path, 'model', at, 'calls'];
        const maps = Array.isArray(calls)
            ? calls.map((map, index) => ({ map, place: [...place, index] }))
            : [{ map: calls, place }];
        return maps.flatMap((each) =>
            Object.keys(each.map)
                .filter((name) => !functions.has(name))
                .map((name) => ({
                    path: each.place,
                    key: name,
                    sentence: `${unknownName('function', name, functions)} (\`unknown_calls: true\` in this step allows it)`,
                })),
        );
    });
}

function mayCallUnknown(step: ModelStep): boolean {
    return typeof step !== 'string' && step.unknown_calls === true;
}

function unknownName(what: string, name: string, known: ReadonlySet<string>): string {
    const meant = didYouMean(name, [...known]);
    const right = known.size === 0 ? 'it has none' : `it has ${[...known].join(', ')}`;
    return `the bot has no ${what} \`${name}\`: ${meant === '' ? '' : `${meant} `}${right}`;
}

function missingSounds(script: readonly object[], folder: string, path: Path): PlacedSentence[] {
    return script.flatMap((step, at) => {
        const wav = 'wav' in step && typeof step.wav === 'string' ? step.wav : undefined;
        if (wav === undefined || existsSync(join(folder, wav))) return [];
        return [{ path: [...path, 'script', at, 'wav'], sentence: `there is no file ${wav} beside this one` }];
    });
}

/** `hasUnknown`: the model calls what the bot does not have, which the server records as a call of `unknown`. */
function brokenExpectation(
    expect: Expectation,
    { functions, outputs, endReasons }: NamesOfBot,
    path: Path,
    hasUnknown: boolean,
): PlacedSentence[] {
    const isCall = (name: string): boolean => functions.has(name) || (hasUnknown && name === 'unknown');
    const calls = Object.keys(expect.calls ?? {}).filter((name) => !isCall(name));
    const variables = Object.keys(expect.outputs ?? {}).filter((name) => outputs?.has(name) === false);
    return [
        ...calls.map((name) => ({
            path: [...path, 'calls'],
            key: name,
            sentence: unknownName('function', name, functions),
        })),
        ...variables.map((name) => ({
            path: [...path, 'outputs'],
            key: name,
            sentence: unknownName('output variable', name, outputs ?? new Set()),
        })),
        ...unknownEndReason(expect.end_reason, endReasons, [...path, 'end_reason']),
        ...Object.entries(expect.calls ?? {}).flatMap(([name, call]) =>
            typeof call === 'number' ? [] : unknownOutcome(call.outcome, [...path, 'calls', name, 'outcome']),
        ),
        ...brokenSlashes(expect.end_reason, [...path, 'end_reason']),
        ...brokenSlashes(expect.outputs, [...path, 'outputs']),
        ...Object.entries(expect.calls ?? {}).flatMap(([name, call]) =>
            typeof call === 'number' ? [] : brokenSlashes(call.arguments, [...path, 'calls', name, 'arguments']),
        ),
        ...(['heard', 'not_heard', 'not_generated'] as const).flatMap((name) =>
            brokenMatches(expect[name], [...path, name]),
        ),
    ];
}

function unknownOutcome(outcome: string | undefined, path: Path): PlacedSentence[] {
    if (outcome === undefined || TOOL_OUTCOMES.some((each) => each === outcome)) return [];
    return [{ path, sentence: noSuchValue('a call of a function never ends with', outcome, TOOL_OUTCOMES) }];
}

function unknownEndReason(reason: string | undefined, own: ReadonlySet<string>, path: Path): PlacedSentence[] {
    if (reason === undefined || /^\/.+\/$/s.test(reason)) return [];
    const known = [...OUTPUT_END_REASONS, ...own];
    if (known.includes(reason) || reason === 'error' || Object.hasOwn(ERRORS, reason)) return [];
    const sentence = noSuchValue('the server gives no `end_reason`', reason, known);
    return [{ path, sentence: `${sentence}, error, and the codes of docs/ERRORS.md` }];
}

function noSuchValue(what: string, value: string, known: readonly string[]): string {
    const meant = didYouMean(value, known);
    return `${what} \`${value}\`: ${meant === '' ? '' : `${meant} `}there are ${known.join(', ')}`;
}

/** What belongs to the model has no place in a case that has none. */
function withoutModel({ openai, model, faults }: EvalCase, path: Path): PlacedSentence[] {
    if (openai !== false) return [];
    return [
        ...(model === undefined ? [] : [{ key: 'model', what: 'the `model` is never asked' }]),
        ...(faults === undefined ? [] : [{ key: 'faults', what: 'the `faults` of the model never come' }]),
    ].map(({ key, what }) => ({
        path,
        key,
        sentence: `${what} with \`openai: false\`, which is a server without a key: leave one of the two out`,
    }));
}

/** Every text between slashes inside `value` must be a regular expression. */
function brokenSlashes(value: unknown, path: Path): PlacedSentence[] {
    if (typeof value === 'string') return /^\/.*\/$/s.test(value) ? brokenExpression(value.slice(1, -1), path) : [];
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([name, inner]) => brokenSlashes(inner, [...path, name]));
}

function brokenMatches(value: unknown, path: Path): PlacedSentence[] {
    if (Array.isArray(value)) return value.flatMap((each: unknown, at) => brokenMatches(each, [...path, at]));
    const matches = typeof value === 'object' && value !== null && 'matches' in value ? value.matches : undefined;
    return typeof matches === 'string' ? brokenExpression(matches, [...path, 'matches']) : [];
}

function brokenExpression(source: string, path: Path): PlacedSentence[] {
    try {
        new RegExp(source, 'i');
        return [];
    } catch (fault) {
        const why = fault instanceof Error ? fault.message.replace(/^Invalid regular expression: /, '') : '';
        return [{ path, sentence: `no regular expression: ${why}` }];
    }
}
