/** From the raw environment to typed values, with one sentence for each variable that is wrong. */
import type { ErrorCode } from '../support/errors';
import { environmentSchema, RENAMED_VARIABLES, VARIABLE_NAMES, VARIABLES } from './variables';
import type { Environment, VariableName } from './variables';

/** The environment as Node gives it, or that of a test. */
export type RawEnvironment = Readonly<Record<string, string | undefined>>;

/** A setting that the operator should change although the server can start. */
export interface ConfigWarning {
    readonly code: ErrorCode;
    /** Names the variable; never shows a value. */
    readonly message: string;
}

export interface ReadEnvironment {
    /** Every value; a variable that is wrong has its default here, so that the others can be checked too. */
    values: Environment;
    /** The variables that are wrong. */
    broken: ReadonlySet<string>;
    /** A sentence for each of them. */
    problems: string[];
    warnings: ConfigWarning[];
}

/** Reads and checks each variable alone; an empty value counts as not set. Never throws. */
export function readEnvironment(env: RawEnvironment): ReadEnvironment {
    const given = present(env);
    const renamed = RENAMED_VARIABLES.filter(({ old }) => given[old] !== undefined);
    const doubled = renamed.filter((names) => given[names.new] !== undefined && given[names.new] !== given[names.old]);
    const oldNames = new Map(
        renamed.filter((names) => given[names.new] === undefined).map((names) => [names.new, names.old]),
    );
    for (const [name, old] of oldNames) given[name] = given[old] ?? '';
    const result = environmentSchema.safeParse(given);
    const broken = new Set((result.error?.issues ?? []).map((issue) => String(issue.path[0])));
    const sound = Object.fromEntries(Object.entries(given).filter(([name]) => !broken.has(name)));
    const wrong = VARIABLE_NAMES.filter((name) => broken.has(name));
    return {
        values: result.data ?? environmentSchema.parse(sound),
        broken,
        problems: [
            ...wrong.map((name) => `${oldNames.get(name) ?? name} ${wrongValue(name, given[name] ?? '')}`),
            ...doubled.map(
                (names) => `${names.old} and ${names.new} are both set and differ; right is only ${names.new}.`,
            ),
        ],
        warnings: [...renamed.map(renamedWarning), ...unknownVariables(given).map(unknownWarning)],
    };
}

function present(env: RawEnvironment): Record<string, string> {
    const trimmed = Object.entries(env).map(([name, value = '']) => [name, value.trim()] as const);
    return Object.fromEntries(trimmed.filter(([, value]) => value !== ''));
}

function renamedWarning(names: (typeof RENAMED_VARIABLES)[number]): ConfigWarning {
    return {
        code: 'ERR_CONFIG_RENAMED',
        message: `${names.old} is now called ${names.new}; the next version does not read the old name`,
    };
}

/**
 * Variables that begin with AUDIOHOOK_ and are not known: a misspelt AUDIOHOOK_ORGANISATIONS would let every organization call.
 * They are not refused, because a container platform may add variables of its own.
 */
function unknownVariables(given: RawEnvironment): string[] {
    const known = new Set<string>(VARIABLE_NAMES);
    return Object.keys(given).filter((name) => name.startsWith('AUDIOHOOK_') && !known.has(name));
}

function unknownWarning(name: string): ConfigWarning {
    return { code: 'ERR_CONFIG_UNKNOWN', message: `${name} is not a setting of this server` };
}

function wrongValue(name: VariableName, value: string): string {
    const { secret, right, remark } = VARIABLES[name];
    const shown = secret === true ? 'has an unusable value (not shown here)' : `is ${quoted(value)}`;
    const further = remark?.values.includes(value.toLowerCase()) === true ? ` ${remark.sentence}` : '';
    return `${shown}; right is ${right}.${further}`;
}

/** A value that can be shown: shortened, and without the parts of a URL that may hold a credential. */
function quoted(value: string): string {
    const harmless = value.replace(/\/\/[^/@]*@/, '//…@').replace(/(:\/\/.*?)\?.*$/s, '$1?…');
    return JSON.stringify(harmless.length > 60 ? `${harmless.slice(0, 60)}…` : harmless);
}
