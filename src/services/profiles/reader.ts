/** From the files of a folder to profiles, or to sentences about what is wrong with them. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { jsonMistake, mistakeWords } from '../../support/json-mistake';
import { problemSentences, placeholderProblems } from './rules';
import { BOT_NAME_PATTERN } from './fields';
import { botProfileSchema, MAX_INSTRUCTIONS_CHARS, type BotProfile } from './schema';
import type { ToolSpec } from './tool-schema';

/** The files for editors, which are no profiles: of profiles, and of cases. */
export const SCHEMA_FILE = 'bot-profile.schema.json';
export const CASES_SCHEMA_FILE = 'bot-eval.schema.json';
const NO_PROFILES: readonly string[] = [SCHEMA_FILE, CASES_SCHEMA_FILE];
/** Bots that the server has without any profile: no profile may take their names. */
export const BUILT_IN_BOTS: ReadonlySet<string> = new Set(['openai', 'local', 'echo', 'silent']);

const MAX_PROFILE_BYTES = 524_288;
const MAX_INSTRUCTIONS_BYTES = MAX_INSTRUCTIONS_CHARS * 4;

/** Names that are registered in code. */
export interface RegisteredNames {
    /** Names of bots: no profile may have one. */
    reserved?: ReadonlySet<string>;
    /** Names of functions: no tool of a profile may have one but by the kind `code`. undefined: not known. */
    functions?: ReadonlySet<string>;
}

/** What became of one file. */
export type ReadProfile = {
    /** Name in the folder. */
    readonly file: string;
    /** The file of its instructions, as the profile names it; undefined: they stand in the profile. */
    readonly instructionsFile: string | undefined;
    /** All text that was read: the same text need not be checked again. */
    readonly source: string;
} & ({ readonly profile: BotProfile } | { readonly problems: readonly string[] });

/** The profiles' files of a folder, in alphabetical order. Throws what `readdir` throws. */
export function profileFiles(folder: string): string[] {
    return readdirSync(folder)
        .filter((name) => name.endsWith('.json') && !name.startsWith('.') && !NO_PROFILES.includes(name))
        .sort();
}

/** Reads one profile. Never throws: what is wrong stands in `problems`. `known`: what the same file was before. */
export function readProfile(
    folder: string,
    file: string,
    known?: ReadProfile,
    registered: RegisteredNames = {},
): ReadProfile {
    let texts: Texts = { source: '', instructionsFile: undefined };
    try {
        const name = nameOf(file, registered);
        const json = readInside(folder, file, MAX_PROFILE_BYTES);
        const raw = parsed(json);
        texts = readTexts(folder, json, instructionsFileIn(raw));
        if (known?.source === texts.source && 'profile' in known) return known;
        return { file, ...texts, profile: toProfile(name, raw, texts, registered) };
    } catch (fault) {
        const problems = fault instanceof Problems ? fault.sentences : [`cannot be read (${String(fault)})`];
        return { file, ...texts, problems };
    }
}

interface Texts {
    source: string;
    instructionsFile: string | undefined;
    instructions?: string;
    trouble?: readonly string[];
}

/** Sentences on their way to `readProfile`; seen nowhere else. */
class Problems extends Error {
    constructor(readonly sentences: readonly string[]) {
        super(sentences.join('; '));
    }
}

function nameOf(file: string, { reserved }: RegisteredNames): string {
    const name = file.replace(/\.json$/, '');
    if (!BOT_NAME_PATTERN.test(name)) throw new Problems(['a profile is called by letters, digits, "_" and "-" only']);
    if (BUILT_IN_BOTS.has(name)) throw new Problems([`${name} is the name of a bot of the server`]);
    if (reserved?.has(name) === true) throw new Problems([`${name} is the name of a bot that is registered in code`]);
    return name;
}

