/** The rules of a file of cases that its schema cannot say: names that must exist, expressions that must compile. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { BotProfile } from '../../src/services/profiles/schema';
import { toolNameOf } from '../../src/services/profiles/tool-schema';
import { DEFAULT_TOOLS } from '../../src/services/functions/built-in-tools';
import type { EvalFile, Expectation } from './case-schema';
import type { PlacedSentence } from './schema-mistakes';
import type { Path } from './yaml-text';

/** What a bot can call. */
export interface FunctionsOfBot {
    /** All that the model may call, those of MCP servers too. */
    readonly all: ReadonlySet<string>;
    /** Those that ask something outside the server, and so can be mocked. */
    readonly asking: ReadonlySet<string>;
}

/** The functions of a profile, or of a bot that the server has without any profile. */
export function functionsOf(bot: string, profile: BotProfile | undefined): FunctionsOfBot {
    if (profile === undefined) {
        const names = bot === 'openai' ? DEFAULT_TOOLS.map(({ name }) => name) : [];
        return { all: new Set(names), asking: new Set() };
    }
    const named = profile.tools.flatMap((tool) => toolNameOf(tool) ?? []);
    const ofMcp = profile.tools.flatMap((tool) => (tool.kind === 'mcp' ? tool.allowedTools : []));
    const asking = profile.tools.flatMap((tool) => ('name' in tool ? [tool.name] : []));
    return { all: new Set([...named, ...ofMcp]), asking: new Set(asking) };
}

/** What is wrong with a file whose form is right. `folder`: of the file. */
export function brokenCaseRules(file: EvalFile, functions: FunctionsOfBot, folder: string): PlacedSentence[] {
    const ofCases = file.cases.flatMap((each, at) => {
        const path = ['cases', at];
        return [
            ...(each.script === undefined && each.persona === undefined
                ? [{ path, sentence: `the case "${each.name}" needs a \`script\` or a \`persona\`` }]
                : []),
            ...(each.only === 'stand-in' && each.script === undefined && each.persona !== undefined
                ? [{ path: [...path, 'only'], sentence: 'a persona talks with --live only: there is no `script`' }]
                : []),
            ...unknownMocks(each.mocks, functions, path),
            ...missingSounds(each.script ?? [], folder, path),
            ...brokenExpectation(each.expect, functions, [...path, 'expect']),
        ];
    });
    return [
        ...unknownMocks(file.mocks, functions, []),
        ...brokenExpectation(file.expect ?? {}, functions, ['expect']),
        ...repeatedNames(file),
        ...ofCases,
    ];
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

function unknownMocks(mocks: object | undefined, { all, asking }: FunctionsOfBot, path: Path): PlacedSentence[] {
    return Object.keys(mocks ?? {})
        .filter((name) => !asking.has(name))
        .map((name) => ({
            path: [...path, 'mocks'],
            key: name,
            sentence: all.has(name)
                ? `\`${name}\` asks no service of yours: there is nothing to mock`
                : noSuchFunction(name, asking),
        }));
}

function noSuchFunction(name: string, known: ReadonlySet<string>): string {
    const right = known.size === 0 ? 'it has none' : `it has ${[...known].join(', ')}`;
    return `the bot has no function \`${name}\`: ${right}`;
}

function missingSounds(script: readonly object[], folder: string, path: Path): PlacedSentence[] {
    return script.flatMap((step, at) => {
        const wav = 'wav' in step && typeof step.wav === 'string' ? step.wav : undefined;
        if (wav === undefined || existsSync(join(folder, wav))) return [];
        return [{ path: [...path, 'script', at, 'wav'], sentence: `there is no file ${wav} beside this one` }];
    });
}

function brokenExpectation(expect: Expectation, { all }: FunctionsOfBot, path: Path): PlacedSentence[] {
    const unknown = Object.keys(expect.calls ?? {}).filter((name) => !all.has(name));
    return [
        ...unknown.map((name) => ({ path: [...path, 'calls'], key: name, sentence: noSuchFunction(name, all) })),
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
