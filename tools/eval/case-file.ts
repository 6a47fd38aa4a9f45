/** Finds and reads the files of cases beside the bot profiles, and says where they are wrong. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { BUILT_IN_BOTS, profileFiles, readProfile, type ReadProfile } from '../../src/services/profiles/reader';
import { brokenCaseRules, misreadNumbers, namesOf, uselessParts } from './case-checks';
import { evalFile, type EvalCase, type EvalFile, type Expectation } from './case-schema';
import type { CaseLines, CaseToRun } from './run-case';
import { schemaMistakes, type PlacedSentence } from './schema-mistakes';
import { YamlText } from './yaml-text';

const CASE_FILE_ENDING = '.eval.yaml';
const MAX_FILE_BYTES = 4_194_304;

/** Which cases are meant; left out: all. */
export interface Selection {
    readonly bot?: string | undefined;
    /** A part of the name, without regard to capitals. */
    readonly part?: string | undefined;
    /** Only of these bots. */
    readonly bots?: ReadonlySet<string> | undefined;
}

export interface CasesWanted {
    readonly folder: string;
    /** What the names of files are relative to in what is read by people. */
    readonly directory: string;
    readonly live: boolean;
    /** Instead of the seeds of the cases; undefined: those, or 1. */
    readonly seed?: number | undefined;
    readonly selection: Selection;
}