function toProfile(
    name: string,
    raw: unknown,
    { source, instructions, trouble = [] }: Texts,
    registered: RegisteredNames,
): BotProfile {
    const result = botProfileSchema.safeParse(raw);
    const wrong = result.success ? [] : problemSentences(result.error.issues);
    if (!result.success) throw new Problems([...wrong, ...trouble]);
    const { instructions: inline, dialog, ...rest } = result.data;
    const text = instructions ?? (typeof inline === 'string' ? inline : '');
    const unknown = instructions === undefined ? [] : placeholderProblems(text, rest.inputVariables);
    const problems = [
        ...trouble,
        ...unknown.map((each) => `instructions.file: ${each}`),
        ...functionNamesTaken(rest.tools, registered),
    ];
    if (problems.length > 0) throw new Problems(problems);
    const named = dialog === undefined ? undefined : { ...dialog, name };
    const version = createHash('sha256').update(source).digest('hex').slice(0, 8);
    return deepFreeze({ ...rest, name, version, instructions: text, dialog: named });
}

function functionNamesTaken(tools: readonly ToolSpec[], { functions }: RegisteredNames): string[] {
    return tools.flatMap((tool, at) => {
        if (!('name' in tool) || tool.kind === 'code' || functions?.has(tool.name) !== true) return [];
        const why = `${tool.name} is the name of a function that is registered in code`;
        return [`tools.${at}.name: ${why}; right is another name, or the kind "code"`];
    });
}

/** The file that holds the instructions. */
function instructionsFileIn(raw: unknown): string | undefined {
    const named = typeof raw === 'object' && raw !== null && 'instructions' in raw ? raw.instructions : undefined;
    const result = botProfileSchema.shape.instructions.safeParse(named);
    return result.success && typeof result.data === 'object' ? result.data.file : undefined;
}

function readTexts(folder: string, json: string, instructionsFile: string | undefined): Texts {
    if (instructionsFile === undefined) return { source: json, instructionsFile };
    try {
        const instructions = readInside(folder, instructionsFile, MAX_INSTRUCTIONS_BYTES).trim();
        const trouble = [`instructions.file: ${instructionsFile} must have 1 to ${MAX_INSTRUCTIONS_CHARS} characters`];
        const isFit = instructions !== '' && instructions.length <= MAX_INSTRUCTIONS_CHARS;
        return { source: `${json}\0${instructions}`, instructionsFile, ...(isFit ? { instructions } : { trouble }) };
    } catch (fault) {
        if (!(fault instanceof Problems)) throw fault;
        return { source: json, instructionsFile, trouble: fault.sentences.map((each) => `instructions.file: ${each}`) };
    }
}

/** JSON, without the one name that could reach behind an object. */
function parsed(json: string): unknown {
    const names = new Set<string>();
    const value = parsedJson(json, (name: string, part: unknown) => {
        names.add(name);
        return part;
    });
    if (names.has('__proto__')) throw new Problems(['__proto__: there is no such setting']);
    return value;
}

function parsedJson(json: string, reviver: (name: string, part: unknown) => unknown): unknown {
    try {
        return JSON.parse(json, reviver);
    } catch (fault) {
        const mistake = jsonMistake(json);
        throw new Problems([`is no JSON: ${mistake === undefined ? String(fault) : mistakeWords(mistake)}`]);
    }
}

/** Text of a file that stands in the folder, wherever its links lead. */
function readInside(folder: string, file: string, maxBytes: number): string {
    let path: string;
    try {
        path = realpathSync(join(folder, file));
    } catch {
        throw new Problems([`${file} cannot be found`]);
    }
    if (!path.startsWith(`${realpathSync(folder)}${sep}`)) throw new Problems([`${file} is outside the folder`]);
    return readText(path, file, maxBytes);
}

function readText(path: string, file: string, maxBytes: number): string {
    try {
        const stat = statSync(path);
        if (stat.isFile() && stat.size <= maxBytes)
            return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
    } catch {
        // Not allowed, gone in this moment, or not UTF-8: the sentence below says what would be right for all of them.
    }
    throw new Problems([`${file} must be a readable file of UTF-8 text, ${maxBytes} bytes at most`]);
}

function deepFreeze<T>(value: T): T {
    if (typeof value !== 'object' || value === null) return value;
    for (const part of Object.values(value)) deepFreeze<unknown>(part);
    return Object.freeze(value);
}