/** What the files of a folder hold. */
export interface CasesRead {
    /** In the order of the files and in them, each once: `run` is 1. */
    readonly cases: readonly CaseToRun[];
    /** `bots/billing.eval.yaml:3:5: sentence`, of the files of the selected bots. */
    readonly mistakes: readonly string[];
    /** In the same form: what has no effect. */
    readonly warnings: readonly string[];
    /** Bots that have a file of cases, whatever is selected. */
    readonly bots: readonly string[];
    /** Selected cases that need the real model, or the stand-in, and so are not among `cases`: why, and how many. */
    readonly leftOut: ReadonlyMap<string, number>;
    /** For each file of the folder that a bot is made of, the bots that its change concerns: names without the folder. */
    readonly botsOfFile: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Reads every file of cases of a folder. Throws only what `readdir` throws about the folder. */
export function readCases(wanted: CasesWanted): CasesRead {
    const { folder, directory, selection } = wanted;
    const shown = (name: string): string => relative(directory, join(folder, name));
    const profiles = new Map(profileFiles(folder).map((name) => [name.slice(0, -5), readProfile(folder, name)]));
    const files = readdirSync(folder)
        .filter((name) => name.endsWith(CASE_FILE_ENDING) && !name.startsWith('.'))
        .sort()
        .map((name) => ({ name, ...readCaseFile(folder, name, profiles) }));
    const chosen = files.filter(({ bot }) => isBotSelected(bot, selection));
    const named = chosen.flatMap(({ name, bot, file, lines = [] }) =>
        file === undefined
            ? []
            : file.cases.map((each, at) => ({
                  name,
                  bot,
                  ...(lines[at] !== undefined && { lines: lines[at] }),
                  evalCase: mergedCase(file, each),
                  ...(each.mocks !== undefined && { ownMocks: Object.keys(each.mocks) }),
              })),
    );
    const part = selection.part?.toLowerCase() ?? '';
    const selected = named.filter(({ evalCase }) => evalCase.name.toLowerCase().includes(part));
    const fitting = selected.filter(({ evalCase }) => whyLeftOut(evalCase, wanted.live) === undefined);
    return {
        cases: fitting.map(({ name, bot, evalCase, ownMocks, lines }) => ({
            bot,
            file: shown(name),
            folder,
            botsFolder: folder,
            evalCase,
            ...(lines !== undefined && { lines }),
            ...(ownMocks !== undefined && { ownMocks }),
            run: 1,
            seed: wanted.seed ?? evalCase.seed ?? 1,
            live: wanted.live,
        })),
        mistakes: [
            ...chosen.flatMap(({ name, mistakes }) => mistakes.map((each) => `${shown(name)}${each}`)),
            ...profileMistakes(new Set(chosen.map(({ bot }) => bot)), profiles, shown),
            ...namesInTwoFiles(named, shown),
        ],
        warnings: chosen.flatMap(({ name, warnings = [] }) => warnings.map((each) => `${shown(name)}${each}`)),
        bots: [...new Set(files.map(({ bot }) => bot))].sort(),
        leftOut: countedBy(selected.flatMap(({ evalCase }) => whyLeftOut(evalCase, wanted.live) ?? [])),
        botsOfFile: botsOfFile(files, profiles),
    };
}

function isBotSelected(bot: string, { bot: name = bot, bots }: Selection): boolean {
    return bot === name && bots?.has(bot) !== false;
}

/** Why a case cannot be run with this model, after "they"; undefined: it can. */
function whyLeftOut({ only, script, faults = [], openai = true }: EvalCase, live: boolean): string | undefined {
    if (!live) return only === 'live' || script === undefined ? 'need --live' : undefined;
    if (only === 'stand-in') return 'belong to the stand-in (`only: stand-in`)';
    if (faults.length > 0) return 'have `faults`, which need the stand-in';
    return openai ? undefined : 'have no model (`openai: false`)';
}

function countedBy(reasons: readonly string[]): Map<string, number> {
    const counts = new Map<string, number>();
    for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    return counts;
}

type Profiles = ReadonlyMap<string, ReadProfile>;

interface CaseFileRead {
    readonly bot: string;
    /** undefined: it is broken. */
    readonly file: EvalFile | undefined;
    /** Of its cases, in their order. */
    readonly lines?: readonly CaseLines[];
    /** `:3:5: sentence`. */
    readonly mistakes: readonly string[];
    readonly warnings?: readonly string[];
}

function readCaseFile(folder: string, name: string, profiles: Profiles): CaseFileRead {
    const ownName = name.slice(0, -CASE_FILE_ENDING.length);
    const text = readText(join(folder, name));
    if (text === undefined) {
        const why = `must be a readable file of UTF-8 text, ${MAX_FILE_BYTES} bytes at most`;
        return { bot: ownName, file: undefined, mistakes: [`:1:1: ${why}`] };
    }
    const yaml = new YamlText(text);
    const parsed = yaml.mistakes.length > 0 ? undefined : evalFile.safeParse(yaml.value);
    const bot = parsed?.success === true ? (parsed.data.bot ?? ownName) : (botIn(yaml.value) ?? ownName);
    if (parsed?.success !== true) {
        const sentences = parsed === undefined ? [] : schemaMistakes(evalFile, parsed.error.issues, yaml.value);
        const mistakes = [
            ...yaml.mistakes,
            ...sentences.map((each) => yaml.mistake(each.path, each.sentence, each.key)),
        ];
        return { bot, file: undefined, mistakes: inOrder(mistakes) };
    }
    const profile = profiles.get(bot);
    if (profile === undefined && !BUILT_IN_BOTS.has(bot)) {
        const known = [...profiles.keys(), ...BUILT_IN_BOTS].join(', ');
        const why = `there is no bot ${bot} in this folder; there are ${known}`;
        return { bot, file: undefined, mistakes: inOrder([yaml.mistake(['bot'], why)]) };
    }
    // A broken profile has its own sentences, and functions that are not known.
    if (profile !== undefined && 'problems' in profile) return { bot, file: undefined, mistakes: [] };
    const names = namesOf(bot, profile?.profile);
    const broken = [...brokenCaseRules(parsed.data, names, folder), ...misreadNumbers(yaml.numbers)];
    const placed = (sentences: readonly PlacedSentence[]): string[] =>
        inOrder(sentences.map((each) => yaml.mistake(each.path, each.sentence, each.key)));
    return {
        bot,
        file: broken.length === 0 ? parsed.data : undefined,
        lines: parsed.data.cases.map((each, at) => linesOf(parsed.data, each, at, yaml)),
        mistakes: placed(broken),
        warnings: placed(uselessParts(parsed.data, names)),
    };
}

function linesOf(file: EvalFile, own: EvalCase, at: number, yaml: YamlText): CaseLines {
    const { expect } = mergedCase(file, own);
    const lineOf = (key: string): number =>
        Object.hasOwn(own.expect, key) ? yaml.lineOf(['cases', at, 'expect'], key) : yaml.lineOf(['expect'], key);
    return {
        begins: yaml.lineOf(['cases', at]),
        expect: Object.fromEntries(Object.keys(expect).map((key) => [key, lineOf(key)])),
    };
}

function inOrder(mistakes: readonly { line: number; column: number; sentence: string }[]): string[] {
    const sorted = [...mistakes].sort((a, b) => a.line - b.line || a.column - b.column);
    return [...new Set(sorted.map(({ line, column, sentence }) => `:${line}:${column}: ${sentence}`))];
}

function readText(path: string): string | undefined {
    try {
        const { size } = statSync(path);
        return size > MAX_FILE_BYTES ? undefined : new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
    } catch {
        return undefined;
    }
}

function botIn(value: unknown): string | undefined {
    const bot = typeof value === 'object' && value !== null && 'bot' in value ? value.bot : undefined;
    return typeof bot === 'string' ? bot : undefined;
}

function profileMistakes(bots: ReadonlySet<string>, profiles: Profiles, shown: (name: string) => string): string[] {
    return [...bots].flatMap((bot) => {
        const profile = profiles.get(bot);
        if (profile === undefined || 'profile' in profile) return [];
        return profile.problems.map((problem) => `${shown(profile.file)}: ${problem}`);
    });
}

interface NamedCase {
    readonly name: string;
    readonly bot: string;
    readonly evalCase: EvalCase;
    readonly ownMocks?: readonly string[];
}

/** Reports and `--bail` tell cases apart by bot and name. */
function namesInTwoFiles(cases: readonly NamedCase[], shown: (name: string) => string): string[] {
    const first = new Map<string, string>();
    return cases.flatMap(({ name, bot, evalCase }) => {
        const key = `${bot}\0${evalCase.name}`;
        const other = first.get(key) ?? name;
        first.set(key, other);
        if (other === name) return [];
        return [`${shown(name)}:1:1: ${shown(other)} has a case "${evalCase.name}" of the bot ${bot} too`];
    });
}

function botsOfFile(files: readonly { name: string; bot: string }[], profiles: Profiles): Map<string, Set<string>> {
    const all = new Map<string, Set<string>>();
    const add = (file: string | undefined, bot: string): void => {
        if (file !== undefined) all.set(file, (all.get(file) ?? new Set()).add(bot));
    };
    for (const { name, bot } of files) add(name, bot);
    for (const [bot, { file, instructionsFile }] of profiles) {
        add(file, bot);
        add(instructionsFile, bot);
    }
    return all;
}

/** A case with what its file says about every case: the case wins, and what has keys is merged by key. */
function mergedCase(file: EvalFile, own: EvalCase): EvalCase {
    const { input, language, env, mocks, recognizer, seed, limit_ms } = file;
    const conditions = given({ language, recognizer, seed, limit_ms });
    return {
        ...conditions,
        ...own,
        ...given({
            input: merged(input, own.input),
            env: merged(env, own.env),
            mocks: merged(mocks, own.mocks),
        }),
        expect: mergedExpectation(file.expect ?? {}, own.expect),
    };
}

function mergedExpectation(all: Expectation, own: Expectation): Expectation {
    return {
        ...all,
        ...own,
        ...given({ outputs: merged(all.outputs, own.outputs), calls: merged(all.calls, own.calls) }),
    };
}

function merged<T>(
    all: Record<string, T> | undefined,
    own: Record<string, T> | undefined,
): Record<string, T> | undefined {
    return all === undefined && own === undefined ? undefined : { ...all, ...own };
}

/** The entries that have a value. */
function given<T extends object>(entries: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
    return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as {
        [K in keyof T]?: Exclude<T[K], undefined>;
    };
}
